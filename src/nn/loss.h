/* loss.h - softmax matrix and cross-entropy. */
#ifndef GLU_NN_LOSS_H
#define GLU_NN_LOSS_H

#include "src/nn/linear.h"

struct loss_scratch {
    float *logits;     /* (tokens, vocabulary) */
    void *diff_logits; /* likewise, storage type; the logits' own memory in f32; NULL: forward alone */
    double *row_nats;  /* (tokens): the loss of each target token, 0 for pad */
};

void loss_scratch_alloc(struct loss_scratch *scratch, const struct nn *nn, struct arena *arena,
                        int tokens, int vocabulary);

/* src: (tokens, d_model) storage type.  Fills scratch->row_nats; when diff_src is not NULL also
 * the gradients of scale * sum(row_nats): diff_src = (tokens, d_model) f32 and the table's. */
void loss_run(struct nn *nn, const struct linear_plan *plan, const struct linear *table,
              struct loss_scratch *scratch, const void *src, const int32_t *targets, float scale,
              float *diff_src);

#endif
