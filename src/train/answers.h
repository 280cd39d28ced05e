/* answers.h - what a model makes of the examples of a task: the text that it answers with, how likely the right
 * one is, and how likely each class. */
#ifndef GLU_TRAIN_ANSWERS_H
#define GLU_TRAIN_ANSWERS_H

#include "src/model/decode.h"
#include "src/task/text2text.h"

#include <jansson.h>

/* A split of a set, ready to be asked. */
struct questions {
    const struct text_task *task;
    const struct examples *examples;
    const struct tokenizer *tokenizer;
    struct batch **batches; /* (batch_count) */
    int batch_count;
    size_t *order; /* (examples->count): which example the rows of all batches, one after the other, are */
    int limit;     /* tokens of an answer */
    struct candidates classes; /* the task's words; count 0: it has none */
    int32_t *class_tokens;
    int *class_used;
};

/* Example by example, in the set's own order. */
struct answers {
    size_t count;
    int classes;
    char **outputs;      /* (count): UTF-8; what is none is U+FFFD */
    double *target_nats; /* (count): the sum of -log p over the target's tokens, EOS included */
    int *target_tokens;  /* (count): as many */
    double *class_nats;  /* (count, classes): likewise of every class word; NULL: the task has none */
};

/* Of a split that the task has.  0, or -1 and a message. */
int questions_open(struct questions *questions, const struct text2text *text2text, int set,
                   enum text_split split) GLU_MUST_USE;
/* A zeroed one is fine. */
void questions_close(struct questions *questions);
/* The most examples of a batch. */
int questions_most(const struct questions *questions);
/* Tokens of an answer at most, when targets have so many; `bytes`: a token is a byte. */
int questions_limit(int target_length, bool bytes);

/* Ask a model; the decoder is its own, and its limit is at least the questions'.  0, or -1 and a message and
 * nothing to free. */
int answers_make(struct answers *answers, const struct questions *questions, struct model *model,
                 struct decoder *decoder) GLU_MUST_USE;
/* {"accuracy": 71.2, ..., "target_nats": 0.31}, what the likelihoods of the classes tell, and the metrics alone, in
 * the task's order, into `values`.  New reference, or NULL and a message. */
json_t *answers_scores(const struct questions *questions, const struct answers *answers, double *values)
    GLU_MUST_USE;
/* A zeroed one is fine. */
void answers_free(struct answers *answers);

#endif
