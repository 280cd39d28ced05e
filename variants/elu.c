/* elu.c - the exponential linear unit in place of the rectifier.
 *
 *   FFN_ELU(x, W1, W2) = ELU(x W1) W2,   ELU(x) = x where it is positive, exp(x) - 1 elsewhere
 *
 * Clevert et al. 2015 (arXiv:1511.07289); one of the activations of Narang et al. 2021. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_elu;

const struct variant variant_elu = {
    .name = "elu",
    .label = "FFN_ELU",
    .formula = "ELU(x W1) W2",
    .citation = "Clevert et al. 2015, arXiv:1511.07289; Narang et al. 2021, arXiv:2102.11972",
    .gated = false,
    .in_paper = false,
    .in_narang2021 = true,
    .act = ACT_ELU,
    .alpha = 1.0,
    .beta = 0.0,
};
