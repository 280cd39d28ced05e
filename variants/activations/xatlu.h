/* xatlu.h - the arctan linear unit with a gate that is stretched beyond 0 and 1, by as much as every layer
 * trains (Huang 2024, arXiv:2405.20768):
 *
 *     x (G(x) (1 + 2 alpha) - alpha),   G(x) = atan(x) / pi + 1/2,   alpha from 0
 *
 * Far below 0, G(x) and its slope cancel but for the third power of 1/x: H(x) = G(x) + x G'(x) and G(x)
 * are made of u = 1/|x| there, and 1 - H(-x) = H(x). */
ACTIVATION(ACT_XATLU, xatlu, .scalars = 1, .scalar_names = {"alpha"}, .by = by_xatlu)
ACTIVATION_TRAINED(ACT_XATLU, xatlu)

#ifdef ACTIVATION_SCALAR

static const double inverse_pi = 0.31830988618379067154;

static double xatlu_gate(double x)
{
    return x < -1 ? inverse_pi * atan(-1 / x) : inverse_pi * atan(x) + 0.5;
}

/* H(x), x <= 0. */
static double xatlu_low(double x)
{
    double u = -1 / x;

    if (x > -1)
        return 0.5 + inverse_pi * (atan(x) + x / (1 + x * x));
    if (x > -100)
        return inverse_pi * (atan(u) - u / (1 + u * u));
    return inverse_pi * u * u * u * (2.0 / 3 - u * u * (4.0 / 5 - u * u * 6.0 / 7));
}

SCALAR_VALUE(xatlu)
{
    return x * (xatlu_gate(x) * (1 + 2 * alpha) - alpha);
}

SCALAR_SLOPE(xatlu)
{
    return (x < 0 ? xatlu_low(x) : 1 - xatlu_low(-x)) * (1 + 2 * alpha) - alpha;
}

SCALAR_BY(xatlu)
{
    return (struct act_by){2 * x * inverse_pi * atan(x), 0};
}

#endif
#ifdef ACTIVATION_VECTOR

VECTOR_NUMBERS(xatlu)
{
    return (struct trained_numbers){alpha, beta, 1.0f, 1.0f};
}

VECTOR_BY(xatlu)
{
    LANE magnitude = MAGNITUDE(x);
    float wide = 1.0f + 2.0f * n.alpha;
    LANE z = ABOVE(magnitude, 1.0f, 1.0f / magnitude, magnitude), w = z * z, q = 1.0f / (1.0f + w);
    LANE bend = T(atan_bend)(w), turn = 0.318309886f * (z + z * w * bend); /* atan(z) / pi */
    LANE low_gate = ABOVE(magnitude, 1.0f, turn, 0.5f - turn);
    LANE low = ABOVE(magnitude, 1.0f, 0.318309886f * z * w * (bend + q), 0.5f - turn - 0.318309886f * z * q);
    LANE gate = ABOVE(0.0f, x, low_gate, 1.0f - low_gate), slope = ABOVE(0.0f, x, low, 1.0f - low);

    return (struct T(trained_slopes)){x * (gate * wide - n.alpha), slope * wide - n.alpha,
                                   magnitude * (1.0f - 2.0f * low_gate), AS_LANE(0.0f)};
}

#endif
