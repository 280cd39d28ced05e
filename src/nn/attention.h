/* attention.h - multi-head attention without biases, keys beyond an example's used length masked, dropout
 * of the attention weights.
 *
 *     dst += softmax(q k^T + bias) v Wo,   q = src Wq,  k = memory Wk,  v = memory Wv
 *
 * T5's has a relative position bias added to the scores (none in cross-attention) and no scaling.  With
 * rotary positions q and k turn and q is divided by sqrt(d_kv) before they meet; there is no bias then.
 *
 * Causal self-attention may go in blocks of queries, each of which meets the keys up to its own end
 * alone: what lies to the right of a block is neither computed nor kept. */
#ifndef GLU_NN_ATTENTION_H
#define GLU_NN_ATTENTION_H

#include "src/nn/attention_heads.h"
#include "src/nn/linear.h"
#include "src/nn/rotary.h"

struct attention_weights {
    struct linear q, k, v, o;
};

/* Queries of a block for examples of that length. */
int attention_block_choose(int length);
/* Queries first .. first + queries - 1, and the keys that any of them sees. */
struct attention_range {
    int first, queries, keys;
};
int attention_ranges(const struct attention_shape *shape);
struct attention_range attention_range(const struct attention_shape *shape, int i);

struct attention_products {
    struct dnn_matmul *scores, *values;
    struct dnn_matmul *diff_probabilities, *diff_q, *diff_k, *diff_v;
};

struct attention_plan {
    struct attention_shape shape;
    struct share heads;                   /* this thread's, of which its products are */
    const struct linear_plan *q, *kv, *o; /* borrowed */
    const struct rotary *rotary;          /* borrowed; NULL: none */
    struct attention_products *products;  /* by range; owned; NULL: heads go one by one */
};

int attention_plan_create(struct attention_plan *plan, struct nn *nn,
                          const struct attention_shape *shape, const struct linear_plan *q,
                          const struct linear_plan *kv, const struct linear_plan *o,
                          const struct rotary *rotary);
void attention_plan_destroy(struct attention_plan *plan);
/* Note its primitives, as "ROLE scores" and so on. */
int attention_plan_list(const struct attention_plan *plan, const char *role,
                        struct primitives *primitives);

/* lengths: how often the examples may be half as long and twice as many, and once more. */
void attention_saved_alloc(struct attention_saved *saved, const struct nn *nn, struct arena *arena,
                           const struct attention_shape *shape, int lengths);

/* longest: the most queries and keys. */
void attention_scratch_alloc(struct attention_scratch *scratch, const struct nn *nn,
                             struct arena *arena, const struct attention_shape *longest, bool rotary);

/* src: (examples * queries, d_model), storage type; bias: NULL: none; dst: (examples *
 * queries, d_model) f32, which the plan of o adds to or sets. */
void attention_forward(struct nn *nn, const struct attention_plan *plan,
                       const struct attention_weights *weights, const void *src,
                       const struct attention_memory *memory, const struct position_bias *bias,
                       struct attention_saved *saved, const struct attention_scratch *scratch,
                       float *dst);
/* diff_src = the gradient of src; diff_memory += that of memory (the plan of k and v accumulates;
 * diff_memory may be diff_src). */
void attention_backward(struct nn *nn, const struct attention_plan *plan,
                        const struct attention_weights *weights, const void *src,
                        const struct attention_memory *memory, struct position_bias *bias,
                        const struct attention_saved *saved,
                        const struct attention_scratch *scratch, const void *diff_dst,
                        float *diff_src, float *diff_memory);

#endif
