/* xielu.c - the integral of an ELU, of which every layer trains both curvatures.
 *
 *   xIELU(x) = a_p x^2 + x / 2 where x is positive, a_n (exp(x) - 1 - x) + x / 2 elsewhere
 *
 * Huang 2024 (arXiv:2411.13010), and the models called Apertus; a_p and a_n begin at 0.8. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_xielu;

const struct variant variant_xielu = {
    .name = "xielu",
    .label = "FFN_xIELU",
    .formula = "xIELU(x W1) W2, its two slopes trained",
    .citation = "Huang 2024, arXiv:2411.13010",
    .gated = false,
    .in_paper = false,
    .act = ACT_XIELU,
    .alpha = 0.20338232081102460,
    .beta = -1.0502256128148466,
};
