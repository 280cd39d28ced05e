/* part.h - one setting of a study, with all that its runs need, and its results file. */
#ifndef GLU_STUDY_PART_H
#define GLU_STUDY_PART_H

#include "src/results/results.h"
#include "src/study/forecast.h"
#include "src/study/grid.h"
#include "src/study/options.h"
#include "src/study/slope.h"
#include "src/task/task.h"
#include "src/util/machine.h"

#include <jansson.h>

struct part {
    const struct setting *setting;
    char name[SETTING_NAME_BYTES]; /* "main" when it is the only one */
    char *output;                  /* its results file; owned */
    int direct; /* open when that is a pipe, a device or standard output, for one document at the end;
                 * else -1 */
    struct forecast_row *forecast; /* (setting->variant_count) */
    struct dataset *dataset; /* the one of an earlier part when `shares_dataset` */
    bool shares_dataset;
    struct text_sets *sets; /* of a setting with a task, in place of a dataset; likewise */
    struct tokenizer *tokenizer; /* likewise, when `shares_tokenizer` */
    bool shares_tokenizer;
    struct task *task; /* what every run of the setting does, with its held-out examples */
    struct grid grid;
    struct slope slope; /* and those of half of the steps */

    struct onednn_facts onednn;
    struct variant_result *variants; /* (setting->variant_count) */
    struct throughput_result *throughput;
    struct results results;          /* all of the results file but its runs */
    struct machine_times start;      /* when the environment was described */
    int seeds;     /* that the results file is of, the first ones; 0: all */
    bool is_dirty; /* something is done that the results file does not have */
};

/* Begin with the setting of that number and check what fails fast: its output, its sizes.  0, or -1 and
 * a message; to be closed in either case. */
int part_check(struct part *part, const struct study_options *options, int point) GLU_MUST_USE;
/* Read its text, make its task and its cells.  `parts`: the array that it is in; those before it are
 * open, and one with the same text or tokenizer shares it.  0 or -1. */
int part_open(struct part *part, const struct study_options *options, const struct part *parts)
    GLU_MUST_USE;
/* Those that share one are closed before the one that opened it. */
void part_close(struct part *part);

/* Measure its throughput, each sample for so long; it goes into the results.  0 or -1. */
int part_measure_throughput(struct part *part, double sample_s) GLU_MUST_USE;

/* How far timings can be trusted: the share of the processors' time that others took since it was
 * opened.  NAN when it cannot be told, as with several ranks on a machine. */
double part_others_share(const struct part *part);

/* Write its results file with these runs, behind which those of half of the steps stand, and all
 * statistics computed; NULL: without runs.  *document is the content (new reference), or NULL; it may be
 * there when the file could not be written.  0 or -1.  For one thread at a time. */
int part_write(struct part *part, const struct run_result *runs, int count, int slope_count,
               json_t **document) GLU_MUST_USE;

#endif
