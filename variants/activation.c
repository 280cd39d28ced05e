/* activation.c - the table of activations, and their scalar forms in double.
 *
 * These are the oracle: they are written for accuracy at every finite x (no overflow on the way to
 * a finite result, no cancellation in the tails), not for speed.  At a kink the derivative is the
 * one that oneDNN takes. */
#include "src/glu.h"

#include <assert.h>
#include <math.h>
#include <strings.h>

#include "variants/variant.h"

/* ==== What the scalar forms share ==== */

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

/* 1 - tanh(x)^2 = 4 sigmoid'(2 x). */
static double tanh_slope(double x)
{
    return 4.0 * sigmoid_slope(2.0 * x);
}

/* log(1 + exp(x)). */
static double softplus(double x)
{
    return (x > 0 ? x : 0.0) + log1p(exp(-fabs(x)));
}

/* a b, where a factor that underflowed to 0 wins over one that overflowed. */
static double damped(double a, double b)
{
    return a == 0.0 || b == 0.0 ? 0.0 : a * b;
}

/* ==== The table ==== */

#define SCALAR(name)                                                                               \
    static double name(GLU_UNUSED double x, GLU_UNUSED double alpha, GLU_UNUSED double beta)
#define SCALAR_VALUE(name) SCALAR(value_##name)
#define SCALAR_SLOPE(name) SCALAR(slope_##name)
#define SCALAR_PAIR(name)                                                                          \
    static struct act_pair pair_##name(double x, double y, double alpha, double beta)
#define SCALAR_BY(name)                                                                            \
    static struct act_by by_##name(double x, GLU_UNUSED double alpha, GLU_UNUSED double beta)
#define ACTIVATION_SCALAR
#include "variants/activations/list.h"

#define ACTIVATION(id, name_, ...)                                                                 \
    [id] = {.act = id, .name = #name_, .value = value_##name_, .derivative = slope_##name_,        \
            __VA_ARGS__},
static const struct activation activations[ACT_COUNT] = {
#include "variants/activations/list.h"
};

const struct activation *activation_get(enum act act)
{
    assert((int)act >= 0 && act < ACT_COUNT);
    return &activations[act];
}

const struct activation *activation_find(const char *name)
{
    for (int i = 0; i < ACT_COUNT; i++) {
        const struct activation *a = &activations[i];

        if (strcasecmp(a->name, name) == 0)
            return a;
        for (int k = 0; k < ACTIVATION_ALIASES && a->aliases[k]; k++)
            if (strcasecmp(a->aliases[k], name) == 0)
                return a;
    }
    return NULL;
}

/* Computed with are floats. */
static bool is_same(const struct activation *activation, double alpha, double beta,
                    double other_alpha, double other_beta)
{
    return (activation->parameters < 1 || (float)alpha == (float)other_alpha) &&
           (activation->parameters < 2 || (float)beta == (float)other_beta);
}

const char *variant_hf_name(const struct variant *variant, int i)
{
    const struct activation *activation = activation_get(variant->act);

    for (int k = 0; k < ACTIVATION_HF_NAMES && activation->hf_names[k].name; k++) {
        const struct hf_name *row = &activation->hf_names[k];

        if (is_same(activation, variant->alpha, variant->beta, row->alpha, row->beta) && i-- == 0)
            return row->name;
    }
    return NULL;
}

bool variant_computes_same(const struct variant *a, const struct variant *b)
{
    return a->gated == b->gated && a->act == b->act &&
           is_same(activation_get(a->act), a->alpha, a->beta, b->alpha, b->beta);
}

struct act_pair activation_gate(const struct activation *activation, double x, double y, double alpha,
                                double beta)
{
    double value, slope;

    if (activation->pair)
        return activation->pair(x, y, alpha, beta);
    value = activation->value(x, alpha, beta);
    slope = activation->derivative(x, alpha, beta);
    return (struct act_pair){value * y, slope * y, value};
}
