/* block_next.h - a stack of blocks (see block.h) one token at a time: the keys and values of the tokens before
 * are kept, those of cross-attention for good.
 *
 * An example has a slot; each pass takes one token of some of them, a row each.  A pass has plans for 1, 2, 4,
 * ... rows, so that few rows cost little, and takes the weights as they are packed for training. */
#ifndef GLU_MODEL_BLOCK_NEXT_H
#define GLU_MODEL_BLOCK_NEXT_H

#include "src/model/block.h"
#include "src/model/decoding.h"
#include "src/nn/attention_next.h"

/* Plans for so many rows at once. */
struct next_size {
    int rows;
    struct linear_plan *plans; /* as worker->plans, those that a pass needs; owned */
    struct ffn_plan ffn;
};
enum { NEXT_SIZES_MAX = 32 };

struct stack_next {
    const struct stack *stack; /* borrowed */
    int slots, limit;          /* examples at once; tokens of one */
    struct next_size sizes[NEXT_SIZES_MAX]; /* (count), of more and more rows, up to the slots */
    int count, products;
    struct attention_cache *self, *cross; /* (layers); owned, their buffers the arena's */
    int *memory_used;                     /* (slots): tokens that cross-attention reads */
    struct position_bias bias;
    struct attention_query *queries; /* (slots) */
    int32_t *ids;                    /* (slots) */
    struct norm_saved norm;          /* src: the residual stream */
    void *q, *k, *v, *mixed;         /* (slots, heads * d_kv) */
    struct ffn_saved ffn;
    float *scores;
};

/* Plans and buffers for a decoding worker, whose own plans are made like the model's.  `head`: the row of one
 * more product, of what comes out; its plan is beside the others.  Called twice, as of an architecture.  0 or
 * -1; closed in either case. */
int stack_next_open(struct stack_next *next, const struct stack *stack, struct model *model,
                    struct decoding_worker *worker, int head);
void stack_next_close(struct stack_next *next);
/* Free what stack_next_close() leaves for opening again. */
void stack_next_free(struct stack_next *next);

/* Before the first pass with new parameters. */
void stack_next_begin(struct stack_next *next, const struct nn *nn, const float *parameters);
/* The plans for so many rows. */
const struct next_size *stack_next_size(const struct stack_next *next, int rows);
/* Each row's last token to what its stack gives: next->norm.dst, (size->rows, d_model), of which the first
 * `count` rows count. */
const struct next_size *stack_next_run(struct stack_next *next, struct nn *nn, const float *parameters,
                                       const struct decoding_row *rows, int count);

#endif
