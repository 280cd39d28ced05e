/* run.h - all runs of a setting, and the results file that grows with them. */
#ifndef GLU_STUDY_RUN_H
#define GLU_STUDY_RUN_H

#include "src/setting/setting.h"

#include <jansson.h>

/* How a study ended; a message is set unless it is STUDY_OK. */
enum study_status {
    STUDY_OK,
    STUDY_FAILED,      /* it could not start, or the results could not be written */
    STUDY_RUNS_FAILED, /* complete, but some runs failed or diverged */
    STUDY_INTERRUPTED
};

/* Check everything, train variants x seeds in turn, several side by side, and measure throughput.
 * Every run that is done is recorded at once, and the results file is rewritten as runs end, unless
 * that would take more than a tenth of the time; the last time with all of them.  argv goes into the
 * file.  *document is the final content (new reference), or NULL. */
enum study_status study_run(const struct setting *setting, int argc, char *const *argv,
                            json_t **document);

/* Throughput alone: a results file without runs. */
enum study_status study_bench(const struct setting *setting, int argc, char *const *argv,
                              json_t **document);

#endif
