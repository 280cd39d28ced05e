/* scaling.h - how the training step scales: with threads, and with the size of the model and of
 * the batch. */
#ifndef GLU_BENCH_SCALING_H
#define GLU_BENCH_SCALING_H

#include "src/setting/setting.h"

#include <jansson.h>
#include <stdatomic.h>

/* Time the training step of every variant of a setting, on batches of the task, over 1 ..
 * setting->threads threads, over d_model up to setting->scaling_d_model, over input lengths and
 * over batches, each with all else as in the setting (heads and d_ff grow with d_model).  New array
 * of rows as results/schema.json describes them, in *scaling.  0 or -1; when stopped early, 0 and
 * the rows done so far. */
int scaling_run(const struct setting *setting, const struct task *task,
                double gemm_peak_gflop_per_s, const atomic_int *stop,
                json_t **scaling) GLU_MUST_USE;

#endif
