/* relu2.h - the squared rectifier, max(0, x)^2 (So et al. 2021, arXiv:2109.08668). */
ACTIVATION(ACT_RELU2, relu2, .parameters = 0, .hf_names = {{"relu2", 0, 0}})
ACTIVATION_FUSED(ACT_RELU2, relu2)

#ifdef ACTIVATION_SCALAR

SCALAR_VALUE(relu2)
{
    return x > 0 ? x * x : 0.0;
}

SCALAR_SLOPE(relu2)
{
    return x > 0 ? 2.0 * x : 0.0;
}

#endif
#ifdef ACTIVATION_VECTOR

VECTOR_VALUE(relu2)
{
    LANE positive = ABOVE(x, 0.0f, x, 0.0f);

    return positive * positive;
}

VECTOR_SLOPE(relu2)
{
    LANE positive = ABOVE(x, 0.0f, x, 0.0f);

    return (struct T(value_slope)){positive * positive, 2.0f * positive};
}

#endif
