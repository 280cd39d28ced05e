/* stream.c - see stream.h. */
#include "src/glu.h"

#include "src/nn/stream.h"

#include "src/nn/kernels.h"
#include "src/nn/nn.h"
#include "src/util/arena.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* A round is long enough for the clock and for the barrier not to count. */
static const double round_bytes = 64e6, spend_s = 0.1;
enum { ROUNDS_MIN = 5, ROUNDS_MAX = 200 };

/* Every thread adds its own arrays `repeats` times.  Seconds until the last one is done. */
static double stream_round(const struct kernels *kernels, float *all, size_t count, int threads,
                           int repeats)
{
    double start = 0, end = 0;

#pragma omp parallel num_threads(threads) shared(start, end)
    {
        float *src = all + 2 * count * (size_t)omp_get_thread_num(), *dst = src + count;

#pragma omp barrier
#pragma omp master
        start = clock_now_s();
        for (int i = 0; i < repeats; i++)
            kernels->add((int64_t)count, src, dst);
#pragma omp barrier
#pragma omp master
        end = clock_now_s();
    }
    return end - start;
}

int stream_peak(size_t bytes, int threads, double *gb_per_s)
{
    const struct kernels *kernels = kernels_get();
    size_t count = (bytes / (2 * sizeof(float)) + 15) / 16 * 16, all_bytes; /* whole cache lines */
    double round = 12.0 * (double)count, best_s = INFINITY, spent_s = 0;
    int repeats = (int)ceil(fmin(fmax(round_bytes / round, 1), 1e5));
    struct arena arena;
    float *all;

    *gb_per_s = 0;
    if (size_multiply(2 * count * sizeof(float), (size_t)threads, &all_bytes) ||
        arena_open(&arena, all_bytes))
        return -1;
    all = arena_alloc(&arena, all_bytes, 1);
    memset(all, 0, all_bytes);
    for (int i = 0; i < ROUNDS_MAX && (i < ROUNDS_MIN || spent_s < spend_s); i++) {
        double round_s = stream_round(kernels, all, count, threads, repeats);

        spent_s += round_s;
        best_s = fmin(best_s, round_s);
    }
    arena_close(&arena);
    *gb_per_s = 1e-9 * round * repeats * threads / best_s;
    return 0;
}
