/* text2text.h - a text in, a text out: the kind of task that every labelled task becomes (Raffel et al. 2019,
 * section 2.4), of one set of pairs of texts or a mixture of several. */
#ifndef GLU_TASK_TEXT2TEXT_H
#define GLU_TASK_TEXT2TEXT_H

#include "src/task/buckets.h"
#include "src/task/task.h"
#include "src/task/text_sets.h"

/* What a task of this kind has besides, made when it was opened. */
struct text2text {
    struct task task;
    struct bucket_options buckets;
    const struct text_sets *sets; /* borrowed */
    struct encoded **encoded;     /* (sets->count, TEXT_SPLITS); NULL: there is no such split */
    const struct encoded **train; /* (train_count): those to train on */
    int train_count;
};


/* A task, which may be NULL, as one of this kind; NULL: it is another. */
const struct text2text *text2text_of(const struct task *task);
/* The examples of a split of a set as tokens, or NULL. */
const struct encoded *text2text_encoded(const struct text2text *text2text, int set, enum text_split split);

#endif
