/* test-sizes.c - what a T5 counts, how it begins, and what it refuses. */
#include "src/glu.h"

#include <math.h>
#include <string.h>

#include "test/t5-pair.h"
#include "test/tap.h"
#include "variants/variant.h"

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

/* Scalars begin where the activation says, whatever the seed, and are parameters of the layers. */
static void test_scalars(void)
{
    struct model_options options = options_of(&odd, find("xielu"), 5, 1);
    struct model_counts with, without;
    struct model *model;
    struct tensor *tensors;
    int count, scalars = 0, wrong = 0;

    check(model_create(&model, &options));
    model_init(model, 9);
    tensors = model_tensors(model, &count);
    for (int i = 0; i < count; i++)
        if (tensors[i].scalar)
            wrong += fabs(tensors[i].value[0] - (scalars++ % 2 ? -1.0502256 : 0.2033823)) > 1e-6;
    check(model_counts(&options, &with));
    options.variant = find("relu");
    check(model_counts(&options, &without));
    tap_ok(scalars == 2 * 2 * odd.layers && wrong == 0 &&
               with.parameters == without.parameters + scalars &&
               with.ffn_parameters == without.ffn_parameters + scalars &&
               with.train_flops == without.train_flops,
           "trained scalars begin where they should, and are counted");
    model_destroy(model);
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
    tap_plan(5 + 4 + 1 + 10);
    test_counts();
    test_flops();
    test_implementations();
    test_init();
    test_scalars();
    test_refusals();
    return tap_status();
}
