/* glu.c - the gated linear unit that gave the family its name.
 *
 *   FFN_GLU(x, W, V, W2) = (sigmoid(x W) * x V) W2
 *
 * Shazeer 2020, equation 6; the unit is of Dauphin et al. 2016 (arXiv:1612.08083). */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_glu;

const struct variant variant_glu = {
    .name = "glu",
    .label = "FFN_GLU",
    .formula = "(sigmoid(x W) * x V) W2",
    .citation = "Shazeer 2020, arXiv:2002.05202, equation 6",
    .gated = true,
    .in_paper = true,
    .in_narang2021 = true,
    .act = ACT_LOGISTIC,
    .alpha = 0.0,
    .beta = 0.0,
};
