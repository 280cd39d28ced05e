/* loss.h - softmax matrix and cross-entropy, in slices of the target tokens: with a large vocabulary the
 * logits of a micro-batch would be the largest array of all. */
#ifndef GLU_NN_LOSS_H
#define GLU_NN_LOSS_H

#include "src/nn/linear.h"

struct loss_scratch {
    int tokens, slice; /* of a micro-batch; of which so many are done at a time */
    float *logits;     /* (slice, vocabulary) */
    void *diff_logits; /* likewise, storage type; the logits' own memory in f32; NULL: forward alone */
    double *row_nats;  /* (tokens): the loss of each target token, 0 for pad */
    /* The last slice filled up, where the slices have more tokens than there are; else NULL. */
    void *last_src;       /* (slice, d_model) storage type */
    float *last_diff_src; /* (slice, d_model); NULL: forward alone */
};

/* How many of these target tokens a slice has: the plan's tokens. */
int loss_slice(int tokens, int vocabulary);

void loss_scratch_alloc(struct loss_scratch *scratch, const struct nn *nn, struct arena *arena,
                        int tokens, int vocabulary, int d_model);

/* src: (tokens, d_model) storage type.  Fills scratch->row_nats; when diff_src is not NULL also
 * the gradients of scale * sum(row_nats): diff_src = (tokens, d_model) f32 and the table's.  The plan
 * is of loss_slice() tokens.  Called by all of a worker's threads, for each of which all is there then. */
void loss_run(struct nn *nn, const struct linear_plan *plan, const struct linear *table,
              struct loss_scratch *scratch, const void *src, const int32_t *targets, float scale,
              float *diff_src);

#endif
