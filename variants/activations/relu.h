/* relu.h - the rectifier: x where it is positive, alpha x elsewhere. */
ACTIVATION(ACT_RELU, relu, .parameters = 1,
           .hf_names = {{"relu", 0, 0}, {"leaky_relu", 0.01, 0}, {"linear", 1, 0}})
ACTIVATION_FUSED(ACT_RELU, relu)
ACTIVATION_ONEDNN(ACT_RELU, dnnl_eltwise_relu, alpha, beta)

#ifdef ACTIVATION_SCALAR

SCALAR_VALUE(relu)
{
    return x > 0 ? x : alpha * x;
}

SCALAR_SLOPE(relu)
{
    return x > 0 ? 1.0 : alpha;
}

#endif
#ifdef ACTIVATION_VECTOR

VECTOR_VALUE(relu)
{
    return ABOVE(x, 0.0f, x, alpha * x);
}

VECTOR_SLOPE(relu)
{
    LANE slope = ABOVE(x, 0.0f, 1.0f, alpha);

    return (struct T(value_slope)){slope * x, slope};
}

#endif
