/* exp.h - the exponential function. */
ACTIVATION(ACT_EXP, exp, .parameters = 0)
ACTIVATION_ONEDNN(ACT_EXP, dnnl_eltwise_exp, alpha, beta)

#ifdef ACTIVATION_SCALAR

SCALAR_VALUE(exp)
{
    return exp(x);
}

SCALAR_SLOPE(exp)
{
    return exp(x);
}

#endif
