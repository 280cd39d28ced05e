/* swish.h - x sigmoid(alpha x); the paper's Swish_1, elsewhere SiLU, has alpha 1. */
ACTIVATION(ACT_SWISH, swish, .parameters = 1, .default_alpha = 1, .aliases = {"silu"},
           .hf_names = {{"silu", 1, 0}, {"swish", 1, 0}, {"quick_gelu", 1.702, 0}})
ACTIVATION_FUSED(ACT_SWISH, swish)
ACTIVATION_ONEDNN(ACT_SWISH, dnnl_eltwise_swish, alpha, beta)

#ifdef ACTIVATION_SCALAR

SCALAR_VALUE(swish)
{
    return damped(x, sigmoid(alpha * x));
}

SCALAR_SLOPE(swish)
{
    return sigmoid(alpha * x) + damped(sigmoid_slope(alpha * x), alpha * x);
}

#endif
#ifdef ACTIVATION_VECTOR

VECTOR_VALUE(swish)
{
    return x * T(sigmoid)(alpha * x).s;
}

VECTOR_SLOPE(swish)
{
    struct T(sigmoid) g = T(sigmoid)(alpha * x);

    return (struct T(value_slope)){x * g.s, g.s + alpha * x * g.s * g.rest};
}

#endif
