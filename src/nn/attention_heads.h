/* attention_heads.h - scores, softmax and values by the kernels that do a head of an example at a time (see
 * struct typed_kernels), where there are some.  Where there are none, attention.c has oneDNN's products. */
#ifndef GLU_NN_ATTENTION_HEADS_H
#define GLU_NN_ATTENTION_HEADS_H

#include "src/nn/position_bias.h"

struct attention_shape {
    int examples, heads, d_kv;
    int queries, keys; /* tokens of an example on either side */
    bool causal;       /* a query sees the keys up to its own position */
    int block;         /* queries taken at once, of causal self-attention in which all keys count, with
                        * rotary positions; 0: all queries */
};

/* Where attention reads its keys and values. */
struct attention_memory {
    const void *src; /* (examples * keys, d_model), storage type */
    const int *used; /* (examples): keys of each that count, at least 1; NULL: all */
    enum dropout_site site; /* of the attention weights */
};

/* What forward keeps, in the storage type. */
struct attention_saved {
    void *q, *k, *v, *mixed; /* (examples * length, heads * d_kv); q, k: turned; v: times the dropout
                              * of the attention weights, which is one for all queries; mixed: before
                              * Wo */
    void *probabilities;     /* (examples, heads, queries, keys), range by range; where heads go one
                              * by one as their kernels have it */
};
/* Shared by all attention layers of a worker: room for the largest. */
struct attention_scratch {
    float *heads;      /* of this thread, where heads go one by one */
    float *scores;     /* (examples, heads, queries, keys) of a range; NULL where all heads go one by one */
    void *diff_scores; /* likewise, storage type */
    void *diff_mixed, *diff_q, *diff_k, *diff_v; /* (examples * length, heads * d_kv) */
    float *sum_q, *sum_k, *sum_v; /* likewise in f32, before they turn back; NULL without positions that
                                   * turn */
};
/* Are there kernels for heads of that kind? */
bool attention_heads_exist(const struct nn *nn, const struct attention_shape *shape);

/* Elements that forward keeps of all heads, when examples of the shape's length may also come in twice as
 * many of half of it, and so on, of so many lengths in all.  SIZE_MAX when it does not fit. */
size_t attention_heads_kept(const struct attention_shape *shape, int lengths);
/* Floats of scratch that a thread needs for those of the shapes up to this one that there are kernels for. */
size_t attention_heads_scratch(const struct nn *nn, const struct attention_shape *longest);

/* These heads of all examples, between the projections: see attention_forward() and attention_backward().
 * Gradients go to sum_q, sum_k and sum_v where there are these. */
void attention_heads_forward(struct nn *nn, const struct attention_shape *shape, struct share heads,
                             const struct attention_memory *memory, const struct position_bias *bias,
                             const struct attention_saved *saved,
                             const struct attention_scratch *scratch);
void attention_heads_backward(struct nn *nn, const struct attention_shape *shape, struct share heads,
                              const struct attention_memory *memory, struct position_bias *bias,
                              const struct attention_saved *saved,
                              const struct attention_scratch *scratch);

#endif
