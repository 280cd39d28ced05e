/* tanh.h - the hyperbolic tangent. */
ACTIVATION(ACT_TANH, tanh, .parameters = 0, .hf_names = {{"tanh", 0, 0}})
ACTIVATION_ONEDNN(ACT_TANH, dnnl_eltwise_tanh, alpha, beta)

#ifdef ACTIVATION_SCALAR

SCALAR_VALUE(tanh)
{
    return tanh(x);
}

SCALAR_SLOPE(tanh)
{
    return tanh_slope(x);
}

#endif
