/* geglu.c - the gate with the Gaussian error linear unit.
 *
 *   FFN_GEGLU(x, W, V, W2) = (GELU(x W) * x V) W2,   GELU(x) = x Phi(x)
 *
 * Shazeer 2020, equation 6, in the exact form by erf (see gelu.c; geglu_tanh.c has the other). */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_geglu;

const struct variant variant_geglu = {
    .name = "geglu",
    .label = "FFN_GEGLU",
    .formula = "(GELU(x W) * x V) W2",
    .citation = "Shazeer 2020, arXiv:2002.05202, equation 6",
    .gated = true,
    .in_paper = true,
    .in_narang2021 = true,
    .act = ACT_GELU_ERF,
    .alpha = 0.0,
    .beta = 0.0,
};
