/* run.h - all runs of a study, and the results files that grow with them. */
#ifndef GLU_STUDY_RUN_H
#define GLU_STUDY_RUN_H

#include "src/study/status.h"

#include <jansson.h>

struct study_options; /* options.h */

/* Check everything, train the variants x seeds of all settings in turn, several side by side, and
 * measure throughput.  Every run that is done is recorded at once, and the results files are
 * rewritten as runs end, unless that would take more than a tenth of the time; the last time with all
 * of them.  *document is the final content of the first setting's (new reference), or NULL. */
enum study_status study_run(const struct study_options *options, json_t **document);

/* Throughput alone: a results file without runs. */
enum study_status study_bench(const struct study_options *options, json_t **document);

#endif
