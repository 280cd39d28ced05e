/* rig.c - see rig.h. */
#include "src/glu.h"

#include "src/bench/rig.h"

#include "src/model/ffn.h"
#include "src/util/clock.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static const struct batch *batch_in_turn(const struct rig *rig, const struct rig_subject *subject)
{
    return rig->batches[subject->done % rig->options.batches];
}

/* ---- The whole model ------------------------------------------------------------------------- */

static int model_of(const struct setting *setting, const struct variant *variant,
                    struct model_options *model)
{
    *model = setting_model(setting, variant, setting->threads);
    return 0;
}

static int model_train(struct rig *rig, struct rig_subject *subject)
{
    double loss_nats;

    /* The rate is small, so that the weights stay what they are in a real training. */
    return model_train_step(subject->model, batch_in_turn(rig, subject), subject->done + 1, 1e-4,
                            &loss_nats);
}

static int model_forward(struct rig *rig, struct rig_subject *subject)
{
    return model_evaluate(subject->model, batch_in_turn(rig, subject), rig->example_nats);
}

const struct rig_kind rig_model = {
    .pass = {"train", "forward"},
    .tokens = model_tokens,
    .model = model_of,
    .once = {model_train, model_forward},
};

/* ---- One feed-forward layer, at the paper's shape -------------------------------------------- */

enum { LAYER_TOKENS = 4096, LAYER_D_MODEL = 768, LAYER_D_FF = 3072 };

static int layer_of(const struct setting *setting, const struct variant *variant,
                    struct model_options *model)
{
    int d_ff = variant_d_ff(variant, LAYER_D_FF);

    if (d_ff < 0)
        return -1;
    *model = ffn_options(variant, LAYER_TOKENS, LAYER_D_MODEL, d_ff, setting->threads,
                         setting->precision);
    return 0;
}

static int layer_train(struct rig *rig, struct rig_subject *subject)
{
    double loss_nats;

    model_refresh(subject->model);
    return model_gradient(subject->model, batch_in_turn(rig, subject), 0, &loss_nats);
}

static int layer_forward(struct rig *rig, struct rig_subject *subject)
{
    model_refresh(subject->model);
    return model_evaluate(subject->model, batch_in_turn(rig, subject), rig->example_nats);
}

static int layer_batch(struct batch **batch, const struct model_options *model)
{
    return ffn_batch_create(batch, model->batch);
}

static int layer_tokens(const struct model_options *model)
{
    (void)model;
    return 1; /* an example is a row */
}

const struct rig_kind rig_layer = {
    .pass = {"ffn_train", "ffn_forward"},
    .batch = layer_batch,
    .tokens = layer_tokens,
    .model = layer_of,
    .once = {layer_train, layer_forward},
};

/* ---- Batches --------------------------------------------------------------------------------- */

static int read_batches(struct rig *rig)
{
    for (int i = 0; i < rig->options.batches; i++)
        if (task_stream_next(rig->stream, rig->batches[i]))
            return -1;
    return 0;
}

/* The task once more, for batches of the models' size, and no held-out examples.  One of pairs of texts is taken
 * as it is: it has no other sizes than the models', and all its examples in memory. */
static int open_task(struct rig *rig)
{
    const struct model_options *model = &rig->subjects[0].options;
    const struct task *task = rig->options.task;
    struct task_options options = task->options;

    if (options.sets) {
        assert(options.batch == model->batch);
        return 0;
    }
    options.batch = model->batch;
    options.input_length = model->model.input_length;
    options.target_length = model->model.target_length;
    options.heldout_examples = 0;
    return task_open(&rig->task, &options, task->dataset, task->tokenizer);
}

/* Room for batches of the task's own lengths, or of a task with buckets, as the models have them. */
static int create_batches(struct rig *rig)
{
    const struct model_options *model = &rig->subjects[0].options;
    const struct task_options *own = rig->task ? &rig->task->options : NULL;

    for (int i = 0; i < rig->options.batches; i++)
        if (own ? batch_create(&rig->batches[i], own->batch, own->input_length, own->target_length)
                : batch_create_buckets(&rig->batches[i], model->batch, model->model.input_length,
                                       model->model.target_length, model->buckets))
            return -1;
    return 0;
}

static int open_text(struct rig *rig)
{
    if (open_task(rig) || create_batches(rig))
        return -1;
    if (task_stream_open(&rig->stream, rig->task ? rig->task : rig->options.task, (uint64_t)rig->options.setting->first_seed))
        return -1;
    if (rig->options.refills)
        return 0;
    if (read_batches(rig))
        return -1;
    task_stream_close(rig->stream); /* it holds documents and open files */
    rig->stream = NULL;
    return 0;
}

/* One batch, again and again. */
static int open_batch(struct rig *rig)
{
    rig->options.batches = 1;
    return rig->options.kind->batch(&rig->batches[0], &rig->subjects[0].options);
}

int rig_refill(struct rig *rig, double *seconds)
{
    double start_s = clock_now_s();

    assert(rig->stream);
    if (read_batches(rig))
        return -1;
    *seconds = clock_now_s() - start_s;
    return 0;
}

/* ---- The whole ------------------------------------------------------------------------------- */

/* Examples of the largest batch. */
static size_t examples_most(const struct model_options *model)
{
    return (size_t)model->batch << (model->buckets > 1 ? model->buckets - 1 : 0);
}

