/* ref.h - the plain double-precision twins: every layer, the optimizers and the whole models,
 * written for the reader and not for speed.  They are what the tests hold the fast layers against.
 *
 * Forward functions overwrite dst.  Backward functions take the forward's own inputs again,
 * recompute what they need, and ADD to every diff_ array, so the caller clears them first.  All
 * matrices are row-major, weights (in, out).  Nothing here allocates except ref_t5_create() and
 * ref_lm_create().
 * dst must not overlap the sources. */
#ifndef GLU_TEST_REF_REF_H
#define GLU_TEST_REF_REF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/model/batch.h"
#include "src/nn/dropout.h"
#include "src/util/rng.h"
#include "variants/variant.h"

enum { REF_BUCKETS = 32, REF_MAX_DISTANCE = 128 };

/* ==== Layers ==== */

/* dst = src wei;  src (rows, in), wei (in, out), dst (rows, out). */
void ref_matmul(double *dst, const double *src, const double *wei, int rows, int in, int out);
/* Either of diff_src and diff_wei may be NULL. */
void ref_matmul_backward(double *diff_src, double *diff_wei, const double *diff_dst,
                         const double *src, const double *wei, int rows, int in, int out);

/* dst = act(src W) W2, or (act(src W) * (src V)) W2 when gated.
 * An activation of a pair has its own function of both in place of the product.
 * src, dst (tokens, d_model); w, v (d_model, d_ff), v NULL when ungated; w2 (d_ff, d_model).
 * mask (d_ff): what the hidden layer's columns are multiplied by; NULL: by 1. */
void ref_ffn(double *dst, const double *src, const double *w, const double *v, const double *w2,
             const struct variant *variant, const double *mask, int tokens, int d_model, int d_ff);
void ref_ffn_backward(double *diff_src, double *diff_w, double *diff_v, double *diff_w2,
                      const double *diff_dst, const double *src, const double *w, const double *v,
                      const double *w2, const struct variant *variant, const double *mask,
                      int tokens, int d_model, int d_ff);

/* diff_scalars (2) of the same layer: of the alpha and beta of a trained activation, which stand in the
 * variant. */
void ref_ffn_scalars_backward(double *diff_scalars, const double *diff_dst, const double *src,
                              const double *w, const double *v, const double *w2,
                              const struct variant *variant, const double *mask, int tokens,
                              int d_model, int d_ff);
/* A variant with a layer's own scalars in the place of its alpha and beta; scalars (2): one value each,
 * NULL where the activation trains none. */
struct variant ref_trained(const struct variant *variant, double *const scalars[2]);

/* dst = src * rsqrt(mean(src^2) + 1e-6) * scale, row by row;  src, dst (rows, d_model),
 * scale (d_model). */
void ref_rms_norm(double *dst, const double *src, const double *scale, int rows, int d_model);
void ref_rms_norm_backward(double *diff_src, double *diff_scale, const double *diff_dst,
                           const double *src, const double *scale, int rows, int d_model);

/* dst = softmax(src), row by row;  src, dst (rows, n). */
void ref_softmax(double *dst, const double *src, int rows, int n);
/* dst is the forward's result. */
void ref_softmax_backward(double *diff_src, const double *diff_dst, const double *dst, int rows,
                          int n);

/* The bucket of a relative position (key's minus query's), as in T5: half of the buckets for each
 * sign when bidirectional, else all of them for the past and 0 for the future; the first half of
 * those exact, the rest logarithmic up to REF_MAX_DISTANCE. */
int ref_relative_bucket(int relative, bool bidirectional);

/* Attention of one example, all heads: softmax(q k^T + bias) v, without a scale.
 * q, dst (queries, heads d_kv); k, v (keys, heads d_kv); bias (REF_BUCKETS, heads) or NULL.
 * Causal: a query sees the keys up to its own position, and buckets are one-sided. */
struct ref_attention_shape {
    int heads, d_kv, queries, keys;
    bool causal;
    const double *mask; /* (keys, heads): what the weights are multiplied by; NULL: by 1 */
};
void ref_attention(double *dst, const double *q, const double *k, const double *v,
                   const double *bias, const struct ref_attention_shape *shape);
/* diff_bias is NULL when bias is. */
void ref_attention_backward(double *diff_q, double *diff_k, double *diff_v, double *diff_bias,
                            const double *diff_dst, const double *q, const double *k,
                            const double *v, const double *bias,
                            const struct ref_attention_shape *shape);

/* In every head of x (tokens, heads d_kv), the pair (i, i + d_kv / 2) turns by direction * token *
 * 10000^(-2 i / d_kv), in place: direction 1 forward, and -1 for the gradient. */
void ref_rotary(double *x, double direction, int tokens, int heads, int d_kv);

/* Dropout at the places of src/nn/dropout.h; rate 0: none. */
struct ref_dropout {
    double rate;
    uint64_t seed;
    int64_t step;
};
/* The mask (columns) of a place, in `mask`; NULL when there is no dropout. */
const double *ref_dropout_mask(double *mask, const struct ref_dropout *dropout, int layer,
                               enum dropout_site site, int example, int columns);

