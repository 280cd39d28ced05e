/* test-t5.c - the fast T5 against its plain double-precision twin, and what it promises. */
#include "src/glu.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/model/model.h"
#include "src/nn/dnn.h"
#include "src/nn/schedule.h"
#include "test/ref/ref.h"
#include "src/util/rng.h"
#include "test/tap.h"
#include "variants/variant.h"

/* Errors of f32: the largest absolute error of a tensor over its largest absolute value.  Errors
 * of bf16, which keeps 8 bits: the root of the summed squares of a tensor's errors over that of its
 * values, the twin having the same rounded weights. */
static const double f32_tolerance = 1e-5, bf16_tolerance = 2.5e-2;
/* Where the activation has a kink, a gate that bf16 puts on its other side is not a little wrong
 * but wholly: 1 in 100 of them make 10 % of a gradient's norm. */
static const double bf16_kink_tolerance = 0.15;

/* Widths that are no multiple of any vector, and lengths that differ. */
static const struct model_config odd = {
    .vocabulary = 53, .d_model = 40, .layers = 2, .heads = 3, .d_kv = 5, .d_ff = 27,
    .input_length = 13, .target_length = 7,
};
/* Long enough for every position bucket, wide enough for factored second moments. */
static const struct model_config wide = {
    .vocabulary = 131, .d_model = 129, .layers = 1, .heads = 2, .d_kv = 64, .d_ff = 198,
    .input_length = 135, .target_length = 130,
};

/* ==== A fast model, its twin with the same weights, and a batch ==== */

struct pair {
    struct model_options options;
    struct model *fast;
    struct ref_t5 *ref;
    struct batch *batch;
};

static void check(int status)
{
    if (status != 0)
        tap_bail_out("%s", err_get());
}

static const struct variant *find(const char *name)
{
    static struct variant_storage storage;
    const struct variant *variant = variant_find(name, &storage);

    if (!variant)
        tap_bail_out("%s", err_get());
    return variant;
}

/* model.d_ff is the ungated width. */
static struct model_options options_of(const struct model_config *model, const struct variant *variant,
                                    int batch, int threads)
{
    struct model_options options = {
        .model = *model, .variant = variant, .batch = batch, .threads = threads,
        .precision = PRECISION_F32,
    };

    options.model.d_ff = variant_d_ff(variant, model->d_ff);
    if (options.model.d_ff < 0)
        tap_bail_out("%s", err_get());
    return options;
}

/* Random ids, none of them pad. */
static struct batch *random_batch(const struct model_options *options, uint64_t seed)
{
    const struct model_config *m = &options->model;
    struct batch *batch;
    struct rng rng;

    check(batch_create(&batch, options->batch, m->input_length, m->target_length));
    rng_start(&rng, seed, RNG_TEST, 1);
    for (int i = 0; i < options->batch * m->input_length; i++)
        batch->inputs[i] = 1 + (int32_t)rng_below(&rng, (uint32_t)m->vocabulary - 1);
    for (int i = 0; i < options->batch * m->target_length; i++)
        batch->targets[i] = 1 + (int32_t)rng_below(&rng, (uint32_t)m->vocabulary - 1);
    return batch;
}

/* The first `examples` of a batch. */
static struct batch batch_head(const struct batch *batch, int examples)
{
    struct batch head = *batch;

    head.examples = examples;
    return head;
}

static size_t tensor_size(const struct tensor *tensor)
{
    return (size_t)tensor->rows * tensor->cols;
}

