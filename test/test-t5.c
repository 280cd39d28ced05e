/* test-t5.c - the fast T5's gradients, dropout and evaluation against its plain double-precision twin. */
#include "src/glu.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/nn/dropout.h"
#include "test/t5-pair.h"
#include "test/tap.h"
#include "test/worse.h"
#include "variants/variant.h"

/* How a batch is shared out.  team: threads of a worker; 0: 1. */
struct split {
    int batch, threads, micro_batch, team;
};

/* ==== Gradients ==== */

static void test_gradient(const struct model_config *model, const struct variant *variant,
                          struct split split, enum precision precision)
{
    struct model_options options = options_of(model, variant, split.batch, split.threads);
    double tolerance = precision == PRECISION_F32  ? f32_tolerance
                       : variant->act == ACT_RELU || variant->act == ACT_SELU ? bf16_kink_tolerance
                                                                              : bf16_tolerance;
    double loss_tolerance = precision == PRECISION_F32 ? 1e-6 : 1e-3;
    double loss, expected, error;
    const char *where;
    struct pair pair;

    options.precision = precision;
    options.micro_batch = split.micro_batch;
    options.team = split.team;
    pair_create(&pair, &options);
    expected = ref_gradient(&pair);
    check(model_gradient(pair.fast, pair.batch, 0, &loss));
    error = worst_error(&pair, true, &where);
    tap_ok(fabs(loss - expected) <= loss_tolerance * expected && error <= tolerance,
           "%s %s, d_model %d, batch %d, %d thread(s), micro-batch %d, team %d: loss off by %.1e, "
           "gradients by %.1e (%s)", variant->name, precision == PRECISION_F32 ? "f32" : "bf16",
           model->d_model, split.batch, split.threads, split.micro_batch, split.team, fabs(loss - expected) / expected, error,
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
        off = worse(off, fabs(each[i] - ref[i]) / ref[i]);
    tap_ok(fabs(loss - expected) <= 1e-6 * expected && error <= f32_tolerance && off <= 1e-6,
           "pads: loss off by %.1e, examples by %.1e, gradients by %.1e (%s)",
           fabs(loss - expected) / expected, off, error, where);
    pair_destroy(&pair);
}

/* Dropout at every place of both stacks: the twin has the same masks, however the batch is split, and
 * evaluation has none. */
static void test_dropout(const char *name, double rate, struct split split, enum precision precision)
{
    struct model_options options = options_of(&odd, find(name), 5, split.threads);
    double tolerance = precision == PRECISION_F32 ? f32_tolerance : 2 * bf16_tolerance;
    double loss, expected, without, error, each[5], sum = 0;
    const char *where;
    struct pair pair;

    options.precision = precision;
    options.dropout = rate;
    options.micro_batch = split.micro_batch;
    options.team = split.team;
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
           "dropout %g, %s %s, %d thread(s), micro-batch %d, team %d: loss off by %.1e, gradients by %.1e "
           "(%s)", rate, name, precision == PRECISION_F32 ? "f32" : "bf16", split.threads,
           split.micro_batch, split.team,
           fabs(loss - expected) / expected, error, where);
    pair_destroy(&pair);
}

static void test_dropouts(void)
{
    test_dropout("swiglu", 0.1, (struct split){5, 1, 0, 0}, PRECISION_F32);
    test_dropout("gelu", 0.3, (struct split){5, 2, 2, 0}, PRECISION_F32);
    test_dropout("custom:tanh,gated", 0.3, (struct split){5, 3, 1, 0}, PRECISION_F32);
    test_dropout("swiglu", 0.3, (struct split){5, 4, 2, 2}, PRECISION_F32);
    test_dropout("gelu", 0.3, (struct split){5, 4, 5, 4}, PRECISION_F32);
    if (model_has_bf16()) {
        test_dropout("swiglu", 0.3, (struct split){5, 2, 0, 0}, PRECISION_BF16);
        test_dropout("swiglu", 0.3, (struct split){5, 4, 0, 2}, PRECISION_BF16);
    } else {
        tap_skip(2, "this CPU or oneDNN has no bf16");
    }
}

