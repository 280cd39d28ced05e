/* test-rig.c - how often the rig opens, warms up and repeats what it measures, and that it stops;
 * no times. */
#include "src/glu.h"

#include "src/bench/profile.h"
#include "src/bench/rig.h"
#include "src/bench/scaling.h"
#include "src/bench/throughput.h"
#include "test/tap.h"

#include <string.h>

enum { WARM_UP = 2, SUBJECTS = 2 };

/* Passes that are counted in place of being done. */
static struct {
    int passes[RIG_PASSES];
    int fail_at, stop_at; /* the pass of this number, counted over all; 0: none */
    atomic_int stop;
} counted;

static int counted_pass(enum rig_pass pass)
{
    int all;

    counted.passes[pass]++;
    all = counted.passes[RIG_TRAIN] + counted.passes[RIG_FORWARD];
    if (all == counted.stop_at)
        counted.stop = 1;
    return all == counted.fail_at ? err_set("this one fails") : 0;
}

static int counted_train(struct rig *rig, struct rig_subject *subject)
{
    (void)rig;
    (void)subject;
    return counted_pass(RIG_TRAIN);
}

static int counted_forward(struct rig *rig, struct rig_subject *subject)
{
    (void)rig;
    (void)subject;
    return counted_pass(RIG_FORWARD);
}

static const struct rig_kind counting_kind = {
    .pass = {"train", "forward"},
    .tokens = model_tokens,
    .once = {counted_train, counted_forward},
};

static void check(int status)
{
    if (status < 0)
        tap_bail_out("%s", err_get());
}

static struct setting setting;
static struct dataset *dataset;
static struct tokenizer *tokenizer;
static struct task *task;

static void open_setting(void)
{
    const struct setting_argument arguments[] = {
        {setting_option_find("preset"), "smoke"}, {setting_option_find("threads"), "1"},
        {setting_option_find("variant"), "relu"}, {setting_option_find("variant"), "swiglu"},
    };

    struct dataset_options text;
    struct task_options options;

    check(setting_resolve(&setting, arguments, (int)LENGTH_OF(arguments)));
    text = setting_dataset(&setting);
    options = setting_task(&setting);
    check(dataset_open(&dataset, &text));
    check(tokenizer_open(&tokenizer, setting.tokenizer));
    check(task_open(&task, &options, dataset, tokenizer));
}

static void open_counting(struct rig *rig, int passes, bool resident)
{
    struct model_options models[SUBJECTS];
    struct rig_options options = {.kind = &counting_kind,
                                  .setting = &setting,
                                  .task = task,
                                  .models = models,
                                  .subjects = SUBJECTS,
                                  .batches = 1,
                                  .passes = passes,
                                  .warm_up = WARM_UP,
                                  .resident = resident,
                                  .stop = &counted.stop};

    memset(&counted, 0, sizeof counted);
    for (int i = 0; i < SUBJECTS; i++)
        check(rig_model.model(&setting, setting.variants[i], &models[i]));
    check(rig_open(rig, &options));
}

/* The subjects that are open, and the passes done, are these. */
static bool is_at(const struct rig *rig, bool first, bool second, int train, int forward)
{
    bool same = (rig->subjects[0].model != NULL) == first &&
                (rig->subjects[1].model != NULL) == second &&
                counted.passes[RIG_TRAIN] == train && counted.passes[RIG_FORWARD] == forward;

    if (!same)
        tap_diag("open: %d, %d; train %d, forward %d", rig->subjects[0].model != NULL,
                 rig->subjects[1].model != NULL, counted.passes[RIG_TRAIN],
                 counted.passes[RIG_FORWARD]);
    return same;
}

/* ==== Counts ==== */

