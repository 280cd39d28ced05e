/* elu.h - the exponential linear unit: x where it is positive, alpha (exp(x) - 1) elsewhere. */
ACTIVATION(ACT_ELU, elu, .parameters = 1, .default_alpha = 1, .hf_names = {{"relu", 0, 0}})
ACTIVATION_ONEDNN(ACT_ELU, dnnl_eltwise_elu, alpha, beta)

#ifdef ACTIVATION_SCALAR

SCALAR_VALUE(elu)
{
    return x > 0 ? x : alpha * expm1(x);
}

SCALAR_SLOPE(elu)
{
    return x > 0 ? 1.0 : alpha * exp(x);
}

#endif
