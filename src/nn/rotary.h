/* rotary.h - rotary positions (Su et al. 2021, arXiv:2104.09864), as Llama has them: in each head, the
 * pair (i, i + d_kv / 2) of a query or key turns by position * 10000^(-2 i / d_kv), so that a score
 * depends on the distance of the two. */
#ifndef GLU_NN_ROTARY_H
#define GLU_NN_ROTARY_H

#include "src/nn/nn.h"

#define ROTARY_BASE 10000.0

/* The angles, made once for all layers and workers. */
struct rotary {
    int length, d_kv;
    float *turn; /* (length, d_kv): the cosines of a position's d_kv / 2 angles, then their sines */
};

/* d_kv is even. */
void rotary_alloc(struct rotary *rotary, struct arena *arena, int length, int d_kv);

/* x, (examples * length, heads * d_kv), storage type: this thread's rows turned, and times the factor. */
void rotary_forward(struct nn *nn, const struct rotary *rotary, int examples, int heads, float factor,
                    void *x);
/* Its gradient, from f32 to the storage type; diff_x may be diff_turned in f32. */
void rotary_backward(struct nn *nn, const struct rotary *rotary, int examples, int heads,
                     float factor, const float *diff_turned, void *diff_x);

#endif
