/* attention_heads.h - scores, softmax and values by the kernels that do a head of an example at a time (see
 * struct typed_kernels), where there are some.  attention.c asks; where there are none it has oneDNN's
 * products. */
#ifndef GLU_NN_ATTENTION_HEADS_H
#define GLU_NN_ATTENTION_HEADS_H

#include "src/nn/attention.h"

/* Are there kernels for heads of that kind? */
bool attention_heads_exist(const struct nn *nn, const struct attention_shape *shape);

/* Elements that forward keeps of all heads, when examples of the shape's length may also come in twice as
 * many of half of it, and so on, of so many lengths in all.  SIZE_MAX when it does not fit. */
size_t attention_heads_kept(const struct attention_shape *shape, int lengths);
/* Floats of scratch that a thread needs for those of the shapes up to this one that there are kernels for. */
size_t attention_heads_scratch(const struct nn *nn, const struct attention_shape *longest);

/* This thread's heads of all examples, between the projections: see attention_forward() and
 * attention_backward().  Gradients go to sum_q, sum_k and sum_v where there are positions that turn. */
void attention_heads_forward(struct nn *nn, const struct attention_plan *plan,
                             const struct attention_memory *memory, const struct position_bias *bias,
                             const struct attention_saved *saved,
                             const struct attention_scratch *scratch);
void attention_heads_backward(struct nn *nn, const struct attention_plan *plan,
                              const struct attention_memory *memory, struct position_bias *bias,
                              const struct attention_saved *saved,
                              const struct attention_scratch *scratch);

#endif
