/* swiglu_oai.c - swiglu.c with its branches clamped and 1 added to the linear one.
 *
 *   (c sigmoid(1.702 c) * (clamp(x V, -7, 7) + 1)) W2,   c = min(x W, 7)
 *
 * The feed-forward layer of gpt-oss (OpenAI 2025, arXiv:2508.10925), here without its biases. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_swiglu_oai;

const struct variant variant_swiglu_oai = {
    .name = "swiglu_oai",
    .label = "FFN_SwiGLU(OAI)",
    .formula = "(c sigmoid(1.702 c) * (clamp(x V, -7, 7) + 1)) W2, c = min(x W, 7)",
    .citation = "OpenAI 2025, arXiv:2508.10925, and gpt-oss/torch/model.py",
    .gated = true,
    .in_paper = false,
    .act = ACT_SWIGLU_OAI,
    .alpha = 1.702,
    .beta = 7.0,
};
