/* test-loss.c - softmax matrix and cross-entropy in slices of the tokens, against a plain double loop:
 * slices that fill up, and a last one that does not. */
#include "src/glu.h"

#include "src/nn/loss.h"
#include "src/util/arena.h"
#include "src/util/rng.h"
#include "src/util/tokens.h"
#include "test/tap.h"
#include "test/worse.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 5 };

/* One slice that has all, and two. */
static const struct {
    int vocabulary, tokens, slice;
} shapes[] = {{131, 40, 40}, {600000, 29, 15}};

/* Of the largest absolute error to the largest absolute value. */
static const double tolerances[] = {[DNN_F32] = 1e-4, [DNN_BF16] = 2e-2};

static struct rng rng;

static void check(int status)
{
    if (status != 0)
        tap_bail_out("%s", err_get());
}

static void *need(void *memory)
{
    if (!memory)
        tap_bail_out("no memory");
    return memory;
}

/* Values of the storage type: `plain` holds them as f32. */
static void fill(const struct nn *nn, void *stored, float *plain, size_t n, double stddev)
{
    for (size_t i = 0; i < n; i++) {
        float x = (float)(stddev * rng_normal(&rng));
        uint32_t bits;
        uint16_t half;

        memcpy(&bits, &x, sizeof bits);
        if (nn->type == DNN_BF16) { /* what the upper half holds */
            bits &= 0xffff0000;
            half = (uint16_t)(bits >> 16);
            memcpy((char *)stored + 2 * i, &half, sizeof half);
        } else {
            memcpy((char *)stored + 4 * i, &bits, sizeof bits);
        }
        memcpy(&plain[i], &bits, sizeof bits);
    }
}

/* The twin, a token at a time: nats of each, and the gradients of their sum times `scale`. */
static void plain_loss(int tokens, int vocabulary, const float *src, const float *table,
                       const int32_t *targets, double scale, double *nats, double *diff_src,
                       double *diff_table)
{
    double *logits = need(malloc((size_t)vocabulary * sizeof *logits));

    for (int t = 0; t < tokens; t++) {
        const float *x = src + (size_t)t * WIDTH;
        double sum = 0, most = -INFINITY;

        if (targets[t] == TOKEN_PAD)
            continue;
        for (int v = 0; v < vocabulary; v++) {
            logits[v] = 0;
            for (int i = 0; i < WIDTH; i++)
                logits[v] += (double)x[i] * (double)table[(size_t)v * WIDTH + (size_t)i];
            most = fmax(most, logits[v]);
        }
        for (int v = 0; v < vocabulary; v++)
            sum += exp(logits[v] - most);
        nats[t] = log(sum) + most - logits[targets[t]];
        for (int v = 0; v < vocabulary; v++) {
            double diff = scale * (exp(logits[v] - most) / sum - (v == targets[t]));

            for (int i = 0; i < WIDTH; i++) {
                diff_src[t * WIDTH + i] += diff * (double)table[(size_t)v * WIDTH + (size_t)i];
                diff_table[(size_t)v * WIDTH + (size_t)i] += diff * (double)x[i];
            }
        }
    }
    free(logits);
}

enum { TEAM = 2 };

/* All threads of a worker; diff_src: NULL for forward alone. */
static void run(struct nn *threads, const struct linear_plan *plans, const struct linear *table,
                struct loss_scratch *scratch, const void *src, const int32_t *targets, float scale,
                float *diff_src)
{
    int team = threads->crew->size;

#pragma omp parallel num_threads(team)
    if (omp_get_num_threads() == team) {
        int i = omp_get_thread_num();

        loss_run(&threads[i], &plans[i], table, scratch, src, targets, scale, diff_src);
    }
}

