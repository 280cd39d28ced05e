/* sweep.h - all trainings of a configuration, and the results file that grows with them. */
#ifndef GLU_STUDY_RUN_H
#define GLU_STUDY_RUN_H

#include "src/setting/setting.h"

#include <jansson.h>

/* How a sweep ended; a message is set unless it is STUDY_OK. */
enum study_status {
    STUDY_OK,
    STUDY_FAILED,      /* it could not start, or the results could not be written */
    STUDY_RUNS_FAILED, /* complete, but some runs failed or diverged */
    STUDY_INTERRUPTED
};

/* Check everything, train variants x seeds in turn, measure throughput, and rewrite the results
 * file after every run.  argv goes into the file.  *document is the final content (new reference),
 * or NULL. */
enum study_status study_run(const struct setting *setting, int argc, char *const *argv,
                            json_t **document);

/* Throughput alone: a results file without runs. */
enum study_status study_bench(const struct setting *setting, int argc, char *const *argv,
                              json_t **document);

#endif