static void test_resident(void)
{
    struct rig rig;
    double seconds = -1;

    open_counting(&rig, RIG_PASSES, true);
    tap_ok(is_at(&rig, false, false, 0, 0), "nothing is opened before it is needed");
    check(rig_prepare(&rig, 0));
    tap_ok(is_at(&rig, true, false, WARM_UP, WARM_UP), "each pass is warmed up");
    check(rig_prepare(&rig, 0));
    tap_ok(is_at(&rig, true, false, WARM_UP, WARM_UP), "once is enough");
    check(rig_sample(&rig, 0, RIG_FORWARD, 5, &seconds));
    tap_ok(is_at(&rig, true, false, WARM_UP, WARM_UP + 5) && seconds >= 0,
           "a sample repeats its pass alone");
    tap_ok(rig.subjects[0].done == 2 * WARM_UP + 5, "and the passes of a subject are counted");
    check(rig_sample(&rig, 1, RIG_TRAIN, 1, &seconds));
    tap_ok(is_at(&rig, true, true, 2 * WARM_UP + 1, 2 * WARM_UP + 5),
           "another subject is opened for its sample, and both stay");
    tap_ok(rig.subjects[1].done == 2 * WARM_UP + 1, "its passes are its own");
    rig_close(&rig);
}

static void test_not_resident(void)
{
    struct rig rig;
    double seconds;

    open_counting(&rig, RIG_PASSES, false);
    check(rig_sample(&rig, 0, RIG_TRAIN, 3, &seconds));
    tap_ok(is_at(&rig, false, false, WARM_UP + 3, WARM_UP),
           "not resident: opened, warmed up and closed");
    check(rig_sample(&rig, 0, RIG_TRAIN, 1, &seconds));
    tap_ok(is_at(&rig, false, false, 2 * WARM_UP + 4, 2 * WARM_UP), "and again for the next sample");
    tap_ok(rig.subjects[0].done == 2 * WARM_UP + 1, "whose passes count from the beginning");
    check(rig_prepare(&rig, 1));
    tap_ok(is_at(&rig, false, true, 3 * WARM_UP + 4, 3 * WARM_UP), "prepared: open");
    rig_rest(&rig, 1);
    tap_ok(is_at(&rig, false, false, 3 * WARM_UP + 4, 3 * WARM_UP), "at rest: closed");
    rig_close(&rig);
}

static void test_one_pass(void)
{
    struct rig rig;

    open_counting(&rig, 1, true);
    check(rig_prepare(&rig, 0));
    tap_ok(is_at(&rig, true, false, WARM_UP, 0), "a rig of one pass does not touch the other");
    rig_close(&rig);
}

static void test_repeats(void)
{
    struct rig rig;
    int repeats = 0;
    double once_s = 0;

    open_counting(&rig, RIG_PASSES, true);
    check(rig_prepare(&rig, 0));
    check(rig_choose_repeats(&rig, 0, RIG_TRAIN, 0, &repeats, &once_s));
    tap_ok(repeats == 1 && once_s > 0, "a sample does its pass once at least: %d", repeats);
    tap_ok(is_at(&rig, true, false, WARM_UP + 1, WARM_UP), "it takes one pass to tell");
    check(rig_choose_repeats(&rig, 0, RIG_TRAIN, 1e12, &repeats, &once_s));
    tap_ok(repeats == RIG_REPEATS_MAX, "and not without end: %d", repeats);
    rig_close(&rig);
}

/* ==== Stops and failures ==== */

static void test_stop(void)
{
    struct rig rig;
    double seconds;

    open_counting(&rig, RIG_PASSES, true);
    counted.stop_at = WARM_UP + 1;
    tap_ok(rig_prepare(&rig, 0) == 1 && is_at(&rig, true, false, WARM_UP, 1),
           "the warm-up stops after a pass");
    tap_ok(rig_sample(&rig, 1, RIG_TRAIN, 3, &seconds) == 1 && is_at(&rig, true, true, WARM_UP, 1),
           "and nothing is done after it");
    rig_close(&rig);

    open_counting(&rig, RIG_PASSES, false);
    counted.stop_at = 2 * WARM_UP + 2;
    tap_ok(rig_sample(&rig, 0, RIG_TRAIN, 100, &seconds) == 1 &&
               is_at(&rig, false, false, WARM_UP + 2, WARM_UP),
           "a sample stops after a pass");
    rig_close(&rig);
}

