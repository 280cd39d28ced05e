/* seams.c - tries one thing that was added to a table which the command line does not choose from:
 *
 *     seams architecture NAME | communicator NAME | optimizer NAME | schedule NAME | task NAME
 *     seams metric NAME FILE
 *
 * An architecture, a communicator or an optimizer must learn one small batch by heart in part, to the
 * same bits twice; a schedule must give rates from 0 to its own; a task must give the same batch when it is
 * skipped to as when it is gone to.  Of a metric, the best of the values in a results file is printed.  HACKING.md's examples are tried with it. */
#include "src/glu.h"

#include "src/model/architecture.h"
#include "src/nn/schedule.h"
#include "src/results/matrix.h"
#include "src/results/statistics.h"
#include "src/task/task.h"
#include "src/util/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STEPS = 60, EXAMPLES = 4 };

static const struct model_config sizes = {
    .vocabulary = 30, .d_model = 32, .layers = 1, .heads = 2, .d_kv = 16, .d_ff = 96,
    .input_length = 8, .target_length = 8,
};

static int random_batch(struct batch **batch)
{
    struct rng rng;

    if (batch_create(batch, EXAMPLES, sizes.input_length, sizes.target_length))
        return -1;
    rng_start(&rng, 1, RNG_TEST, 0);
    for (int i = 0; i < EXAMPLES * sizes.input_length; i++)
        (*batch)->inputs[i] = 1 + (int32_t)rng_below(&rng, (uint32_t)sizes.vocabulary - 1);
    for (int i = 0; i < EXAMPLES * sizes.target_length; i++)
        (*batch)->targets[i] = 1 + (int32_t)rng_below(&rng, (uint32_t)sizes.vocabulary - 1);
    return 0;
}

/* Losses before and after some steps. */
static int train(const struct model_options *options, double losses[2])
{
    struct batch *batch = NULL;
    struct model *model = NULL;
    double loss;
    int status = -1;

    if (random_batch(&batch) || model_create(&model, options))
        goto out;
    model_init(model, 1);
    for (int step = 1; step <= STEPS; step++) {
        if (model_train_step(model, batch, step, 0.02, &loss))
            goto out;
        losses[step > 1] = loss;
    }
    status = 0;
out:
    model_destroy(model);
    batch_destroy(batch);
    return status;
}

static int learns(const struct model_options *options)
{
    double losses[2], again[2];

    if (train(options, losses) || train(options, again))
        return -1;
    printf("%.4f nats after the first step, %.4f after %d\n", losses[0], losses[1], STEPS);
    if (memcmp(losses, again, sizeof losses) != 0)
        return err_set("the same seed gives other bits the second time");
    return losses[1] < 0.8 * losses[0] ? 0 : err_set("it does not learn");
}

static int try_schedule(const char *name)
{
    struct schedule schedule = {.steps = 100, .learning_rate = 1, .warmup_steps = 10};
    const char *found;

    for (int i = 0; (schedule.type = schedule_type_at(i, &found)); i++)
        if (strcmp(found, name) == 0)
            break;
    if (!schedule.type)
        return err_set("there is no schedule %s", name);
    for (int64_t t = 1; t <= schedule.steps; t++)
        if (!(schedule_rate(&schedule, t) >= 0 && schedule_rate(&schedule, t) <= 1))
            return err_set("the rate of step %lld is %g", (long long)t, schedule_rate(&schedule, t));
    printf("%g at step 1, %g at step 100\n", schedule_rate(&schedule, 1), schedule_rate(&schedule, 100));
    return 0;
}

/* The third batch of a stream of the built-in language, gone to or skipped to. */
static int third_batch(const struct task *task, bool skip, struct batch *batch)
{
    struct task_stream *stream;
    int status = task_stream_open(&stream, task, 1);

    for (int i = 0; i < 2 && !skip && status == 0; i++)
        status = task_stream_next(stream, batch);
    if (status == 0 && skip)
        status = task_stream_skip(stream, 2);
    if (status == 0)
        status = task_stream_next(stream, batch);
    task_stream_close(stream);
    return status;
}