static float bf16_round(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000; /* to nearest, ties to even */
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Initial weights, but for the norms, which would all be ones.  For bf16 they are
 * rounded, so that the twin has the same. */
static void randomise(struct model *model)
{
    bool round = model_get_options(model)->precision == PRECISION_BF16;
    struct rng rng;
    int count;
    struct tensor *tensors = model_tensors(model, &count);

    model_init(model, 7);
    rng_start(&rng, 7, RNG_TEST, 2);
    for (int i = 0; i < count; i++)
        for (size_t j = 0; j < tensor_size(&tensors[i]); j++) {
            float *value = &tensors[i].value[j];

            if (tensors[i].vector)
                *value += 0.2f * (float)rng_normal(&rng);
            if (round)
                *value = bf16_round(*value);
        }
    model_refresh(model);
}

/* The fast model's weights into the twin.  -1 when the tensors are not the same. */
static int copy_weights(struct ref_t5 *ref, struct model *fast)
{
    int count, ref_count;
    struct tensor *tensors = model_tensors(fast, &count);

    ref_t5_tensors(ref, &ref_count);
    if (count != ref_count)
        return err_set("%d tensors, not %d", count, ref_count);
    for (int i = 0; i < count; i++) {
        struct ref_tensor *twin = ref_t5_tensor(ref, tensors[i].name);

        if (!twin || twin->rows != tensors[i].rows || twin->cols != tensors[i].cols)
            return err_set("%s (%d, %d) has no twin", tensors[i].name, tensors[i].rows,
                           tensors[i].cols);
        for (size_t j = 0; j < tensor_size(&tensors[i]); j++)
            twin->value[j] = tensors[i].value[j];
    }
    return 0;
}

static void pair_create(struct pair *pair, const struct model_options *options)
{
    const struct model_config *m = &options->model;
    struct ref_config config = {
        .vocabulary = m->vocabulary, .d_model = m->d_model, .layers = m->layers,
        .heads = m->heads, .d_kv = m->d_kv, .d_ff = m->d_ff, .input_length = m->input_length,
        .target_length = m->target_length,
    };

    pair->options = *options;
    check(model_create(&pair->fast, options));
    check(ref_t5_create(&pair->ref, &config, options->variant));
    pair->batch = random_batch(options, 3);
    randomise(pair->fast);
    check(copy_weights(pair->ref, pair->fast));
}

static void pair_destroy(struct pair *pair)
{
    batch_destroy(pair->batch);
    ref_t5_destroy(pair->ref);
    model_destroy(pair->fast);
}

static double ref_gradient(const struct pair *pair)
{
    return ref_t5_gradient(pair->ref, pair->batch);
}

static double array_error(const float *fast, const double *ref, size_t n, enum precision precision)
{
    double worst = 0, largest = 0, errors = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        double error = fabs(fast[i] - ref[i]);

        if (!(error <= worst)) /* keeps a NaN */
            worst = error;
        largest = fmax(largest, fabs(ref[i]));
        errors += error * error;
        squares += ref[i] * ref[i];
    }
    if (precision == PRECISION_BF16)
        return sqrt(errors / squares);
    return largest > 0 ? worst / largest : worst;
}

/* The worst tensor's error of gradients (or values), and its name. */
static double worst_error(const struct pair *pair, bool gradients, const char **where)
{
    enum precision precision = gradients ? pair->options.precision : PRECISION_F32;
    int count;
    struct tensor *tensors = model_tensors(pair->fast, &count);
    double worst = 0;

    *where = "none";
    for (int i = 0; i < count; i++) {
        const struct ref_tensor *twin = ref_t5_tensor(pair->ref, tensors[i].name);
        double error = array_error(gradients ? tensors[i].gradient : tensors[i].value,
                                   gradients ? twin->gradient : twin->value,
                                   tensor_size(&tensors[i]), precision);

        if (!(error <= worst)) {
            worst = error;
            *where = tensors[i].name;
        }
    }
    return worst;
}

/* ==== Gradients ==== */

