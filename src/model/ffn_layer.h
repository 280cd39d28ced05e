/* ffn_layer.h - one feed-forward layer alone, for measuring it at any shape: forward, and forward
 * with backward (gradients of the input and of all weights, summed over the workers, weights
 * packed anew as after an optimizer step).
 *
 * Rows are shared among `threads` workers, which walk through theirs in tiles, as in t5.h. */
#ifndef GLU_MODEL_FFN_LAYER_H
#define GLU_MODEL_FFN_LAYER_H

#include "src/model/model.h"

struct ffn_layer_options {
    const struct variant *variant; /* borrowed */
    int tokens, d_model, d_ff;     /* d_ff: of this variant */
    int threads;
    enum precision precision;
    int tile;   /* rows a worker handles at once; 0: chosen */
    bool fused; /* false: oneDNN's element-wise primitives instead of the fused gate kernel */
};

struct ffn_layer;

/* Weights and inputs are random from a fixed seed.  0 or -1. */
int ffn_layer_create(struct ffn_layer **layer, const struct ffn_layer_options *options) GLU_MUST_USE;
void ffn_layer_destroy(struct ffn_layer *layer);

void ffn_layer_forward(struct ffn_layer *layer);
void ffn_layer_train(struct ffn_layer *layer);

/* Of the matrix products of one call. */
double ffn_layer_forward_flops(const struct ffn_layer *layer);
double ffn_layer_train_flops(const struct ffn_layer *layer);

/* For tests.  src, diff_dst: (tokens, d_model) as f32 before they become the storage type;
 * weights (in, out): W, V (NULL when ungated), W2.  Results of the last ffn_layer_train(). */
struct ffn_layer_view {
    float *src, *diff_dst;          /* may be written before a call */
    float *gate, *up, *out;         /* likewise */
    const float *dst, *diff_src;    /* (tokens, d_model) */
    const float *diff_gate, *diff_up, *diff_out;
};
struct ffn_layer_view ffn_layer_view(struct ffn_layer *layer);

#endif
