/* pairs.h - a set of examples as token ids: what text2text makes batches of.
 *
 * Each side is cut on the right to its length less one, and an EOS stands behind it. */
#ifndef GLU_TASK_PAIRS_H
#define GLU_TASK_PAIRS_H

#include "src/model/batch.h"
#include "src/task/examples.h"
#include "src/text/tokenizer.h"

struct pairs {
    size_t count;
    int32_t *ids;  /* of all, an input and its target after the other */
    size_t *start; /* (2 count + 1): where input i, at 2 i, and target i, at 2 i + 1, begin in ids */
    size_t inputs_cut, targets_cut; /* that were longer */
};

/* input_length, target_length: tokens of an example at most, EOS counted, at least 1.  0, or -1 and a
 * message. */
int pairs_open(struct pairs **pairs, const struct examples *examples, const struct tokenizer *tokenizer,
               int input_length, int target_length) GLU_MUST_USE;
/* NULL is fine. */
void pairs_close(struct pairs *pairs);

/* The ids of one side of an example, EOS included. */
struct ids {
    const int32_t *id;
    int count;
};
struct ids pairs_input(const struct pairs *pairs, size_t i);
struct ids pairs_target(const struct pairs *pairs, size_t i);

/* The tokens of a text as this tokenizer sees it, cut to length - 1 and with an EOS behind: *ids is a new
 * array of *count.  0, or -1 and a message. */
int pairs_encode(const struct tokenizer *tokenizer, const char *text, int length, int32_t **ids, int *count)
    GLU_MUST_USE;

/* Make row `row` of a batch of these, pad behind what is used.  They fit. */
void pairs_write(struct batch *batch, int row, struct ids input, struct ids target);

#endif
