/* swish_beta.c - swish.c with a beta that every layer trains.
 *
 *   x W1 sigmoid(beta x W1) W2,   beta from 1
 *
 * Ramachandran et al. 2017 (arXiv:1710.05941) have it as Swish; the paper's Swish_1 keeps beta at 1. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_swish_beta;

const struct variant variant_swish_beta = {
    .name = "swish_beta",
    .label = "FFN_Swish(beta)",
    .formula = "Swish_beta(x W1) W2, beta trained",
    .citation = "Ramachandran et al. 2017, arXiv:1710.05941, section 5",
    .gated = false,
    .in_paper = false,
    .act = ACT_SWISH_BETA,
    .alpha = 1.0,
    .beta = 0.0,
};
