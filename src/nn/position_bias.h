/* position_bias.h - T5's relative position bias of the scores, shared by the layers of a stack. */
#ifndef GLU_NN_POSITION_BIAS_H
#define GLU_NN_POSITION_BIAS_H

#include "src/nn/nn.h"

/* Relative position bias of a stack, unrolled: for each head the value at distance j - i, which is
 * all a (queries, keys) matrix of it holds.  Head h, distance d: line[h * pitch + zero + d]. */
struct position_bias {
    int heads, queries, keys, pitch, zero;
    bool bidirectional;
    size_t offset;      /* of the (32, heads) table in the parameter and gradient arrays */
    float *line, *diff; /* (heads, pitch), line and ATTENTION_LANES more, which are read and do not count;
                         * diff: NULL when forward alone */
    int *bucket;        /* (pitch): which row of the table a distance takes */
};
enum { POSITION_BUCKETS = 32, POSITION_MAX_DISTANCE = 128 };

/* T5's bucket of a distance j - i (Raffel et al. 2019, section 2.1; 32 buckets, 128 at most). */
int position_bucket(int distance, bool bidirectional);

void position_bias_alloc(struct position_bias *bias, const struct nn *nn, struct arena *arena,
                         int heads, int queries, int keys, bool bidirectional, size_t offset);
/* Of this thread's heads: unroll the table (32, heads), zero the gradient. */
void position_bias_load(struct position_bias *bias, const struct nn *nn, const float *table);
/* Likewise: add the gradient of the lines to the table's. */
void position_bias_flush(const struct position_bias *bias, struct nn *nn);

#endif
