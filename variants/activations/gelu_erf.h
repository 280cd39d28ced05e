/* gelu_erf.h - the Gaussian error linear unit x Phi(x) with the normal distribution function itself
 * (Hendrycks and Gimpel 2016, arXiv:1606.08415).
 *
 * The second name there is for T5, whose "gated-gelu" is the tanh form. */
ACTIVATION(ACT_GELU_ERF, gelu_erf, .parameters = 0, .aliases = {"gelu"},
           .hf_names = {{"gelu", 0, 0}, {"gelu_python", 0, 0}})
ACTIVATION_FUSED(ACT_GELU_ERF, gelu_erf)
ACTIVATION_ONEDNN(ACT_GELU_ERF, dnnl_eltwise_gelu_erf, alpha, beta)

#ifdef ACTIVATION_SCALAR

/* Phi(x), the standard normal distribution function; erfc keeps the left tail exact. */
static double normal_cdf(double x)
{
    const double sqrt_half = 0.70710678118654752440;

    return 0.5 * erfc(-x * sqrt_half);
}

SCALAR_VALUE(gelu_erf)
{
    return damped(x, normal_cdf(x));
}

SCALAR_SLOPE(gelu_erf)
{
    const double inverse_sqrt_2_pi = 0.39894228040143267794;

    return normal_cdf(x) + damped(x, inverse_sqrt_2_pi * exp(-0.5 * x * x));
}

#endif
#ifdef ACTIVATION_VECTOR

/* Phi(x) from half = erfc(|x| / sqrt 2) / 2, which keeps its relative accuracy in the tail. */
VECTOR_SLOPE(gelu_erf)
{
    LANE magnitude = MAGNITUDE(x);
    LANE e = T(exp)(-0.5f * x * x);
    LANE half = 0.5f * e * T(erfcx)(magnitude * 0.70710678f);
    LANE cdf = ABOVE(0.0f, x, half, 1.0f - half);

    return (struct T(value_slope)){x * cdf, cdf + x * e * 0.39894228f};
}

VECTOR_VALUE(gelu_erf)
{
    return T(slope_gelu_erf)(x, alpha, beta).value;
}

#endif
