/* linear.h - alpha x + beta: the identity unless told otherwise. */
ACTIVATION(ACT_LINEAR, linear, .parameters = 2, .default_alpha = 1, .aliases = {"identity"},
           .hf_names = {{"linear", 1, 0}})
ACTIVATION_FUSED(ACT_LINEAR, linear)
ACTIVATION_ONEDNN(ACT_LINEAR, dnnl_eltwise_linear, alpha, beta)

#ifdef ACTIVATION_SCALAR

SCALAR_VALUE(linear)
{
    return alpha * x + beta;
}

SCALAR_SLOPE(linear)
{
    return alpha;
}

#endif
#ifdef ACTIVATION_VECTOR

VECTOR_VALUE(linear)
{
    return alpha * x + beta;
}

VECTOR_SLOPE(linear)
{
    return (struct T(value_slope)){alpha * x + beta, AS_LANE(alpha)};
}

#endif
