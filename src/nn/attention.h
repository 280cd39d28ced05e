/* attention.h - multi-head attention of T5: no scaling, no biases, a relative position bias added
 * to the scores (none in cross-attention), keys beyond an example's used length masked, dropout of the
 * attention weights.
 *
 *     dst += softmax(q k^T + bias) v Wo,   q = src Wq,  k = memory Wk,  v = memory Wv */
#ifndef GLU_NN_ATTENTION_H
#define GLU_NN_ATTENTION_H

#include "src/nn/linear.h"

struct attention_weights {
    struct linear q, k, v, o;
};

struct attention_shape {
    int examples, heads, d_kv;
    int queries, keys; /* tokens of an example on either side */
    bool causal;       /* a query sees the keys up to its own position */
};

struct attention_plan {
    struct attention_shape shape;
    const struct linear_plan *q, *kv, *o; /* borrowed */
    struct dnn_matmul *scores, *values;
    struct dnn_matmul *diff_probabilities, *diff_q, *diff_k, *diff_v;
};

int attention_plan_create(struct attention_plan *plan, struct nn *nn,
                          const struct attention_shape *shape, const struct linear_plan *q,
                          const struct linear_plan *kv, const struct linear_plan *o);
void attention_plan_destroy(struct attention_plan *plan);
/* Note its primitives, as "ROLE scores" and so on. */
int attention_plan_list(const struct attention_plan *plan, const char *role,
                        struct primitives *primitives);

/* What forward keeps, in the storage type. */
struct attention_saved {
    void *q, *k, *v, *mixed; /* (examples * length, heads * d_kv); v: times the dropout of the
                              * attention weights, which is one for all queries; mixed: before Wo */
    void *probabilities;     /* (examples, heads, queries, keys) */
};
void attention_saved_alloc(struct attention_saved *saved, const struct nn *nn, struct arena *arena,
                           const struct attention_shape *shape);

/* Shared by all attention layers of a worker: room for the largest. */
struct attention_scratch {
    float *scores;                                    /* (examples, heads, queries, keys) */
    void *diff_scores;                                /* likewise, storage type */
    void *diff_mixed, *diff_q, *diff_k, *diff_v; /* (examples * length, heads * d_kv) */
};
void attention_scratch_alloc(struct attention_scratch *scratch, const struct nn *nn,
                             struct arena *arena, int examples, int heads, int d_kv, int length,
                             size_t scores_per_head);

/* Relative position bias of a stack, unrolled: for each head the value at distance j - i, which is
 * all a (queries, keys) matrix of it holds.  Head h, distance d: line[h * pitch + zero + d]. */
struct position_bias {
    int heads, queries, keys, pitch, zero;
    bool bidirectional;
    size_t offset;      /* of the (32, heads) table in the parameter and gradient arrays */
    float *line, *diff; /* (heads, pitch); diff: NULL when forward alone */
    int *bucket;        /* (pitch): which row of the table a distance takes */
};
enum { POSITION_BUCKETS = 32, POSITION_MAX_DISTANCE = 128 };

/* T5's bucket of a distance j - i (Raffel et al. 2019, section 2.1; 32 buckets, 128 at most). */
int position_bucket(int distance, bool bidirectional);

void position_bias_alloc(struct position_bias *bias, const struct nn *nn, struct arena *arena,
                         int heads, int queries, int keys, bool bidirectional, size_t offset);
/* Unroll the table (32, heads), zero the gradient. */
void position_bias_load(struct position_bias *bias, const float *table);
/* Add the gradient of the lines to the table's. */
void position_bias_flush(const struct position_bias *bias, struct nn *nn);

/* Where attention reads its keys and values. */
struct attention_memory {
    const void *src; /* (examples * keys, d_model), storage type */
    const int *used; /* (examples): keys of each that count, at least 1; NULL: all */
    enum dropout_site site; /* of the attention weights */
};

/* src: (examples * queries, d_model), storage type; bias: NULL in cross-attention; dst: (examples *
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
