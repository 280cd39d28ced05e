/* bench.h - throughput: the same model, batch and precision for every variant, samples taken in
 * turn. */
#ifndef GLU_BENCH_THROUGHPUT_H
#define GLU_BENCH_THROUGHPUT_H

#include "src/results/results.h"
#include "src/setting/setting.h"

#include <stdatomic.h>

/* What to measure. */
struct bench_options {
    const struct setting *setting;
    int samples;         /* of each variant and pass */
    double sample_s;     /* a sample repeats its pass until it lasts about so long */
    bool ffn;            /* one feed-forward layer of the paper's shape, not the model */
    const atomic_int *stop; /* not 0: end early; or NULL */
};

/* Measure a training step and a forward pass of every variant.  Every round takes one sample of
 * each, in an order shuffled by the seed, so that a drift of the machine hits all alike.  New array
 * of *count rows, freed by bench_free().  0 or -1; when stopped early, 0 and no rows. */
int bench_run(const struct bench_options *options, struct throughput_result **rows, int *count)
    GLU_MUST_USE;
/* Memory of the models that are measured: of all together when that is little enough of the
 * machine's for them to stay (*resident), of one when it is not. */
size_t bench_bytes(const struct setting *setting, bool *resident);

/* The library's own matrix product in a precision: the limit that the rest is measured against.
 * GFLOP/s, or NAN and a warning when it cannot be measured. */
double bench_gemm_peak(enum precision precision, int threads);
void bench_free(struct throughput_result *rows, int count);

#endif
