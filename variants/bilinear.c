/* bilinear.c - the gate without any activation.
 *
 *   FFN_Bilinear(x, W, V, W2) = (x W * x V) W2
 *
 * Shazeer 2020, equation 6, after Mnih and Hinton 2007: the only variant whose sole non-linearity
 * is the product. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_bilinear;

const struct variant variant_bilinear = {
    .name = "bilinear",
    .label = "FFN_Bilinear",
    .formula = "(x W * x V) W2",
    .citation = "Shazeer 2020, arXiv:2002.05202, equation 6",
    .gated = true,
    .in_paper = true,
    .in_narang2021 = true,
    .act = ACT_LINEAR,
    .alpha = 1.0,
    .beta = 0.0,
};
