/* mish.h - x tanh(log(1 + exp(x))). */
ACTIVATION(ACT_MISH, mish, .parameters = 0, .hf_names = {{"mish", 0, 0}})
ACTIVATION_ONEDNN(ACT_MISH, dnnl_eltwise_mish, alpha, beta)

#ifdef ACTIVATION_SCALAR

SCALAR_VALUE(mish)
{
    return damped(x, tanh(softplus(x)));
}

SCALAR_SLOPE(mish)
{
    double s = softplus(x);

    return tanh(s) + damped(tanh_slope(s), x * sigmoid(x));
}

#endif
