/* xatlu.c - the gate with an arctan unit, of which every layer trains the range.
 *
 *   (a [G(a) (1 + 2 r) - r] * x V) W2,   a = x W,   G(a) = atan(a) / pi + 1/2,   r from 0
 *
 * Huang 2024 (arXiv:2405.20768); beyond r = 0 the gate G reaches below 0 and above 1. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_xatlu;

const struct variant variant_xatlu = {
    .name = "xatlu",
    .label = "FFN_xATLU",
    .formula = "(xATLU(x W) * x V) W2, its range trained",
    .citation = "Huang 2024, arXiv:2405.20768",
    .gated = true,
    .in_paper = false,
    .act = ACT_XATLU,
    .alpha = 0.0,
    .beta = 0.0,
};
