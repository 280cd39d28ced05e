/* clip.h - min(beta, max(alpha, x)). */
ACTIVATION(ACT_CLIP, clip, .parameters = 2, .default_alpha = -1, .default_beta = 1,
           .ordered = true, .hf_names = {{"relu6", 0, 6}})
ACTIVATION_ONEDNN(ACT_CLIP, dnnl_eltwise_clip, alpha, beta)

#ifdef ACTIVATION_SCALAR

SCALAR_VALUE(clip)
{
    return x < alpha ? alpha : x > beta ? beta : x;
}

SCALAR_SLOPE(clip)
{
    return x > alpha && x <= beta ? 1.0 : 0.0;
}

#endif
