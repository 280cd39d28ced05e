/* The floor of a profile's row: which of the machine's limits it is, and how long; and the limits themselves. */
#include "src/glu.h"

#include "src/bench/floor.h"
#include "test/tap.h"

#include <math.h>

/* 100 GFLOP/s; 1000 GB/s to 16 KiB, then half of it for four times as much, and 50 in memory. */
static struct floor_limits invented(void)
{
    struct floor_limits limits = {
        .gemm_peak_gflop_per_s = 100,
        .streams = {{1 << 14, 1000}, {1 << 16, 500}, {1 << 18, 250}, {1 << 20, 125},
                    {1 << 22, 100}, {1 << 24, 60}, {1 << 28, 50}},
        .calls = {.product_s = 1e-6, .kernel_s = 1e-7, .wait_s = 1e-5, .exponentials_per_s = 1e9},
        .workers = 2,
        .sweep_bytes = 1 << 25,
    };

    return limits;
}

static bool near(double seconds, double wanted)
{
    return fabs(seconds - wanted) <= 1e-9 * wanted;
}

static bool is(const struct floor *least, enum floor_kind kind, double all_s)
{
    return least->kind == kind && near(least->all_s, all_s);
}

static void test_kinds(void)
{
    struct floor_limits limits = invented();
    struct profile_row row = {.flops = 1e9, .bytes = 1e6, .calls = 100};
    struct floor least = floor_of(&limits, PROFILE_FFN, &row);

    tap_ok(is(&least, FLOOR_COMPUTE, 0.01 + 5e-5) && near(least.s[FLOOR_CACHE], 1e-6),
           "products: at the peak, and half of the calls on each of two threads");
    row = (struct profile_row){.bytes = 1e8, .calls = 1000};
    least = floor_of(&limits, PROFILE_GATE, &row);
    tap_ok(is(&least, FLOOR_CACHE, 1e8 / 500e9 + 5e-5), "a kernel of 100,000 bytes: at the rate of 64 KiB");
    row.calls = 1e5;
    least = floor_of(&limits, PROFILE_GATE, &row);
    tap_ok(is(&least, FLOOR_CALLS, 1e8 / 1000e9 + 5e-3), "cut into 100,000 calls: their price");
    row = (struct profile_row){.bytes = 1e9, .calls = 10};
    least = floor_of(&limits, PROFILE_GATE, &row);
    tap_ok(is(&least, FLOOR_MEMORY, 1e9 / 60e9 + 5e-7), "100 MB at once: memory, and what is as slow");
    row = (struct profile_row){.bytes = 1e8, .calls = 1000};
    least = floor_of(&limits, PROFILE_OPTIMIZER, &row);
    tap_ok(is(&least, FLOOR_MEMORY, 1e8 / 60e9 + 5e-5), "a sweep over all parameters: as they lie, not its blocks");
}

static void test_others(void)
{
    struct floor_limits limits = invented();
    struct profile_row row = {.bytes = 1e6, .exponentials = 1e7, .calls = 10};
    struct floor least = floor_of(&limits, PROFILE_SOFTMAX, &row);

    tap_ok(is(&least, FLOOR_COMPUTE, 0.01 + 5e-7), "exponentials are computed");
    row = (struct profile_row){.calls = 40};
    least = floor_of(&limits, PROFILE_WAIT, &row);
    tap_ok(is(&least, FLOOR_CALLS, 2e-4), "waits: what one costs when all are there");
    row = (struct profile_row){.calls = 0};
    least = floor_of(&limits, PROFILE_EMBEDDING, &row);
    tap_ok(least.all_s == 0, "nothing was done: no floor");
    limits.gemm_peak_gflop_per_s = NAN;
    row = (struct profile_row){.flops = 1e9, .bytes = 1e6, .calls = 100};
    least = floor_of(&limits, PROFILE_FFN, &row);
    tap_ok(isnan(least.all_s), "a peak that is unknown: a floor that is unknown");
    row.flops = 0;
    least = floor_of(&limits, PROFILE_NORM, &row);
    tap_ok(least.all_s > 0, "... but of products alone");
}

static void test_measured(void)
{
    struct floor_limits limits = {.gemm_peak_gflop_per_s = NAN};
    const struct calls *calls = &limits.calls;
    bool good = floor_measure(&limits, PRECISION_F32, 2) == 0;

    for (int i = 0; i < FLOOR_STREAMS; i++)
        good = good && limits.streams[i].gb_per_s > 0 &&
               (i == 0 || limits.streams[i].bytes > limits.streams[i - 1].bytes);
    tap_ok(good, "rates of larger and larger arrays");
    tap_ok(limits.workers == 2 && calls->kernel_s > 0 && calls->product_s > calls->kernel_s &&
               calls->product_s < 1e-3 && calls->wait_s > 0 && calls->wait_s < 0.1 &&
               calls->exponentials_per_s > 1e6,
           "a product's call costs more than a kernel's: %g and %g s; a wait %g", calls->product_s, calls->kernel_s,
           calls->wait_s);
}

int main(void)
{
    tap_plan(12);
    test_kinds();
    test_others();
    test_measured();
    return tap_status();
}
