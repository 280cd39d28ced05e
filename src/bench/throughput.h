/* throughput.h - the same model, batch and precision for every variant, samples taken in turn. */
#ifndef GLU_BENCH_THROUGHPUT_H
#define GLU_BENCH_THROUGHPUT_H

#include "src/bench/rig.h"
#include "src/results/results.h"
#include "src/setting/setting.h"

#include <stdatomic.h>

/* What to measure. */
struct throughput_options {
    const struct setting *setting;
    const struct task *task; /* borrowed: its text */
    int samples;            /* of each variant and pass */
    double sample_s;        /* a sample repeats its pass until it lasts about so long */
    const struct rig_kind *kind; /* what of the model, or beside it */
    const atomic_int *stop; /* not 0: end early; or NULL */
};

/* Measure a training step and a forward pass of every variant.  Every round takes one sample of
 * each, in an order shuffled by the seed, so that a drift of the machine hits all alike.  New array
 * of *count rows, freed by throughput_free().  0 or -1; when stopped early, 0 and no rows. */
int throughput_run(const struct throughput_options *options, struct throughput_result **rows,
                   int *count) GLU_MUST_USE;
void throughput_free(struct throughput_result *rows, int count);

/* Memory of the models that are measured: of all together when that is little enough of the
 * machine's for them to stay (*resident), of one when it is not. */
size_t throughput_bytes(const struct setting *setting, bool *resident);

#endif