static void test_failure(void)
{
    struct rig rig;
    double seconds;

    open_counting(&rig, RIG_PASSES, false);
    counted.fail_at = 2 * WARM_UP + 2;
    tap_ok(rig_sample(&rig, 0, RIG_TRAIN, 100, &seconds) == -1 &&
               strcmp(err_get(), "this one fails") == 0,
           "a pass that fails is told");
    tap_ok(is_at(&rig, false, false, WARM_UP + 2, WARM_UP), "and is the last");
    rig_close(&rig);
}

/* ==== What is measured ==== */

static void open_one(struct rig *rig, const struct rig_kind *kind, int batches, bool refills)
{
    struct model_options model;
    struct rig_options options = {.kind = kind,
                                  .setting = &setting,
                                  .task = task,
                                  .models = &model,
                                  .subjects = 1,
                                  .batches = batches,
                                  .refills = refills,
                                  .passes = RIG_PASSES,
                                  .resident = true};

    check(kind->model(&setting, setting.variants[1], &model));
    check(rig_open(rig, &options));
}

static bool same_batch(const struct batch *a, const struct batch *b)
{
    size_t inputs = (size_t)a->examples * (size_t)a->input_length * sizeof *a->inputs;
    size_t targets = (size_t)a->examples * (size_t)a->target_length * sizeof *a->targets;

    return a->examples == b->examples && memcmp(a->inputs, b->inputs, inputs) == 0 &&
           memcmp(a->targets, b->targets, targets) == 0;
}

static void test_refill(void)
{
    struct rig ahead, one;
    double seconds = -1;

    open_one(&ahead, &rig_model, 3, false);
    open_one(&one, &rig_model, 1, true);
    tap_ok(!same_batch(ahead.batches[0], ahead.batches[1]), "batches differ");
    for (int i = 0; i < 3; i++) {
        check(rig_refill(&one, &seconds));
        tap_ok(same_batch(one.batches[0], ahead.batches[i]) && seconds >= 0,
               "refill %d gives the batch that reading ahead gives", i + 1);
    }
    rig_close(&ahead);
    rig_close(&one);
}

static bool same_values(struct model *a, struct model *b)
{
    int count, other;
    const struct tensor *x = model_tensors(a, &count), *y = model_tensors(b, &other);
    bool same = count == other;

    for (int i = 0; i < count && same; i++)
        same = memcmp(x[i].value, y[i].value,
                      (size_t)x[i].rows * (size_t)x[i].cols * sizeof *x[i].value) == 0;
    return same;
}

/* The training pass is a training's step, from initial weights, over the batches in turn. */
static void test_training(void)
{
    enum { STEPS = 3, BATCHES = 2 };
    struct rig rig;
    struct model *model;
    double seconds, loss_nats;

    open_one(&rig, &rig_model, BATCHES, false);
    check(model_create(&model, &rig.subjects[0].options));
    model_init(model, (uint64_t)setting.first_seed);
    check(rig_prepare(&rig, 0));
    tap_ok(same_values(model, rig.subjects[0].model), "a model is opened with its initial weights");
    for (int i = 0; i < STEPS; i++)
        check(model_train_step(model, rig.batches[i % BATCHES], i + 1, 1e-4, &loss_nats));
    tap_ok(!same_values(model, rig.subjects[0].model), "which a step changes");
    check(rig_repeat(&rig, 0, RIG_TRAIN, STEPS, &seconds));
    tap_ok(same_values(model, rig.subjects[0].model), "%d passes are %d steps", STEPS, STEPS);
    check(rig_repeat(&rig, 0, RIG_FORWARD, STEPS, &seconds));
    tap_ok(same_values(model, rig.subjects[0].model), "forward passes change nothing");
    model_destroy(model);
    rig_close(&rig);
}

