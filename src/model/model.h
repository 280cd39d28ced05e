/* model.h - a model to train: any architecture, variant, optimizer and precision behind one interface.
 *
 * A model has threads / team workers.  A worker takes its share of the batch and walks through it in
 * micro-batches small enough to stay in cache, with single-threaded oneDNN primitives, into its
 * own gradient; the gradients are then summed in a fixed order.  A worker is one thread, or a team of them
 * that share its micro-batches, activations and gradient.  So a step is bit-identical at a given number of
 * threads and size of a team. */
#ifndef GLU_MODEL_MODEL_H
#define GLU_MODEL_MODEL_H

#include "src/comm/comm.h"
#include "src/model/batch.h"
#include "src/nn/optimizer.h"
#include "variants/variant.h"

enum precision { PRECISION_F32, PRECISION_BF16 };

struct model_config {
    int vocabulary, d_model, layers, heads, d_kv; /* layers: of a stack */
    int d_ff;                                     /* of this variant (already 2/3 when gated) */
    int input_length, target_length;              /* tokens of an example, EOS included */
};

struct architecture; /* see architecture.h */

struct model_options {
    const struct architecture *architecture; /* NULL: the first of the table */
    struct model_config model;
    const struct variant *variant; /* borrowed; outlives the model */
    int batch;                     /* examples of a step, of this process's share */
    int threads;                   /* of all workers; at most as many workers are used as the largest batch has
                                    * examples */
    int team;                      /* threads of a worker, at most all; 0: 1 */
    int micro_batch;               /* examples a worker handles at once; 0: chosen by size */
    int buckets;                   /* how many lengths of batches there are, the full one and its halves,
                                    * quarters, ...: see model_bucket(); 0: 1, the full one alone */
    enum precision precision;
    bool forward_only;             /* no gradients, no optimizer state */
    bool unfused; /* oneDNN's element-wise primitives in place of the fused gate kernels: for tests */
    bool freeze_embeddings;        /* the table of embeddings keeps its values, the softmax's with it */
    double dropout;                /* 0 to less than 1; of training steps alone */
    const struct optimizer_type *optimizer; /* NULL: the first of the table */
    struct optimizer_options optimizer_options; /* such as optimizer->defaults; zeroed: the first's */
    struct comm *comm;             /* NULL: a process by itself; borrowed */
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

/* The architecture of a name, or NULL. */
const struct architecture *architecture_find(const char *name);
/* The i-th name of those that can be trained, or NULL past the last. */
const char *architecture_name(int i);
/* The kind of task that it is trained on. */
const char *architecture_task(const struct architecture *architecture);
/* Is it one stack, whose inputs are its targets? */
bool architecture_is_shifted(const struct architecture *architecture);
/* Do the sizes suit the architecture?  0, or -1 and a message. */
int architecture_check(const struct model_options *options) GLU_MUST_USE;

/* Which bucket of a model a batch of these lengths is: b, when they are the 2^b-th part of its own.  Such a
 * batch has 2^b times as many examples in a step, so that all steps have as many tokens, padding counted, and
 * cost alike.  -1 and a message: none. */
int model_bucket(const struct model_options *options, int input_length, int target_length) GLU_MUST_USE;

/* Tokens of an example that the model works on: those of its inputs and targets, or once those that are
 * both. */
int model_tokens(const struct model_options *options);

/* True when this CPU and this oneDNN multiply bf16 in hardware. */
bool model_has_bf16(void);

/* How many of its threads have something to do. */
int model_threads(const struct model_options *options);

/* Memory of a model, without creating it.  0 or -1 (sizes that do not fit). */
int model_memory(const struct model_options *options, struct model_memory *memory) GLU_MUST_USE;
/* Counted from the shapes of the tensors that model_create() allocates. */
int model_counts(const struct model_options *options, struct model_counts *counts) GLU_MUST_USE;

/* A model that has no memory for values: only model_tensors() (names and shapes), model_get_options() and
 * model_destroy() may be used on it. */
int model_outline(struct model **model, const struct model_options *options) GLU_MUST_USE;

/* All values are 0 until model_init(), or until they are written and model_refresh() is called. */
int model_create(struct model **model, const struct model_options *options) GLU_MUST_USE;
void model_destroy(struct model *model);
/* What it was made with; what was left to be chosen is filled in. */
const struct model_options *model_get_options(const struct model *model);

/* What dropout takes its masks from: the seed of a training. */
void model_set_seed(struct model *model, uint64_t seed);
/* That, and initial weights from the seed; optimizer state zeroed.  A
 * tensor's values depend on the seed, its name and its shape alone, so variants share what they have
 * in common. */
void model_init(struct model *model, uint64_t seed);

/* Tensors in the order of allocation; *count of them.  After writing values call model_refresh(). */
struct tensor *model_tensors(struct model *model, int *count);
void model_refresh(struct model *model);

/* Optimizer state, one flat f32 array (for states). */
float *model_optimizer_state(struct model *model, size_t *count);

/* Loss and gradients of a batch (batch->examples == options.batch times 2^bucket).  *loss_nats: mean cross-entropy
 * over the target tokens.  Dropout is that of step `step`; 0: none. */
int model_gradient(struct model *model, const struct batch *batch, int64_t step, double *loss_nats)
    GLU_MUST_USE;
/* The same followed by an update; step counts from 1.  A loss that is not finite is returned as it is
 * and no update is made. */
int model_train_step(struct model *model, const struct batch *batch, int64_t step,
                     double learning_rate, double *loss_nats) GLU_MUST_USE;
/* Forward only, without dropout: example_nats[i] is the SUM over the target tokens of example i (see
 * batch_targets()).  batch->examples may be anything from 1 on; with several processes all have the same
 * batch, do a share of it each and get all of its losses. */
int model_evaluate(struct model *model, const struct batch *batch, double *example_nats)
    GLU_MUST_USE;

/* Where the time of all threads went since the model was made or the profile was reset. */
void model_profile(const struct model *model, struct profile_row rows[PROFILE_KINDS]);
void model_profile_reset(struct model *model);

/* The i-th primitive of a training step, or NULL past the last.  Lasts as long as the model. */
const struct primitive *model_primitive(const struct model *model, int i);

#endif
