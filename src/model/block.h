/* block.h - a stack of pre-norm Transformer blocks, which encoders and decoders are made of:
 *
 *     y = x + f(RMSNorm(x))   for f = self-attention, cross-attention (some), feed-forward
 *
 * on an f32 residual stream that begins with embedded tokens, and a last norm behind the blocks. */
#ifndef GLU_MODEL_BLOCK_H
#define GLU_MODEL_BLOCK_H

#include "src/model/batch.h"
#include "src/nn/attention.h"
#include "src/nn/embedding.h"
#include "src/nn/ffn.h"
#include "src/nn/norm.h"
#include "src/nn/products.h"
#include "src/nn/tensors.h"
#include "src/nn/team.h"

/* A block's sublayers, in order. */
enum { SELF, CROSS, FFN, SUBLAYERS };

/* ==== Weights ==== */

struct block {
    struct norm norm[SUBLAYERS];
    struct attention_weights attention[2]; /* SELF, CROSS */
    struct ffn_weights ffn;
};

/* Rows of the model's table of products; up: unused when ungated. */
struct stack_products {
    int q, kv, o, cross_kv, gate, up, out;
};

struct stack {
    struct block *blocks; /* (layers); owned */
    struct norm last;
    struct stack_products products;
    int layers, length;      /* length: tokens of an example, of bucket 0 */
    int buckets;             /* 1 to BATCH_BUCKETS_MAX; the lengths can be halved so often but for one */
    int memory_length;       /* of what cross-attention reads; 0: the blocks have none */
    int d_model, heads, d_kv, d_ff;
    const struct variant *variant;
    bool causal;
    int block;                   /* see struct attention_shape */
    const struct rotary *rotary; /* positions; borrowed; NULL: a table of relative ones */
    int first_layer;         /* of the model's layers, all stacks counted */
    bool frozen_embedding;   /* its gradient is not asked for */
    size_t embedding, bias;  /* offsets of the tables of embeddings and of relative positions */
};

/* Append a tensor and say where it is; stddev: of the initial values.  0 or -1. */
int norm_add(struct tensors *tensors, struct norm *norm, const char *name, int d_model, double scale);
int linear_add(struct tensors *tensors, struct products *products, struct linear *linear, int product,
               const char *name, double stddev);

/* ==== A worker's part ==== */

struct block_saved {
    struct norm_saved norm[SUBLAYERS];
    struct attention_saved attention[2];
    struct ffn_saved ffn;
};

struct stack_saved {
    struct block_saved *blocks; /* (layers); owned, its buffers the arena's */
    struct norm_saved last;
    struct position_bias bias; /* without rotary positions */
    struct attention_plan self[BATCH_BUCKETS_MAX], cross[BATCH_BUCKETS_MAX]; /* by bucket */
    struct ffn_plan ffn;
    int bucket; /* of what is done now; the caller of stack_forward() sets it */
};

/* What the stacks of a worker share: room for the longest. */
struct stack_scratch {
    struct attention_scratch attention;
    float *diff;        /* gradient of the residual stream, (most tokens, d_model) */
    void *diff_copy;    /* the same in the storage type; NULL in f32 */
    float *diff_normed; /* gradient of a norm's output, (most tokens, d_model) */
    float *output;      /* of a sublayer, before its dropout; NULL without dropout */
    void *diff_output;  /* gradient of that, (most tokens, d_model) in the storage type; likewise */
};

/* Plans and buffers for micro-batches of `examples` of the full length.  Buffers that exist are made again.  0 or -1. */
int stack_open(struct stack_saved *saved, const struct stack *stack, struct worker *worker,
               struct arena *arena, int examples, bool unfused);
void stack_close(struct stack_saved *saved);
void stack_scratch_alloc(struct stack_scratch *scratch, const struct stack *longest,
                         struct nn *nn, struct arena *arena, int examples);

/* Embed ids (examples, length), those of saved->bucket, and run the blocks and the last norm: saved->last.dst.  used: of each
 * example's own tokens, NULL when all are; memory: what cross-attention reads, or NULL. */
void stack_forward(const struct stack *stack, struct stack_saved *saved, struct nn *nn,
                   const struct stack_scratch *scratch, const float *parameters, const int32_t *ids,
                   const int *used, const struct attention_memory *memory);
/* diff_dst: the gradient of saved->last.dst, f32, (examples * length, d_model), which is used up; the
 * gradient of the memory is added to diff_memory.  May be scratch->diff_normed. */
void stack_backward(const struct stack *stack, struct stack_saved *saved, struct nn *nn,
                    const struct stack_scratch *scratch, const float *parameters, const int32_t *ids,
                    const int *used, const struct attention_memory *memory, float *diff_dst,
                    float *diff_memory);

#endif
