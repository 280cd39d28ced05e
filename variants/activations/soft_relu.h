/* soft_relu.h - log(1 + exp(x)), elsewhere softplus.
 *
 * oneDNN 3 takes a factor on x; 2.x has none and does not look at it. */
ACTIVATION(ACT_SOFT_RELU, soft_relu, .parameters = 0, .aliases = {"softplus"})
ACTIVATION_FUSED(ACT_SOFT_RELU, soft_relu)
ACTIVATION_ONEDNN(ACT_SOFT_RELU, dnnl_eltwise_soft_relu, 1, 0)

#ifdef ACTIVATION_SCALAR

SCALAR_VALUE(soft_relu)
{
    return softplus(x);
}

SCALAR_SLOPE(soft_relu)
{
    return sigmoid(x);
}

#endif
#ifdef ACTIVATION_VECTOR

VECTOR_VALUE(soft_relu)
{
    return T(softplus)(x);
}

VECTOR_SLOPE(soft_relu)
{
    return (struct T(value_slope)){T(softplus)(x), T(sigmoid)(x).s};
}

#endif