/* A model with buckets does what one of the bucket's own lengths does: losses, gradients, dropout. */
static void test_bucket(int bucket, int threads, double dropout, enum precision precision)
{
    enum { BATCH = 3, BUCKETS = 4 };
    struct model_config model = odd;
    struct model_options options;
    double tolerance = precision == PRECISION_F32 ? f32_tolerance : 2 * bf16_tolerance;
    double loss, expected, error, each[BATCH << BUCKETS], ref[BATCH << BUCKETS], off = 0;
    int examples = BATCH << bucket;
    const char *where;
    struct pair pair;
    struct model *own;

    model.input_length = 24 >> bucket;
    model.target_length = 8 >> bucket;
    options = options_of(&model, find("swiglu"), examples, threads);
    options.precision = precision;
    options.dropout = dropout;
    pair_create(&pair, &options);
    own = pair.fast;
    options.model.input_length = 24;
    options.model.target_length = 8;
    options.batch = BATCH;
    options.buckets = BUCKETS;
    check(model_create(&pair.fast, &options));
    randomise(pair.fast);
    pair.batch->inputs_used[1] = 1;
    pair.batch->targets[model.target_length - 1] = model.target_length > 1 ? TOKEN_PAD : 2;
    ref_t5_loss(pair.ref, pair.batch, ref);
    if (dropout > 0)
        ref_t5_set_dropout(pair.ref, &(struct ref_dropout){dropout, 7, 3});
    expected = ref_gradient(&pair);
    check(model_gradient(pair.fast, pair.batch, dropout > 0 ? 3 : 0, &loss));
    error = worst_error(&pair, true, &where);
    check(model_evaluate(pair.fast, pair.batch, each));
    for (int i = 0; i < examples; i++)
        off = worse(off, fabs(each[i] - ref[i]) / ref[i]);
    tap_ok(fabs(loss - expected) <= (precision == PRECISION_F32 ? 1e-6 : 4e-3) * expected &&
               error <= tolerance && off <= (precision == PRECISION_F32 ? 1e-6 : 2e-2),
           "bucket %d, %d thread(s), dropout %g, %s: loss off by %.1e, examples by %.1e, gradients by %.1e "
           "(%s)", bucket, threads, dropout, precision == PRECISION_F32 ? "f32" : "bf16",
           fabs(loss - expected) / expected, off, error, where);
    model_destroy(own);
    pair_destroy(&pair);
}