static void test_gradient(const struct model_config *model, const struct variant *variant,
                          int batch, int threads, int micro_batch, enum precision precision)
{
    struct model_options options = options_of(model, variant, batch, threads);
    double tolerance = precision == PRECISION_F32  ? f32_tolerance
                       : variant->act == ACT_RELU ? bf16_kink_tolerance
                                                  : bf16_tolerance;
    double loss_tolerance = precision == PRECISION_F32 ? 1e-6 : 1e-3;
    double loss, expected, error;
    const char *where;
    struct pair pair;

    options.precision = precision;
    options.micro_batch = micro_batch;
    pair_create(&pair, &options);
    expected = ref_gradient(&pair);
    check(model_gradient(pair.fast, pair.batch, 0, &loss));
    error = worst_error(&pair, true, &where);
    tap_ok(fabs(loss - expected) <= loss_tolerance * expected && error <= tolerance,
           "%s %s, d_model %d, batch %d, %d thread(s), micro-batch %d: loss off by %.1e, "
           "gradients by %.1e (%s)", variant->name, precision == PRECISION_F32 ? "f32" : "bf16",
           model->d_model, batch, threads, micro_batch, fabs(loss - expected) / expected, error,
           where);
    pair_destroy(&pair);
}

/* Examples of other lengths than the batch's.  Pad inputs are not seen; pad targets are inputs of the
 * decoder like any token, but have no loss. */
static void test_pads(void)
{
    struct model_options options = options_of(&odd, find("swish"), 5, 2);
    double loss, expected, error, each[5], ref[5], off = 0;
    const char *where;
    struct pair pair;

    pair_create(&pair, &options);
    for (int i = 0; i < 3; i++)
        pair.batch->targets[3 * i + odd.target_length - 1] = TOKEN_PAD;
    pair.batch->inputs[4] = TOKEN_PAD;
    pair.batch->inputs_used[1] = 1;
    pair.batch->inputs_used[4] = odd.input_length - 2;
    expected = ref_gradient(&pair);
    check(model_gradient(pair.fast, pair.batch, 0, &loss));
    error = worst_error(&pair, true, &where);
    check(model_evaluate(pair.fast, pair.batch, each));
    ref_t5_loss(pair.ref, pair.batch, ref);
    for (int i = 0; i < 5; i++)
        off = fmax(off, fabs(each[i] - ref[i]) / ref[i]);
    tap_ok(fabs(loss - expected) <= 1e-6 * expected && error <= f32_tolerance && off <= 1e-6,
           "pads: loss off by %.1e, examples by %.1e, gradients by %.1e (%s)",
           fabs(loss - expected) / expected, off, error, where);
    pair_destroy(&pair);
}

/* Dropout at every place of both stacks: the twin has the same masks, however the batch is split, and
 * evaluation has none. */
static void test_dropout(const char *name, double rate, int threads, int micro_batch,
                         enum precision precision)
{
    struct model_options options = options_of(&odd, find(name), 5, threads);
    double tolerance = precision == PRECISION_F32 ? f32_tolerance : 2 * bf16_tolerance;
    double loss, expected, without, error, each[5], sum = 0;
    const char *where;
    struct pair pair;

    options.precision = precision;
    options.dropout = rate;
    options.micro_batch = micro_batch;
    pair_create(&pair, &options);
    pair.batch->inputs_used[3] = 6;
    without = ref_t5_loss(pair.ref, pair.batch, NULL);
    ref_t5_set_dropout(pair.ref, &(struct ref_dropout){rate, 7, 3}); /* the seed of randomise() */
    expected = ref_gradient(&pair);
    check(model_gradient(pair.fast, pair.batch, 3, &loss));
    error = worst_error(&pair, true, &where);
    check(model_evaluate(pair.fast, pair.batch, each));
    for (int i = 0; i < 5; i++)
        sum += each[i] / (5 * odd.target_length);
    tap_ok(fabs(loss - expected) <= (precision == PRECISION_F32 ? 1e-6 : 4e-3) * expected &&
               error <= tolerance && fabs(expected - without) > 0.01 &&
               fabs(sum - without) <= (precision == PRECISION_F32 ? 1e-6 : 4e-3) * without,
           "dropout %g, %s %s, %d thread(s), micro-batch %d: loss off by %.1e, gradients by %.1e (%s)",
           rate, name, precision == PRECISION_F32 ? "f32" : "bf16", threads, micro_batch,
           fabs(loss - expected) / expected, error, where);
    pair_destroy(&pair);
}

