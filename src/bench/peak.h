/* peak.h - what this machine can reach: the limits that measurements are put beside. */
#ifndef GLU_BENCH_PEAK_H
#define GLU_BENCH_PEAK_H

#include "src/model/model.h"

/* The library's own matrix product in a precision, on so many threads.  NAN and a warning when it
 * cannot be measured. */
double peak_gemm_gflop_per_s(enum precision precision, int threads);

/* What memory-bound operations can reach where their operands lie in so much memory. */
struct peak_stream {
    size_t bytes; /* of each thread's arrays */
    double gb_per_s;
};
/* 0 or -1. */
int peak_stream(struct peak_stream *peak, size_t bytes, int threads) GLU_MUST_USE;

#endif
