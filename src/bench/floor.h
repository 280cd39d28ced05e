/* floor.h - the least time that a row of a profile could take on this machine, and what sets it.
 *
 * Of what a row counts, beside what was measured: products and exponentials at their best rates; operands at
 * the rate of as much memory as a call's operands fill, or at that of the parameters where a row sweeps over
 * all of these; and a fixed price a call.  Computing goes on while operands come, so the longer of the two
 * counts; calls come on top. */
#ifndef GLU_BENCH_FLOOR_H
#define GLU_BENCH_FLOOR_H

#include "src/bench/peak.h"
#include "src/nn/calls.h"

enum { FLOOR_STREAMS = 7 };

enum floor_kind { FLOOR_COMPUTE, FLOOR_CACHE, FLOOR_MEMORY, FLOOR_CALLS, FLOOR_KINDS };

struct floor_limits {
    double gemm_peak_gflop_per_s;              /* NAN: unknown */
    struct peak_stream streams[FLOOR_STREAMS]; /* from small to large: the last one is memory */
    struct calls calls;
    int workers;        /* threads */
    double sweep_bytes; /* of each thread's: a gradient of all parameters */
};

struct floor {
    double s[FLOOR_KINDS]; /* cache and memory: one of them is 0 */
    double all_s;          /* NAN: unknown */
    enum floor_kind kind;  /* the longest */
};

const char *floor_name(enum floor_kind kind);

/* Measure all but gemm_peak_gflop_per_s and sweep_bytes.  About a second.  0 or -1. */
int floor_measure(struct floor_limits *limits, enum precision precision, int threads) GLU_MUST_USE;

/* Of a row, which is that of one step and all threads together. */
struct floor floor_of(const struct floor_limits *limits, enum profile_kind kind,
                      const struct profile_row *row);

#endif
