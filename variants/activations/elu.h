/* elu.h - the exponential linear unit: x where it is positive, alpha (exp(x) - 1) elsewhere
 * (Clevert et al. 2015, arXiv:1511.07289). */
ACTIVATION(ACT_ELU, elu, .parameters = 1, .default_alpha = 1, .hf_names = {{"relu", 0, 0}})
ACTIVATION_FUSED(ACT_ELU, elu)
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
#ifdef ACTIVATION_VECTOR

VECTOR_SLOPE(elu)
{
    struct T(exponential) e = T(exponential)(ABOVE(0.0f, x, x, 0.0f));

    return (struct T(value_slope)){ABOVE(x, 0.0f, x, alpha * e.less_1),
                                    ABOVE(x, 0.0f, 1.0f, alpha * e.value)};
}

VECTOR_VALUE(elu)
{
    return T(slope_elu)(x, alpha, beta).value;
}

#endif
