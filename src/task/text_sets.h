/* text_sets.h - the examples that a text2text training is over: of every task those to train on, and those that
 * it is judged by.  Opened once and shared by all runs. */
#ifndef GLU_TASK_TEXT_SETS_H
#define GLU_TASK_TEXT_SETS_H

#include "src/task/text_task.h"
#include "src/text/dataset.h"

struct text_sets_options {
    /* A benchmark, a task, several of both with commas between, "paper" (all benchmarks), a task of a maker
     * ("tsv:TRAIN,DEV[:METRIC]"), or "translation:SOURCE,TARGET", whose other splits are the next two. */
    const char *name;
    const char *data;    /* directory of what the names stand for; NULL: none is given */
    const char *heldout; /* translation: "SOURCE,TARGET" of the dev set; NULL: none is given */
    const char *test;    /* likewise of the test set; NULL: there is none */
};

/* A task's examples. */
struct text_set {
    const struct text_task *task;
    struct examples *examples[TEXT_SPLITS]; /* NULL: it has none of that split */
    bool complete[TEXT_SPLITS]; /* as many as the distribution has; of a user's own files always */
    size_t shared;              /* dev examples that are among those to train on */
};

struct text_sets {
    struct text_set *set; /* (count) */
    int count;
    struct data_identity training, heldout; /* kind "tasks"; a document is an example */
};

/* How a translation is judged. */
extern const struct text_task text_task_translation;

/* Are all tasks of the name known?  Nothing is read.  0, or -1 and a message. */
int text_sets_check(const struct text_sets_options *options) GLU_MUST_USE;
/* Each file that the options name by itself, as TRAIN,DEV or SOURCE,TARGET, and by which field; files of the
 * distributions are not among them.  0, or what `each` returned first that is not, or -1 and a message. */
int text_sets_each_file(const struct text_sets_options *options,
                        int (*each)(void *context, const char *field, const char *path), void *context);
/* Read all.  0, or -1 and a message.  What is odd but can be trained on is a warning: dev examples that are
 * trained on, rows that were dropped. */
int text_sets_open(struct text_sets **sets, const struct text_sets_options *options) GLU_MUST_USE;
/* NULL is fine. */
void text_sets_close(struct text_sets *sets);

/* The lengths that T5 gives such tasks, in SentencePiece's tokens: the most of all of them. */
int text_sets_lengths(const char *name, int *input_length, int *target_length) GLU_MUST_USE;

/* Dev examples of such tasks as they are distributed, 0 for those of files, which are not known unread. */
int64_t text_sets_dev_examples(const char *name);

#endif