static void test_dropouts(void)
{
    test_dropout("swiglu", 0.1, 1, 0, PRECISION_F32);
    test_dropout("gelu", 0.3, 2, 2, PRECISION_F32);
    test_dropout("custom:tanh,gated", 0.3, 3, 1, PRECISION_F32);
    if (model_has_bf16())
        test_dropout("swiglu", 0.3, 2, 0, PRECISION_BF16);
    else
        tap_skip(1, "this CPU or oneDNN has no bf16");
}

/* The same seed and step give the same mask, whatever the width; others give others; and as many
 * columns are dropped as should be. */
static void test_masks(void)
{
    enum { WIDE = 4096, NARROW = 1000 };
    static float wide_mask[WIDE], narrow_mask[NARROW], other[WIDE];
    struct dropout dropout = {.rate = 0.25, .seed = 9, .step = 4, .layer = 3};
    int dropped = 0, wrong = 0, same = 0;

    dropout_mask(&dropout, DROPOUT_HIDDEN, 2, WIDE, wide_mask);
    dropout_mask(&dropout, DROPOUT_HIDDEN, 2, NARROW, narrow_mask);
    for (int i = 0; i < WIDE; i++) {
        dropped += wide_mask[i] == 0;
        wrong += wide_mask[i] != 0 && wide_mask[i] != (float)(1 / 0.75);
    }
    tap_ok(memcmp(wide_mask, narrow_mask, sizeof narrow_mask) == 0 && wrong == 0 &&
               fabs(dropped - 0.25 * WIDE) < 4 * sqrt(0.25 * 0.75 * WIDE),
           "a mask is the same in a narrower layer; %d of %d columns are dropped", dropped, WIDE);
    for (int change = 0; change < 5; change++) {
        struct dropout changed = dropout;

        changed.seed += change == 0;
        changed.step += change == 1;
        changed.layer += change == 2;
        changed.example += change == 3;
        dropout_mask(&changed, change == 4 ? DROPOUT_FFN : DROPOUT_HIDDEN, 2, WIDE, other);
        same += memcmp(other, wide_mask, sizeof other) == 0;
    }
    tap_ok(same == 0, "another seed, step, layer, example or place has another mask");
}

static void test_gradients(void)
{
    static const struct {
        int batch, threads, micro_batch;
    } splits[] = {{5, 2, 0}, {5, 3, 0}, {5, 3, 1}, {5, 1, 2}, {5, 1, 5}, {1, 3, 0}};

    for (int i = 0; i < variant_count(); i++)
        test_gradient(&odd, variant_at(i), 5, 1, 0, PRECISION_F32);
    for (size_t i = 0; i < LENGTH_OF(splits); i++)
        test_gradient(&odd, find("swiglu"), splits[i].batch, splits[i].threads,
                      splits[i].micro_batch, PRECISION_F32);
    test_gradient(&wide, find("geglu"), 2, 2, 0, PRECISION_F32);
    test_gradient(&wide, find("relu"), 2, 2, 0, PRECISION_F32);
    test_pads();
}

enum { GRADIENTS = 6 + 2 + 1 }; /* beside the variants */

static void test_gradients_bf16(void)
{
    struct model_config shallow = odd;

    shallow.layers = 1;
    if (!model_has_bf16()) {
        tap_skip(variant_count() + 2, "this CPU or oneDNN has no bf16");
        return;
    }
    for (int i = 0; i < variant_count(); i++)
        test_gradient(&shallow, variant_at(i), 5, 2, 0, PRECISION_BF16);
    test_gradient(&wide, find("swiglu"), 2, 2, 0, PRECISION_BF16);
    test_gradient(&wide, find("relu"), 2, 1, 1, PRECISION_BF16);
}

