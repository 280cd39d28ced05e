/* activation.c - the element-wise functions and their derivatives, as scalars in double.
 *
 * These are the oracle: they are written for accuracy at every finite x (no overflow on the way to
 * a finite result, no cancellation in the tails), not for speed.  At a kink the derivative is the
 * one that oneDNN takes. */
#include "src/glu.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "variants/variant.h"

static const double sqrt_half = 0.70710678118654752440;
static const double sqrt_2_over_pi = 0.79788456080286535588;
static const double inverse_sqrt_2_pi = 0.39894228040143267794;

/* 1 / (1 + exp(-x)); exp() sees only arguments below 0. */
static double sigmoid(double x)
{
    double e = exp(-fabs(x));

    return (x < 0 ? e : 1.0) / (1.0 + e);
}

/* sigmoid(x) (1 - sigmoid(x)), without the cancellation of 1 - sigmoid. */
static double sigmoid_slope(double x)
{
    double e = exp(-fabs(x));

    return e / ((1.0 + e) * (1.0 + e));
}

/* a b, where a factor that underflowed to 0 wins over one that overflowed. */
static double damped(double a, double b)
{
    return a == 0.0 || b == 0.0 ? 0.0 : a * b;
}

#define ACTIVATION(f) static double f(double x, double alpha, double beta)
#define UNUSED(a) ((void)(a))

ACTIVATION(linear)
{
    return alpha * x + beta;
}

ACTIVATION(linear_slope)
{
    UNUSED(x), UNUSED(beta);
    return alpha;
}

ACTIVATION(relu)
{
    UNUSED(beta);
    return x > 0 ? x : alpha * x;
}

ACTIVATION(relu_slope)
{
    UNUSED(beta);
    return x > 0 ? 1.0 : alpha;
}

ACTIVATION(relu2)
{
    UNUSED(alpha), UNUSED(beta);
    return x > 0 ? x * x : 0.0;
}

ACTIVATION(relu2_slope)
{
    UNUSED(alpha), UNUSED(beta);
    return x > 0 ? 2.0 * x : 0.0;
}

/* Phi(x), the standard normal distribution function; erfc keeps the left tail exact. */
static double normal_cdf(double x)
{
    return 0.5 * erfc(-x * sqrt_half);
}

ACTIVATION(gelu_erf)
{
    UNUSED(alpha), UNUSED(beta);
    return damped(x, normal_cdf(x));
}

ACTIVATION(gelu_erf_slope)
{
    UNUSED(alpha), UNUSED(beta);
    return normal_cdf(x) + damped(x, inverse_sqrt_2_pi * exp(-0.5 * x * x));
}

/* x/2 (1 + tanh(u)) is x sigmoid(2 u), which has no cancellation; this is 2 u. */
static double gelu_tanh_argument(double x)
{
    return 2.0 * sqrt_2_over_pi * x * (1.0 + 0.044715 * x * x);
}

ACTIVATION(gelu_tanh)
{
    UNUSED(alpha), UNUSED(beta);
    return damped(x, sigmoid(gelu_tanh_argument(x)));
}

ACTIVATION(gelu_tanh_slope)
{
    double z = gelu_tanh_argument(x);
    double dz = 2.0 * sqrt_2_over_pi * (1.0 + 3.0 * 0.044715 * x * x);

    UNUSED(alpha), UNUSED(beta);
    return sigmoid(z) + damped(sigmoid_slope(z), x * dz);
}

ACTIVATION(swish)
{
    UNUSED(beta);
    return damped(x, sigmoid(alpha * x));
}

ACTIVATION(swish_slope)
{
    UNUSED(beta);
    return sigmoid(alpha * x) + damped(sigmoid_slope(alpha * x), alpha * x);
}

ACTIVATION(logistic)
{
    UNUSED(alpha), UNUSED(beta);
    return sigmoid(x);
}

ACTIVATION(logistic_slope)
{
    UNUSED(alpha), UNUSED(beta);
    return sigmoid_slope(x);
}

ACTIVATION(hyperbolic_tangent)
{
    UNUSED(alpha), UNUSED(beta);
    return tanh(x);
}

/* 1 - tanh(x)^2 = 4 sigmoid'(2 x). */
ACTIVATION(hyperbolic_tangent_slope)
{
    UNUSED(alpha), UNUSED(beta);
    return 4.0 * sigmoid_slope(2.0 * x);
}

