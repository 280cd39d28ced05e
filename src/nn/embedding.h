/* embedding.h - token ids to vectors, and back to the table's gradient. */
#ifndef GLU_NN_EMBEDDING_H
#define GLU_NN_EMBEDDING_H

#include "src/nn/nn.h"

/* Of this thread's tokens:  dst (tokens, d_model) = rows of table (vocabulary, d_model) f32.  An id outside the vocabulary
 * is a programming error: whoever made the batch checks them. */
void embedding_forward(struct nn *nn, const float *table, int d_model, int tokens,
                       const int32_t *ids, float *dst);
/* diff_table[id] += diff_dst: this thread's columns of all tokens, for which it waits; and when it returns
 * nobody reads them any more. */
void embedding_backward(struct nn *nn, float *diff_table, int d_model, int tokens,
                        const int32_t *ids, const float *diff_dst);

#endif
