/* throughput.h - what the samples of a measurement give. */
#ifndef GLU_RESULTS_TABLES_THROUGHPUT_H
#define GLU_RESULTS_TABLES_THROUGHPUT_H

#include "src/results/matrix.h"

struct throughput_row {
    double median_s, tokens_per_s;
    struct interval tokens_per_s_ci95;
    double examples_per_s, used_tokens_per_s; /* the latter without padding */
    double gflop_per_s, gemm_peak_gflop_per_s, fraction_of_gemm_peak;
    double relative_to_baseline; /* in tokens per second */
    struct interval relative_ci95;
};

/* As it stands in the matrix's document beside matrix->throughput[i]: (matrix->throughputs), the
 * caller's to free.  NULL and a message when memory runs out. */
struct throughput_row *throughput_rows(const struct matrix *matrix);

#endif
