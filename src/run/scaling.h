/* scaling.h - how the training step scales: with threads, and with the size of the model and of
 * the batch. */
#ifndef GLU_RUN_SCALING_H
#define GLU_RUN_SCALING_H

#include "src/run/config.h"

#include <jansson.h>
#include <stdatomic.h>

/* Time the training step of every variant of a config over 1 .. config->threads threads, over
 * d_model up to config->scaling_d_model, over input lengths and over batches, each with all else as
 * in the config (heads and d_ff grow with d_model).  New array of rows as results/schema.json
 * describes them, in *scaling.  0 or -1; when stopped early, 0 and the rows done so far. */
int scaling_run(const struct config *config, double gemm_peak_gflop_per_s,
                const atomic_int *stop, json_t **scaling) GLU_MUST_USE;

#endif
