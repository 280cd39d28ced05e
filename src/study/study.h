/* study.h - what a study has before its first step: the place, the cells, the sizes, the text, and
 * the results files around its runs.  For the files of this folder. */
#ifndef GLU_STUDY_STUDY_H
#define GLU_STUDY_STUDY_H

#include "src/results/results.h"
#include "src/setting/setting.h"
#include "src/study/options.h"
#include "src/study/part.h"
#include "src/study/store.h"

#include <limits.h>

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

struct study {
    const struct study_options *options;
    const struct setting *setting; /* the first: what concerns all of them */
    struct store *store; /* NULL when the output is not a regular file */
    struct part *parts;  /* (count) */
    int count;
    struct run *runs; /* (run_count), in the order in which they are to be done */
    int run_count;
    int begin, end; /* those that this program is to do: begin to end - 1 */
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

/* How many of the runs that this program is to do are so. */
int study_count(const struct study *study, bool (*is)(const struct run *run));

/* Warn when other work took so much of the machine since the start that timings are unreliable. */
void study_warn_of_others(const struct study *study);

#endif
