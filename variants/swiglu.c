/* swiglu.c - the gate with Swish_1.
 *
 *   FFN_SwiGLU(x, W, V, W2) = (Swish_1(x W) * x V) W2,   Swish_b(x) = x sigmoid(b x)
 *
 * Shazeer 2020, equation 6.  b is alpha here, as in oneDNN. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_swiglu;

const struct variant variant_swiglu = {
    .name = "swiglu",
    .label = "FFN_SwiGLU",
    .formula = "(Swish_1(x W) * x V) W2",
    .citation = "Shazeer 2020, arXiv:2002.05202, equation 6",
    .gated = true,
    .in_paper = true,
    .in_narang2021 = true,
    .act = ACT_SWISH,
    .alpha = 1.0,
    .beta = 0.0,
};
