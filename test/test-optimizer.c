/* test-optimizer.c - optimizers on a small table of tensors, by hand and beside their twins; the limit to
 * the gradient's norm; schedules. */
#include "src/glu.h"

#include "src/nn/optimizer.h"
#include "src/nn/schedule.h"
#include "src/util/rng.h"
#include "test/ref/ref.h"
#include "test/tap.h"
#include "test/worse.h"

#include <math.h>
#include <string.h>

/* ==== A table of tensors, and an optimizer on it ==== */

enum { PARTS_MAX = 3, MATRIX_ROWS = 300, MATRIX_COLUMNS = 131 };

struct bench {
    struct tensors tensors;
    struct arena arena;
    struct optimizer optimizer;
    struct nn nn;
    float *values, *gradients;
};

static void check(int status)
{
    if (status != 0)
        tap_bail_out("%s", err_get());
}

/* A matrix of that shape and a vector of that length, which may be a scalar. */
static void bench_open_as(struct bench *bench, const char *name, const struct optimizer_options *options,
                          int rows, int columns, int length, int parts, bool scalar)
{
    const struct optimizer_type *type = optimizer_type_find(name);
    size_t bytes = 0;

    *bench = (struct bench){0};
    check(tensors_add(&bench->tensors, "matrix", rows, columns, 1) ? 0 : -1);
    check(tensors_add(&bench->tensors, "vector", 1, length, 0) ? 0 : -1);
    bench->tensors.list[1].vector = true;
    bench->tensors.list[1].scalar = scalar;
    bench->nn.kernels = kernels_get();
    for (int real = 0; real < 2; real++) {
        if (real)
            check(arena_open(&bench->arena, bytes));
        else
            arena_measure(&bench->arena);
        bench->values = arena_alloc(&bench->arena, bench->tensors.elements, sizeof(float));
        bench->gradients = arena_alloc(&bench->arena, bench->tensors.elements, sizeof(float));
        check(optimizer_open(&bench->optimizer, type, options ? options : &type->defaults,
                             &bench->tensors, parts, &bench->arena));
        bytes = bench->arena.used_bytes;
        if (!real) {
            optimizer_close(&bench->optimizer);
            arena_close(&bench->arena);
        }
    }
    bench->optimizer.parameters = bench->values;
    bench->optimizer.gradient = bench->gradients;
    tensors_bind(&bench->tensors, bench->values, bench->gradients);
}

static void bench_open(struct bench *bench, const char *name, const struct optimizer_options *options,
                       int rows, int columns, int length, int parts)
{
    bench_open_as(bench, name, options, rows, columns, length, parts, false);
}

static void bench_close(struct bench *bench)
{
    optimizer_close(&bench->optimizer);
    arena_close(&bench->arena);
    tensors_free(&bench->tensors);
}

/* One update: the parts one after the other, which is what a phase may be. */
static void bench_step(struct bench *bench, int64_t t, double learning_rate)
{
    struct update update = {t, learning_rate};

    for (int phase = 0; phase < optimizer_phases(&bench->optimizer); phase++)
        for (int part = 0; part < bench->optimizer.parts; part++)
            optimizer_phase(&bench->optimizer, &bench->nn, &update, phase, part);
}

static void draw(float *dst, size_t count, double scale, uint32_t lane)
{
    struct rng rng;

    rng_start(&rng, 5, RNG_TEST, lane);
    for (size_t i = 0; i < count; i++)
        dst[i] = (float)(scale * rng_normal(&rng));
}

/* ==== By hand ==== */

/* Two steps on a 2 x 2 matrix and a vector of one, lr 0.1, beta 0.9 and 0.95, decay 0.1, norm 1.3.
 *
 * First gradient (3, -4, 0, 0; 12), of norm 13: a tenth of it.  m / (1 - 0.9) = g and v / (1 - 0.95) =
 * g^2, so that each moves by its sign, and a matrix loses 0.1 * 0.1 of itself.
 *
 * The second, (0.3, 0.4, 0.5, 0; 0), has the norm 0.707 and stays.  With 1 - 0.9^2 = 0.19 and
 * 1 - 0.95^2 = 0.0975:
 *     0.3 after 0.3:    m = 0.3, v = 0.09:                          u = 1
 *     0.4 after -0.4:   m = (0.04 - 0.036) / 0.19, v = 0.16:        u = 1 / 19
 *     0.5 after 0:      m = 0.05 / 0.19, v = 0.0125 / 0.0975:       u = 0.263158 / 0.358057 = 0.734968
 *     0 after 0:        u = 0
 *     0 after 1.2:      m = 0.108 / 0.19, v = 0.0684 / 0.0975:      u = 0.568421 / 0.837579 = 0.678648 */
