/* swish_beta.h - x sigmoid(beta x), in which every layer trains a beta of its own (Ramachandran et al. 2017,
 * arXiv:1710.05941, section 5). */
ACTIVATION(ACT_SWISH_BETA, swish_beta, .default_alpha = 1, .scalars = 1, .scalar_names = {"beta"},
           .by = by_swish_beta)
ACTIVATION_TRAINED(ACT_SWISH_BETA, swish_beta)

#ifdef ACTIVATION_SCALAR

SCALAR_VALUE(swish_beta)
{
    return damped(x, sigmoid(alpha * x));
}

SCALAR_SLOPE(swish_beta)
{
    return sigmoid(alpha * x) + damped(sigmoid_slope(alpha * x), alpha * x);
}

SCALAR_BY(swish_beta)
{
    return (struct act_by){damped(damped(sigmoid_slope(alpha * x), x), x), 0};
}

#endif
#ifdef ACTIVATION_VECTOR

VECTOR_NUMBERS(swish_beta)
{
    return (struct trained_numbers){alpha, beta, 1.0f, 1.0f};
}

VECTOR_BY(swish_beta)
{
    struct T(sigmoid) g = T(sigmoid)(n.alpha * x);
    LANE inner = x * g.s * g.rest;

    return (struct T(trained_slopes)){x * g.s, g.s + n.alpha * inner, x * inner, AS_LANE(0.0f)};
}

#endif
