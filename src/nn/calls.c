/* calls.c - see calls.h. */
#include "src/glu.h"

#include "src/nn/calls.h"

#include "src/nn/kernels.h"
#include "src/nn/nn.h"

#include <math.h>
#include <omp.h>
#include <string.h>

static const double spend_s = 0.02;
enum { SIDE = 16, ELEMENTS = 2048, REPEATS = 500, ROUNDS_MIN = 5, ROUNDS_MAX = 1000 };

struct subject {
    struct nn nn;
    struct dnn_matmul *matmul;
    struct dnn_eltwise *exponential;
    float *src, *wei, *dst; /* (ELEMENTS) */
    int threads;
};

static void do_product(struct subject *subject)
{
    for (int i = 0; i < REPEATS; i++)
        nn_product(&subject->nn, PROFILE_FFN, subject->matmul, subject->src, subject->wei, subject->dst);
}

static void do_kernel(struct subject *subject)
{
    double start = clock_now_s();

    for (int i = 0; i < REPEATS; i++) {
        subject->nn.typed->convert(SIDE, subject->src, subject->dst);
        nn_book(&subject->nn, PROFILE_NORM, &start, 0, 0);
    }
}

static void do_exponentials(struct subject *subject)
{
    for (int i = 0; i < REPEATS; i++)
        dnn_eltwise_forward(subject->exponential, subject->src, subject->dst);
}

static void do_waits(struct subject *subject)
{
#pragma omp parallel num_threads(subject->threads)
    for (int i = 0; i < REPEATS; i++) {
#pragma omp barrier
    }
}

/* Of one of the repeats. */
static double best_s(void (*work)(struct subject *subject), struct subject *subject)
{
    double best = INFINITY, spent = 0;

    for (int i = 0; i < ROUNDS_MAX && (i < ROUNDS_MIN || spent < spend_s); i++) {
        double start = clock_now_s(), round_s;

        work(subject);
        round_s = clock_now_s() - start;
        spent += round_s;
        best = fmin(best, round_s);
    }
    return best / REPEATS;
}

static int create(struct subject *subject, enum dnn_type type)
{
    struct dnn_matmul_spec spec = {.m = SIDE,
                                   .n = SIDE,
                                   .k = SIDE,
                                   .src_layout = DNN_ROWS,
                                   .wei_layout = DNN_ROWS,
                                   .dst_layout = DNN_ROWS,
                                   .src_type = type,
                                   .wei_type = type,
                                   .dst_type = DNN_F32};

    subject->nn = (struct nn){.kernels = kernels_get(), .type = type};
    subject->nn.typed = &subject->nn.kernels->type[type];
    return dnn_create(&subject->nn.dnn) || dnn_matmul_create(&subject->matmul, subject->nn.dnn, &spec) ||
                   dnn_eltwise_create(&subject->exponential, subject->nn.dnn, ACT_EXP, 0, 0, DNN_F32, ELEMENTS)
               ? -1
               : 0;
}

static void measure(struct subject *subject, struct calls *calls)
{
    calls->product_s = best_s(do_product, subject);
    calls->kernel_s = best_s(do_kernel, subject);
    calls->wait_s = subject->threads > 1 ? best_s(do_waits, subject) : 0;
    calls->exponentials_per_s = ELEMENTS * subject->threads / best_s(do_exponentials, subject);
}

int calls_measure(enum dnn_type type, int threads, struct calls *calls)
{
    struct subject subject = {.threads = threads};
    size_t bytes = ELEMENTS * sizeof(float);
    int before = omp_get_max_threads(), status;
    struct arena arena;

    arena_measure(&arena);
    *calls = (struct calls){0};
    omp_set_num_threads(1); /* of primitives: each is one worker's */
    status = create(&subject, type);
    if (status == 0)
        status = arena_open(&arena, 3 * bytes + dnn_scratch_bytes(subject.nn.dnn) + 4096);
    if (status == 0) {
        subject.src = arena_alloc(&arena, bytes, 1);
        subject.wei = arena_alloc(&arena, bytes, 1);
        subject.dst = arena_alloc(&arena, bytes, 1);
        memset(subject.src, 0, 3 * bytes);
        dnn_set_scratch(subject.nn.dnn, arena_alloc(&arena, dnn_scratch_bytes(subject.nn.dnn), 1));
        measure(&subject, calls);
    }
    dnn_eltwise_destroy(subject.exponential);
    dnn_matmul_destroy(subject.matmul);
    dnn_destroy(subject.nn.dnn);
    arena_close(&arena);
    omp_set_num_threads(before);
    return status;
}
