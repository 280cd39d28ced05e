/* gelu.c - the Gaussian error linear unit in place of the rectifier.
 *
 *   FFN_GELU(x, W1, W2) = GELU(x W1) W2,   GELU(x) = x Phi(x)
 *
 * Shazeer 2020, equation 3; Phi is the standard normal distribution function (Hendrycks and Gimpel
 * 2016, arXiv:1606.08415).  This is the exact form, by erf, which is what the paper's text
 * defines; gelu_tanh.c is the approximation that its code base computed. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_gelu;

const struct variant variant_gelu = {
    .name = "gelu",
    .label = "FFN_GELU",
    .formula = "GELU(x W1) W2",
    .citation = "Shazeer 2020, arXiv:2002.05202, equation 3",
    .gated = false,
    .in_paper = true,
    .in_narang2021 = true,
    .act = ACT_GELU_ERF,
    .alpha = 0.0,
    .beta = 0.0,
};
