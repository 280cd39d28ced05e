/* t5.h - the T5 1.0 encoder-decoder (Raffel et al. 2019, section 2.1), trained from scratch.
 *
 * A model owns `threads` workers.  A worker takes its share of the batch and walks through it in
 * micro-batches small enough to stay in cache, with single-threaded oneDNN primitives, into its
 * own gradient; the gradients are then summed in a fixed order.  So a step is bit-identical at a
 * given thread count. */
#ifndef GLU_MODEL_MODEL_H
#define GLU_MODEL_MODEL_H

#include "src/model/batch.h"
#include "src/nn/nn.h"
#include "variants/variant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum precision { PRECISION_F32, PRECISION_BF16 };

struct model_config {
    int vocabulary, d_model, layers, heads, d_kv; /* layers: of the encoder, and again of the decoder */
    int d_ff;                                     /* of this variant (already 2/3 when gated) */
    int input_length, target_length;              /* tokens of an example, EOS included */
};

struct model_options {
    struct model_config model;
    const struct variant *variant; /* borrowed; outlives the model */
    int batch;                     /* examples of a step */
    int threads;                   /* workers; at most `batch` are used */
    int micro_batch;               /* examples a worker handles at once; 0: chosen by size */
    enum precision precision;
    bool forward_only; /* no gradients, no optimizer state */
};

/* One parameter tensor.  Values and gradients are f32 (in, out); a vector has rows 1. */
struct tensor {
    char name[96]; /* Hugging Face's: "encoder.block.0.layer.1.DenseReluDense.wi_0.weight" */
    int rows, cols;
    bool transposed;   /* Hugging Face stores it (cols, rows): every matrix but the embeddings */
    bool vector;       /* one-dimensional there: the norms */
    bool ffn;          /* belongs to a feed-forward layer */
    double init_stddev; /* of the initial normal distribution; 0: all ones */
    float *value;      /* (rows, cols) */
    float *gradient;   /* (rows, cols), of the last model_gradient or model_train_step; NULL if forward_only */
};

struct model_memory { /* bytes */
    size_t parameters, gradients, optimizer, activations, packed_weights, scratch, total;
    size_t activations_per_token;         /* kept between forward and backward */
    size_t activations_per_token_minimum; /* what any implementation without recomputation keeps */
};

struct model_counts {
    int64_t parameters, ffn_parameters;
    int64_t forward_flops; /* of the matrix products, a step's batch (2 per multiply-add) */
    int64_t train_flops;   /* forward and both backward products: 3 times that */
    int64_t ffn_forward_flops;
};

struct model;

/* True when this CPU and this oneDNN multiply bf16 in hardware. */
bool model_has_bf16(void);

/* Memory of a model, without creating it.  0 or -1 (sizes that do not fit). */
int model_memory(const struct model_options *options, struct model_memory *memory) GLU_MUST_USE;
/* Counted from the shapes of the tensors that model_create() allocates. */
int model_counts(const struct model_options *options, struct model_counts *counts) GLU_MUST_USE;

/* A model that has no memory for values: only model_tensors() (names and shapes), model_get_options() and
 * model_destroy() may be used on it. */
int model_outline(struct model **model, const struct model_options *options) GLU_MUST_USE;

int model_create(struct model **model, const struct model_options *options) GLU_MUST_USE;
void model_destroy(struct model *model);
/* What it was made with; micro_batch is the one in use, also where it was left to be chosen. */
const struct model_options *model_get_options(const struct model *model);

/* Initial weights from a seed, optimizer state zeroed.  A tensor's values depend on the seed, its
 * name and its shape alone, so variants share what they have in common. */
void model_init(struct model *model, uint64_t seed);

/* Tensors in the order of allocation; *count of them.  After writing values call model_refresh(). */
struct tensor *model_tensors(struct model *model, int *count);
void model_refresh(struct model *model);

/* Optimizer state, one flat f32 array (for checkpoints). */
float *model_optimizer_state(struct model *model, size_t *count);

/* Loss and gradients of a batch (batch->examples == options.batch).  *loss_nats: mean
 * cross-entropy over the target tokens. */
int model_gradient(struct model *model, const struct batch *batch, double *loss_nats) GLU_MUST_USE;
/* The same followed by an Adafactor update; step counts from 1.  A loss that is not finite is
 * returned as it is and no update is made. */
int model_train_step(struct model *model, const struct batch *batch, int64_t step, double learning_rate,
                  double *loss_nats) GLU_MUST_USE;
/* Forward only: example_loss_nats[i] is the mean over the target tokens of example i.
 * batch->examples may be anything from 1 on. */
int model_evaluate(struct model *model, const struct batch *batch, double *example_loss_nats) GLU_MUST_USE;

/* Learning rate of step t (from 1) of `steps`: lr0 sqrt(w / max(t, w)), times
 * min(1, (steps - t + 1) / (decay_fraction steps)). */
double model_learning_rate(int64_t t, int64_t steps, double lr0, int64_t warmup_steps,
                        double decay_fraction);

/* Where the time of all workers went since the model was made or the profile was reset. */
void model_profile(const struct model *model, struct profile_row rows[PROFILE_KINDS]);
void model_profile_reset(struct model *model);

/* The i-th primitive of a training step: what it is for, and which of the library's
 * implementations it resolved to.  False past the last. */
struct model_primitive {
    char role[64];
    const char *implementation; /* lives as long as the model */
};
bool model_primitive(const struct model *model, int i, struct model_primitive *primitive);

#endif
