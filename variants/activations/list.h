/* list.h - every activation, in the order of `glubench list`.
 *
 * An activation is a file of its own and a line at the end of this one.  Its NAME.h has a head,
 *
 *     ACTIVATION(ACT_NAME, name, .parameters = 1, .default_alpha = 0.5, ...)
 *         the name in custom: and in the JSON, and fields of struct activation (variants/variant.h)
 *     ACTIVATION_FUSED(ACT_NAME, name)
 *         when it has a vector form
 *     ACTIVATION_PAIRED(ACT_NAME, name), ACTIVATION_TRAINED(ACT_NAME, name)
 *         the same of the two other kinds, below
 *     ACTIVATION_ONEDNN(ACT_NAME, dnnl_eltwise_swish, alpha, beta)
 *         when oneDNN has it: as which algorithm, and what that takes for alpha and beta
 *
 * of which a vector form or oneDNN's must be there, and the function itself.  Under ACTIVATION_SCALAR, in
 * double, SCALAR_VALUE(name) and SCALAR_SLOPE(name) are what all else is tested against: see
 * activation.c, and there for functions that they share.  Under ACTIVATION_VECTOR, VECTOR_VALUE(name) and
 * VECTOR_SLOPE(name) become loops in src/nn/kernels_typed.h, once per type and instruction set: they have no
 * branches and call nothing but src/nn/kernels_math.h, of LANEs, with which src/nn/kernels_lanes.h computes;
 * what depends on the type has a name in T().  x, alpha and beta are the arguments of each; x is a LANE.
 *
 * As a gate an activation is multiplied by the other branch, y, unless it is of a pair: then
 * SCALAR_PAIR(name) and VECTOR_PAIR(name) are the function of x and y and its slopes by both.  One whose
 * first .scalars of alpha and beta are trained in every layer, from the defaults on, has SCALAR_BY(name),
 * the slopes by these, and for a vector form VECTOR_NUMBERS(name), what of it is the same for all elements,
 * and VECTOR_BY(name): value, slope, and slopes by these numbers.
 *
 * There is no include guard: whoever includes this defines first what it makes of these, and finds
 * them undefined again behind it. */
#ifndef ACTIVATION
#define ACTIVATION(id, name, ...)
#endif
#ifndef ACTIVATION_FUSED
#define ACTIVATION_FUSED(id, name)
#endif
#ifndef ACTIVATION_PAIRED
#define ACTIVATION_PAIRED(id, name) ACTIVATION_FUSED(id, name)
#endif
#ifndef ACTIVATION_TRAINED
#define ACTIVATION_TRAINED(id, name) ACTIVATION_FUSED(id, name)
#endif
#ifndef ACTIVATION_ONEDNN
#define ACTIVATION_ONEDNN(id, its_kind, its_alpha, its_beta)
#endif

#include "variants/activations/linear.h"
#include "variants/activations/relu.h"
#include "variants/activations/relu2.h"
#include "variants/activations/gelu_erf.h"
#include "variants/activations/gelu_tanh.h"
#include "variants/activations/swish.h"
#include "variants/activations/logistic.h"
#include "variants/activations/tanh.h"
#include "variants/activations/elu.h"
#include "variants/activations/square.h"
#include "variants/activations/abs.h"
#include "variants/activations/soft_relu.h"
#include "variants/activations/mish.h"
#include "variants/activations/hardswish.h"
#include "variants/activations/exp.h"
#include "variants/activations/clip.h"
#include "variants/activations/selu.h"
#include "variants/activations/leaky_relu2.h"
#include "variants/activations/swiglu_oai.h"
#include "variants/activations/swish_beta.h"
#include "variants/activations/xielu.h"
#include "variants/activations/xatlu.h"

#undef ACTIVATION
#undef ACTIVATION_FUSED
#undef ACTIVATION_PAIRED
#undef ACTIVATION_TRAINED
#undef ACTIVATION_ONEDNN
#undef ACTIVATION_SCALAR
#undef ACTIVATION_VECTOR
