/* task_scores.h - the scores of tasks that a document's runs have, as columns: what the statistics are done on.
 *
 * A column is a metric of a task (of the best checkpoint of the task's group), a loss of it, or an average of a
 * benchmark.  The paper's tables 2 to 4 have names of their own for theirs. */
#ifndef GLU_RESULTS_TASK_SCORES_H
#define GLU_RESULTS_TASK_SCORES_H

#include "src/results/matrix.h"

/* A column of the paper's tables 2 to 4. */
struct paper_column {
    const char *table; /* of a results file: "glue" */
    const char *name;  /* there, and in the paper's figures: "sst2_acc" */
    const char *task, *metric; /* in `scores` of a run: "sst2", "accuracy" */
    const char *heading[2];    /* in print: "SST-2", "acc" */
};
/* The i-th, or NULL past the last: a table behind the other, each in the paper's order.  `task` of an average is
 * the table, and `metric` AVERAGE_AT_ONE. */
const struct paper_column *paper_column_at(int i);
/* What the paper's figures call the table: "table2_glue"; NULL: it has none. */
const char *paper_table(const char *table);

#define AVERAGE_AT_ONE "average_at_one_checkpoint"
#define AVERAGE_OF_BEST "average_of_best"

enum task_kind {
    TASK_SCORE,
    TASK_AVERAGE, /* of a benchmark */
    TASK_LABEL,   /* nats of the right class among the classes: the finer measure */
    TASK_TARGET,  /* nats per target token */
};

struct task_column {
    enum task_kind kind;
    const char *table; /* of a results file; NULL: none */
    const char *task;
    struct metric metric;
    const struct paper_column *paper; /* NULL: the paper has no such column */
    double *value;   /* (variants, seeds); NAN: none; owned */
    double *last;    /* the same of the last checkpoint; owned */
    bool complete;   /* the files are the whole distribution */
    bool ranked;     /* false: the classes' likelihoods say nothing about the examples, and scores are noise */
    /* Of a task with classes: of guessing their shares, in nats, and what the losses of the classes are above it, with
     * the interval over examples.  NAN: none. */
    double prior;
    double *excess;          /* (variants, seeds); owned */
    struct interval *interval; /* (variants, seeds); owned */
};

struct task_scores {
    const struct matrix *matrix; /* borrowed */
    struct task_column *column; /* (columns): those of a task together, a table behind the other */
    int columns;
};

/* 0, or -1 and a message and nothing to close.  The matrix and its document stay. */
int task_scores_open(struct task_scores *scores, const struct matrix *matrix);
void task_scores_close(struct task_scores *scores);

struct scores task_scores_of(const struct task_scores *scores, const struct task_column *column);
/* A score as it counts in means over columns: 0 where the run has the task and the score is undefined, as of answers
 * that are all alike.  NAN: none. */
double task_scores_counted(const struct task_scores *scores, const struct task_column *column, int row, int seed);
/* NULL: nobody measured it. */
const struct task_column *task_scores_find(const struct task_scores *scores, const char *task, const char *metric);

/* What losses of classes are above the prior, over the seeds of a row (-1: of all rows): the mean, and the means of
 * the ends of the intervals.  All seeds are asked the same examples, so that they miss together. */
struct excess {
    int n;
    double mean;
    struct interval interval;
};
struct excess task_excess(const struct task_scores *scores, const struct task_column *column, int row);
/* "signal", "no signal" or "worse than the prior"; NULL where there is nothing to tell. */
const char *task_signal(const struct excess *excess);

#endif
