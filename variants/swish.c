/* swish.c - the sigmoid-weighted linear unit in place of the rectifier.
 *
 *   FFN_Swish(x, W1, W2) = Swish_1(x W1) W2,   Swish_b(x) = x sigmoid(b x)
 *
 * Shazeer 2020, equation 3; Swish is of Ramachandran et al. 2017 (arXiv:1710.05941).  b is alpha
 * here, as in oneDNN, and 1 in the paper. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_swish;

const struct variant variant_swish = {
    .name = "swish",
    .label = "FFN_Swish",
    .formula = "Swish_1(x W1) W2",
    .citation = "Shazeer 2020, arXiv:2002.05202, equation 3",
    .gated = false,
    .in_paper = true,
    .in_narang2021 = true,
    .act = ACT_SWISH,
    .alpha = 1.0,
    .beta = 0.0,
};
