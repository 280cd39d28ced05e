/* logistic.h - the sigmoid 1 / (1 + exp(-x)). */
ACTIVATION(ACT_LOGISTIC, logistic, .parameters = 0, .aliases = {"sigmoid"},
           .hf_names = {{"sigmoid", 0, 0}})
ACTIVATION_FUSED(ACT_LOGISTIC, logistic)
ACTIVATION_ONEDNN(ACT_LOGISTIC, dnnl_eltwise_logistic, alpha, beta)

#ifdef ACTIVATION_SCALAR

SCALAR_VALUE(logistic)
{
    return sigmoid(x);
}

SCALAR_SLOPE(logistic)
{
    return sigmoid_slope(x);
}

#endif
#ifdef ACTIVATION_VECTOR

VECTOR_VALUE(logistic)
{
    return T(sigmoid)(x).s;
}

VECTOR_SLOPE(logistic)
{
    struct T(sigmoid) g = T(sigmoid)(x);

    return (struct T(value_slope)){g.s, g.s * g.rest};
}

#endif