int rig_open(struct rig *rig, const struct rig_options *options)
{
    assert(options->subjects > 0 && options->batches > 0 && options->batches <= RIG_BATCHES_MAX &&
           options->passes > 0 && options->passes <= RIG_PASSES);
    *rig = (struct rig){.options = *options};
    rig->subjects = calloc((size_t)options->subjects, sizeof *rig->subjects);
    if (!rig->subjects)
        return err_set("out of memory");
    for (int i = 0; i < options->subjects; i++)
        rig->subjects[i].options = options->models[i];
    rig->options.models = NULL; /* the caller's */
    rig->example_nats = calloc(examples_most(&options->models[0]), sizeof *rig->example_nats);
    if (!rig->example_nats)
        return err_set("out of memory");
    return options->kind->batch ? open_batch(rig) : open_text(rig);
}

static void close_subject(struct rig_subject *subject)
{
    for (int pass = 0; pass < RIG_PASSES; pass++) {
        decoder_destroy(subject->decoders[pass]);
        subject->decoders[pass] = NULL;
    }
    model_destroy(subject->model);
    subject->model = NULL;
}

void rig_close(struct rig *rig)
{
    for (int i = 0; rig->subjects && i < rig->options.subjects; i++)
        close_subject(&rig->subjects[i]);
    for (int i = 0; i < RIG_BATCHES_MAX; i++)
        batch_destroy(rig->batches[i]);
    task_stream_close(rig->stream);
    task_close(rig->task);
    free(rig->subjects);
    free(rig->example_nats);
    *rig = (struct rig){.subjects = NULL};
}

/* ---- Passes ---------------------------------------------------------------------------------- */

int rig_repeat(struct rig *rig, int subject, enum rig_pass pass, int times, double *seconds)
{
    const struct rig_options *options = &rig->options;
    double start_s = clock_now_s();

    for (int i = 0; i < times; i++) {
        if (options->stop && *options->stop)
            return 1;
        if (options->kind->once[pass](rig, &rig->subjects[subject]))
            return -1;
        rig->subjects[subject].done++;
    }
    *seconds = clock_now_s() - start_s;
    return 0;
}

int rig_prepare(struct rig *rig, int subject)
{
    struct rig_subject *opened = &rig->subjects[subject];
    int status = 0;
    double seconds;

    if (opened->model)
        return 0;
    opened->done = 0;
    if (model_create(&opened->model, &opened->options))
        return -1;
    model_init(opened->model, (uint64_t)rig->options.setting->first_seed);
    if (rig->options.kind->open && rig->options.kind->open(rig, opened))
        return -1;
    for (int pass = 0; pass < rig->options.passes && status == 0; pass++)
        status = rig_repeat(rig, subject, (enum rig_pass)pass, rig->options.warm_up, &seconds);
    return status;
}

void rig_rest(struct rig *rig, int subject)
{
    if (!rig->options.resident)
        close_subject(&rig->subjects[subject]);
}

int rig_choose_repeats(struct rig *rig, int subject, enum rig_pass pass, double sample_s,
                       int *repeats, double *once_s)
{
    int status = rig_repeat(rig, subject, pass, 1, once_s);

    if (status)
        return status;
    *once_s = fmax(*once_s, 1e-9); /* a clock may be coarse */
    *repeats = (int)fmin(fmax(ceil(sample_s / *once_s), 1), RIG_REPEATS_MAX);
    return 0;
}

int rig_sample(struct rig *rig, int subject, enum rig_pass pass, int times, double *seconds)
{
    int status = rig_prepare(rig, subject);

    if (status == 0)
        status = rig_repeat(rig, subject, pass, times, seconds);
    rig_rest(rig, subject);
    return status;
}

/* What a pass costs; of batches of several lengths, whose attention costs less the shorter they are, the mean. */
static int count_pass(const struct rig *rig, const struct model_options *options, struct model_counts *counts)
{
    int batches = options->buckets > 1 ? rig->options.batches : 0;
    double forward = 0;

    if (batches == 0)
        return model_counts(options, counts);
    for (int i = 0; i < batches; i++) {
        struct model_options of_batch = *options;

        of_batch.buckets = 1;
        of_batch.batch = rig->batches[i]->examples;
        of_batch.model.input_length = rig->batches[i]->input_length;
        of_batch.model.target_length = rig->batches[i]->target_length;
        if (model_counts(&of_batch, counts))
            return -1;
        forward += (double)counts->forward_flops / batches;
    }
    counts->forward_flops = (int64_t)forward;
    counts->train_flops = 3 * counts->forward_flops;
    return 0;
}

/* Examples of a batch, on average, and how much of all batches' tokens is padding. */
static void count_examples(const struct rig *rig, struct rig_size *size)
{
    double examples = 0, tokens = 0, used = 0;

    for (int b = 0; b < rig->options.batches; b++) {
        const struct batch *batch = rig->batches[b];

        examples += batch->examples;
        tokens += (double)batch->examples * (batch->input_length + batch->target_length);
        for (int i = 0; i < batch->examples; i++)
            used += batch->inputs_used[i] + batch->targets_used[i];
    }
    size->examples = examples / rig->options.batches;
    size->padding_share = rig->options.kind->batch ? 0 : 1 - used / tokens;
}

int rig_size(const struct rig *rig, int subject, struct rig_size *size)
{
    const struct model_options *options = &rig->subjects[subject].options;
    struct model_counts counts;

    if (count_pass(rig, options, &counts))
        return -1;
    size->batch = options->batch;
    size->tokens = (int64_t)options->batch * rig->options.kind->tokens(options);
    count_examples(rig, size);
    size->flops[RIG_TRAIN] = counts.train_flops;
    size->flops[RIG_FORWARD] = counts.forward_flops;
    return 0;
}
