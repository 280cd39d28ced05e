/* reglu2.c - the gate with the squared rectifier.
 *
 *   (max(0, x W)^2 * x V) W2
 *
 * Wang et al. 2024 (arXiv:2407.10969), who call it ReLU2GLU; relu2.c is the ungated one. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_reglu2;

const struct variant variant_reglu2 = {
    .name = "reglu2",
    .label = "FFN_ReGLU2",
    .formula = "(max(0, x W)^2 * x V) W2",
    .citation = "Wang et al. 2024, arXiv:2407.10969, as ReLU2GLU",
    .gated = true,
    .in_paper = false,
    .act = ACT_RELU2,
    .alpha = 0.0,
    .beta = 0.0,
};
