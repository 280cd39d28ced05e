/* buckets.h - batches of pairs of texts, of one set or a mixture of several.
 *
 * A batch has examples of about one length: they are drawn one after the other, wait with those of their bucket
 * (see model_bucket()), and whichever bucket is full first is the next batch.  So a step always costs the same,
 * and an example is padded to less than twice its length.  T5 packs short examples behind each other into a row
 * of full length instead; a row for each needs no mask between neighbours, and the positions, dropout masks and
 * losses of an example are those that it has by itself. */
#ifndef GLU_TASK_BUCKETS_H
#define GLU_TASK_BUCKETS_H

#include "src/model/batch.h"
#include "src/task/encoded.h"

struct bucket_options {
    int batch;                       /* examples of a step at the full lengths */
    int input_length, target_length; /* the full ones: a multiple of 2^(buckets - 1) */
    int buckets;
    size_t cap; /* see mixture_open() */
};

/* How many buckets there are for such lengths, each rounded up to what that many can be halved. */
int buckets_choose(int *input_length, int *target_length);
/* The bucket with the shortest lengths that an example of so many tokens fits in. */
int buckets_fit(const struct bucket_options *options, int input_tokens, int target_tokens);

/* The endless stream of batches of a seed over sets, (set_count), borrowed; not all are empty.  0, or -1 and a
 * message. */
struct bucket_stream;
int bucket_stream_open(struct bucket_stream **stream, const struct bucket_options *options,
                   const struct encoded *const *sets, int set_count, uint64_t seed) GLU_MUST_USE;
/* Fill a batch that has room for the buckets, and set its bucket. */
void bucket_stream_next(struct bucket_stream *stream, struct batch *batch);
/* As that, so many times, but without the batches. */
void bucket_stream_skip(struct bucket_stream *stream, uint64_t batches);
/* NULL is fine. */
void bucket_stream_close(struct bucket_stream *stream);

/* All examples of a set, in as few batches as there are buckets, none empty, to evaluate a model on: *batches
 * is a new array of *count, the examples in their order within each; *order, (encoded->count), is which example
 * the rows of all batches, one after the other, are.  Freed by batches_destroy() and free().  0, or -1 and a
 * message. */
int bucket_batches(struct batch ***batches, int *count, size_t **order,
                      const struct bucket_options *options, const struct encoded *encoded) GLU_MUST_USE;
/* NULL is fine. */
void batches_destroy(struct batch **batches, int count);

#endif
