/* abs.h - |x|. */
ACTIVATION(ACT_ABS, abs, .parameters = 0)
ACTIVATION_ONEDNN(ACT_ABS, dnnl_eltwise_abs, alpha, beta)

#ifdef ACTIVATION_SCALAR

SCALAR_VALUE(abs)
{
    return fabs(x);
}

SCALAR_SLOPE(abs)
{
    return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0;
}

#endif
