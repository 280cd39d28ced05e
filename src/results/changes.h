/* changes.h - what differs between two documents of one configuration, line by line, and what is said of it. */
#ifndef GLU_RESULTS_CHANGES_H
#define GLU_RESULTS_CHANGES_H

#include "src/results/matrix.h"
#include "src/results/task_scores.h"
#include "src/util/interval.h"
#include "src/util/metric.h"

enum { WORDS_BYTES = 128 };

/* One line: a variant's quality, its score in a task, or its speed in one pass. */
struct change {
    const char *what, *variant;
    int64_t n;             /* seeds of both, or samples before; 0: only one file has it */
    double before, after;  /* in the metric's unit */
    double change_percent; /* after against before */
    struct interval change_percent_ci95;
    double p, p_holm;
    double e_value; /* of quality */
    const char *verdict, *note; /* note: words, or NULL */
    /* Not in the JSON: */
    const struct metric *metric;
    int digits; /* that are printed of before and after */
    int lost;   /* runs that were ok are not any more */
    int missing; /* runs or measurements that the second file does not have */
    double p_least; /* that so few samples can reach; 0: any */
    bool regression;
    char words[WORDS_BYTES];
};

struct comparison {
    struct matrix before, after;
    struct task_scores scores_before, scores_after;
    char (*names)[WORDS_BYTES]; /* (scores_before.columns): "sst2.accuracy" */
    struct change *change;
    int changes;
    int tested; /* lines with a test */
    bool sequential; /* in one of them seeds were added by looking: the p of quality is 1 / e */
};

/* Compare two documents, which are borrowed.  0, or -1 and a message: no memory, or they have nothing in
 * common; to be closed in either case. */
int comparison_open(struct comparison *comparison, const json_t *before, const json_t *after);
void comparison_close(struct comparison *comparison);

/* Say what each line is: a verdict, and words of what is unusual.  `percent`: the gate of --fail-on, below 0:
 * none.  Is any line a regression? */
bool comparison_judge(struct comparison *comparison, double percent);

/* Is the line of a speed, not of a quality? */
bool change_is_of_speed(const struct change *change);

#endif
