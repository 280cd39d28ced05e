/* scoring.h - the scores of a text2text training at its checkpoints, and which of those it is judged by.
 *
 * A group of scores is a column of a benchmark's average.  Its best checkpoint is that with the highest mean of
 * them (T5's evaluation; Raffel et al. 2019, section 3.1), of a translation that with the lowest loss on the dev
 * set; the last one is told beside it, since the best of several is optimistic.  A translation's test set is read
 * once, by the best one's weights. */
#ifndef GLU_TRAIN_SCORING_H
#define GLU_TRAIN_SCORING_H

#include "src/model/model.h"
#include "src/task/text2text.h"

#include <jansson.h>

struct scoring;

/* The task and the model are borrowed.  0, or -1 and a message. */
int scoring_open(struct scoring **scoring, const struct text2text *text2text, struct model *model) GLU_MUST_USE;
/* NULL is fine. */
void scoring_close(struct scoring *scoring);

/* Ask the model for the answers to all dev sets.  *nats: the mean loss of their target tokens, all tasks together;
 * `counts`: this is a checkpoint to be judged by, which the start of a training is not.  0, or -1 and a
 * message. */
int scoring_make(struct scoring *scoring, int64_t step, bool counts, double *nats) GLU_MUST_USE;
/* Dev examples, and their target tokens, of all tasks. */
void scoring_sizes(const struct scoring *scoring, int64_t *examples, int64_t *tokens);

/* At the end: what a results file tells of the run, members of its row (scores, scores_last, score_averages,
 * score_curve, score_examples).  The model's weights are as they were when this returns.  New reference, or NULL and
 * a message. */
json_t *scoring_result(struct scoring *scoring) GLU_MUST_USE;
/* Then: write DIRECTORY/TASK/NAME.jsonl for every task.  0, or -1 and a message that names the file. */
int scoring_predict(const struct scoring *scoring, const char *directory, const char *name) GLU_MUST_USE;

/* What a state of the training keeps of it: new reference, or NULL and a message; and back, in place of
 * what it scored before.  0, or -1 and a message: it is none. */
json_t *scoring_state(const struct scoring *scoring) GLU_MUST_USE;
int scoring_restore(struct scoring *scoring, const json_t *state) GLU_MUST_USE;
/* The weights of the best checkpoint, in the order of the model's tensors, which a state keeps as well; NULL: the
 * task needs none. */
float *scoring_weights(struct scoring *scoring, size_t *count);

#endif
