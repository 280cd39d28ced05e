/* batch.h - token ids of a few examples, ready for the model. */
#ifndef GLU_MODEL_BATCH_H
#define GLU_MODEL_BATCH_H

#include "src/glu.h"
#include "src/comm/comm.h"
#include "src/util/tokens.h"

#include <stdint.h>

/* Examples that are short need not be filled up to the full length: a bucket b takes 2^b times as many
 * examples of the 2^b-th part of the lengths, which are as many tokens. */
enum { BATCH_BUCKETS_MAX = 8 };

/* An example's tokens beyond its used length are pad.  Pad inputs are masked in attention; pad targets
 * have no loss. */
struct batch {
    int examples, input_length, target_length;
    int bucket; /* 0 unless batch_set_bucket() says otherwise */
    int32_t *inputs;  /* (examples, input_length) */
    int32_t *targets; /* (examples, target_length); the decoder's input is this shifted right */
    int *inputs_used, *targets_used; /* (examples), 1 to the length */
};

/* A batch of pad tokens whose used lengths are the full ones.  0, or -1 when there is no memory. */
int batch_create(struct batch **batch, int examples, int input_length, int target_length);
/* The same, with room for `buckets` buckets: see batch_set_bucket(). */
int batch_create_buckets(struct batch **batch, int examples, int input_length, int target_length,
                         int buckets) GLU_MUST_USE;
/* Make it one of a bucket that it has room for: 2^bucket times as many examples of the 2^bucket-th part of the
 * lengths (see model_bucket()).  What is in it is to be written anew. */
void batch_set_bucket(struct batch *batch, int bucket);
/* Frees a batch of batch_create(); NULL is fine. */
void batch_destroy(struct batch *batch);

/* A batch of copies of `count` examples of a batch, as util/spread.h chooses them.  0, or -1 when there
 * is no memory. */
int batch_spread(struct batch **batch, const struct batch *whole, int count) GLU_MUST_USE;

/* A batch that rank 0 has made, into everybody's of that shape.  0 or -1. */
int batch_share(struct batch *batch, struct comm *comm) GLU_MUST_USE;
/* This rank's examples of it, which borrows the arrays; as many ranks as divide them. */
struct batch batch_part(const struct batch *batch, const struct comm *comm);

/* Target tokens of one example that count in the loss: those that are not pad. */
int batch_targets(const struct batch *batch, int example);
/* ... of all. */
int64_t batch_all_targets(const struct batch *batch);

#endif
