/* test-parameters.c - the kernels of parameters and their gradients (sums, Adafactor, AdamW, initial values) and the
 * largest of logits, of every instruction set that runs here, over odd sizes, against the plain twins. */
#include "src/glu.h"

#include <math.h>
#include <string.h>

#include "src/nn/kernels.h"
#include "src/util/rng.h"
#include "test/kernels-fixture.h"
#include "test/ref/ref.h"
#include "test/tap.h"
#include "test/worse.h"

static struct array a, b, c, d, e;
static double want[MOST], want2[MOST];

/* ==== Sums ==== */

static void test_sums(const struct kernels *kernels)
{
    double off = 0;

    check_begin();
    for (size_t s = 0; s < LENGTH_OF(sizes); s++) {
        int n = sizes[s];
        double squares = 0;

        draw(&a, n, 1, DNN_F32);
        draw(&b, n, 1, DNN_F32);
        for (int i = 0; i < n; i++) {
            want[i] = a.exact[i] + b.exact[i];
            squares += a.exact[i] * a.exact[i];
        }
        kernels->add(n, a.f32, b.f32);
        compare(&b, want, n, DNN_F32);
        off = worse(off, fabs(kernels->square_sum(n, a.f32) - squares) / squares);
    }
    trampled += !(off <= 1e-6);
    check_end(kernels->isa, DNN_F32, "add and sum of squares");
}

/* Alone, first of several, behind what is no number. */
static void test_largest(const struct kernels *kernels)
{
    int wrong = 0;

    check_begin();
    for (size_t s = 0; s < LENGTH_OF(sizes); s++)
        for (int n = sizes[s], at = 0; at < n; at += 1 + n / 7) {
            draw(&a, n, 1, DNN_F32);
            a.f32[at] = 100;
            if (at > 0)
                a.f32[0] = NAN;
            if (at + 1 < n)
                a.f32[n - 1] = 100;
            wrong += kernels->largest(n, a.f32) != at;
        }
    a.f32[0] = a.f32[1] = NAN;
    wrong += kernels->largest(2, a.f32) != 0;
    a.f32[0] = a.f32[1] = -INFINITY;
    wrong += kernels->largest(2, a.f32) != 0;
    trampled += wrong;
    check_end(kernels->isa, DNN_F32, "the largest");
}

/* ==== Adafactor ==== */

static void test_factored(const struct kernels *kernels)
{
    enum { ROWS = 3 };
    const float eps = 1e-3f, step = 0.05f;
    double row_sum[ROWS], off = 0;

    check_begin();
    for (size_t s = 0; s < LENGTH_OF(sizes); s++) {
        int columns = sizes[s], n = ROWS * columns;
        double squares = 0;

        draw(&a, n, 1, DNN_F32);       /* gradient */
        draw(&b, columns, 1, DNN_F32); /* column sums, added to */
        draw(&c, ROWS, 1, DNN_F32);    /* row factors */
        draw(&d, columns, 1, DNN_F32); /* column factors */
        draw(&e, n, 1, DNN_F32);       /* value */
        memcpy(want, b.exact, sizeof want);
        kernels->factor_sums(ROWS, columns, a.f32, eps, row_sum, b.f32);
        for (int r = 0; r < ROWS; r++) {
            double sum = 0;

            for (int j = 0; j < columns; j++) {
                double g = a.exact[r * columns + j], u = g * c.exact[r] * d.exact[j];

                sum += g * g + eps;
                want[j] += g * g + eps;
                want2[r * columns + j] = e.exact[r * columns + j] - step * u;
                squares += u * u;
            }
            off = worse(off, fabs(row_sum[r] - sum) / sum);
        }
        compare(&b, want, columns, DNN_F32);
        off = worse(off, fabs(kernels->factored_square_sum(ROWS, columns, a.f32, c.f32, d.f32) -
                              squares) / squares);
        kernels->factored_apply(ROWS, columns, a.f32, c.f32, d.f32, step, e.f32);
        compare(&e, want2, n, DNN_F32);
    }
    trampled += !(off <= 1e-5);
    check_end(kernels->isa, DNN_F32, "Adafactor, factored");
}

/* A whole step of the unfactored kind against the twin's. */
static void test_moments(const struct kernels *kernels)
{
    const int64_t t = 5;
    const double beta2 = 1 - pow((double)t, -0.8);

    check_begin();
    for (size_t s = 0; s < LENGTH_OF(sizes); s++) {
        int n = sizes[s];
        double squares, rms = 0, step;

        draw(&a, n, 1, DNN_F32); /* gradient */
        draw(&b, n, 1, DNN_F32); /* moments */
        draw(&c, n, 1, DNN_F32); /* value */
        a.exact[0] = a.f32[0] = 0;
        for (int i = 0; i < n; i++) {
            b.exact[i] = b.f32[i] = fabsf(b.f32[i]) + 0.1f;
            rms += c.exact[i] * c.exact[i] / n;
        }
        memcpy(want, c.exact, sizeof want);
        memcpy(want2, b.exact, sizeof want2);
        ref_adafactor(want, want2, a.exact, 1, n, t, 0.01);
        squares = kernels->moment_update(n, a.f32, 1e-30f, (float)beta2, b.f32);
        step = 0.01 * fmax(1e-3, sqrt(rms)) / fmax(1, sqrt(squares / n));
        kernels->moment_apply(n, a.f32, b.f32, (float)step, c.f32);
        compare(&b, want2, n, DNN_F32);
        compare(&c, want, n, DNN_F32);
    }
    check_end(kernels->isa, DNN_F32, "Adafactor, not factored");

    /* From nothing, with a zero and a gradient whose square is no f32. */
    put_zeros(&a, 3);
    put_zeros(&b, 3);
    put_zeros(&c, 3);
    a.f32[1] = 1e-30f;
    a.f32[2] = -1;
    kernels->moment_update(3, a.f32, 1e-30f, 0, b.f32);
    kernels->moment_apply(3, a.f32, b.f32, 0.5f, c.f32);
    tap_ok(c.f32[0] == 0 && fabsf(c.f32[1]) < 1e-14f && c.f32[2] == 0.5f,
           "%s: Adafactor's first step with gradients 0, 1e-30 and -1", kernels->isa);
}

