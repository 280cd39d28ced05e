/* swiglu_oai.h - c sigmoid(alpha c) with c = min(x, beta), and as a gate of y times (clamp(y, -beta, beta)
 * + 1): what gpt-oss computes (OpenAI 2025, arXiv:2508.10925), with alpha 1.702 and beta 7. */
ACTIVATION(ACT_SWIGLU_OAI, swiglu_oai, .parameters = 2, .default_alpha = 1.702, .default_beta = 7,
           .pair = pair_swiglu_oai)
ACTIVATION_PAIRED(ACT_SWIGLU_OAI, swiglu_oai)

#ifdef ACTIVATION_SCALAR

SCALAR_VALUE(swiglu_oai)
{
    double c = fmin(x, beta);

    return damped(c, sigmoid(alpha * c));
}

SCALAR_SLOPE(swiglu_oai)
{
    double c = fmin(x, beta);

    return x <= beta ? sigmoid(alpha * c) + damped(sigmoid_slope(alpha * c), alpha * c) : 0.0;
}

SCALAR_PAIR(swiglu_oai)
{
    double linear = fmin(fmax(y, -beta), beta) + 1.0, value = value_swiglu_oai(x, alpha, beta);

    return (struct act_pair){value * linear, slope_swiglu_oai(x, alpha, beta) * linear,
                             y >= -beta && y <= beta ? value : 0.0};
}

#endif
#ifdef ACTIVATION_VECTOR

VECTOR_SLOPE(swiglu_oai)
{
    LANE c = ABOVE(x, beta, beta, x);
    struct T(sigmoid) g = T(sigmoid)(alpha * c);

    return (struct T(value_slope)){c * g.s, ABOVE(x, beta, 0.0f, g.s + alpha * c * g.s * g.rest)};
}

VECTOR_VALUE(swiglu_oai)
{
    LANE c = ABOVE(x, beta, beta, x);

    return c * T(sigmoid)(alpha * c).s;
}

VECTOR_PAIR(swiglu_oai)
{
    struct T(value_slope) f = T(slope_swiglu_oai)(x, alpha, beta);
    LANE low = ABOVE(-beta, y, -beta, y), linear = ABOVE(low, beta, beta, low) + 1.0f;

    return (struct T(pair_slopes)){f.value * linear, f.slope * linear,
                                ABOVE(MAGNITUDE(y), beta, 0.0f, f.value)};
}

#endif