/* Every activation, with parameters that are not its own; every other one gated. */
static void test_customs(void)
{
    static const char *const parameters[] = {"", ",alpha=-0.5", ",alpha=-0.5,beta=0.7"};

    for (int act = 0; act < ACT_COUNT; act++) {
        const struct activation *a = activation_get((enum act)act);
        char name[128];

        snprintf(name, sizeof name, "custom:%s%s%s", a->name, act % 2 ? ",gated" : "",
                 parameters[a->parameters]);
        test_gradient(&odd, find(name), 3, 1, 0, PRECISION_F32);
    }
}

/* ==== Evaluation ==== */

static void test_evaluate(void)
{
    struct model_options options = options_of(&odd, find("geglu"), 5, 2);
    double fast[5], ref[5], alone[5], forward[5], loss, mean = 0, worst = 0;
    struct model *forward_only;
    struct pair pair;
    struct batch head;

    pair_create(&pair, &options);
    check(model_gradient(pair.fast, pair.batch, 0, &loss));
    check(model_evaluate(pair.fast, pair.batch, fast));
    ref_t5_loss(pair.ref, pair.batch, ref);
    for (int i = 0; i < 5; i++) {
        worst = fmax(worst, fabs(fast[i] - ref[i]) / ref[i]);
        mean += fast[i] / (5 * odd.target_length);
    }
    tap_ok(worst < f32_tolerance, "evaluate: each example's loss, off by %.1e", worst);
    tap_ok(fabs(mean - loss) < 1e-6 * loss, "evaluate gives the loss that gradient gives");

    worst = 0;
    for (int examples = 1; examples <= 4; examples++) {
        head = batch_head(pair.batch, examples);
        check(model_evaluate(pair.fast, &head, alone));
        for (int i = 0; i < examples; i++)
            worst = fmax(worst, fabs(alone[i] - fast[i]) / fast[i]);
    }
    tap_ok(worst < 1e-6, "evaluate takes 1 to 4 of 5 examples too, off by %.1e", worst);

    options.forward_only = true;
    check(model_create(&forward_only, &options));
    randomise(forward_only);
    check(model_evaluate(forward_only, pair.batch, forward));
    tap_ok(memcmp(forward, fast, sizeof fast) == 0, "a forward-only model evaluates the same");
    model_destroy(forward_only);
    pair_destroy(&pair);
}

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
        worst = fmax(worst, worst_error(&pair, false, &where));
    }
    tap_ok(states && worst < 2e-6, "Adafactor, d_model %d, %s: %d steps off by %.1e (%s)",
           model->d_model, precision == PRECISION_F32 ? "f32" : "bf16", STEPS, worst, where);
    for (int i = 0; states && i < count; i++)
        free(states[i]);
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

static bool same_weights(struct model *a, struct model *b)
{
    int count, other;
    struct tensor *x = model_tensors(a, &count), *y = model_tensors(b, &other);

    for (int i = 0; i < count; i++)
        if (memcmp(x[i].value, y[i].value, tensor_size(&x[i]) * sizeof *x[i].value) != 0)
            return false;
    return count == other;
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
                apart = fmax(apart, fabs(first[i] - again[i]) / first[i]);
        b = trained(&options, again, STEPS);
        tap_ok(same_weights(a, b), "%s, %d thread(s): the same seed gives the same bits", name,
               threads);
        model_destroy(a);
        model_destroy(b);
    }
    tap_ok(apart < (precision == PRECISION_F32 ? 1e-4 : bf16_tolerance),
           "%s: losses at 2 and 3 threads differ from those at 1 by %.1e", name, apart);
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

/* ==== Sizes ==== */

static const struct variant *paper(int i)
{
    const struct variant *variant = variant_at(i);

    return variant->in_paper ? variant : NULL;
}

