/* sigmoid.c - the sigmoid in place of the rectifier, which is what glu.c has for a gate.
 *
 *   FFN_Sigmoid(x, W1, W2) = sigmoid(x W1) W2
 *
 * One of the activations of Narang et al. 2021, and there the worst. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_sigmoid;

const struct variant variant_sigmoid = {
    .name = "sigmoid",
    .label = "FFN_Sigmoid",
    .formula = "sigmoid(x W1) W2",
    .citation = "Narang et al. 2021, arXiv:2102.11972, table 1",
    .gated = false,
    .in_paper = false,
    .in_narang2021 = true,
    .act = ACT_LOGISTIC,
    .alpha = 0.0,
    .beta = 0.0,
};
