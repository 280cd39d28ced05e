/* selu.c - the scaled exponential linear unit in place of the rectifier.
 *
 *   FFN_SeLU(x, W1, W2) = SELU(x W1) W2,   SELU(x) = 1.0507 (x where it is positive, 1.6733 (exp(x) - 1)
 *                                                   elsewhere)
 *
 * Klambauer et al. 2017 (arXiv:1706.02515); one of the activations of Narang et al. 2021. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_selu;

const struct variant variant_selu = {
    .name = "selu",
    .label = "FFN_SeLU",
    .formula = "SELU(x W1) W2",
    .citation = "Klambauer et al. 2017, arXiv:1706.02515; Narang et al. 2021, arXiv:2102.11972",
    .gated = false,
    .in_paper = false,
    .in_narang2021 = true,
    .act = ACT_SELU,
    .alpha = 0.0,
    .beta = 0.0,
};
