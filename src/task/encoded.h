/* encoded.h - a set of examples as token ids: what text2text makes batches of.
 *
 * White space is folded (see text/spaces.h).  Each side is cut on the right to its length less one, and an EOS stands behind it. */
#ifndef GLU_TASK_ENCODED_H
#define GLU_TASK_ENCODED_H

#include "src/model/batch.h"
#include "src/task/examples.h"
#include "src/text/tokenizer.h"

struct encoded {
    size_t count;
    int32_t *ids;  /* of all, an input and its target after the other */
    size_t *start; /* (2 count + 1): where input i, at 2 i, and target i, at 2 i + 1, begin in ids */
    size_t inputs_cut, targets_cut; /* that were longer */
};

/* input_length, target_length: tokens of an example at most, EOS counted, at least 1.  0, or -1 and a
 * message. */
int encoded_open(struct encoded **encoded, const struct examples *examples, const struct tokenizer *tokenizer,
               int input_length, int target_length) GLU_MUST_USE;
/* NULL is fine. */
void encoded_close(struct encoded *encoded);

/* The ids of one side of an example, EOS included. */
struct ids {
    const int32_t *id;
    int count;
};
struct ids encoded_input(const struct encoded *encoded, size_t i);
struct ids encoded_target(const struct encoded *encoded, size_t i);

/* The tokens of a text as this tokenizer sees it, cut to length - 1 and with an EOS behind: *ids is a new
 * array of *count.  0, or -1 and a message. */
int encode_text(const struct tokenizer *tokenizer, const char *text, int length, int32_t **ids, int *count)
    GLU_MUST_USE;

/* Make row `row` of a batch of these, pad behind what is used.  They fit. */
void encoded_write(struct batch *batch, int row, struct ids input, struct ids target);

#endif
