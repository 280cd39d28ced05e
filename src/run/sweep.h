/* sweep.h - all trainings of a configuration, and the results file that grows with them. */
#ifndef GLU_RUN_SWEEP_H
#define GLU_RUN_SWEEP_H

#include "src/run/config.h"

#include <jansson.h>

/* How a sweep ended; a message is set unless it is SWEEP_OK. */
enum sweep_status {
    SWEEP_OK,
    SWEEP_FAILED,      /* it could not start, or the results could not be written */
    SWEEP_RUNS_FAILED, /* complete, but some runs failed or diverged */
    SWEEP_INTERRUPTED
};

/* Check everything, train variants x seeds in turn, measure throughput, and rewrite the results
 * file after every run.  argv goes into the file.  *document is the final content (new reference),
 * or NULL. */
enum sweep_status sweep_run(const struct config *config, int argc, char *const *argv,
                            json_t **document);

/* Throughput alone: a results file without runs. */
enum sweep_status sweep_bench(const struct config *config, int argc, char *const *argv,
                              json_t **document);

#endif
