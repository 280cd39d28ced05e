/* test-training.c - training steps of the fast T5: the optimizer beside its twin, bits, and what must not happen. */
#include "src/glu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/nn/dnn.h"
#include "src/nn/schedule.h"
#include "test/t5-pair.h"
#include "test/tap.h"
#include "test/worse.h"
#include "variants/variant.h"

/* ==== Training ==== */

/* Three updates beside the twin's, from the same gradients: those of the fast model, since an
 * update is nearly the gradient's sign and would blow up its rounding. */
static void test_adafactor(const struct model_config *model, const char *name,
                           enum precision precision)
{
    enum { STEPS = 3 };
    struct model_options options = options_of(model, find(name), 2, 2);
    struct pair pair;
    struct tensor *tensors;
    double **states, worst = 0, loss;
    const char *where = "none";
    int count;

    options.precision = precision;
    pair_create(&pair, &options);
    tensors = model_tensors(pair.fast, &count);
    states = calloc((size_t)count, sizeof *states);
    for (int i = 0; states && i < count; i++)
        states[i] = calloc(ref_adafactor_state_size(tensors[i].rows, tensors[i].cols),
                           sizeof **states);
    for (int step = 1; states && step <= STEPS; step++) {
        check(model_train_step(pair.fast, pair.batch, step, 0.05, &loss));
        for (int i = 0; i < count; i++) {
            struct ref_tensor *twin = ref_t5_tensor(pair.ref, tensors[i].name);

            for (size_t j = 0; j < tensor_size(&tensors[i]); j++)
                twin->gradient[j] = tensors[i].gradient[j];
            ref_adafactor(twin->value, states[i], twin->gradient, twin->rows, twin->cols, step,
                          0.05);
        }
        worst = worse(worst, worst_error(&pair, false, &where));
    }
    tap_ok(states && worst < 2e-6, "Adafactor, d_model %d, %s: %d steps off by %.1e (%s)",
           model->d_model, precision == PRECISION_F32 ? "f32" : "bf16", STEPS, worst, where);
    for (int i = 0; states && i < count; i++)
        free(states[i]);
    free(states);
    pair_destroy(&pair);
}

/* The twin's moments of a tensor. */
struct twin_state {
    double *first, *second;
};

/* The gradient's sum of squares over all tensors of the fast model, which the twin's are set to. */
static double take_gradients(const struct pair *pair)
{
    int count;
    struct tensor *tensors = model_tensors(pair->fast, &count);
    double squares = 0;

    for (int i = 0; i < count; i++) {
        struct ref_tensor *twin = ref_t5_tensor(pair->ref, tensors[i].name);

        for (size_t j = 0; j < tensor_size(&tensors[i]); j++) {
            twin->gradient[j] = tensors[i].gradient[j];
            squares += twin->gradient[j] * twin->gradient[j];
        }
    }
    return squares;
}

/* AdamW with decay and a limit to the norm, likewise.  The gradients are taken before the step, as it
 * scales them. */
static void test_adamw(const struct model_config *model, const char *name, double clip_norm,
                       enum precision precision)
{
    enum { STEPS = 3 };
    struct model_options options = options_of(model, find(name), 3, 2);
    double worst = 0, loss, clip = 1;
    const char *where = "none";
    struct twin_state *states;
    struct tensor *tensors;
    struct pair pair;
    int count;

    options.precision = precision;
    options.optimizer = optimizer_type_find("adamw");
    options.optimizer_options = (struct optimizer_options){0.2, 0.8, 0.9, clip_norm};
    pair_create(&pair, &options);
    tensors = model_tensors(pair.fast, &count);
    states = calloc((size_t)count, sizeof *states);
    for (int i = 0; states && i < count; i++) {
        states[i].first = calloc(tensor_size(&tensors[i]), sizeof(double));
        states[i].second = calloc(tensor_size(&tensors[i]), sizeof(double));
    }
    for (int step = 1; states && step <= STEPS; step++) {
        check(model_gradient(pair.fast, pair.batch, step, &loss));
        clip = ref_clip(take_gradients(&pair), clip_norm);
        check(model_train_step(pair.fast, pair.batch, step, 0.01, &loss));
        for (int i = 0; i < count; i++) {
            struct ref_tensor *twin = ref_t5_tensor(pair.ref, tensors[i].name);
            struct ref_adamw told = {0.01, tensors[i].vector ? 0 : 0.2, 0.8, 0.9};

            for (size_t j = 0; j < tensor_size(&tensors[i]); j++)
                twin->gradient[j] *= clip;
            ref_adamw(twin->value, states[i].first, states[i].second, twin->gradient,
                      tensor_size(&tensors[i]), step, &told);
        }
        worst = worse(worst, worst_error(&pair, false, &where));
    }
    tap_ok(states && worst < 2e-6 && (clip < 1) == (clip_norm < 1),
           "AdamW, d_model %d, %s, clip %.3g: %d steps off by %.1e (%s)", model->d_model,
           precision == PRECISION_F32 ? "f32" : "bf16", clip, STEPS, worst, where);
    for (int i = 0; states && i < count; i++) {
        free(states[i].first);
        free(states[i].second);
    }
    free(states);
    pair_destroy(&pair);
}

