/* kernels-fixture.c - see kernels-fixture.h. */
#include "src/glu.h"

#include "test/kernels-fixture.h"

#include <math.h>
#include <string.h>

#include "src/util/rng.h"
#include "test/tap.h"
#include "test/worse.h"

/* Of the largest absolute error to the largest absolute value.  A bf16 result is rounded once, to 8
 * bits: half a unit is 0.2 %.  The inputs are rounded before the twin sees them. */
static const double tolerances[] = {[DNN_F32] = 1e-5, [DNN_BF16] = 5e-3};

static const float guard = 12345.0f; /* after the last element; no kernel may touch it */

static float from_bf16(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float x;

    memcpy(&x, &wide, sizeof x);
    return x;
}

uint16_t to_bf16(float x) /* to nearest, ties to even */
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

void put(struct array *a, int n, enum dnn_type type)
{
    for (int i = 0; i < n; i++) {
        a->f32[i] = (float)a->exact[i];
        a->bf16[i] = to_bf16(a->f32[i]);
        if (type == DNN_BF16)
            a->f32[i] = from_bf16(a->bf16[i]);
        a->exact[i] = a->f32[i];
    }
    a->f32[n] = guard;
    a->bf16[n] = to_bf16(guard);
}

void *data(struct array *a, enum dnn_type type)
{
    return type == DNN_BF16 ? (void *)a->bf16 : (void *)a->f32;
}

double element(const struct array *a, int i, enum dnn_type type)
{
    return type == DNN_BF16 ? from_bf16(a->bf16[i]) : a->f32[i];
}

static struct rng rng;

void draw(struct array *a, int n, double stddev, enum dnn_type type)
{
    for (int i = 0; i < n; i++)
        a->exact[i] = stddev * rng_normal(&rng);
    put(a, n, type);
}

void put_zeros(struct array *a, int n)
{
    memset(a->exact, 0, sizeof a->exact);
    put(a, n, DNN_F32);
}

/* ==== The worst error ==== */

double worst;
int trampled;

void check_begin(void)
{
    worst = 0;
    trampled = 0;
    rng_start(&rng, 1, RNG_TEST, 0);
}

void check_error(double error)
{
    worst = worse(worst, error);
}

void compare_terms(const struct array *got, const double *want, int n, enum dnn_type type,
                          double least)
{
    double error = 0, largest = least;

    for (int i = 0; i < n; i++) {
        error = worse(error, fabs(element(got, i, type) - want[i]));
        largest = fmax(largest, fabs(want[i]));
    }
    if (largest > 0)
        error /= largest;
    check_error(error);
    trampled += type == DNN_BF16 ? got->bf16[n] != to_bf16(guard) : got->f32[n] != guard;
}

void compare(const struct array *got, const double *want, int n, enum dnn_type type)
{
    compare_terms(got, want, n, type, 0);
}

void check_end(const char *isa, enum dnn_type type, const char *what)
{
    tap_ok(worst <= tolerances[type] && trampled == 0, "%s %s %s: off by %.1e%s", isa,
           type == DNN_BF16 ? "bf16" : "f32", what, worst,
           trampled ? ", writes past its end" : "");
}
