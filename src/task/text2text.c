/* text2text.c - see text2text.h. */
#include "src/glu.h"

#include "src/task/text2text.h"

#include "src/task/stream.h"

#include <stdlib.h>

static const struct metric metrics[] = {{"heldout_log_perplexity_nats", "nats", false}};

const struct text2text *text2text_of(const struct task *task)
{
    return task && task->type == &task_text2text ? (const struct text2text *)task : NULL;
}

const struct encoded *text2text_encoded(const struct text2text *text2text, int set, enum text_split split)
{
    return text2text->encoded[set * TEXT_SPLITS + (int)split];
}

/* ==== Opening ==== */

static int check_lengths(struct task_options *options)
{
    if (options->input_length < 1 || options->target_length < 1)
        return err_set("lengths of %d and %d tokens: both must be at least 1", options->input_length,
                       options->target_length);
    return 0;
}

/* What had to be cut is told: a target without its end can be learnt, but not scored as it is. */
static void tell_cut(const struct text2text *self, int set, enum text_split split)
{
    static const char *const names[] = {[TEXT_TRAIN] = "training", [TEXT_DEV] = "dev", [TEXT_TEST] = "test"};
    const struct encoded *encoded = text2text_encoded(self, set, split);
    const struct task_options *options = &self->task.options;
    const char *task = self->sets->set[set].task->name;

    if (encoded->inputs_cut > 0)
        warn_add("task %s: %zu of %zu %s inputs have more than %d tokens and are cut", task,
                 encoded->inputs_cut, encoded->count, names[split], options->input_length);
    if (encoded->targets_cut > 0)
        warn_add("task %s: %zu of %zu %s targets have more than %d tokens and are cut", task,
                 encoded->targets_cut, encoded->count, names[split], options->target_length);
}

static int encode_set(struct text2text *self, int set)
{
    const struct task_options *options = &self->task.options;

    for (int split = 0; split < TEXT_SPLITS; split++) {
        const struct examples *examples = self->sets->set[set].examples[split];
        struct encoded **encoded = &self->encoded[set * TEXT_SPLITS + split];

        if (!examples)
            continue;
        if (encoded_open(encoded, examples, self->task.tokenizer, options->input_length,
                         options->target_length))
            return -1;
        tell_cut(self, set, (enum text_split)split);
        if (split == TEXT_TRAIN)
            self->train[self->train_count++] = *encoded;
    }
    return 0;
}

static int begin(struct task *task)
{
    struct text2text *self = (struct text2text *)task;
    struct task_options *options = &task->options;
    struct bucket_options *buckets = &self->buckets;

    self->sets = options->sets;
    *buckets = (struct bucket_options){.batch = options->batch,
                                       .input_length = options->input_length,
                                       .target_length = options->target_length,
                                       .cap = (size_t)options->mixture_cap};
    buckets->buckets = buckets_choose(&buckets->input_length, &buckets->target_length);
    self->encoded = calloc((size_t)self->sets->count * TEXT_SPLITS, sizeof *self->encoded);
    self->train = calloc((size_t)self->sets->count, sizeof *self->train);
    if (!self->encoded || !self->train)
        return err_set("out of memory");
    for (int i = 0; i < self->sets->count; i++)
        if (encode_set(self, i))
            return -1;
    if (self->train_count == 0)
        return err_set(FIELD("task") ": there are no examples to train on");
    return 0;
}

static void end(struct task *task)
{
    struct text2text *self = (struct text2text *)task;

    for (int i = 0; self->encoded && i < self->sets->count * TEXT_SPLITS; i++)
        encoded_close(self->encoded[i]);
    free(self->encoded);
    free(self->train);
}

/* ==== Its batches ==== */

/* What is held out is scored task by task. */
static int prepare(struct task *task)
{
    (void)task;
    return 0;
}

static int stream_open(void **own, const struct task *task, uint64_t seed)
{
    const struct text2text *self = (const struct text2text *)task;
    struct bucket_stream *stream;

    if (bucket_stream_open(&stream, &self->buckets, self->train, self->train_count, seed))
        return -1;
    *own = stream;
    return 0;
}

static int next(void *own, const struct task *task, struct batch *batch)
{
    (void)task;
    bucket_stream_next(own, batch);
    return 0;
}

static int skip(void *own, const struct task *task, uint64_t batches)
{
    (void)task;
    bucket_stream_skip(own, batches);
    return 0;
}

static void stream_close(void *own)
{
    bucket_stream_close(own);
}

static const struct stream_type stream_of_sets = {
    .prepare = prepare,
    .open = stream_open,
    .next = next,
    .skip = skip,
    .close = stream_close,
};

const struct task_type task_text2text = {
    .name = "text2text",
    .metrics = metrics,
    .metric_count = LENGTH_OF(metrics),
    .bytes = sizeof(struct text2text),
    .stream = &stream_of_sets,
    .lengths = check_lengths,
    .begin = begin,
    .end = end,
};