static int compare_batches(const struct task *task)
{
    const struct task_options *o = &task->options;
    size_t inputs = (size_t)(o->batch * o->input_length) * sizeof(int32_t);
    size_t targets = (size_t)(o->batch * o->target_length) * sizeof(int32_t);
    struct batch *gone = NULL, *skipped = NULL;
    int status = -1;

    if (batch_create(&gone, o->batch, o->input_length, o->target_length) ||
        batch_create(&skipped, o->batch, o->input_length, o->target_length) ||
        third_batch(task, false, gone) || third_batch(task, true, skipped))
        goto out;
    printf("batches of %d examples of %d/%d tokens, %d of them held out\n", o->batch,
           o->input_length, o->target_length, task->heldout->examples);
    status = memcmp(gone->inputs, skipped->inputs, inputs) == 0 &&
                     memcmp(gone->targets, skipped->targets, targets) == 0
                 ? 0
                 : err_set("skipping gives another batch than going on");
out:
    batch_destroy(gone);
    batch_destroy(skipped);
    return status;
}

static int try_task(const char *name)
{
    struct task_options options = {.kind = name, .input_length = 32, .batch = EXAMPLES,
                                   .heldout_examples = 5, .noise_density = 0.15, .mean_span = 3};
    struct dataset *dataset = NULL;
    struct tokenizer *tokenizer = NULL;
    struct task *task = NULL;
    int status = -1;

    if (dataset_open(&dataset, &(struct dataset_options){0}) == 0 &&
        tokenizer_open(&tokenizer, "bytes") == 0 && task_lengths(&options) == 0 &&
        task_open(&task, &options, dataset, tokenizer) == 0)
        status = compare_batches(task);
    task_close(task);
    tokenizer_close(tokenizer);
    dataset_close(dataset);
    return status;
}

static int print_best(const json_t *document, int metric)
{
    const struct metric *m = &matrix_metrics[metric];
    struct matrix matrix;
    struct scores scores;
    double best = NAN;

    if (matrix_open(&matrix, document))
        return -1;
    scores = matrix_scores(&matrix, metric);
    for (int row = 0; row < scores.variants; row++)
        for (int column = 0; column < scores.seeds; column++) {
            double value = scores_at(&scores, row, column);

            if (isnan(best) || metric_is_better(m, value, best))
                best = value;
        }
    matrix_close(&matrix);
    printf("%s: best %g %s\n", m->name, best, m->unit);
    return isnan(best) ? err_set("no run has a %s", m->name) : 0;
}

static int try_metric(const char *name, const char *path)
{
    json_t *document = results_read(path);
    int status = -1, metric = 0;

    while (metric < METRICS && strcmp(matrix_metrics[metric].name, name) != 0)
        metric++;
    if (document)
        status = metric < METRICS ? print_best(document, metric)
                                  : err_set("there is no metric %s", name);
    json_decref(document);
    return status;
}

static int try_row(const char *kind, const char *name)
{
    struct variant_storage storage;
    struct model_options options = {.model = sizes, .variant = variant_find("relu", &storage),
                                    .batch = EXAMPLES, .threads = 2};

    if (strcmp(kind, "schedule") == 0)
        return try_schedule(name);
    if (strcmp(kind, "architecture") == 0) {
        options.architecture = architecture_find(name);
        return options.architecture ? learns(&options) : err_set("there is no architecture %s", name);
    }
    if (strcmp(kind, "task") == 0)
        return try_task(name);
    if (strcmp(kind, "communicator") == 0) {
        const struct comm_type *type;

        for (int i = 0; (type = comm_type_at(i)); i++)
            if (strcmp(type->name, name) == 0) {
                options.comm = type->get();
                return options.comm ? learns(&options) : -1;
            }
        return err_set("there is no communicator %s", name);
    }
    if (strcmp(kind, "optimizer") == 0) {
        for (int i = 0; (options.optimizer = optimizer_type_at(i)); i++)
            if (strcmp(options.optimizer->name, name) == 0) {
                options.optimizer_options = options.optimizer->defaults;
                return learns(&options);
            }
        return err_set("there is no optimizer %s", name);
    }
    return err_set("there is no kind %s", kind);
}

int main(int argc, char **argv)
{
    bool metric = argc == 4 && strcmp(argv[1], "metric") == 0;

    if (argc != 3 && !metric) {
        fprintf(stderr, "usage: seams architecture|communicator|optimizer|schedule|task NAME\n"
                        "       seams metric NAME FILE\n");
        return 2;
    }
    if ((metric ? try_metric(argv[2], argv[3]) : try_row(argv[1], argv[2])) == 0)
        return 0;
    fprintf(stderr, "seams: %s\n", err_get());
    return 1;
}
