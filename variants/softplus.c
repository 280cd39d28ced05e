/* softplus.c - the softplus in place of the rectifier.
 *
 *   FFN_Softplus(x, W1, W2) = log(1 + exp(x W1)) W2
 *
 * Dugas et al. 2000; one of the activations of Narang et al. 2021. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_softplus;

const struct variant variant_softplus = {
    .name = "softplus",
    .label = "FFN_Softplus",
    .formula = "softplus(x W1) W2",
    .citation = "Narang et al. 2021, arXiv:2102.11972, table 1",
    .gated = false,
    .in_paper = false,
    .in_narang2021 = true,
    .act = ACT_SOFT_RELU,
    .alpha = 0.0,
    .beta = 0.0,
};
