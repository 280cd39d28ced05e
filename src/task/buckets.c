/* buckets.c - see buckets.h. */
#include "src/glu.h"

#include "src/task/buckets.h"

#include "src/task/mixture.h"

#include <stdlib.h>
#include <string.h>

/* The shortest lengths that are worth a bucket of their own. */
enum { INPUT_MIN = 16, TARGET_MIN = 2 };

/* An example of a set. */
struct drawn {
    int set;
    size_t example;
};

/* Those that wait for more of their length. */
struct queue {
    struct drawn *drawn; /* (room) */
    size_t count, room;  /* room: a batch of the bucket */
};

struct bucket_stream {
    struct bucket_options options;
    const struct encoded *const *sets;
    struct mixture *mixture;
    struct queue queues[BATCH_BUCKETS_MAX];
};

static int round_up(int length, int parts)
{
    return (length + parts - 1) / parts * parts;
}

int buckets_choose(int *input_length, int *target_length)
{
    int buckets = 1;

    while (buckets < BATCH_BUCKETS_MAX && *input_length >> buckets >= INPUT_MIN &&
           *target_length >> buckets >= TARGET_MIN)
        buckets++;
    *input_length = round_up(*input_length, 1 << (buckets - 1));
    *target_length = round_up(*target_length, 1 << (buckets - 1));
    return buckets;
}

int buckets_fit(const struct bucket_options *options, int input_tokens, int target_tokens)
{
    int bucket = options->buckets - 1;

    while (bucket > 0 && (options->input_length >> bucket < input_tokens ||
                          options->target_length >> bucket < target_tokens))
        bucket--;
    return bucket;
}

static int bucket_of(const struct bucket_options *options, const struct encoded *encoded, size_t example)
{
    return buckets_fit(options, encoded_input(encoded, example).count,
                            encoded_target(encoded, example).count);
}

/* ==== Training ==== */

static int open_mixture(struct bucket_stream *stream, int set_count, uint64_t seed)
{
    size_t *counts = calloc((size_t)set_count, sizeof *counts);
    int status;

    if (!counts)
        return err_set("out of memory");
    for (int i = 0; i < set_count; i++)
        counts[i] = stream->sets[i]->count;
    status = mixture_open(&stream->mixture, counts, set_count, stream->options.cap, seed);
    free(counts);
    return status;
}

int bucket_stream_open(struct bucket_stream **result, const struct bucket_options *options,
                   const struct encoded *const *sets, int set_count, uint64_t seed)
{
    struct bucket_stream *stream = calloc(1, sizeof *stream);

    *result = NULL;
    if (!stream)
        return err_set("out of memory");
    stream->options = *options;
    stream->sets = sets;
    for (int b = 0; b < options->buckets; b++) {
        struct queue *queue = &stream->queues[b];

        queue->room = (size_t)options->batch << b;
        queue->drawn = calloc(queue->room, sizeof *queue->drawn);
        if (!queue->drawn) {
            bucket_stream_close(stream);
            return err_set("out of memory");
        }
    }
    if (open_mixture(stream, set_count, seed)) {
        bucket_stream_close(stream);
        return -1;
    }
    *result = stream;
    return 0;
}

void bucket_stream_close(struct bucket_stream *stream)
{
    if (!stream)
        return;
    for (int b = 0; b < stream->options.buckets; b++)
        free(stream->queues[b].drawn);
    mixture_close(stream->mixture);
    free(stream);
}

/* Draw until a bucket is full, and empty it: which one it was. */
static int fill(struct bucket_stream *stream)
{
    for (;;) {
        struct drawn drawn;
        struct queue *queue;
        int bucket;

        mixture_next(stream->mixture, &drawn.set, &drawn.example);
        bucket = bucket_of(&stream->options, stream->sets[drawn.set], drawn.example);
        queue = &stream->queues[bucket];
        queue->drawn[queue->count++] = drawn;
        if (queue->count == queue->room) {
            queue->count = 0;
            return bucket;
        }
    }
}

void bucket_stream_next(struct bucket_stream *stream, struct batch *batch)
{
    int bucket = fill(stream);
    const struct queue *queue = &stream->queues[bucket];

    batch_set_bucket(batch, bucket);
    for (int i = 0; i < batch->examples; i++) {
        const struct drawn *drawn = &queue->drawn[i];
        const struct encoded *encoded = stream->sets[drawn->set];

        encoded_write(batch, i, encoded_input(encoded, drawn->example), encoded_target(encoded, drawn->example));
    }
}

void bucket_stream_skip(struct bucket_stream *stream, uint64_t batches)
{
    while (batches-- > 0)
        fill(stream);
}

/* ==== Evaluation ==== */

void batches_destroy(struct batch **batches, int count)
{
    for (int i = 0; batches && i < count; i++)
        batch_destroy(batches[i]);
    free(batches);
}

/* The examples of a bucket: their numbers to order; how many. */
static size_t pick(const struct bucket_options *options, const struct encoded *encoded, int bucket,
                   size_t *order)
{
    size_t count = 0;

    for (size_t i = 0; i < encoded->count; i++)
        if (bucket_of(options, encoded, i) == bucket)
            order[count++] = i;
    return count;
}

static int make_batch(struct batch **batch, const struct bucket_options *options,
                      const struct encoded *encoded, int bucket, const size_t *order, size_t count)
{
    if (count > INT32_MAX)
        return err_set("%zu examples are too many for a batch", count);
    if (batch_create(batch, (int)count, options->input_length >> bucket, options->target_length >> bucket))
        return -1;
    for (size_t i = 0; i < count; i++)
        encoded_write(*batch, (int)i, encoded_input(encoded, order[i]), encoded_target(encoded, order[i]));
    return 0;
}

int bucket_batches(struct batch ***batches, int *count, size_t **order,
                      const struct bucket_options *options, const struct encoded *encoded)
{
    size_t done = 0;

    *count = 0;
    *batches = calloc((size_t)options->buckets, sizeof **batches);
    *order = calloc(encoded->count + 1, sizeof **order);
    if (!*batches || !*order) {
        err_set("no memory for %zu examples", encoded->count);
        goto fail;
    }
    for (int bucket = options->buckets - 1; bucket >= 0; bucket--) {
        size_t more = pick(options, encoded, bucket, *order + done);

        if (more == 0)
            continue;
        if (make_batch(&(*batches)[*count], options, encoded, bucket, *order + done, more))
            goto fail;
        (*count)++;
        done += more;
    }
    return 0;
fail:
    batches_destroy(*batches, *count);
    free(*order);
    *batches = NULL;
    *order = NULL;
    *count = 0;
    return -1;
}
