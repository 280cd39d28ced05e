/* ffn.h - the feed-forward layer: the subject of the whole comparison.
 *
 *     ungated:  dst += act(src W) W2
 *     gated:    dst += (act(src W) * (src V)) W2        (Shazeer 2020, equations 5 and 6)
 *
 * An activation of a pair has a function of src W and src V in place of the product; one that is trained
 * takes its alpha and beta from the layer's parameters. */
#ifndef GLU_NN_FFN_H
#define GLU_NN_FFN_H

#include "src/nn/linear.h"
#include "src/nn/tensors.h"
#include "variants/variant.h"

struct ffn_weights {
    struct linear gate, up, out; /* W, V (gated alone), W2 */
    size_t scalars[ACTIVATION_SCALARS]; /* of a trained activation: where they are among the parameters */
};

struct ffn_plan {
    const struct variant *variant;
    int tokens, d_ff;
    struct share rows; /* this thread's tokens */
    int length; /* tokens of an example, which share a dropout mask */
    const struct linear_plan *gate, *up, *out; /* borrowed */
    struct dnn_eltwise *eltwise;               /* NULL: a fused kernel does it */
    void *act;      /* (tokens, d_ff) scratch of the unfused form, else NULL */
    void *diff_act; /* (tokens, d_ff) scratch: gradient of the hidden layer */
};

/* What forward keeps: (tokens, d_ff) each, in the storage type. */
struct ffn_saved {
    void *gate, *up, *hidden; /* up: NULL when ungated */
};

/* fused: use the fused gate kernel where there is one; tests ask for oneDNN's element-wise form. */
int ffn_plan_create(struct ffn_plan *plan, struct nn *nn, struct arena *arena,
                    const struct variant *variant, int tokens, int length, int d_ff, bool fused,
                    const struct linear_plan *gate, const struct linear_plan *up,
                    const struct linear_plan *out);
void ffn_plan_destroy(struct ffn_plan *plan);
/* Note its primitives, as "ROLE activation forward" and so on. */
int ffn_plan_list(const struct ffn_plan *plan, const char *role, struct primitives *primitives);

void ffn_saved_alloc(struct ffn_saved *saved, const struct nn *nn, struct arena *arena,
                     const struct variant *variant, int tokens, int d_ff);

/* Add the scalars that the variant's activation trains in a layer, if it has some, as "WHERE.NAME".  0, or
 * -1 and a message without memory. */
int ffn_scalars_add(struct tensors *tensors, struct ffn_weights *weights, const struct variant *variant,
                    const char *where) GLU_MUST_USE;

/* src: (tokens, d_model) in the storage type; dst: (tokens, d_model) f32, which the plan of W2 adds to
 * or sets.  The hidden layer has dropout, a mask an example, where nn->dropout says so. */
void ffn_forward(struct nn *nn, const struct ffn_plan *plan, const struct ffn_weights *weights,
                 const float *parameters, const void *src, struct ffn_saved *saved, float *dst);
/* diff_dst: (tokens, d_model) in the storage type; diff_src = : (tokens, d_model) f32.  Weight
 * gradients go to nn->diff.  `saved` is used up: its gate and up become their gradients. */
void ffn_backward(struct nn *nn, const struct ffn_plan *plan, const struct ffn_weights *weights,
                  const float *parameters, const void *src, struct ffn_saved *saved,
                  const void *diff_dst, float *diff_src);

#endif