static void test_shape(enum dnn_type type, size_t s, int team)
{
    int tokens = shapes[s].tokens, vocabulary = shapes[s].vocabulary;
    size_t stream = (size_t)tokens * WIDTH, weights = (size_t)vocabulary * WIDTH;
    struct nn threads[TEAM], nn;
    struct crew crew;
    struct linear table = {.plain_transposed = true};
    struct linear_plan plans[TEAM];
    struct linear_spec spec = {.kind = PROFILE_LOGITS, .tokens = loss_slice(tokens, vocabulary),
                               .in = WIDTH, .out = vocabulary, .dst_type = DNN_F32,
                               .diff_type = DNN_F32};
    struct arena arena = {0};
    struct loss_scratch scratch = {0};
    float *plain_src = need(calloc(stream, sizeof(float))), *diff_src;
    float *plain_table = need(calloc(weights, sizeof(float)));
    double *nats = need(calloc((size_t)tokens, sizeof(double)));
    double *want_src = need(calloc(stream, sizeof(double)));
    double *want_table = need(calloc(weights, sizeof(double)));
    int32_t *targets = need(calloc((size_t)tokens, sizeof(int32_t)));
    const float scale = 0.25f;
    double worst_nats = 0;
    void *src, *stored;

    crew_open(&crew, team);
    for (int i = 0; i < team; i++) {
        threads[i] = (struct nn){.type = type, .train = true, .kernels = kernels_get(), .crew = &crew,
                                 .member = i};
        threads[i].typed = &threads[i].kernels->type[type];
        check(dnn_create(&threads[i].dnn));
        check(linear_plan_create(&plans[i], &threads[i], &spec, true, i ? &plans[0] : NULL));
    }
    nn = threads[0];
    for (int measuring = 1; measuring >= 0; measuring--) {
        if (measuring)
            arena_measure(&arena);
        src = nn_alloc(&nn, &arena, stream);
        stored = nn_alloc(&nn, &arena, weights);
        diff_src = arena_alloc(&arena, stream, sizeof(float));
        nn.diff = arena_alloc(&arena, weights, sizeof(float));
        check(linear_create(&table, &nn, &plans[0], &arena));
        loss_scratch_alloc(&scratch, &nn, &arena, tokens, vocabulary, WIDTH);
        for (int i = 0; i < team; i++) {
            threads[i].diff = nn.diff;
            nn_scratch_alloc(&threads[i], &arena);
        }
        if (measuring)
            check(arena_open(&arena, arena.used_bytes));
    }
    fill(&nn, src, plain_src, stream, 1);
    fill(&nn, stored, plain_table, weights, 1);
    for (int t = 0; t < tokens; t++)
        targets[t] = t % 7 == 3 ? TOKEN_PAD
                                : 1 + (int32_t)rng_below(&rng, (uint32_t)vocabulary - 1);
    linear_pack(&nn, &plans[0], &table, stored);
    run(threads, plans, &table, &scratch, src, targets, scale, diff_src);
    plain_loss(tokens, vocabulary, plain_src, plain_table, targets, scale, nats, want_src,
               want_table);
    for (int t = 0; t < tokens; t++)
        worst_nats = worse(worst_nats, fabs(scratch.row_nats[t] - nats[t]));
    tap_ok(spec.tokens == shapes[s].slice && scratch.slice == shapes[s].slice,
           "%d tokens of %d ids go in slices of %d, by %d thread(s)", tokens, vocabulary, spec.tokens,
           team);
    tap_ok(worst_nats <= 1e-4, "their losses, %g nats off", worst_nats);
    tap_ok(worst_of(diff_src, want_src, stream) <= tolerances[type], "their gradient, %g",
           worst_of(diff_src, want_src, stream));
    tap_ok(worst_of(nn.diff, want_table, weights) <= tolerances[type], "the table's gradient, %g",
           worst_of(nn.diff, want_table, weights));

    memset(scratch.row_nats, 0, (size_t)tokens * sizeof *scratch.row_nats);
    run(threads, plans, &table, &scratch, src, targets, 0, NULL);
    worst_nats = 0;
    for (int t = 0; t < tokens; t++)
        worst_nats = worse(worst_nats, fabs(scratch.row_nats[t] - nats[t]));
    tap_ok(worst_nats <= 1e-4, "forward alone, %g nats off", worst_nats);

    linear_destroy(&table);
    for (int i = 0; i < team; i++) {
        linear_plan_destroy(&plans[i]);
        dnn_destroy(threads[i].dnn);
    }
    arena_close(&arena);
    free(plain_src);
    free(plain_table);
    free(nats);
    free(want_src);
    free(want_table);
    free(targets);
}

/* What is cut, and how evenly. */
static void test_slices(void)
{
    bool ok = true;

    for (int tokens = 1; tokens < 5000; tokens += 37) {
        int slice = loss_slice(tokens, 32128), pieces = (tokens + slice - 1) / slice;

        ok = ok && slice <= 522 && pieces == (tokens + 521) / 522 && pieces * slice - tokens < pieces;
    }
    tap_ok(ok, "of T5's vocabulary at most 522 tokens, as even as can be");
    tap_ok(loss_slice(43690, 384) == 43690, "of bytes a micro-batch is one slice");
    tap_ok(loss_slice(3, 1 << 30) == 1, "and there is always one token");
}

int main(void)
{
    int types = dnn_has_bf16() ? 2 : 1;

    rng_start(&rng, 1, RNG_TEST, 0);
    tap_plan(3 + types * (int)LENGTH_OF(shapes) * TEAM * 5);
    test_slices();
    for (int type = 0; type < types; type++)
        for (size_t s = 0; s < LENGTH_OF(shapes); s++)
            for (int team = 1; team <= TEAM; team++)
                test_shape((enum dnn_type)type, s, team);
    return tap_status();
}
