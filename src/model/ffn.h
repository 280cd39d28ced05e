/* ffn.h - one feed-forward layer alone as an architecture, for measuring it at any shape and for
 * testing it: forward, and forward with backward (gradients of the input and of all weights).
 *
 * An example is one row of the input, so that the batch is the number of tokens and a micro-batch a
 * tile of them; token ids do not count.  Inputs and the gradient of the output are random, always the
 * same, and stay what they are. */
#ifndef GLU_MODEL_FFN_H
#define GLU_MODEL_FFN_H

#include "src/model/model.h"

/* Of a layer of `tokens` rows; d_ff: of this variant. */
struct model_options ffn_options(const struct variant *variant, int tokens, int d_model, int d_ff,
                                 int threads, enum precision precision);
/* The batch that goes with it. */
int ffn_batch_create(struct batch **batch, int tokens) GLU_MUST_USE;

/* What the layer works on, all f32 (tokens, d_model); borrowed from the model. */
struct ffn_view {
    float *src, *diff_dst;       /* may be written before a call */
    const float *dst, *diff_src; /* of the last model_gradient(); dst also of model_evaluate() */
};
struct ffn_view ffn_view(struct model *model);

#endif
