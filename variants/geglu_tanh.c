/* geglu_tanh.c - geglu.c in the form that the code base behind the paper computed.
 *
 *   (GELU_tanh(x W) * x V) W2,   GELU_tanh(x) = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
 *
 * See gelu_tanh.c for the approximation and where it comes from. */
#include "src/glu.h"

#include "variants/variant.h"

extern const struct variant variant_geglu_tanh;

const struct variant variant_geglu_tanh = {
    .name = "geglu_tanh",
    .label = "FFN_GEGLU(tanh)",
    .formula = "(GELU_tanh(x W) * x V) W2",
    .citation = "Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2; Mesh TensorFlow's gelu",
    .gated = true,
    .in_paper = false,
    .act = ACT_GELU_TANH,
    .alpha = 0.0,
    .beta = 0.0,
};
