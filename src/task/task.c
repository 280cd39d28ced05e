/* task.c - see task.h. */
#include "src/glu.h"

#include "src/task/task.h"

#include "src/util/nearest.h"

#include <string.h>

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

int task_open(struct task **task, const struct task_options *options,
              const struct dataset *dataset, const struct tokenizer *tokenizer)
{
    const struct task_type *type = task_type_find(options->kind);
    struct task_options complete = *options;

    *task = NULL;
    if (!type || type->lengths(&complete))
        return -1;
    if (options->batch < 1)
        return err_set(FIELD("batch") " %d: it must be at least 1", options->batch);
    if (options->heldout_examples < 0)
        return err_set(FIELD("heldout_examples") " %d: it must be at least 0",
                       options->heldout_examples);
    return type->open(task, &complete, dataset, tokenizer);
}

void task_close(struct task *task)
{
    if (task)
        task->type->close(task);
}

int task_stream_open(struct task_stream **stream, const struct task *task, uint64_t seed)
{
    return task->type->stream_open(stream, task, seed);
}

int task_stream_next(struct task_stream *stream, struct batch *batch)
{
    const struct task_options *options = &stream->task->options;

    if (batch->examples != options->batch || batch->input_length != options->input_length ||
        batch->target_length != options->target_length)
        return err_set("a batch of %d examples of %d and %d tokens was asked of a stream of %d of "
                       "%d and %d", batch->examples, batch->input_length, batch->target_length,
                       options->batch, options->input_length, options->target_length);
    return stream->task->type->next(stream, batch);
}

int task_stream_skip(struct task_stream *stream, uint64_t batches)
{
    return stream->task->type->skip(stream, batches);
}

void task_stream_close(struct task_stream *stream)
{
    if (stream)
        stream->task->type->stream_close(stream);
}