static const double hand_start[] = {1, -2, 0.5, 4, 1};
static const double hand_gradient[2][5] = {{3, -4, 0, 0, 12}, {0.3, 0.4, 0.5, 0, 0}};
static const double hand_first[] = {0.89, -1.88, 0.495, 3.96, 0.9};
static const double hand_second[] = {0.89 * 0.99 - 0.1, -1.88 * 0.99 - 0.1 / 19,
                                     0.495 * 0.99 - 0.0734968, 3.96 * 0.99, 0.9 - 0.0678648};

static double apart(const double *a, const double *b, int n)
{
    double worst = 0;

    for (int i = 0; i < n; i++)
        worst = worse(worst, fabs(a[i] - b[i]));
    return worst;
}

static void test_hand_twin(void)
{
    double value[5], first[5] = {0}, second[5] = {0}, gradient[5], squares;
    struct ref_adamw matrix = {0.1, 0.1, 0.9, 0.95}, vector = {0.1, 0, 0.9, 0.95};

    memcpy(value, hand_start, sizeof value);
    for (int step = 0; step < 2; step++) {
        squares = 0;
        for (int i = 0; i < 5; i++)
            squares += hand_gradient[step][i] * hand_gradient[step][i];
        for (int i = 0; i < 5; i++)
            gradient[i] = ref_clip(squares, 1.3) * hand_gradient[step][i];
        ref_adamw(value, first, second, gradient, 4, step + 1, &matrix);
        ref_adamw(value + 4, first + 4, second + 4, gradient + 4, 1, step + 1, &vector);
        tap_ok(apart(value, step ? hand_second : hand_first, 5) < 1e-6, "AdamW's twin by hand, step %d",
               step + 1);
    }
}

static void test_hand(void)
{
    const struct optimizer_options options = {0.1, 0.9, 0.95, 1.3};
    struct bench bench;
    double value[5];

    bench_open(&bench, "adamw", &options, 2, 2, 1, 1);
    for (int i = 0; i < 5; i++)
        (i < 4 ? bench.tensors.list[0].value + i : bench.tensors.list[1].value)[0] = (float)hand_start[i];
    for (int step = 0; step < 2; step++) {
        for (int i = 0; i < 5; i++)
            (i < 4 ? bench.tensors.list[0].gradient + i : bench.tensors.list[1].gradient)[0] =
                (float)hand_gradient[step][i];
        bench_step(&bench, step + 1, 0.1);
        for (int i = 0; i < 5; i++)
            value[i] = i < 4 ? bench.tensors.list[0].value[i] : bench.tensors.list[1].value[0];
        tap_ok(apart(value, step ? hand_second : hand_first, 5) < 1e-6, "AdamW by hand, step %d",
               step + 1);
    }
    bench_close(&bench);
}

/* ==== The norm ==== */

