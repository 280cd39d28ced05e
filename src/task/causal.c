/* causal.c - the task of a language model: every token from those before it.
 *
 *     segment   Thank you for inviting me EOS The
 *     input     <0> Thank you for inviting me EOS
 *     target    Thank you for inviting me EOS The
 *
 * The documents are one stream, an EOS behind each, cut into segments of input_length. */
#include "src/glu.h"

#include "src/task/segments.h"
#include "src/task/task.h"

#include <stdlib.h>
#include <string.h>

static const struct metric metrics[] = {{"heldout_log_perplexity_nats", "nats", false}};

struct causal_stream {
    struct task_stream stream;
    struct segments *segments;
};

static int causal_lengths(struct task_options *options)
{
    if (options->input_length < 1)
        return err_set("input length %d: it must be at least 1 token", options->input_length);
    if (options->target_length && options->target_length != options->input_length)
        return err_set("target length %d does not go with input length %d, which makes as many "
                       "targets: leave out " FIELD("target_length"),
                       options->target_length, options->input_length);
    options->target_length = options->input_length;
    return 0;
}

/* A segment as an example, into row `row` of the batch. */
static void write_example(struct batch *batch, int row, const int32_t *segment)
{
    size_t length = (size_t)batch->input_length, at = (size_t)row * length;

    memcpy(batch->targets + at, segment, length * sizeof *segment);
    batch->inputs[at] = TOKEN_PAD;
    memcpy(batch->inputs + at + 1, segment, (length - 1) * sizeof *segment);
    batch->inputs_used[row] = batch->targets_used[row] = batch->input_length;
}

static int make_heldout(struct task *task)
{
    int length = task->options.input_length, count, status;
    struct choice *choices;

    if (segments_choose(task->dataset, task->tokenizer, length, task->options.heldout_examples,
                        &choices, &count))
        return -1;
    status = batch_create(&task->heldout, count, length, length);
    for (int i = 0; status == 0 && i < count; i++)
        write_example(task->heldout, i, choices[i].tokens);
    choices_free(choices, count);
    return status;
}

static void causal_close(struct task *task)
{
    batch_destroy(task->heldout);
    free(task);
}

static int causal_open(struct task **result, const struct task_options *options,
                       const struct dataset *dataset, const struct tokenizer *tokenizer)
{
    struct task *task = calloc(1, sizeof *task);

    *result = NULL;
    if (!task)
        return err_set("no memory for a task");
    *task = (struct task){.type = &task_causal,
                          .options = *options,
                          .dataset = dataset,
                          .tokenizer = tokenizer};
    if (segments_check(dataset, tokenizer, options->input_length) ||
        (options->heldout_examples && make_heldout(task))) {
        causal_close(task);
        return -1;
    }
    *result = task;
    return 0;
}

static void causal_stream_close(struct task_stream *stream)
{
    struct causal_stream *self = (struct causal_stream *)stream;

    segments_close(self->segments);
    free(self);
}

static int causal_stream_open(struct task_stream **result, const struct task *task, uint64_t seed)
{
    struct causal_stream *self = calloc(1, sizeof *self);
    struct source *source;

    *result = NULL;
    if (!self)
        return err_set("no memory to read the corpus");
    self->stream.task = task;
    if (dataset_training_source(&source, task->dataset, seed) ||
        segments_open(&self->segments, source, task->tokenizer, task->options.input_length)) {
        causal_stream_close(&self->stream);
        return -1;
    }
    *result = &self->stream;
    return 0;
}

static int causal_next(struct task_stream *stream, struct batch *batch)
{
    struct causal_stream *self = (struct causal_stream *)stream;

    for (int i = 0; i < batch->examples; i++) {
        const int32_t *segment;
        int got = segments_next(self->segments, &segment);

        if (got <= 0)
            return got < 0 ? -1 : err_set("the training text has come to an end");
        write_example(batch, i, segment);
    }
    return 0;
}

static int causal_skip(struct task_stream *stream, uint64_t batches)
{
    struct causal_stream *self = (struct causal_stream *)stream;
    uint64_t batch = (uint64_t)stream->task->options.batch;

    return segments_skip(self->segments,
                         batches > UINT64_MAX / batch ? UINT64_MAX : batches * batch);
}

const struct task_type task_causal = {
    .name = "causal",
    .metrics = metrics,
    .metric_count = LENGTH_OF(metrics),
    .lengths = causal_lengths,
    .open = causal_open,
    .close = causal_close,
    .stream_open = causal_stream_open,
    .next = causal_next,
    .skip = causal_skip,
    .stream_close = causal_stream_close,
};
