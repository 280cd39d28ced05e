/* floor.c - see floor.h. */
#include "src/glu.h"

#include "src/bench/floor.h"

#include <math.h>

/* Of each thread; what is larger than caches is cut among the threads. */
static const size_t stream_bytes[FLOOR_STREAMS] = {1 << 14, 1 << 16, 1 << 18, 1 << 20,
                                                   1 << 22, 1 << 24, 1 << 28};

enum call { CALL_PRODUCT, CALL_KERNEL, CALL_WAIT };

/* What a row's calls are. */
static const struct way {
    enum call call;
    bool sweeps; /* over all parameters, once a step: nothing is left in a cache from the last time */
} ways[PROFILE_KINDS] = {
    [PROFILE_PROJECTION] = {CALL_PRODUCT, false},
    [PROFILE_ATTENTION] = {CALL_PRODUCT, false},
    [PROFILE_HEADS] = {CALL_KERNEL, false},
    [PROFILE_FFN] = {CALL_PRODUCT, false},
    [PROFILE_LOGITS] = {CALL_PRODUCT, false},
    [PROFILE_GATE] = {CALL_KERNEL, false},
    [PROFILE_NORM] = {CALL_KERNEL, false},
    [PROFILE_SOFTMAX] = {CALL_KERNEL, false},
    [PROFILE_LOSS] = {CALL_KERNEL, false},
    [PROFILE_EMBEDDING] = {CALL_KERNEL, false},
    [PROFILE_OPTIMIZER] = {CALL_KERNEL, true},
    [PROFILE_PACK] = {CALL_KERNEL, true},
    [PROFILE_WAIT] = {CALL_WAIT, false},
};

const char *floor_name(enum floor_kind kind)
{
    static const char *const names[FLOOR_KINDS] = {
        [FLOOR_COMPUTE] = "compute",
        [FLOOR_CACHE] = "cache",
        [FLOOR_MEMORY] = "memory",
        [FLOOR_CALLS] = "calls",
    };

    return names[kind];
}

int floor_measure(struct floor_limits *limits, enum precision precision, int threads)
{
    size_t last = FLOOR_STREAMS - 1;

    limits->workers = threads;
    for (size_t i = 0; i <= last; i++) {
        size_t bytes = i == last ? stream_bytes[i] / (size_t)threads : stream_bytes[i];

        if (peak_stream(&limits->streams[i], bytes, threads))
            return -1;
    }
    return calls_measure(precision == PRECISION_BF16 ? DNN_BF16 : DNN_F32, threads, &limits->calls);
}

/* Where so many bytes lie, at best: at the rate of the largest that was measured of what is not larger. */
static int stream_of(const struct floor_limits *limits, double bytes)
{
    int i = FLOOR_STREAMS - 1;

    while (i > 0 && (double)limits->streams[i].bytes > bytes)
        i--;
    return i;
}

/* As good as memory's rate is memory's. */
static bool is_memory(const struct floor_limits *limits, int stream)
{
    return limits->streams[stream].gb_per_s <= 1.25 * limits->streams[FLOOR_STREAMS - 1].gb_per_s;
}

static void count_operands(const struct floor_limits *limits, const struct way *way,
                           const struct profile_row *row, struct floor *least)
{
    int stream = stream_of(limits, way->sweeps ? limits->sweep_bytes : row->bytes / row->calls);

    least->s[is_memory(limits, stream) ? FLOOR_MEMORY : FLOOR_CACHE] =
        1e-9 * row->bytes / limits->streams[stream].gb_per_s;
}

struct floor floor_of(const struct floor_limits *limits, enum profile_kind kind,
                      const struct profile_row *row)
{
    const struct way *way = &ways[kind];
    const double call_s[] = {[CALL_PRODUCT] = limits->calls.product_s,
                             [CALL_KERNEL] = limits->calls.kernel_s,
                             [CALL_WAIT] = limits->calls.wait_s};
    struct floor least = {.kind = FLOOR_COMPUTE};

    least.s[FLOOR_COMPUTE] =
        (row->flops > 0 ? 1e-9 * row->flops / limits->gemm_peak_gflop_per_s : 0) +
        (row->exponentials > 0 ? row->exponentials / limits->calls.exponentials_per_s : 0);
    if (row->bytes > 0)
        count_operands(limits, way, row, &least);
    least.s[FLOOR_CALLS] = row->calls * call_s[way->call] / limits->workers;
    for (int i = 0; i < FLOOR_KINDS; i++)
        least.kind = least.s[i] > least.s[least.kind] ? (enum floor_kind)i : least.kind;
    least.all_s = isnan(least.s[FLOOR_COMPUTE])
                      ? NAN
                      : fmax(least.s[FLOOR_COMPUTE], least.s[FLOOR_CACHE] + least.s[FLOOR_MEMORY]) +
                            least.s[FLOOR_CALLS];
    return least;
}
