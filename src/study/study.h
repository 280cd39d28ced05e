/* study.h - what a study has before its first step: the place, the cells, the sizes, the text, and
 * the results file around its runs.  For the files of this folder. */
#ifndef GLU_STUDY_STUDY_H
#define GLU_STUDY_STUDY_H

#include "src/results/results.h"
#include "src/setting/setting.h"
#include "src/study/forecast.h"
#include "src/study/grid.h"
#include "src/study/store.h"
#include "src/task/task.h"
#include "src/util/machine.h"

#include <jansson.h>

/* A cell, and what became of it. */
struct run {
    const struct cell *cell;
    bool done;      /* `result` is there */
    bool recorded;  /* the store has it */
    bool elsewhere; /* another program is doing it */
    struct run_result result;
    int64_t step;   /* where it is, for the estimate of the time left */
    bool reported;  /* step is where this program found it, or later */
};
bool run_is_settled(const struct run *run); /* done, with a status that is */

struct study {
    const struct setting *setting;
    struct store *store; /* NULL when the output is not a regular file */
    struct forecast_row *forecast; /* (setting->variant_count) */
    struct dataset *dataset;
    struct tokenizer *tokenizer;
    struct task *task; /* what every run of the setting does, with its held-out examples */
    struct grid grid;
    struct run *runs; /* (grid.count) */

    struct onednn_facts onednn;
    struct variant_result *variants; /* (setting->variant_count) */
    struct throughput_result *throughput;
    struct results results;          /* all of the results file but its runs */
    struct machine_times start;      /* when the environment was described */
};

/* Check everything and read all that is needed; what fails fast comes first.  argv goes into the
 * results file.  0 or -1; to be closed in either case. */
int study_open(struct study *study, const struct setting *setting, int argc, char *const *argv)
    GLU_MUST_USE;
void study_close(struct study *study);

/* How many of the runs are so. */
int study_count(const struct study *study, bool (*is)(const struct run *run));

/* Measure throughput, each sample for so long; it goes into the results.  0 or -1. */
int study_measure_throughput(struct study *study, double sample_s) GLU_MUST_USE;

/* Warn when other work took so much of the machine since the start that timings are unreliable. */
void study_warn_of_others(const struct study *study);

/* Write the results file with these runs, and all statistics computed.  *document is the content (new
 * reference), or NULL; it may be there when the file could not be written.  0 or -1.  For one thread
 * at a time. */
int study_write(struct study *study, const struct run_result *runs, int count, json_t **document)
    GLU_MUST_USE;

#endif