/* Of all tensors together; below the limit nothing is changed. */
static void test_clip(const char *name)
{
    struct optimizer_options options = optimizer_type_find(name)->defaults;
    struct bench bench, free;
    double norm = 0;
    size_t bytes;

    options.clip_norm = 2;
    bench_open(&bench, name, &options, MATRIX_ROWS, MATRIX_COLUMNS, 40, 2);
    options.clip_norm = 0;
    bench_open(&free, name, &options, MATRIX_ROWS, MATRIX_COLUMNS, 40, 2);
    draw(bench.tensors.list[0].gradient, (size_t)MATRIX_ROWS * MATRIX_COLUMNS, 1, 1);
    draw(bench.tensors.list[1].gradient, 40, 1, 2);
    bench_step(&bench, 1, 0.01);
    for (size_t i = 0; i < bench.tensors.elements; i++)
        norm += (double)bench.gradients[i] * bench.gradients[i];
    tap_ok(fabs(sqrt(norm) - 2) < 1e-5, "%s: a gradient of norm 198 is scaled to 2: %.6f", name,
           sqrt(norm));

    /* What is small goes through as it is, whatever the limit; twice, as the state is another. */
    bytes = bench.tensors.elements * sizeof(float);
    bench_close(&bench);
    options.clip_norm = 2;
    bench_open(&bench, name, &options, MATRIX_ROWS, MATRIX_COLUMNS, 40, 2);
    for (int step = 1; step <= 2; step++) {
        draw(bench.tensors.list[0].gradient, (size_t)MATRIX_ROWS * MATRIX_COLUMNS, 1e-3, (uint32_t)step);
        memcpy(free.gradients, bench.gradients, bytes);
        bench_step(&bench, step, 0.01);
        bench_step(&free, step, 0.01);
    }
    tap_ok(memcmp(bench.values, free.values, bytes) == 0 &&
               memcmp(bench.gradients, free.gradients, bytes) == 0,
           "%s: a gradient within the limit is as without one, to its bits", name);
    bench_close(&bench);
    bench_close(&free);
}

/* From one gradient, any number of parts comes to the same bits. */
static void test_parts(const char *name)
{
    struct optimizer_options options = optimizer_type_find(name)->defaults;
    struct bench bench[PARTS_MAX];
    bool same = true;

    options.clip_norm = 1;
    for (int i = 0; i < PARTS_MAX; i++) {
        bench_open(&bench[i], name, &options, MATRIX_ROWS, MATRIX_COLUMNS, 7, i + 1);
        draw(bench[i].values, bench[i].tensors.elements, 1, 3);
        for (int step = 1; step <= 3; step++) {
            draw(bench[i].tensors.list[0].gradient, (size_t)MATRIX_ROWS * MATRIX_COLUMNS, 1,
                 (uint32_t)step);
            draw(bench[i].tensors.list[1].gradient, 7, 1, (uint32_t)step);
            bench_step(&bench[i], step, 0.01);
        }
        same = same && memcmp(bench[i].values, bench[0].values,
                              bench[0].tensors.elements * sizeof(float)) == 0;
    }
    tap_ok(same, "%s: 1, 2 and 3 parts give the same bits", name);
    for (int i = 0; i < PARTS_MAX; i++)
        bench_close(&bench[i]);
}

/* ==== Scalars ==== */

/* A scalar that begins at 0 moves by the learning rate, as all of its first update is its sign; one of
 * 3 by three times that with Adafactor.  What is no scalar moves by a thousandth with that. */
static void test_scalar(void)
{
    for (int scalar = 0; scalar < 2; scalar++)
        for (int adamw = 0; adamw < 2; adamw++) {
            double wanted = adamw || scalar ? -0.02 : -0.02e-3, second = adamw ? 2.98 : 3 - 0.06;
            struct bench bench;
            float *value, *gradient;

            bench_open_as(&bench, adamw ? "adamw" : "adafactor", NULL, 2, 2, 1, 1, scalar);
            value = bench.tensors.list[1].value;
            gradient = bench.tensors.list[1].gradient;
            *gradient = 0.25f;
            bench_step(&bench, 1, 0.02);
            tap_ok(fabs(*value - wanted) < 1e-6, "%s: a %s that is 0 becomes %g",
                   adamw ? "adamw" : "adafactor", scalar ? "scalar" : "vector of one", *value);
            memset(bench.optimizer.state, 0,
                   bench.optimizer.state_count * sizeof *bench.optimizer.state);
            *value = 3;
            *gradient = 0.25f;
            bench_step(&bench, 1, 0.02);
            tap_ok(fabs(*value - second) < 1e-5, "... and one that is 3, %g: without decay", *value);
            bench_close(&bench);
        }
}

/* ==== Schedules ==== */

