/* xielu.h - the integral of an ELU, whose two curvatures every layer trains (Huang 2024, arXiv:2411.13010,
 * equation 9):
 *
 *     a_p x^2 + b x where x is positive, a_n (exp(x) - 1 - x) + b x elsewhere
 *     a_p = softplus(alpha), a_n = b + softplus(beta), b = 0.5
 *
 * Trained are alpha and beta, under the names that Hugging Face has for them; a_p and a_n begin at 0.8. */
ACTIVATION(ACT_XIELU, xielu, .default_alpha = 0.20338232081102460, /* log(exp(0.8) - 1) */
           .default_beta = -1.0502256128148466,                      /* log(exp(0.8 - b) - 1) */
           .scalars = 2, .scalar_names = {"alpha_p", "alpha_n"}, .by = by_xielu,
           .hf_names = {{"xielu", 0, 0}})
ACTIVATION_TRAINED(ACT_XIELU, xielu)

#ifdef ACTIVATION_SCALAR

static const double xielu_b = 0.5;

/* exp(x) - 1 - x, x <= 0. */
static double exp_less_line(double x)
{
    double sum = 0, term = x * x / 2;

    if (x < -0.5)
        return expm1(x) - x;
    for (int i = 3; i < 20; i++, term *= x / (i - 1))
        sum += term;
    return sum;
}

SCALAR_VALUE(xielu)
{
    return xielu_b * x + (x > 0 ? softplus(alpha) * x * x
                                : (xielu_b + softplus(beta)) * exp_less_line(x));
}

SCALAR_SLOPE(xielu)
{
    return xielu_b + (x > 0 ? 2 * softplus(alpha) * x : (xielu_b + softplus(beta)) * expm1(x));
}

SCALAR_BY(xielu)
{
    return x > 0 ? (struct act_by){sigmoid(alpha) * x * x, 0}
                 : (struct act_by){0, sigmoid(beta) * exp_less_line(x)};
}

#endif
#ifdef ACTIVATION_VECTOR

VECTOR_NUMBERS(xielu)
{
    return (struct trained_numbers){softplus_f32(alpha), 0.5f + softplus_f32(beta), sigmoid_f32(alpha).s,
                                    sigmoid_f32(beta).s};
}

VECTOR_BY(xielu)
{
    struct T(exponential) e = T(exponential)(ABOVE(0.0f, x, x, 0.0f));
    LANE below = ABOVE(x, 0.0f, 0.0f, e.less_line), above = ABOVE(x, 0.0f, x, 0.0f);

    return (struct T(trained_slopes)){
        0.5f * x + n.alpha * above * above + n.beta * below,
        0.5f + 2.0f * n.alpha * above + n.beta * e.less_1,
        above * above,
        below,
    };
}

#endif
