/* task.c - see task.h. */
#include "src/glu.h"

#include "src/task/task.h"

#include "src/task/stream.h"
#include "src/util/nearest.h"

#include <stdlib.h>
#include <string.h>

struct task_stream {
    const struct task *task;
    void *own; /* of the task's type of stream */
};

static const struct task_type *const types[] = {
    &task_span,
    &task_causal,
    &task_text2text,
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
    if (type->begin(task) || type->stream->prepare(task)) {
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
    if (task->type->end)
        task->type->end(task);
    batch_destroy(task->heldout);
    free(task);
}

/* ==== Its streams ==== */

int task_stream_open(struct task_stream **result, const struct task *task, uint64_t seed)
{
    struct task_stream *stream = calloc(1, sizeof *stream);

    *result = NULL;
    if (!stream)
        return err_set("no memory to read the corpus");
    stream->task = task;
    if (task->type->stream->open(&stream->own, task, seed)) {
        task_stream_close(stream);
        return -1;
    }
    *result = stream;
    return 0;
}

int task_stream_next(struct task_stream *stream, struct batch *batch)
{
    return stream->task->type->stream->next(stream->own, stream->task, batch);
}

int task_stream_skip(struct task_stream *stream, uint64_t batches)
{
    return stream->task->type->stream->skip(stream->own, stream->task, batches);
}

bool task_stream_place(const struct task_stream *stream, struct segments_place *place)
{
    const struct stream_type *type = stream->task->type->stream;

    return type->place && type->place(stream->own, place);
}

int task_stream_go(struct task_stream *stream, const struct segments_place *place, uint64_t batches)
{
    const struct stream_type *type = stream->task->type->stream;

    return type->go ? type->go(stream->own, place, batches, stream->task)
                    : err_set("the place of the training is one in a text, and it has none");
}

void task_stream_close(struct task_stream *stream)
{
    if (!stream)
        return;
    stream->task->type->stream->close(stream->own);
    free(stream);
}