/* w 100 of 1100 steps, lr0 0.5. */
static void test_schedules(void)
{
    static const struct {
        const char *name;
        int64_t t;
        double rate;
    } hand[] = {
        {"inverse-sqrt", 1, 0.5},    {"inverse-sqrt", 100, 0.5},  {"inverse-sqrt", 400, 0.25},
        {"cosine", 1, 0.005},        {"cosine", 50, 0.25},        {"cosine", 100, 0.5},
        {"cosine", 350, 0.434099},   {"cosine", 600, 0.275},      {"cosine", 1100, 0.05},
        {"linear", 1, 0.005},        {"linear", 100, 0.5},        {"linear", 600, 0.25},
        {"linear", 1100, 0},         {"constant", 1, 0.005},      {"constant", 100, 0.5},
        {"constant", 600, 0.5},      {"constant", 1100, 0.5},
    };
    /* The rates of 1200 steps and of 2400: the decay's first that is below 1 is step 1082's. */
    static const struct {
        const char *name;
        double decay;
        int64_t shared;
    } parts[] = {
        {"inverse-sqrt", 0.1, 1081}, {"inverse-sqrt", 0, 1200}, {"cosine", 0, 400}, {"linear", 0, 400},
        {"constant", 0, 1200},       {"constant", 1, 1},
    };
    int wrong = 0;
    double worst = 0, worst_twin = 0, beside = 0;
    const char *name;

    for (size_t i = 0; i < LENGTH_OF(hand); i++) {
        struct schedule schedule = {schedule_type_find(hand[i].name), 1100, 0.5, 100, 0};

        worst = worse(worst, fabs(schedule_rate(&schedule, hand[i].t) - hand[i].rate));
        worst_twin = worse(worst_twin, fabs(ref_schedule(hand[i].name, hand[i].t, 1100, 0.5, 100) -
                                            hand[i].rate));
    }
    tap_ok(worst < 1e-6 && worst_twin < 1e-6, "schedules and their twins by hand");
    for (int i = 0; schedule_type_at(i, &name); i++)
        for (int64_t t = 1; t <= 1100; t++) {
            struct schedule plain = {schedule_type_find(name), 1100, 0.5, 100, 0}, decay = plain;
            double twin = ref_schedule(name, t, 1100, 0.5, 100);

            decay.decay_fraction = 0.1;
            beside = worse(beside, fabs(schedule_rate(&plain, t) - twin));
            beside = worse(beside, fabs(schedule_rate(&decay, t) - twin * fmin(1, (1101 - t) / 110.0)));
        }
    tap_ok(beside < 1e-15, "every schedule is the twin's in every step, and with decay: %.1e", beside);
    for (size_t i = 0; i < LENGTH_OF(parts); i++) {
        struct schedule whole = {schedule_type_find(parts[i].name), 2400, 0.02, 400, parts[i].decay}, half = whole;

        half.steps /= 2;
        wrong += schedule_shared(&whole, &half) != parts[i].shared || schedule_shared(&half, &whole) != parts[i].shared;
    }
    tap_ok(wrong == 0, "two lengths of a schedule part where the rates do");

    beside = 0;
    for (int i = 0; schedule_type_at(i, &name); i++)
        for (int64_t t = 1; t <= 5; t++) {
            struct schedule all = {schedule_type_find(name), 5, 1, 5, 0}, none = all, more = all;
            double three[3];

            none.warmup_steps = 0;
            more.warmup_steps = 10;
            three[0] = schedule_rate(&all, t);
            three[1] = schedule_rate(&none, t);
            three[2] = schedule_rate(&more, t);
            for (int k = 0; k < 3; k++)
                beside += !(three[k] >= 0 && three[k] <= 1);
        }
    tap_ok(beside == 0, "schedules that are all warm-up, that have none, and that end within it");
}

int main(void)
{
    int count = 0;

    while (optimizer_type_at(count))
        count++;
    tap_plan(4 + 3 * count + 8 + 4);
    test_hand_twin();
    test_hand();
    for (int i = 0; i < count; i++) {
        test_clip(optimizer_type_at(i)->name);
        test_parts(optimizer_type_at(i)->name);
    }
    test_scalar();
    test_schedules();
    return tap_status();
}
