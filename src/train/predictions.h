/* predictions.h - what a model answered, in a file, so that anyone can score it again. */
#ifndef GLU_TRAIN_PREDICTIONS_H
#define GLU_TRAIN_PREDICTIONS_H

#include "src/train/answers.h"

/* Make the directory, or find now that it cannot be written to.  0, or -1 and a message. */
int predictions_prepare(const char *directory) GLU_MUST_USE;
/* Write DIRECTORY/TASK/NAME.jsonl atomically, an object for each example: input, target, output, step,
 * class_nll_nats ({word: nats}) where there are classes, and what else a score needs and no target tells (label of
 * WSC, group, answers).  Makes the directories.  0, or -1 and a message that names the file. */
int predictions_write(const char *directory, const char *name, const struct questions *questions,
                      const struct answers *answers, int64_t step) GLU_MUST_USE;

/* A file of predictions, read again. */
struct predicted {
    struct examples *examples;
    struct answers answers;     /* target_nats are NAN, which the file does not tell; class_nats as it does */
    struct questions questions; /* the task and the examples alone */
    int *class_used;
};

/* Of a task, by whose name's rules the file is scored; borrowed.  0, or -1 and a message that names the file and
 * the line; predictions_free() in either case. */
int predictions_read(struct predicted *predicted, const char *path, const struct text_task *task) GLU_MUST_USE;
void predictions_free(struct predicted *predicted);

#endif