static void test_learning_rate(void)
{
    const struct schedule usual = {.steps = 1500, .learning_rate = 0.02, .warmup_steps = 300,
                                   .decay_fraction = 0.1};
    const struct schedule no_decay = {.steps = 10, .learning_rate = 0.02, .warmup_steps = 1};
    const struct schedule one_step = {.steps = 1, .learning_rate = 1, .warmup_steps = 1,
                                      .decay_fraction = 1};
    int wrong = 0;

    for (int64_t t = 1; t <= 1500; t++)
        wrong += schedule_rate(&usual, t) != ref_learning_rate(t, 1500, 0.02, 300, 0.1);
    tap_ok(wrong == 0, "the schedule is the twin's");
    tap_ok(isfinite(schedule_rate(&no_decay, 10)) && schedule_rate(&one_step, 1) == 1,
           "the schedule without decay, and of one step");
}

/* Weights and losses after a few steps from one seed. */
static struct model *trained(const struct model_options *options, double *losses, int steps)
{
    struct model *model;
    struct batch *batch;

    check(model_create(&model, options));
    model_init(model, 11);
    for (int step = 1; step <= steps; step++) {
        batch = random_batch(options, (uint64_t)step);
        check(model_train_step(model, batch, step, 0.02, &losses[step - 1]));
        batch_destroy(batch);
    }
    return model;
}

static void test_determinism(enum precision precision)
{
    enum { STEPS = 5 };
    const char *name = precision == PRECISION_F32 ? "f32" : "bf16";
    double first[STEPS], again[STEPS], apart = 0;
    struct model *a, *b;

    for (int threads = 1; threads <= 3; threads++) {
        struct model_options options = options_of(&odd, find("swiglu"), 5, threads);

        options.precision = precision;
        a = trained(&options, threads == 1 ? first : again, STEPS);
        if (threads > 1)
            for (int i = 0; i < STEPS; i++)
                apart = worse(apart, fabs(first[i] - again[i]) / first[i]);
        b = trained(&options, again, STEPS);
        tap_ok(same_weights(a, b), "%s, %d thread(s): the same seed gives the same bits", name,
               threads);
        model_destroy(a);
        model_destroy(b);
    }
    tap_ok(apart < (precision == PRECISION_F32 ? 1e-4 : bf16_tolerance),
           "%s: losses at 2 and 3 threads differ from those at 1 by %.1e", name, apart);
}

/* A step with frozen embeddings: they stay, and all else moves as it does without, to the bit. */
static void test_frozen(const char *architecture, const char *optimizer)
{
    struct model_options options = options_of(&odd, find("geglu"), 5, 2);
    struct model *models[2];
    struct tensor *free_ones, *frozen, *start;
    struct model *untouched;
    double loss;
    size_t state[2];
    int count, apart = 0, stay = 0;

    options.architecture = architecture_find(architecture);
    options.optimizer = optimizer_type_find(optimizer);
    options.optimizer_options = options.optimizer->defaults;
    options.optimizer_options.clip_norm = 0; /* whose norm is that of what is trained */
    if (options.architecture == architecture_find("lm")) {
        options.model.target_length = options.model.input_length;
        options.model.d_kv = 6; /* of pairs that turn */
    }
    for (int i = 0; i < 2; i++) {
        options.freeze_embeddings = i == 1;
        models[i] = trained(&options, &loss, 1);
        model_optimizer_state(models[i], &state[i]);
    }
    check(model_create(&untouched, &options));
    model_init(untouched, 11);
    free_ones = model_tensors(models[0], &count);
    frozen = model_tensors(models[1], &count);
    start = model_tensors(untouched, &count);
    for (int i = 0; i < count; i++) {
        size_t bytes = tensor_size(&frozen[i]) * sizeof(float);

        stay += memcmp(frozen[i].value, start[i].value, bytes) == 0;
        apart += memcmp(frozen[i].value, free_ones[i].value, bytes) != 0;
    }
    tap_ok(stay == 1 && apart == 1 && memcmp(frozen[0].value, start[0].value, sizeof(float)) == 0 &&
               state[1] < state[0],
           "%s, %s: frozen embeddings alone stay (%d), all else moves as it does (%d differ)",
           architecture, optimizer, stay, apart);
    model_destroy(untouched);
    model_destroy(models[0]);
    model_destroy(models[1]);
}

