/* relu2.c - the squared rectifier.
 *
 *   max(0, x W1)^2 W2
 *
 * So et al. 2021, "Primer: Searching for Efficient Transformers for Language Modeling"
 * (arXiv:2109.08668, section 3): ungated, yet reported to be on a par with the gated units. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_relu2;

const struct variant variant_relu2 = {
    .name = "relu2",
    .label = "FFN_ReLU2",
    .formula = "max(0, x W1)^2 W2",
    .citation = "So et al. 2021 (Primer), arXiv:2109.08668, section 3",
    .gated = false,
    .in_paper = false,
    .act = ACT_RELU2,
    .alpha = 0.0,
    .beta = 0.0,
};
