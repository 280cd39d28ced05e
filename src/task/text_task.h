/* text_task.h - the tasks that are told in words: a text in, a text out, scored against the right one.
 *
 * A task is a row: where its files are, how their rows become pairs of texts, which words answer it, and by which
 * metrics it is judged.  A benchmark (GLUE, SuperGLUE) is a table of such rows, a file each. */
#ifndef GLU_TASK_TEXT_TASK_H
#define GLU_TASK_TEXT_TASK_H

#include "src/task/examples.h"
#include "src/util/metric.h"

#include <stdbool.h>
#include <stddef.h>

enum text_split { TEXT_TRAIN, TEXT_DEV };

struct text_task;

/* What a model answered to a set of examples. */
struct text_answers {
    const struct text_task *task;
    const struct examples *examples;
    char *const *outputs; /* (examples->count), decoded text, never NULL */
};

/* A score of answers, times 100 where it is a share or a correlation. */
struct text_metric {
    struct metric metric; /* metric.name: "accuracy", "f1", "mcc", ... */
    /* 0 and *score, NAN where it is undefined; or -1 when there is no memory. */
    int (*score)(const struct text_answers *answers, double *score);
};

struct text_task {
    const char *name;  /* "sst2", "mnli_mismatched" */
    const char *group; /* the column of the benchmark's average that it belongs to: "mnli"; NULL: none (it is
                        * trained on alone) */
    const char *const *classes; /* the words of class 0, 1, ..., NULL behind the last; NULL: free text */
    const struct text_metric *const *metrics; /* NULL behind the last; NULL: it is not scored */
    double prior_nats;    /* of always guessing the shares of the classes in the dev set of the distribution; 0: none */
    size_t train_examples, dev_examples; /* of the distribution when complete; 0: there is no such split */
    /* Read a split from the data directory (which holds glue/, superglue/, ...): the files are found by the names
     * that the distributions use.  0, or -1 and a message that names the file and the line. */
    int (*read)(const struct text_task *task, const char *directory, enum text_split split,
                struct examples *examples);
    void (*close)(struct text_task *task); /* of one that text_task_open() made; NULL: a row of a table */
};

/* A benchmark: rows of tasks in the order of its table. */
struct text_benchmark {
    const char *name; /* "glue", "superglue", "squad" */
    const struct text_task *const *tasks; /* NULL behind the last */
};

extern const struct text_benchmark text_benchmark_glue, text_benchmark_superglue, text_benchmark_squad;

/* The i-th benchmark, or NULL past the last. */
const struct text_benchmark *text_benchmark_at(size_t i);
/* By name, of all benchmarks; NULL and a message that lists the names when there is none. */
const struct text_task *text_task_find(const char *name);

/* Tasks that are made of files which the name tells: "NAME:ARGUMENT". */
struct text_maker {
    const char *name, *argument; /* "tsv", "TRAIN,DEV[:METRIC]" */
    /* By the whole name and the argument in it.  0, or -1 and a message. */
    int (*open)(const struct text_task **task, const char *name, const char *argument);
};
extern const struct text_maker text_maker_tsv;

/* A row of a table, or a task of a maker, by name.  0, or -1 and a message. */
int text_task_open(const struct text_task **task, const char *name) GLU_MUST_USE;
/* NULL and rows of a table are fine. */
void text_task_close(const struct text_task *task);

/* Read a split into a new set.  0, or -1 and a message: the task has no such split, what read() says, or no
 * row of the file is an example. */
int text_task_read(const struct text_task *task, const char *directory, enum text_split split,
                   struct examples **examples) GLU_MUST_USE;

#endif
