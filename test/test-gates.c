/* test-gates.c - the gates of every instruction set that runs here, in f32 and bf16, over odd sizes,
 * against the activations in double. */
#include "src/glu.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/nn/kernels.h"
#include "test/kernels-fixture.h"
#include "test/tap.h"
#include "variants/variant.h"

static struct array a, b, c, d;
static double want[MOST], want2[MOST];

/* What the element of a and b gives; ungated, of a alone. */
static struct act_pair gate_at(const struct activation *activation, int i, bool gated, double alpha,
                               double beta)
{
    double x = a.exact[i];

    if (gated)
        return activation_gate(activation, x, b.exact[i], alpha, beta);
    return (struct act_pair){activation->value(x, alpha, beta), activation->derivative(x, alpha, beta),
                             0};
}

/* Take its part of the gradients of the scalars from `by`; add the size of that to `terms`. */
static void add_by(const struct activation *activation, int i, bool gated, double alpha, double beta,
                   double *by, double *terms)
{
    struct act_by at;
    double diff = c.exact[i] * (gated ? b.exact[i] : 1);

    if (!activation->by)
        return;
    at = activation->by(a.exact[i], alpha, beta);
    by[0] -= diff * at.alpha;
    by[1] -= diff * at.beta;
    terms[0] += fabs(diff * at.alpha);
    terms[1] += fabs(diff * at.beta);
}

/* Two sets of parameters for each activation: its own, and others.  Where a single gate lies in a
 * tail or where its slope is 0, nothing is left of the sizes that `least` stands for:
 * test_gate_tails() looks there. */
static void test_gate(const struct kernels *kernels, enum dnn_type type, enum act act)
{
    const struct typed_kernels *k = &kernels->type[type];
    const struct activation *activation = activation_get(act);
    double by[ACTIVATION_SCALARS], terms[ACTIVATION_SCALARS];
    const double least = 1e-2;
    char what[64];

    check_begin();
    for (size_t s = 0; s < 2 * LENGTH_OF(sizes); s++) {
        int n = sizes[s / 2];
        double alpha = s % 2 ? -0.5 : activation->default_alpha;
        double beta = s % 2 ? 0.75 : activation->default_beta;

        for (int gated = 0; gated < 2; gated++) {
            draw(&a, n, 3, type);
            draw(&b, n, 1, type);
            draw(&c, n, 1, type);
            draw(&d, n, 1, type);
            for (int i = 0; i < n; i++)
                want[i] = gate_at(activation, i, gated, alpha, beta).value;
            k->gate_forward[act](n, (float)alpha, (float)beta, data(&a, type),
                                 gated ? data(&b, type) : NULL, data(&d, type));
            compare_terms(&d, want, n, type, least);

            memset(by, 0, sizeof by);
            memset(terms, 0, sizeof terms);
            for (int i = 0; i < n; i++) {
                struct act_pair at = gate_at(activation, i, gated, alpha, beta);

                want[i] = c.exact[i] * at.by_gate;
                want2[i] = c.exact[i] * at.by_up;
                add_by(activation, i, gated, alpha, beta, by, terms);
            }
            k->gate_backward[act](n, (float)alpha, (float)beta, data(&c, type), data(&a, type),
                                  gated ? data(&b, type) : NULL, by);
            for (int i = 0; i < activation->scalars; i++) /* what was there was the sum's opposite */
                check_error(fabs(by[i]) / fmax(terms[i], least));
            compare_terms(&a, want, n, type, least);
            if (gated)
                compare_terms(&b, want2, n, type, least);
        }
    }
    snprintf(what, sizeof what, "gate %s", activation->name);
    check_end(kernels->isa, type, what);
}

static bool slope_changes_sign(const struct activation *activation, int points)
{
    bool negative = false, positive = false;

    for (int i = 0; i < points; i++) {
        double slope = activation->derivative(a.exact[i], activation->default_alpha,
                                              activation->default_beta);

        negative |= slope < 0;
        positive |= slope > 0;
    }
    return negative && positive;
}

static bool value_changes_sign(const struct activation *activation, int points)
{
    bool changes = false;

    for (int i = 0; i < points / 2 - 1; i++) /* left of 0 */
        changes |= activation->value(a.exact[i], activation->default_alpha, activation->default_beta) *
                       activation->value(a.exact[i + 1], activation->default_alpha,
                                         activation->default_beta) < 0;
    return changes;
}

/* Value and slope point by point, tails included, relative to each.  Results below 1e-7 may be
 * absolutely wrong by that much of the tolerance; so may slopes below 1e-2 when the activation's
 * slope changes its sign, where it cancels, and values below 1e-1 when they do so elsewhere than in 0. */
static void test_gate_tails(const struct kernels *kernels, enum dnn_type type, enum act act)
{
    const struct typed_kernels *k = &kernels->type[type];
    const struct activation *activation = activation_get(act);
    double alpha = activation->default_alpha, beta = activation->default_beta;
    double slope_floor, value_floor, by[ACTIVATION_SCALARS] = {0};
    enum { POINTS = 6001 };
    char what[64];

    for (int i = 0; i < POINTS; i++) {
        a.exact[i] = (i - POINTS / 2) * 0.0101;
        c.exact[i] = 1;
    }
    put(&a, POINTS, type);
    put(&c, POINTS, type);
    check_begin();
    slope_floor = slope_changes_sign(activation, POINTS) ? 1e-2 : 1e-7;
    value_floor = value_changes_sign(activation, POINTS) ? 1e-1 : 1e-7;
    k->gate_forward[act](POINTS, (float)alpha, (float)beta, data(&a, type), NULL, data(&d, type));
    for (int i = 0; i < POINTS; i++) {
        double value = activation->value(a.exact[i], alpha, beta);

        check_error(fabs(element(&d, i, type) - value) / (fabs(value) + value_floor));
    }
    k->gate_backward[act](POINTS, (float)alpha, (float)beta, data(&c, type), data(&a, type), NULL, by);
    for (int i = 0; i < POINTS; i++) {
        double slope = activation->derivative(a.exact[i], alpha, beta);

        check_error(fabs(element(&a, i, type) - slope) / (fabs(slope) + slope_floor));
    }
    snprintf(what, sizeof what, "gate %s from -30 to 30, point by point", activation->name);
    check_end(kernels->isa, type, what);
}

/* The activations that have a vector form. */
static const enum act fused[] = {
#define ACTIVATION_FUSED(id, name) id,
#include "variants/activations/list.h"
};

enum { FUSED = LENGTH_OF(fused) };

static void test_gates(const struct kernels *kernels, enum dnn_type type)
{
    const struct typed_kernels *k = &kernels->type[type];
    int forward = 0, backward = 0;

    for (int i = 0; i < FUSED; i++) {
        test_gate(kernels, type, fused[i]);
        test_gate_tails(kernels, type, fused[i]);
    }
    for (int i = 0; i < ACT_COUNT; i++) {
        forward += k->gate_forward[i] != NULL;
        backward += k->gate_backward[i] != NULL;
    }
    tap_ok(forward == FUSED && backward == FUSED, "%s %s: gates of no other activation",
           kernels->isa, type == DNN_BF16 ? "bf16" : "f32");
}

int main(void)
{
    int sets = 0;

    while (kernels_at(sets))
        sets++;
    tap_plan(sets * 2 * (2 * FUSED + 1));
    for (int i = 0; i < sets; i++) {
        test_gates(kernels_at(i), DNN_F32);
        test_gates(kernels_at(i), DNN_BF16);
    }
    return tap_status();
}
