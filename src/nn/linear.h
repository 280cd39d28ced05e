/* linear.h - y = x W without bias: the product of tokens and weights, forward and backward. */
#ifndef GLU_NN_LINEAR_H
#define GLU_NN_LINEAR_H

#include "src/nn/nn.h"

/* Primitives for one shape: of a thread's share of the tokens, and of the rows of the gradient. */
struct linear_spec {
    enum profile_kind kind;
    int tokens, in, out; /* tokens: of all the worker's threads */
    enum dnn_type dst_type;
    bool dst_accumulate; /* dst += src W, else dst = src W */
    enum dnn_type diff_type;
    bool diff_accumulate; /* the same for diff_src */
};

struct linear_plan {
    struct linear_spec spec;
    struct share tokens, rows; /* this thread's; rows: of the gradient as it lies in memory */
    struct dnn_matmul *forward, *backward, *weights; /* weights: NULL where nn_has_gradient() */
    struct dnn_packer *pack_forward, *pack_backward;
};

/* `plain` (see linear_pack) holds the weights (in, out), or (out, in) when plain_transposed: then
 * the gradient is accumulated as (out, in) too (the embedding table as softmax matrix).  like: another
 * thread's plan, whose packed weights this one reads as well; NULL: this is the first. */
int linear_plan_create(struct linear_plan *plan, struct nn *nn, const struct linear_spec *spec,
                       bool plain_transposed, const struct linear_plan *like);
/* A plan of the forward product alone, for another number of tokens, that takes the weights which are packed
 * for `like`. */
int linear_plan_create_like(struct linear_plan *plan, struct nn *nn, const struct linear_plan *like,
                            int tokens, bool dst_accumulate);
void linear_plan_destroy(struct linear_plan *plan);
/* Note its primitives, as "ROLE forward" and so on. */
int linear_plan_list(const struct linear_plan *plan, const char *role, struct primitives *primitives);

/* One weight matrix.  Its plan is a worker's; all workers have the same. */
struct linear {
    int plan;      /* row of the model's table of products */
    size_t offset; /* of its first element in the parameter and gradient arrays */
    bool plain_transposed;
    bool frozen; /* its gradient is not asked for: see tensors.h */
    struct dnn_packed *forward, *backward;
};

/* Room for the packed weights; measuring arenas give none. */
int linear_create(struct linear *linear, struct nn *nn, const struct linear_plan *plan,
                  struct arena *arena);
void linear_destroy(struct linear *linear);

/* Copy this matrix out of `plain`, all parameters in the storage type, into the packed layouts. */
void linear_pack(struct nn *nn, const struct linear_plan *plan, struct linear *linear,
                 const void *plain);

/* src: (tokens, in), dst: (tokens, out): of this thread's tokens. */
void linear_forward(struct nn *nn, const struct linear_plan *plan, const struct linear *linear,
                    const void *src, void *dst);
/* diff_dst: (tokens, out), diff_src: (tokens, in): likewise. */
void linear_backward(struct nn *nn, const struct linear_plan *plan, const struct linear *linear,
                     const void *diff_dst, void *diff_src);
/* The worker's gradient of W += src^T diff_dst, unless it is frozen: this thread's rows of it, from the tokens of all, which the
 * caller has waited for. */
void linear_weights(struct nn *nn, const struct linear_plan *plan, const struct linear *linear,
                    const void *src, const void *diff_dst);

#endif
