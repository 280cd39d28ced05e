/* square.h - x^2. */
ACTIVATION(ACT_SQUARE, square, .parameters = 0)
ACTIVATION_ONEDNN(ACT_SQUARE, dnnl_eltwise_square, alpha, beta)

#ifdef ACTIVATION_SCALAR

SCALAR_VALUE(square)
{
    return x * x;
}

SCALAR_SLOPE(square)
{
    return 2.0 * x;
}

#endif
