/* leaky_relu2.c - relu2.c with a square that is a quarter as steep below 0.
 *
 *   max(x W1, x W1 / 2)^2 W2
 *
 * From the record attempts of openai/parameter-golf, 2026. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_leaky_relu2;

const struct variant variant_leaky_relu2 = {
    .name = "leaky_relu2",
    .label = "FFN_LeakyReLU2",
    .formula = "max(x W1, x W1 / 2)^2 W2",
    .citation = "openai/parameter-golf 2026, pull requests 493 and 549",
    .gated = false,
    .in_paper = false,
    .act = ACT_LEAKY_RELU2,
    .alpha = 0.5,
    .beta = 0.0,
};
