/* exchange.h - what ranks cost: the exchange of a gradient, and a training step by all of them. */
#ifndef GLU_BENCH_EXCHANGE_H
#define GLU_BENCH_EXCHANGE_H

#include "src/setting/setting.h"

#include <jansson.h>
#include <stdatomic.h>

/* All ranks of the program call these; rank 0's *rows is a new array of rows as results/schema.json
 * describes them, the others' is NULL.  Each way of doing a thing is sampled in turn with the others,
 * setting->recipe.samples times.  0 or -1; when any of the ranks is to stop, 0 and the rows done so
 * far. */

/* The sum over all ranks of as many numbers as the baseline has parameters, or of
 * setting->exchange_size megabytes, beside that by bare calls of the library.  No row where there is one
 * rank. */
int exchange_run(const struct setting *setting, const atomic_int *stop, json_t **rows) GLU_MUST_USE;

/* A training step of every variant by all ranks; by each of them for itself, at the same time, on its
 * part of the batch, so that nothing is exchanged; and, where all ranks are on one machine that has as
 * many processors as they have threads, by one process with all those threads.  `task` is rank 0's. */
int exchange_steps(const struct setting *setting, const struct task *task, const atomic_int *stop,
                   json_t **rows) GLU_MUST_USE;

#endif