/* ==== AdamW ==== */

static void test_adamw(const struct kernels *kernels)
{
    const struct ref_adamw twin = {0.01, 0.1, 0.9, 0.95};
    const struct adamw_step step = {0.01f, 0.1f, 0.9f, 0.95f, (float)(1 / (1 - pow(0.9, 5))),
                                    (float)(1 / (1 - pow(0.95, 5))), 1e-8f};

    check_begin();
    for (size_t s = 0; s < LENGTH_OF(sizes); s++) {
        int n = sizes[s];
        static double want3[LENGTH_OF(want)];

        draw(&a, n, 1, DNN_F32); /* gradient */
        draw(&b, n, 1, DNN_F32); /* first moments */
        draw(&c, n, 1, DNN_F32); /* second moments */
        draw(&d, n, 1, DNN_F32); /* value */
        a.exact[0] = a.f32[0] = 0;
        for (int i = 0; i < n; i++)
            c.exact[i] = c.f32[i] = fabsf(c.f32[i]) + 0.1f;
        memcpy(want, d.exact, sizeof want);
        memcpy(want2, b.exact, sizeof want2);
        memcpy(want3, c.exact, sizeof want3);
        ref_adamw(want, want2, want3, a.exact, (size_t)n, 5, &twin);
        kernels->adamw(n, &step, a.f32, b.f32, c.f32, d.f32);
        compare(&b, want2, n, DNN_F32);
        compare(&c, want3, n, DNN_F32);
        compare(&d, want, n, DNN_F32);
    }
    check_end(kernels->isa, DNN_F32, "AdamW");

    /* From nothing, with a zero, a gradient whose square is no f32, and old moments that end at 0. */
    put_zeros(&a, 3);
    put_zeros(&b, 3);
    put_zeros(&c, 3);
    put_zeros(&d, 3);
    a.f32[1] = 1e-25f;
    b.f32[2] = 1e-30f;
    c.f32[2] = 1e-30f;
    kernels->adamw(3, &step, a.f32, b.f32, c.f32, d.f32);
    tap_ok(d.f32[0] == 0 && fabsf(d.f32[1]) < 1e-17f && b.f32[2] == 0 && c.f32[2] == 0,
           "%s: AdamW with gradients 0 and 1e-25, and moments near the denormals", kernels->isa);
}

/* ==== Initial values ==== */

/* From anywhere in a stream, also where the low half of a block's number begins again.  Hardly one of them may be
 * another f32 than the twin's, and then its neighbour. */
static void test_normals(const struct kernels *kernels)
{
    static const uint64_t firsts[] = {0, 1, 63, 1000, UINT32_MAX - 70u};
    const double factor = 0.125;
    struct rng start, rng;
    int others = 0, wrong = 0, count = 0;

    rng_start(&start, 0x123456789abcdefu, RNG_TEST, 3);
    check_begin();
    for (size_t s = 0; s < LENGTH_OF(sizes) * LENGTH_OF(firsts); s++) {
        int n = sizes[s % LENGTH_OF(sizes)];
        uint64_t first = firsts[s / LENGTH_OF(sizes)];

        put_zeros(&a, n);
        rng = start;
        rng.position = 4 * first;
        for (int i = 0; i < n; i++)
            want[i] = factor * rng_normal(&rng);
        kernels->normals(&start, first, n, factor, a.f32);
        compare(&a, want, n, DNN_F32);
        for (int i = 0; i < n; i++, count++) {
            float exact = (float)want[i];

            others += a.f32[i] != exact;
            wrong += !(a.f32[i] >= nextafterf(exact, -1) && a.f32[i] <= nextafterf(exact, 1));
        }
    }
    trampled += wrong + (others > count / 5000);
    check_end(kernels->isa, DNN_F32, "normal numbers");
}

enum { CHECKS = 8 }; /* of a set of kernels */

int main(void)
{
    int sets = 0;

    while (kernels_at(sets))
        sets++;
    tap_plan(sets * CHECKS);
    for (int i = 0; i < sets; i++) {
        test_sums(kernels_at(i));
        test_largest(kernels_at(i));
        test_factored(kernels_at(i));
        test_moments(kernels_at(i));
        test_adamw(kernels_at(i));
        test_normals(kernels_at(i));
    }
    return tap_status();
}
