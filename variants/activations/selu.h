/* selu.h - the scaled exponential linear unit, lambda x where x is positive and lambda alpha (exp(x) - 1)
 * elsewhere (Klambauer et al. 2017, arXiv:1706.02515, equation 2): its two numbers are those that keep a
 * mean of 0 and a variance of 1. */
ACTIVATION(ACT_SELU, selu, .parameters = 0)
ACTIVATION_FUSED(ACT_SELU, selu)

#ifdef ACTIVATION_SCALAR

static const double selu_lambda = 1.0507009873554804934, selu_alpha = 1.6732632423543772848;

SCALAR_VALUE(selu)
{
    return selu_lambda * (x > 0 ? x : selu_alpha * expm1(x));
}

SCALAR_SLOPE(selu)
{
    return selu_lambda * (x > 0 ? 1.0 : selu_alpha * exp(x));
}

#endif
#ifdef ACTIVATION_VECTOR

/* 1.7580993 is the product of the two. */
VECTOR_SLOPE(selu)
{
    struct T(exponential) e = T(exponential)(ABOVE(0.0f, x, x, 0.0f));

    return (struct T(value_slope)){ABOVE(x, 0.0f, 1.05070099f * x, 1.75809934f * e.less_1),
                                    ABOVE(x, 0.0f, 1.05070099f, 1.75809934f * e.value)};
}

VECTOR_VALUE(selu)
{
    return T(slope_selu)(x, alpha, beta).value;
}

#endif