static void test_parity(const char *name, const struct model_config *model, int64_t parameters)
{
    struct model_counts first = {0}, counts;
    int unequal = 0, variants = 0;

    for (int i = 0; i < variant_count() && paper(i); i++, variants++) {
        struct model_options options = options_of(model, paper(i), 8, 2);

        check(model_counts(&options, &counts));
        if (i == 0)
            first = counts;
        unequal += memcmp(&counts, &first, sizeof counts) != 0;
    }
    tap_ok(unequal == 0 && variants == 8 && (!parameters || first.parameters == parameters) &&
               first.train_flops == 3 * first.forward_flops,
           "%s: all eight have %lld parameters and %lld FLOPs forward", name,
           (long long)first.parameters, (long long)first.forward_flops);
}

static void test_counts(void)
{
    /* T5 base as it was published has 222,903,552 parameters with its 32,128 ids:
     * 32128 768 + 24 (4 768^2 + 768) + 12 (4 768^2 + 768) + 24 (2 768 3072 + 768) + 2 768
     * + 2 32 12. */
    const struct model_config base = {
        .vocabulary = 32128, .d_model = 768, .layers = 12, .heads = 12, .d_kv = 64, .d_ff = 3072,
        .input_length = 512, .target_length = 114,
    };
    struct model_options options = options_of(&odd, find("swiglu"), 5, 1);
    struct model_counts counts;
    struct model_memory memory;
    int64_t allocated = 0, ffn = 0;
    struct model *model;
    int count;
    struct tensor *tensors;

    test_parity("T5 base", &base, 222903552);
    test_parity("an odd model", &odd, 0);

    check(model_create(&model, &options));
    check(model_counts(&options, &counts));
    check(model_memory(&options, &memory));
    tensors = model_tensors(model, &count);
    for (int i = 0; i < count; i++) {
        allocated += (int64_t)tensor_size(&tensors[i]);
        if (strstr(tensors[i].name, "DenseReluDense"))
            ffn += (int64_t)tensor_size(&tensors[i]);
    }
    tap_ok(counts.parameters == allocated && counts.ffn_parameters == ffn &&
               memory.parameters >= (size_t)allocated * sizeof(float) &&
               memory.total >= memory.parameters + memory.gradients + memory.optimizer +
                                   memory.activations,
           "what is counted is what is allocated");
    model_destroy(model);
}

/* Products of a tiny model, multiply-adds counted twice.  Encoder, 3 tokens: q, k, v, o
 * 4 (3 4 2), scores and values 2 (3 3 2), feed-forward 2 (3 4 6).  Decoder, 2 tokens: q, k, v, o
 * 4 (2 4 2), scores and values 2 (2 2 2); across: q, o 2 (2 4 2), k, v 2 (3 4 2), scores and
 * values 2 (2 3 2); feed-forward 2 (2 4 6).  Softmax 2 4 10. */
static void test_flops(void)
{
    const int64_t ffn = 2 * (2 * 3 * 4 * 6 + 2 * 2 * 4 * 6);
    const int64_t others = 2 * (4 * 24 + 2 * 18 + 4 * 16 + 2 * 8 + 2 * 16 + 2 * 24 + 2 * 12 + 80);
    const struct model_config tiny = {
        .vocabulary = 10, .d_model = 4, .layers = 1, .heads = 1, .d_kv = 2, .d_ff = 6,
        .input_length = 3, .target_length = 2,
    };
    struct model_options options = options_of(&tiny, find("reglu"), 7, 1);
    struct model_counts counts;

    check(model_counts(&options, &counts));
    tap_ok(counts.ffn_forward_flops == 7 * ffn && counts.forward_flops == 7 * (ffn + others),
           "FLOPs of a tiny model by hand: %lld", (long long)counts.forward_flops / 7);
}

/* oneDNN can fall back to a reference implementation without a word; nothing of a training step
 * may. */