/* dst (tokens, d_model) = rows ids[tokens] of table (vocabulary, d_model). */
void ref_embedding(double *dst, const int32_t *ids, const double *table, int tokens, int d_model);
void ref_embedding_backward(double *diff_table, const double *diff_dst, const int32_t *ids,
                            int tokens, int d_model);

/* The sum over the rows of -log softmax(logits)[target], in nats; targets equal to 0 (pad) count
 * nothing.  logits (rows, vocabulary). */
double ref_cross_entropy(const double *logits, const int32_t *targets, int rows, int vocabulary);
/* diff_loss is the loss's weight in the total: 1 / target tokens for their mean. */
void ref_cross_entropy_backward(double *diff_logits, double diff_loss, const double *logits,
                                const int32_t *targets, int rows, int vocabulary);

/* ==== Training ==== */

/* Adafactor's second moments are kept as row and column means when both dimensions are >= 128. */
bool ref_adafactor_is_factored(int rows, int cols);
/* How many numbers of state a tensor has: rows + cols, or rows cols. */
size_t ref_adafactor_state_size(int rows, int cols);
/* One update of value (rows, cols); t counts from 1; state starts as zeros. */
void ref_adafactor(double *value, double *state, const double *gradient, int rows, int cols,
                   int64_t t, double learning_rate);

/* One update of value (n) by AdamW with epsilon 1e-8; first, second (n): the moments, which start as
 * zeros. */
struct ref_adamw {
    double learning_rate, weight_decay, beta1, beta2;
};
void ref_adamw(double *value, double *first, double *second, const double *gradient, size_t n,
               int64_t t, const struct ref_adamw *options);

/* min(1, clip_norm / norm) of a gradient of which the sum of squares is given. */
double ref_clip(double squares, double clip_norm);

/* The learning rate by a schedule's name, without decay: "inverse-sqrt" lr0 sqrt(w / max(t, w)); the
 * others lr0 t / w up to w, and then "cosine" lr0 (0.1 + 0.45 (1 + cos(pi (t - w) / (T - w)))), "linear"
 * lr0 (T - t) / (T - w), "constant" lr0. */
double ref_schedule(const char *name, int64_t t, int64_t steps, double lr0, int64_t warmup_steps);

/* lr0 sqrt(w / max(t, w)) min(1, (steps - t + 1) / (decay_fraction steps)). */
double ref_learning_rate(int64_t t, int64_t steps, double lr0, int64_t warmup_steps,
                         double decay_fraction);

/* ==== The whole T5 ==== */

struct ref_config {
    int vocabulary, d_model, layers, heads, d_kv;
    int d_ff; /* of this variant */
    int input_length, target_length;
};

struct ref_tensor {
    char name[96]; /* Hugging Face's */
    int rows, cols;
    double *value, *gradient; /* (rows, cols) */
};

struct ref_t5;

/* A model of zeros, for small sizes.  `variant` is borrowed. */
int ref_t5_create(struct ref_t5 **model, const struct ref_config *config,
                  const struct variant *variant);
void ref_t5_destroy(struct ref_t5 *model);

/* All parameters; *count of them.  They belong to the model. */
struct ref_tensor *ref_t5_tensors(struct ref_t5 *model, int *count);
/* The one of that name, or NULL. */
struct ref_tensor *ref_t5_tensor(struct ref_t5 *model, const char *name);

/* Dropout of all that follows; none at first. */
void ref_t5_set_dropout(struct ref_t5 *model, const struct ref_dropout *dropout);

/* Mean cross-entropy over the target tokens of the batch, in nats.  example_nats (examples), or NULL:
 * the sum over each example's target tokens. */
double ref_t5_loss(struct ref_t5 *model, const struct batch *batch, double *example_nats);
/* The same, and its gradient in every tensor's `gradient`. */
double ref_t5_gradient(struct ref_t5 *model, const struct batch *batch);

/* ==== The whole decoder-only model: the same of it ==== */

struct ref_lm;

/* target_length: as input_length. */
int ref_lm_create(struct ref_lm **model, const struct ref_config *config,
                  const struct variant *variant);
void ref_lm_destroy(struct ref_lm *model);
struct ref_tensor *ref_lm_tensors(struct ref_lm *model, int *count);
struct ref_tensor *ref_lm_tensor(struct ref_lm *model, const char *name);
void ref_lm_set_dropout(struct ref_lm *model, const struct ref_dropout *dropout);
double ref_lm_loss(struct ref_lm *model, const struct batch *batch, double *example_nats);
double ref_lm_gradient(struct ref_lm *model, const struct batch *batch);

/* ==== For tests of these ==== */

/* One of the losses above, of a model of its kind. */
typedef double ref_loss_fn(void *model, const struct batch *batch, double *example_nats);
/* The largest error of the tensors' gradients, as the model's last gradient left them, against central
 * differences of the loss: of some elements and one direction of each tensor, relative to its largest
 * element; INFINITY where a tensor has hardly any gradient.  *where: the name of that tensor. */
double ref_gradient_error(ref_loss_fn *loss, void *model, const struct batch *batch,
                          const struct ref_tensor *tensors, int count, struct rng *rng,
                          const char **where);

#endif
