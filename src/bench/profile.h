/* profile.h - where the time of a training step goes, kind of operation by kind. */
#ifndef GLU_BENCH_PROFILE_H
#define GLU_BENCH_PROFILE_H

#include "src/setting/setting.h"

#include <jansson.h>
#include <stdatomic.h>

/* Profile training steps of every variant of a setting, the preparation of the task's batches
 * included: a new array of objects as results/schema.json describes them, in *profile.
 * gemm_peak_gflop_per_s may be NAN.  0 or -1; when stopped early, 0 and the variants done so
 * far. */
int profile_run(const struct setting *setting, const struct task *task,
                double gemm_peak_gflop_per_s, const atomic_int *stop,
                json_t **profile) GLU_MUST_USE;

#endif
