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
    bool slope;     /* of half of the steps: counted, and told, apart */
    int number;     /* among those that are counted with it, from 1 */
    struct run_result result;
    int64_t step;   /* where it is, for the estimate of the time left */
    bool reported;  /* step is where this program found it, or later */
};
bool run_is_done(const struct run *run);
bool run_is_settled(const struct run *run); /* done, with a status that is */

struct study {
    const struct study_options *options;
    const struct setting *setting; /* the first: what concerns all of them */
    struct store *store; /* NULL when the output is not a regular file */
    struct part *parts;  /* (count) */
    int count;
    struct run *runs; /* (run_count), in the order in which they are to be done */
    int run_count;
    int asked_count, slope_count; /* of them, and of those of half of the steps */
    int due_count;  /* the first of them: all but those that nobody asks for */
    int begin, end; /* those that this program is to do: begin to end - 1 */
    bool misfits;   /* the message is that weights to begin with, or the files of a task, do not suit it */
};

/* Check everything and read all that is needed; what fails fast comes first.  0 or -1; to be closed
 * in either case. */
int study_open(struct study *study, const struct study_options *options) GLU_MUST_USE;
void study_close(struct study *study);

/* Where a cell's weights go: `directory` itself, which may be NULL, when it is the only run, else
 * one of its own in it, written to `path`. */
const char *study_weights(const struct study *study, const struct part *part, const struct cell *cell,
                          const char *directory, char path[PATH_MAX]);

/* Where the weights are that a cell begins from; NULL: it begins from its seed. */
const char *study_init(const struct study *study, const struct part *part, const struct cell *cell,
                       char path[PATH_MAX]);

/* Is it a directory with several results files? */
bool study_is_directory(const struct study *study);
/* Where its results are: the file, or the directory. */
const char *study_output(const struct study *study);

/* How many runs there are, of those of half of the steps or of the others. */
int study_size(const struct study *study, bool slope);
/* How many of those that this program is to do are so. */
int study_count(const struct study *study, bool slope, bool (*is)(const struct run *run));
/* Is one of them done? */
bool study_has_done(const struct study *study);

/* Does a run stand in a part's results file as one of half of the steps? */
bool study_is_slope_of(const struct run *run, const struct part *part);
/* Take the runs of half of the steps out that nobody asks for and that are not there already. */
void study_drop_slopes(struct study *study);

/* Warn when other work took so much of the machine since the start that timings are unreliable. */
void study_warn_of_others(const struct study *study);

#endif
