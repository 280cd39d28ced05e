/* reglu.c - the gate with a rectifier.
 *
 *   FFN_ReGLU(x, W, V, W2) = (max(0, x W) * x V) W2
 *
 * Shazeer 2020, equation 6. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_reglu;

const struct variant variant_reglu = {
    .name = "reglu",
    .label = "FFN_ReGLU",
    .formula = "(max(0, x W) * x V) W2",
    .citation = "Shazeer 2020, arXiv:2002.05202, equation 6",
    .gated = true,
    .in_paper = true,
    .in_narang2021 = true,
    .act = ACT_RELU,
    .alpha = 0.0, /* the slope below 0 */
    .beta = 0.0,
};
