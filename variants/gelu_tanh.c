/* gelu_tanh.c - gelu.c in the form that the code base behind the paper computed.
 *
 *   GELU_tanh(x W1) W2,   GELU_tanh(x) = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
 *
 * Hendrycks and Gimpel 2016 (arXiv:1606.08415) give this approximation of x Phi(x); Mesh
 * TensorFlow, in which the paper's experiments ran, has it as its gelu.  The two differ by at most
 * 5e-4. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_gelu_tanh;

const struct variant variant_gelu_tanh = {
    .name = "gelu_tanh",
    .label = "FFN_GELU(tanh)",
    .formula = "GELU_tanh(x W1) W2",
    .citation = "Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2; Mesh TensorFlow's gelu",
    .gated = false,
    .in_paper = false,
    .act = ACT_GELU_TANH,
    .alpha = 0.0,
    .beta = 0.0,
};
