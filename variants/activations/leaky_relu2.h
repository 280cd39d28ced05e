/* leaky_relu2.h - the square of a leaky rectifier: x^2 where x is positive, (alpha x)^2 elsewhere. */
ACTIVATION(ACT_LEAKY_RELU2, leaky_relu2, .parameters = 1, .default_alpha = 0.5,
           .hf_names = {{"relu2", 0, 0}})
ACTIVATION_FUSED(ACT_LEAKY_RELU2, leaky_relu2)

#ifdef ACTIVATION_SCALAR

SCALAR_VALUE(leaky_relu2)
{
    double leaky = x > 0 ? x : alpha * x;

    return leaky * leaky;
}

SCALAR_SLOPE(leaky_relu2)
{
    return 2.0 * (x > 0 ? x : damped(alpha * alpha, x));
}

#endif
#ifdef ACTIVATION_VECTOR

VECTOR_SLOPE(leaky_relu2)
{
    LANE slope = ABOVE(x, 0.0f, 1.0f, alpha), leaky = slope * x;

    return (struct T(value_slope)){leaky * leaky, 2.0f * slope * leaky};
}

VECTOR_VALUE(leaky_relu2)
{
    return T(slope_leaky_relu2)(x, alpha, beta).value;
}

#endif