static void test_sizes(void)
{
    const struct recipe *recipe = &setting.recipe;
    struct model_options options = setting_model(&setting, setting.variants[1], 1);
    struct model_counts counts;
    struct rig_size size;
    struct rig rig;
    double seconds;

    check(model_counts(&options, &counts));
    open_one(&rig, &rig_model, 1, false);
    check(rig_prepare(&rig, 0));
    check(rig_size(&rig, 0, &size));
    tap_ok(size.batch == recipe->batch && size.flops[RIG_TRAIN] == counts.train_flops &&
               size.flops[RIG_FORWARD] == counts.forward_flops &&
               size.tokens == recipe->batch * (recipe->input_length + recipe->target_length),
           "the model's passes have the model's size");
    rig_close(&rig);

    open_one(&rig, &rig_layer, 1, false);
    check(rig_prepare(&rig, 0));
    check(rig_size(&rig, 0, &size));
    check(rig_sample(&rig, 0, RIG_TRAIN, 1, &seconds));
    check(rig_sample(&rig, 0, RIG_FORWARD, 1, &seconds));
    tap_ok(size.tokens == 4096 && size.flops[RIG_FORWARD] == 2ll * 3 * 4096 * 768 * 2048 &&
               size.flops[RIG_TRAIN] == 3 * size.flops[RIG_FORWARD] && rig.subjects[0].done == 2,
           "the layer has the paper's shape");
    rig_close(&rig);

    setting.decode = 3;
    open_one(&rig, &rig_decode, 1, false);
    check(rig_prepare(&rig, 0));
    check(rig_size(&rig, 0, &size));
    check(rig_sample(&rig, 0, RIG_TRAIN, 1, &seconds));
    check(rig_sample(&rig, 0, RIG_FORWARD, 1, &seconds));
    tap_ok(size.tokens == 3 * recipe->batch && rig.subjects[0].done == 2,
           "decoding has the tokens of its outputs");
    rig_close(&rig);
    setting.decode = 0;
}

static void test_throughput(void)
{
    enum { SAMPLES = 3 };
    atomic_int stop = 0;
    struct throughput_options options = {
        .setting = &setting, .task = task, .kind = &rig_model, .samples = SAMPLES, .stop = &stop};
    struct throughput_result *rows;
    bool complete = true, resident;
    int count;

    check(throughput_run(&options, &rows, &count));
    for (int i = 0; i < count; i++)
        complete = complete && rows[i].samples == SAMPLES && rows[i].samples_s[SAMPLES - 1] > 0 &&
                   rows[i].variant == setting.variants[i / RIG_PASSES] &&
                   strcmp(rows[i].pass, rig_model.pass[i % RIG_PASSES]) == 0;
    tap_ok(count == 2 * RIG_PASSES && complete, "throughput: all samples of each variant and pass");
    tap_ok(rows[0].examples_per_sample == rows[0].batch && rows[0].padding_share >= 0 && rows[0].padding_share < 1 &&
               rows[1].padding_share == rows[0].padding_share,
           "throughput: the examples of a batch, and how much of it is padding: %g", rows[0].padding_share);
    tap_ok(rows[0].flops_per_sample > 2.99 * rows[1].flops_per_sample &&
               rows[0].tokens_per_sample == rows[1].tokens_per_sample,
           "throughput: a sample that is not to last does its pass once");
    throughput_free(rows, count);
    stop = 1;
    tap_ok(throughput_run(&options, &rows, &count) == 0 && count == 0 && !rows,
           "throughput: stopped, no rows");
    tap_ok(throughput_bytes(&setting, &resident) > 0 && resident, "throughput: two small models stay");
}

/* What is stopped at once has measured nothing, and that is no failure. */
static void test_stopped(void)
{
    atomic_int stop = 1;
    json_t *rows = NULL;

    setting.scaling_d_model = 64;
    tap_ok(scaling_run(&setting, task, 1, &stop, &rows) == 0 && json_is_array(rows) &&
               json_array_size(rows) == 0,
           "scaling: stopped, no rows");
    json_decref(rows);
    rows = NULL;
    tap_ok(profile_run(&setting, task, 1, &stop, &rows) == 0 && json_is_array(rows) &&
               json_array_size(rows) == 0,
           "profile: stopped, no rows");
    json_decref(rows);
}

int main(void)
{
    tap_plan(39);
    open_setting();
    test_resident();
    test_not_resident();
    test_one_pass();
    test_repeats();
    test_stop();
    test_failure();
    test_refill();
    test_training();
    test_sizes();
    test_throughput();
    test_stopped();
    task_close(task);
    tokenizer_close(tokenizer);
    dataset_close(dataset);
    setting_free(&setting);
    return tap_status();
}