static void test_implementations(void)
{
    const struct model_config model = {
        .vocabulary = 384, .d_model = 64, .layers = 2, .heads = 4, .d_kv = 16, .d_ff = 384,
        .input_length = 128, .target_length = 29,
    };
    int primitives = 0, slow = 0;

    for (int precision = PRECISION_F32; precision <= PRECISION_BF16; precision++)
        for (int i = 0; i < variant_count(); i++) {
            struct model_options options = options_of(&model, variant_at(i), 32, 2);
            const struct primitive *primitive;
            struct model *t5;

            options.precision = (enum precision)precision;
            if (precision == PRECISION_BF16 && !model_has_bf16())
                continue;
            check(model_create(&t5, &options));
            for (int k = 0; (primitive = model_primitive(t5, k)); k++, primitives++)
                if (strstr(primitive->implementation, "ref")) {
                    tap_diag("%s: %s is %s", options.variant->name, primitive->role,
                             primitive->implementation);
                    slow++;
                }
            model_destroy(t5);
        }
    tap_ok(slow == 0 && primitives > 0, "none of %d primitives is a reference implementation",
           primitives);
}

/* ==== Initial weights ==== */

/* The standard deviation that a tensor must start with; 0: all ones. */
static double expected_stddev(const char *name, const struct model_config *m)
{
    static const struct {
        const char *part;
        int which;
    } parts[] = {{"shared", 'e'}, {"norm", '1'}, {".q.", 'q'}, {".k.", 'd'}, {".v.", 'd'},
                 {".o.", 'o'}, {".wi", 'd'}, {".wo", 'f'}, {"bias", 'd'}};

    for (size_t i = 0; i < LENGTH_OF(parts); i++) {
        if (!strstr(name, parts[i].part))
            continue;
        switch (parts[i].which) {
        case 'e': return 1;
        case 'q': return pow((double)m->d_model * m->d_kv, -0.5);
        case 'd': return pow(m->d_model, -0.5);
        case 'o': return pow((double)m->heads * m->d_kv, -0.5);
        case 'f': return pow(m->d_ff, -0.5);
        default: return 0;
        }
    }
    return NAN;
}

static bool initialised(const struct tensor *tensor, double stddev)
{
    size_t n = tensor_size(tensor);
    double sum = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        sum += tensor->value[i];
        squares += (double)tensor->value[i] * tensor->value[i];
    }
    if (stddev == 0)
        return sum == (double)n && squares == (double)n;
    /* Four standard errors of mean and deviation. */
    return fabs(sum / n) < 4 * stddev / sqrt(n) &&
           fabs(sqrt(squares / n) / stddev - 1) < 4 / sqrt(2.0 * n);
}

static void test_init(void)
{
    const struct variant *names[] = {variant_at(0), variant_at(6)};
    struct model *models[2], *other;
    struct model_options options;
    struct tensor *a, *b;
    int count[2], shared = 0, unlike = 0, wrong = 0;

    for (int i = 0; i < 2; i++) {
        options = options_of(&odd, names[i], 5, i + 1);
        check(model_create(&models[i], &options));
        model_init(models[i], 42);
        a = model_tensors(models[i], &count[i]);
        for (int j = 0; j < count[i]; j++)
            if (!initialised(&a[j], expected_stddev(a[j].name, &options.model))) {
                tap_diag("%s", a[j].name);
                wrong++;
            }
    }
    tap_ok(wrong == 0, "initial weights have the standard deviations of T5");

    a = model_tensors(models[0], &count[0]);
    b = model_tensors(models[1], &count[1]);
    for (int i = 0; i < count[0]; i++)
        for (int j = 0; j < count[1]; j++)
            if (strcmp(a[i].name, b[j].name) == 0 && a[i].rows == b[j].rows &&
                a[i].cols == b[j].cols) {
                shared++;
                unlike += memcmp(a[i].value, b[j].value, tensor_size(&a[i]) * sizeof(float)) != 0;
            }
    /* All but the 4 feed-forward layers' wi and wo. */
    tap_ok(unlike == 0 && shared == count[0] - 2 * 4, "relu and swiglu start alike in %d tensors",
           shared);

    check(model_create(&other, &options));
    model_init(other, 43);
    tap_ok(!same_weights(models[1], other), "another seed gives other weights");
    model_init(other, 42);
    tap_ok(same_weights(models[1], other), "the same seed gives them again");
    model_destroy(other);
    model_destroy(models[0]);
    model_destroy(models[1]);
}