static void test_buckets(void)
{
    struct model_options options = options_of(&odd, find("relu"), 2, 1);
    struct model *none;

    for (int bucket = 0; bucket < 4; bucket++)
        test_bucket(bucket, 1 + bucket, 0, PRECISION_F32);
    test_bucket(2, 2, 0.3, PRECISION_F32);
    if (model_has_bf16())
        test_bucket(1, 2, 0, PRECISION_BF16);
    else
        tap_skip(1, "this CPU or oneDNN has no bf16");
    options.buckets = 5;
    tap_ok(model_outline(&none, &options) == -1, "lengths that cannot be halved have no buckets");
    options.architecture = architecture_find("lm");
    options.buckets = 2;
    options.model.input_length = options.model.target_length = 8;
    tap_ok(model_outline(&none, &options) == -1, "a language model has no buckets");
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

/* The worst tensor's error of a model's gradients against another's. */
static double gradient_distance(struct model *a, struct model *b, const char **where)
{
    double worst = 0;
    struct tensor *x, *y;
    int count;

    x = model_tensors(a, &count);
    y = model_tensors(b, &count);
    *where = "none";
    for (int i = 0; i < count; i++) {
        double most = 0, error = 0;

        for (size_t k = 0; k < tensor_size(&x[i]); k++) {
            most = fmax(most, fabs(y[i].gradient[k]));
            error = worse(error, fabs(x[i].gradient[k] - y[i].gradient[k]));
        }
        if (error / most > worst) {
            worst = error / most;
            *where = x[i].name;
        }
    }
    return worst;
}

/* Examples that fill a part of their inputs and targets are those of a model of just these lengths: what lies
 * behind the inputs, pad or not, is not seen, forward and backward, and dropout is the same. */
static void test_padding(double rate, int micro_batch, enum precision precision)
{
    enum { EXAMPLES = 3, INPUTS = 9, TARGETS = 4 };
    struct model_options options = options_of(&odd, find("geglu"), EXAMPLES, 2), exact;
    double loss, expected, each[EXAMPLES], expected_each[EXAMPLES], error, off = 0;
    struct batch *padded, *batch;
    struct model *roomy, *tight;
    const char *where;

    options.dropout = rate;
    options.micro_batch = micro_batch;
    options.precision = precision;
    exact = options;
    exact.model.input_length = INPUTS;
    exact.model.target_length = TARGETS;
    check(model_create(&roomy, &options));
    check(model_create(&tight, &exact));
    randomise(roomy);
    randomise(tight);
    padded = random_batch(&options, 5);
    batch = random_batch(&exact, 6);
    for (int i = 0; i < EXAMPLES; i++) {
        memcpy(padded->inputs + i * odd.input_length, batch->inputs + i * INPUTS,
               INPUTS * sizeof *batch->inputs);
        memset(padded->targets + i * odd.target_length, 0, (size_t)odd.target_length * sizeof *batch->targets);
        memcpy(padded->targets + i * odd.target_length, batch->targets + i * TARGETS,
               TARGETS * sizeof *batch->targets);
        padded->inputs_used[i] = INPUTS;
        padded->targets_used[i] = TARGETS;
    }
    check(model_gradient(roomy, padded, rate > 0 ? 2 : 0, &loss));
    check(model_gradient(tight, batch, rate > 0 ? 2 : 0, &expected));
    error = gradient_distance(roomy, tight, &where);
    check(model_evaluate(roomy, padded, each));
    check(model_evaluate(tight, batch, expected_each));
    for (int i = 0; i < EXAMPLES; i++)
        off = worse(off, fabs(each[i] - expected_each[i]) / expected_each[i]);
    tap_ok(fabs(loss - expected) <= 1e-6 * expected && off <= 1e-6 && error <= f32_tolerance,
           "padding, dropout %g, micro-batch %d, %s: as without, loss off by %.1e, examples by %.1e, gradients "
           "by %.1e (%s)",
           rate, micro_batch, precision == PRECISION_F32 ? "f32" : "bf16", fabs(loss - expected) / expected,
           off, error, where);
    batch_destroy(padded);
    batch_destroy(batch);
    model_destroy(roomy);
    model_destroy(tight);
}

static void test_paddings(void)
{
    test_padding(0, 0, PRECISION_F32);
    test_padding(0.2, 1, PRECISION_F32);
    test_padding(0.2, 2, PRECISION_F32);
    if (model_has_bf16())
        test_padding(0.2, 2, PRECISION_BF16);
    else
        tap_skip(1, "this CPU or oneDNN has no bf16");
}

static void test_gradients(void)
{
    static const struct split splits[] = {
        {5, 2, 0, 0}, {5, 3, 0, 0}, {5, 3, 1, 0}, {5, 1, 2, 0}, {5, 1, 5, 0}, {1, 3, 0, 0},
        {1, 2, 0, 2}, {1, 4, 0, 4}, {5, 4, 2, 2}, {5, 4, 5, 4}, {2, 7, 0, 3}, {1, 16, 0, 16}};

    for (int i = 0; i < variant_count(); i++)
        test_gradient(&odd, variant_at(i), (struct split){5, 1, 0, 0}, PRECISION_F32);
    for (size_t i = 0; i < LENGTH_OF(splits); i++)
        test_gradient(&odd, find("swiglu"), splits[i], PRECISION_F32);
    for (int team = 2; team <= 4; team *= 2)
        for (int i = 0; i < variant_count(); i++)
            test_gradient(&odd, variant_at(i), (struct split){3, team, 0, team}, PRECISION_F32);
    test_gradient(&wide, find("geglu"), (struct split){2, 2, 0, 0}, PRECISION_F32);
    test_gradient(&wide, find("geglu"), (struct split){2, 4, 0, 2}, PRECISION_F32);
    test_gradient(&wide, find("relu"), (struct split){1, 4, 0, 4}, PRECISION_F32);
    test_gradient(&wide, find("relu"), (struct split){2, 2, 0, 0}, PRECISION_F32);
    test_pads();
}

enum { GRADIENTS = 12 + 4 + 1 }; /* beside the variants */

static void test_gradients_bf16(void)
{
    struct model_config shallow = odd;

    shallow.layers = 1;
    if (!model_has_bf16()) {
        tap_skip(2 * variant_count() + 3, "this CPU or oneDNN has no bf16");
        return;
    }
    for (int i = 0; i < variant_count(); i++)
        test_gradient(&shallow, variant_at(i), (struct split){5, 2, 0, 0}, PRECISION_BF16);
    for (int i = 0; i < variant_count(); i++)
        test_gradient(&shallow, variant_at(i), (struct split){5, 4, 0, 2}, PRECISION_BF16);
    test_gradient(&wide, find("swiglu"), (struct split){1, 4, 0, 4}, PRECISION_BF16);
    test_gradient(&wide, find("swiglu"), (struct split){2, 2, 0, 0}, PRECISION_BF16);
    test_gradient(&wide, find("relu"), (struct split){2, 1, 1, 0}, PRECISION_BF16);
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
        test_gradient(&odd, find(name), (struct split){3, 1, 0, 0}, PRECISION_F32);
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
        worst = worse(worst, fabs(fast[i] - ref[i]) / ref[i]);
        mean += fast[i] / (5 * odd.target_length);
    }
    tap_ok(worst < f32_tolerance, "evaluate: each example's loss, off by %.1e", worst);
    tap_ok(fabs(mean - loss) < 1e-6 * loss, "evaluate gives the loss that gradient gives");

    worst = 0;
    for (int examples = 1; examples <= 4; examples++) {
        head = batch_head(pair.batch, examples);
        check(model_evaluate(pair.fast, &head, alone));
        for (int i = 0; i < examples; i++)
            worst = worse(worst, fabs(alone[i] - fast[i]) / fast[i]);
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

int main(void)
{
    tap_plan(5 * variant_count() + GRADIENTS + 3 + ACT_COUNT + 7 + 8 + 2 + 4 + 4);
    test_gradients();
    test_dropouts();
    test_paddings();
    test_buckets();
    test_masks();
    test_gradients_bf16();
    test_customs();
    test_evaluate();
    return tap_status();
}
