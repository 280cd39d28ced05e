/* relu.c - the baseline: two matrices with a rectifier between them.
 *
 *   FFN_ReLU(x, W1, W2) = max(0, x W1) W2
 *
 * Shazeer 2020, equation 2: the layer of Vaswani et al. 2017 without its biases, as T5 has it.
 * The derivative at 0 is taken as 0. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_relu;

const struct variant variant_relu = {
    .name = "relu",
    .label = "FFN_ReLU",
    .formula = "max(0, x W1) W2",
    .citation = "Shazeer 2020, arXiv:2002.05202, equation 2",
    .gated = false,
    .in_paper = true,
    .in_narang2021 = true,
    .act = ACT_RELU,
    .alpha = 0.0, /* the slope below 0 */
    .beta = 0.0,
};