/* ==== Refusals ==== */

/* A batch that the model must refuse: token `at` of the targets becomes `id`. */
static void test_bad_batch(struct model *model, struct batch *batch, int at, int32_t id,
                           const char *what)
{
    int32_t saved = batch->targets[at];
    double loss, each[5];

    batch->targets[at] = id;
    err_set("none");
    tap_ok(model_gradient(model, batch, 0, &loss) == -1 && model_evaluate(model, batch, each) == -1 &&
               strstr(err_get(), "vocabulary"), "%s: %s", what, err_get());
    batch->targets[at] = saved;
}

static void test_refusals(void)
{
    struct model_options options = options_of(&odd, find("relu"), 5, 1), bad;
    struct model_memory memory;
    struct model *model = NULL;
    struct batch *batch, head;
    double loss;

    bad = options;
    bad.model.d_model = 0;
    tap_ok(model_create(&model, &bad) == -1 && !model, "d_model 0: %s", err_get());
    bad = options;
    bad.batch = 0;
    tap_ok(model_create(&model, &bad) == -1 && !model, "batch 0: %s", err_get());
    bad = options;
    bad.model.d_model = bad.model.d_ff = bad.model.vocabulary = bad.model.layers = 2000000000;
    tap_ok(model_memory(&bad, &memory) == -1, "a size past 64 bits: %s", err_get());

    check(model_create(&model, &options));
    batch = random_batch(&options, 1);
    test_bad_batch(model, batch, 0, -1, "a token below 0");
    test_bad_batch(model, batch, 5 * odd.target_length - 1, odd.vocabulary, "a token too high");
    head = batch_head(batch, 4);
    tap_ok(model_gradient(model, &head, 0, &loss) == -1, "4 examples: %s", err_get());
    head = *batch;
    head.target_length = odd.target_length - 1;
    tap_ok(model_gradient(model, &head, 0, &loss) == -1, "short targets: %s", err_get());
    batch->inputs_used[2] = odd.input_length + 1;
    tap_ok(model_gradient(model, batch, 0, &loss) == -1, "more used than there are: %s", err_get());
    batch->inputs_used[2] = odd.input_length;
    bad = options;
    bad.dropout = 1;
    tap_ok(model_memory(&bad, &memory) == -1, "all dropped: %s", err_get());
    memset(batch->targets, 0, (size_t)5 * odd.target_length * sizeof *batch->targets);
    tap_ok(model_gradient(model, batch, 0, &loss) == -1, "pads alone: %s", err_get());
    batch_destroy(batch);
    model_destroy(model);
    model_destroy(NULL);
}

int main(void)
{
    bool bf16 = model_has_bf16();

    tap_plan(variant_count() + GRADIENTS + variant_count() + 2 + ACT_COUNT + 4 + 3 +
             2 + 2 * 4 + variant_count() + 2 + 5 + 4 + 10 + 4 + 2);
    test_gradients();
    test_dropouts();
    test_masks();
    test_gradients_bf16();
    test_customs();
    test_evaluate();
    test_adafactor(&odd, "reglu", PRECISION_F32);
    test_adafactor(&wide, "swiglu", PRECISION_F32);
    if (bf16)
        test_adafactor(&wide, "relu", PRECISION_BF16);
    else
        tap_skip(1, "no bf16 here");
    test_learning_rate();
    test_determinism(PRECISION_F32);
    if (bf16)
        test_determinism(PRECISION_BF16);
    else
        tap_skip(4, "no bf16 here");
    for (int i = 0; i < variant_count(); i++)
        test_overfit(variant_at(i));
    test_steady();
    test_divergence();
    test_counts();
    test_flops();
    test_implementations();
    test_init();
    test_refusals();
    return tap_status();
}