ACTIVATION(elu)
{
    UNUSED(beta);
    return x > 0 ? x : alpha * expm1(x);
}

ACTIVATION(elu_slope)
{
    UNUSED(beta);
    return x > 0 ? 1.0 : alpha * exp(x);
}

ACTIVATION(square)
{
    UNUSED(alpha), UNUSED(beta);
    return x * x;
}

ACTIVATION(square_slope)
{
    UNUSED(alpha), UNUSED(beta);
    return 2.0 * x;
}

ACTIVATION(absolute)
{
    UNUSED(alpha), UNUSED(beta);
    return fabs(x);
}

ACTIVATION(absolute_slope)
{
    UNUSED(alpha), UNUSED(beta);
    return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0;
}

ACTIVATION(soft_relu)
{
    UNUSED(alpha), UNUSED(beta);
    return (x > 0 ? x : 0.0) + log1p(exp(-fabs(x)));
}

ACTIVATION(mish)
{
    return damped(x, tanh(soft_relu(x, alpha, beta)));
}

ACTIVATION(mish_slope)
{
    double s = soft_relu(x, alpha, beta);

    return tanh(s) + damped(hyperbolic_tangent_slope(s, alpha, beta), x * sigmoid(x));
}

ACTIVATION(hardswish)
{
    UNUSED(alpha), UNUSED(beta);
    return x <= -3 ? 0.0 : x >= 3 ? x : x * (x + 3.0) / 6.0;
}

ACTIVATION(hardswish_slope)
{
    UNUSED(alpha), UNUSED(beta);
    return x <= -3 ? 0.0 : x >= 3 ? 1.0 : (2.0 * x + 3.0) / 6.0;
}

ACTIVATION(exponential)
{
    UNUSED(alpha), UNUSED(beta);
    return exp(x);
}

ACTIVATION(clip)
{
    return x < alpha ? alpha : x > beta ? beta : x;
}

ACTIVATION(clip_slope)
{
    return x > alpha && x < beta ? 1.0 : 0.0;
}

/* One row per member of enum act, in its order. */
static const struct activation activations[] = {
    {ACT_LINEAR, "linear", "identity", 2, 1, 0, linear, linear_slope},
    {ACT_RELU, "relu", NULL, 1, 0, 0, relu, relu_slope},
    {ACT_RELU2, "relu2", NULL, 0, 0, 0, relu2, relu2_slope},
    {ACT_GELU_ERF, "gelu_erf", "gelu", 0, 0, 0, gelu_erf, gelu_erf_slope},
    {ACT_GELU_TANH, "gelu_tanh", NULL, 0, 0, 0, gelu_tanh, gelu_tanh_slope},
    {ACT_SWISH, "swish", "silu", 1, 1, 0, swish, swish_slope},
    {ACT_LOGISTIC, "logistic", "sigmoid", 0, 0, 0, logistic, logistic_slope},
    {ACT_TANH, "tanh", NULL, 0, 0, 0, hyperbolic_tangent, hyperbolic_tangent_slope},
    {ACT_ELU, "elu", NULL, 1, 1, 0, elu, elu_slope},
    {ACT_SQUARE, "square", NULL, 0, 0, 0, square, square_slope},
    {ACT_ABS, "abs", NULL, 0, 0, 0, absolute, absolute_slope},
    {ACT_SOFT_RELU, "soft_relu", "softplus", 0, 0, 0, soft_relu, logistic},
    {ACT_MISH, "mish", NULL, 0, 0, 0, mish, mish_slope},
    {ACT_HARDSWISH, "hardswish", NULL, 0, 0, 0, hardswish, hardswish_slope},
    {ACT_EXP, "exp", NULL, 0, 0, 0, exponential, exponential},
    {ACT_CLIP, "clip", NULL, 2, -1, 1, clip, clip_slope},
};

_Static_assert(LENGTH_OF(activations) == ACT_LAST + 1, "every activation needs its row");

const struct activation *activation_get(enum act act)
{
    assert((int)act >= 0 && act <= ACT_LAST && activations[act].act == act);
    return &activations[act];
}

const struct activation *activation_find(const char *name)
{
    for (size_t i = 0; i < LENGTH_OF(activations); i++) {
        const struct activation *a = &activations[i];

        if (strcmp(a->name, name) == 0 || (a->alias && strcmp(a->alias, name) == 0))
            return a;
    }
    return NULL;
}
