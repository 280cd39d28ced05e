/* segment_stream.c - examples that are made of segments of the text, one after the other. */
#include "src/glu.h"

#include "src/task/stream.h"

#include <inttypes.h>
#include <stdlib.h>

struct segment_stream {
    struct segments *segments;
    uint64_t seed;
};

static void write_example(const struct task *task, const int32_t *segment, uint64_t number,
                          uint64_t seed, enum rng_purpose purpose, struct batch *batch, int row)
{
    struct rng rng;

    rng_start(&rng, seed, purpose, (uint32_t)number);
    task->type->write(task, segment, &rng, batch, row);
}

static int count_heldout_bytes(struct task *task)
{
    const struct batch *heldout = task->heldout;
    size_t length = (size_t)heldout->target_length;

    for (int i = 0; i < heldout->examples; i++) {
        size_t bytes = task->tokenizer->decode(task->tokenizer, heldout->targets + (size_t)i * length,
                                               length, NULL, 0);

        if (bytes == SIZE_MAX)
            return -1;
        task->heldout_bytes += (int64_t)bytes;
    }
    return 0;
}

static int make_heldout(struct task *task)
{
    const struct task_options *options = &task->options;
    struct choice *choices;
    int count, status;

    if (segments_choose(task->dataset, task->tokenizer, task->segment_tokens,
                        options->heldout_examples, &choices, &count))
        return -1;
    status = batch_create(&task->heldout, count, options->input_length, options->target_length);
    for (int i = 0; status == 0 && i < count; i++)
        write_example(task, choices[i].tokens, choices[i].number, HELDOUT_SEED, RNG_HELDOUT,
                      task->heldout, i);
    choices_free(choices, count);
    return status ? -1 : count_heldout_bytes(task);
}

static int prepare(struct task *task)
{
    if (segments_check(task->dataset, task->tokenizer, task->segment_tokens))
        return -1;
    return task->options.heldout_examples ? make_heldout(task) : 0;
}

static void stream_close(void *own)
{
    struct segment_stream *stream = own;

    if (!stream)
        return;
    segments_close(stream->segments);
    free(stream);
}

static int stream_open(void **own, const struct task *task, uint64_t seed)
{
    struct segment_stream *stream = calloc(1, sizeof *stream);
    struct source *source;

    if (!stream)
        return err_set("no memory to read the corpus");
    stream->seed = seed;
    if (dataset_training_source(&source, task->dataset, seed) ||
        segments_open(&stream->segments, source, task->tokenizer, task->segment_tokens)) {
        stream_close(stream);
        return -1;
    }
    *own = stream;
    return 0;
}

static int next(void *own, const struct task *task, struct batch *batch)
{
    const struct task_options *options = &task->options;
    struct segment_stream *stream = own;

    if (batch->examples != options->batch || batch->input_length != options->input_length ||
        batch->target_length != options->target_length)
        return err_set("a batch of %d examples of %d and %d tokens was asked of a stream of %d of "
                       "%d and %d", batch->examples, batch->input_length, batch->target_length,
                       options->batch, options->input_length, options->target_length);
    for (int i = 0; i < batch->examples; i++) {
        uint64_t number = segments_number(stream->segments);
        const int32_t *segment;
        int got = segments_next(stream->segments, &segment);

        if (got <= 0)
            return got < 0 ? -1 : err_set("the training text has come to an end");
        write_example(task, segment, number, stream->seed, RNG_SPANS, batch, i);
    }
    return 0;
}

/* The number of a batch's first segment; there may be no such number. */
static uint64_t segments_before(const struct task *task, uint64_t batches)
{
    uint64_t batch = (uint64_t)task->options.batch;

    return batches > UINT64_MAX / batch ? UINT64_MAX : batches * batch;
}

static int skip(void *own, const struct task *task, uint64_t batches)
{
    struct segment_stream *stream = own;

    return segments_skip(stream->segments, segments_before(task, batches));
}

static bool place_of(const void *own, struct segments_place *place)
{
    const struct segment_stream *stream = own;

    return segments_place(stream->segments, place);
}

static int go(void *own, const struct segments_place *place, uint64_t batches, const struct task *task)
{
    struct segment_stream *stream = own;
    uint64_t number = segments_before(task, batches);

    return number == UINT64_MAX ? err_set("there is no batch %" PRIu64, batches)
                                : segments_go(stream->segments, place, number);
}

const struct stream_type stream_of_segments = {
    .prepare = prepare,
    .open = stream_open,
    .next = next,
    .skip = skip,
    .place = place_of,
    .go = go,
    .close = stream_close,
};
