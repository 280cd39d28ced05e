/* study.h - what a study has before its first step: the place, the cells, the sizes, the text, and
 * the results files around its runs.  For the files of this folder. */
#ifndef GLU_STUDY_STUDY_H
#define GLU_STUDY_STUDY_H

#include "src/results/results.h"
#include "src/setting/setting.h"
#include "src/study/axes.h"
#include "src/study/forecast.h"
#include "src/study/grid.h"
#include "src/study/options.h"
#include "src/study/store.h"
#include "src/task/task.h"
#include "src/util/machine.h"

#include <jansson.h>
#include <limits.h>

struct part;

/* A cell, and what became of it. */
struct run {
    const struct part *part; /* whose cell it is */
    const struct cell *cell;
    bool done;      /* `result` is there */
    bool recorded;  /* the store has it */
    bool elsewhere; /* another program is doing it */
    struct run_result result;
    int64_t step;   /* where it is, for the estimate of the time left */
    bool reported;  /* step is where this program found it, or later */
};
bool run_is_settled(const struct run *run); /* done, with a status that is */

/* One setting of a study, and its results file. */
struct part {
    const struct setting *setting;
    char name[SETTING_NAME_BYTES]; /* "main" when it is the only one */
    char *output;                  /* its results file; owned */
    int direct; /* open when that is a pipe, a device or standard output, for one document at the end;
                 * else -1 */
    struct forecast_row *forecast; /* (setting->variant_count) */
    struct dataset *dataset; /* the one of an earlier part when `shares_dataset` */
    bool shares_dataset;
    struct tokenizer *tokenizer;
    struct task *task; /* what every run of the setting does, with its held-out examples */
    struct grid grid;

    struct onednn_facts onednn;
    struct variant_result *variants; /* (setting->variant_count) */
    struct throughput_result *throughput;
    struct results results;          /* all of the results file but its runs */
    struct machine_times start;      /* when the environment was described */
    bool is_dirty; /* something is done that the results file does not have */
};

struct study {
    const struct study_options *options;
    const struct setting *setting; /* the first: what concerns all of them */
    struct store *store; /* NULL when the output is not a regular file */
    struct part *parts;  /* (count) */
    int count;
    struct run *runs; /* (run_count), in the order in which they are to be done */
    int run_count;
};

/* Check everything and read all that is needed; what fails fast comes first.  0 or -1; to be closed
 * in either case. */
int study_open(struct study *study, const struct study_options *options) GLU_MUST_USE;
void study_close(struct study *study);

/* Where a cell's weights are or go: `directory` itself, which may be NULL, when it is the only run, else
 * one of its own in it, written to `path`. */
const char *study_weights(const struct study *study, const struct part *part, const struct cell *cell,
                          const char *directory, char path[PATH_MAX]);

/* Is it a directory with several results files? */
bool study_is_directory(const struct study *study);
/* Where its results are: the file, or the directory. */
const char *study_output(const struct study *study);

/* How many of the runs are so. */
int study_count(const struct study *study, bool (*is)(const struct run *run));

/* Measure a part's throughput, each sample for so long; it goes into the results.  0 or -1. */
int part_measure_throughput(struct part *part, double sample_s) GLU_MUST_USE;

/* Warn when other work took so much of the machine since the start that timings are unreliable. */
void study_warn_of_others(const struct study *study);

/* Write the results file of a part with these runs, and all statistics computed.  *document is the
 * content (new reference), or NULL; it may be there when the file could not be written.  0 or -1.
 * For one thread at a time. */
int part_write(struct part *part, const struct run_result *runs, int count, json_t **document)
    GLU_MUST_USE;

#endif
