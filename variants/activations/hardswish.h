/* hardswish.h - x min(1, max(0, x / 6 + 1/2)).
 *
 * oneDNN 3 takes the 1/6 and the 1/2; 2.x has them built in and does not look at what it gets. */
ACTIVATION(ACT_HARDSWISH, hardswish, .parameters = 0)
ACTIVATION_ONEDNN(ACT_HARDSWISH, dnnl_eltwise_hardswish, 1.0 / 6, 0.5)

#ifdef ACTIVATION_SCALAR

SCALAR_VALUE(hardswish)
{
    return x <= -3 ? 0.0 : x >= 3 ? x : x * (x + 3.0) / 6.0;
}

SCALAR_SLOPE(hardswish)
{
    return x <= -3 ? 0.0 : x >= 3 ? 1.0 : (2.0 * x + 3.0) / 6.0;
}

#endif
