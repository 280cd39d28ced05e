/* task.c - see task.h. */
#include "src/glu.h"

#include "src/task/task.h"

#include "src/task/segments.h"
#include "src/util/nearest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct task_stream {
    const struct task *task;
    struct segments *segments;
    uint64_t seed;
};

static const struct task_type *const types[] = {
    &task_span,
    &task_causal,
};

const struct task_type *task_type_at(size_t i)
{
    return i < LENGTH_OF(types) ? types[i] : NULL;
}

const struct task_type *task_type_find(const char *name)
{
    const char *names[LENGTH_OF(types)];

    for (size_t i = 0; i < LENGTH_OF(types); i++) {
        names[i] = types[i]->name;
        if (strcmp(names[i], name) == 0)
            return types[i];
    }
    nearest_error("task", "kind", name, names, (int)LENGTH_OF(names));
    return NULL;
}

int task_lengths(struct task_options *options)
{
    const struct task_type *type = task_type_find(options->kind);

    return type ? type->lengths(options) : -1;
}

/* ==== The task ==== */

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

int task_open(struct task **result, const struct task_options *options,
              const struct dataset *dataset, const struct tokenizer *tokenizer)
{
    const struct task_type *type = task_type_find(options->kind);
    struct task_options complete = *options;
    struct task *task;

    *result = NULL;
    if (!type || type->lengths(&complete))
        return -1;
    if (options->batch < 1)
        return err_set(FIELD("batch") " %d: it must be at least 1", options->batch);
    if (options->heldout_examples < 0)
        return err_set(FIELD("heldout_examples") " %d: it must be at least 0",
                       options->heldout_examples);
    task = calloc(1, type->bytes);
    if (!task)
        return err_set("no memory for a task");
    *task = (struct task){
        .type = type, .options = complete, .dataset = dataset, .tokenizer = tokenizer};
    if (type->begin(task) || segments_check(dataset, tokenizer, task->segment_tokens) ||
        (complete.heldout_examples && make_heldout(task))) {
        task_close(task);
        return -1;
    }
    *result = task;
    return 0;
}

void task_close(struct task *task)
{
    if (!task)
        return;
    batch_destroy(task->heldout);
    free(task);
}

/* ==== Its streams ==== */

int task_stream_open(struct task_stream **result, const struct task *task, uint64_t seed)
{
    struct task_stream *stream = calloc(1, sizeof *stream);
    struct source *source;

    *result = NULL;
    if (!stream)
        return err_set("no memory to read the corpus");
    stream->task = task;
    stream->seed = seed;
    if (dataset_training_source(&source, task->dataset, seed) ||
        segments_open(&stream->segments, source, task->tokenizer, task->segment_tokens)) {
        task_stream_close(stream);
        return -1;
    }
    *result = stream;
    return 0;
}

int task_stream_next(struct task_stream *stream, struct batch *batch)
{
    const struct task *task = stream->task;
    const struct task_options *options = &task->options;

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

int task_stream_skip(struct task_stream *stream, uint64_t batches)
{
    uint64_t batch = (uint64_t)stream->task->options.batch;

    return segments_skip(stream->segments,
                         batches > UINT64_MAX / batch ? UINT64_MAX : batches * batch);
}

bool task_stream_place(const struct task_stream *stream, struct segments_place *place)
{
    return segments_place(stream->segments, place);
}

int task_stream_go(struct task_stream *stream, const struct segments_place *place, uint64_t batches)
{
    uint64_t batch = (uint64_t)stream->task->options.batch;

    return batches > UINT64_MAX / batch ? err_set("there is no batch %" PRIu64, batches)
                                        : segments_go(stream->segments, place, batches * batch);
}

void task_stream_close(struct task_stream *stream)
{
    if (!stream)
        return;
    segments_close(stream->segments);
    free(stream);
}