/* One batch learnt by heart. */
static void test_overfit(const struct variant *variant)
{
    enum { STEPS = 400 };
    const struct model_config small = {
        .vocabulary = 30, .d_model = 32, .layers = 1, .heads = 2, .d_kv = 16, .d_ff = 96,
        .input_length = 12, .target_length = 8,
    };
    const struct schedule schedule = {.steps = STEPS, .learning_rate = 0.03, .warmup_steps = 100,
                                      .decay_fraction = 0.1};
    struct model_options options = options_of(&small, variant, 4, 1);
    struct batch *batch;
    struct model *model;
    double loss = INFINITY;
    int step;

    check(model_create(&model, &options));
    model_init(model, 1);
    batch = random_batch(&options, 1);
    for (step = 1; step <= STEPS && loss >= 0.05; step++)
        check(model_train_step(model, batch, step, schedule_rate(&schedule, step), &loss));
    tap_ok(loss < 0.05, "%s learns one batch by heart: %.3f nats after %d steps", variant->name,
           loss, step - 1);
    batch_destroy(batch);
    model_destroy(model);
}

/* Everything is made before the first step. */
static void test_steady(void)
{
    struct model_options options = options_of(&odd, find("geglu"), 5, 2);
    struct batch *batch = random_batch(&options, 1);
    struct dnn_counters before, after;
    double loss, each[5];
    struct model *model;

    check(model_create(&model, &options));
    model_init(model, 1);
    before = dnn_counters();
    for (int step = 1; step <= 3; step++)
        check(model_train_step(model, batch, step, 0.01, &loss));
    check(model_evaluate(model, batch, each));
    after = dnn_counters();
    tap_ok(before.primitives > 0 && after.primitives == before.primitives &&
               after.memories == before.memories,
           "steps and evaluation create none of the library's primitives or memories");
    batch_destroy(batch);
    model_destroy(model);
}

static void test_divergence(void)
{
    struct model_options options = options_of(&odd, find("relu"), 2, 2);
    struct model *model, *untouched;
    struct batch *batch;
    double loss = 0;
    int count;

    check(model_create(&model, &options));
    check(model_create(&untouched, &options));
    model_init(model, 1);
    model_init(untouched, 1);
    model_tensors(model, &count)[0].value[45] = NAN;
    model_tensors(untouched, &count)[0].value[45] = NAN;
    model_refresh(model);
    batch = random_batch(&options, 1);
    check(model_train_step(model, batch, 1, 0.01, &loss));
    tap_ok(!isfinite(loss) && same_weights(model, untouched),
           "a loss that is not finite is returned and changes nothing");
    batch_destroy(batch);
    model_destroy(model);
    model_destroy(untouched);
}

int main(void)
{
    bool bf16 = model_has_bf16();

    tap_plan(3 + 3 + 2 + 4 + 2 * 4 + variant_count() + 2);
    test_adafactor(&odd, "reglu", PRECISION_F32);
    test_adafactor(&wide, "swiglu", PRECISION_F32);
    if (bf16)
        test_adafactor(&wide, "relu", PRECISION_BF16);
    else
        tap_skip(1, "no bf16 here");
    test_adamw(&odd, "swiglu", 0.1, PRECISION_F32);
    test_adamw(&wide, "relu", 1000, PRECISION_F32);
    if (bf16)
        test_adamw(&wide, "swiglu", 0.1, PRECISION_BF16);
    else
        tap_skip(1, "no bf16 here");
    test_learning_rate();
    for (int i = 0; i < 4; i++)
        test_frozen(i < 2 ? "t5" : "lm", i % 2 ? "adamw" : "adafactor");
    test_determinism(PRECISION_F32);
    if (bf16)
        test_determinism(PRECISION_BF16);
    else
        tap_skip(4, "no bf16 here");
    for (int i = 0; i < variant_count(); i++)
        test_overfit(variant_at(i));
    test_steady();
    test_divergence();
    return tap_status();
}
