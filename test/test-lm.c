/* test-lm.c - the fast language model's gradients, dropout, evaluation and sizes against its plain
 * double-precision twin. */
#include "src/glu.h"

#include <math.h>
#include <string.h>

#include "test/t5-pair.h"
#include "test/tap.h"
#include "test/worse.h"
#include "variants/variant.h"

/* Widths that are no multiple of any vector; one range of queries. */
static const struct model_config short_lm = {
    .vocabulary = 53, .d_model = 40, .layers = 2, .heads = 3, .d_kv = 6, .d_ff = 27,
    .input_length = 13, .target_length = 13,
};
/* Several ranges of queries, the last of them short. */
static const struct model_config long_lm = {
    .vocabulary = 131, .d_model = 64, .layers = 2, .heads = 2, .d_kv = 32, .d_ff = 96,
    .input_length = 77, .target_length = 77,
};

static struct model_options lm_options(const struct model_config *model, const char *variant,
                                       int batch, int threads)
{
    struct model_options options = options_of(model, find(variant), batch, threads);

    options.architecture = architecture_find("lm");
    return options;
}

/* How a batch is shared out.  team: threads of a worker; 0: 1. */
struct split {
    int batch, threads, micro_batch, team;
};

/* ==== Gradients ==== */

/* dropout: as a rate, of step 3. */
static void test_gradient(const struct model_config *model, const char *name, struct split split,
                          double dropout, enum precision precision)
{
    struct model_options options = lm_options(model, name, split.batch, split.threads);
    bool f32 = precision == PRECISION_F32, kink = options.variant->act == ACT_RELU;
    double tolerance = f32 ? f32_tolerance : kink ? bf16_kink_tolerance : bf16_tolerance;
    double loss, expected, error, each[8], ref[8], off = 0;
    const char *where;
    struct pair pair;

    options.precision = precision;
    options.micro_batch = split.micro_batch;
    options.team = split.team;
    options.dropout = dropout;
    pair_create(&pair, &options);
    check(model_evaluate(pair.fast, pair.batch, each));
    ref_lm_loss(pair.lm, pair.batch, ref);
    for (int i = 0; i < split.batch; i++)
        off = worse(off, fabs(each[i] - ref[i]) / ref[i]);
    ref_lm_set_dropout(pair.lm, &(struct ref_dropout){dropout, 7, 3}); /* the seed of randomise() */
    expected = ref_gradient(&pair);
    check(model_gradient(pair.fast, pair.batch, dropout > 0 ? 3 : 0, &loss));
    error = worst_error(&pair, true, &where);
    tap_ok(fabs(loss - expected) <= (f32 ? 1e-6 : 4e-3) * expected && off <= (f32 ? 1e-6 : 4e-3) &&
               error <= (dropout > 0 && !f32 ? 2 : 1) * tolerance,
           "%s %s, length %d, batch %d, %d thread(s), micro-batch %d, team %d, dropout %g: loss off by "
           "%.1e, evaluated by %.1e, gradients by %.1e (%s)", name, f32 ? "f32" : "bf16",
           model->input_length, split.batch, split.threads, split.micro_batch, split.team, dropout,
           fabs(loss - expected) / expected, off, error, where);
    pair_destroy(&pair);
}

static void test_gradients(void)
{
    static const struct split splits[] = {
        {5, 2, 0, 0}, {5, 3, 1, 0}, {5, 1, 2, 0}, {5, 1, 5, 0}, {1, 3, 0, 0},
        {1, 2, 0, 2}, {1, 4, 0, 4}, {5, 4, 5, 4}, {5, 4, 2, 2}};

    for (int i = 0; i < variant_count(); i++)
        test_gradient(&short_lm, variant_at(i)->name, (struct split){5, 1, 0, 0}, 0, PRECISION_F32);
    for (size_t i = 0; i < LENGTH_OF(splits); i++)
        test_gradient(&long_lm, "swiglu", splits[i], 0, PRECISION_F32);
    test_gradient(&long_lm, "relu", (struct split){3, 2, 0, 0}, 0, PRECISION_F32);
    test_gradient(&long_lm, "gelu", (struct split){3, 2, 0, 0}, 0.3, PRECISION_F32);
    test_gradient(&short_lm, "swiglu", (struct split){5, 3, 1, 0}, 0.3, PRECISION_F32);
    test_gradient(&long_lm, "gelu", (struct split){3, 4, 0, 2}, 0.3, PRECISION_F32);
}

enum { GRADIENTS = 9 + 4, GRADIENTS_BF16 = 7 };

static void test_gradients_bf16(void)
{
    struct model_config shallow = short_lm;

    shallow.layers = 1;
    if (!model_has_bf16()) {
        tap_skip(GRADIENTS_BF16, "this CPU or oneDNN has no bf16");
        return;
    }
    test_gradient(&shallow, "swiglu", (struct split){5, 2, 0, 0}, 0, PRECISION_BF16);
    test_gradient(&long_lm, "swiglu", (struct split){5, 2, 0, 0}, 0, PRECISION_BF16);
    test_gradient(&long_lm, "gelu", (struct split){3, 1, 1, 0}, 0, PRECISION_BF16);
    test_gradient(&long_lm, "relu", (struct split){3, 2, 0, 0}, 0, PRECISION_BF16);
    test_gradient(&long_lm, "swiglu", (struct split){3, 2, 0, 0}, 0.3, PRECISION_BF16);
    test_gradient(&long_lm, "swiglu", (struct split){3, 4, 0, 2}, 0.3, PRECISION_BF16);
    test_gradient(&long_lm, "gelu", (struct split){2, 4, 0, 4}, 0, PRECISION_BF16);
}

/* Pad targets behind an example have no loss. */
static void test_pads(void)
{
    struct model_options options = lm_options(&long_lm, "swiglu", 5, 2);
    double loss, expected, error;
    const char *where;
    struct pair pair;

    pair_create(&pair, &options);
    for (int i = 0; i < 3; i++)
        for (int j = long_lm.input_length - 20 * i; j < long_lm.input_length; j++)
            pair.batch->targets[i * long_lm.input_length + j] = TOKEN_PAD;
    expected = ref_gradient(&pair);
    check(model_gradient(pair.fast, pair.batch, 0, &loss));
    error = worst_error(&pair, true, &where);
    tap_ok(fabs(loss - expected) <= 1e-6 * expected && error <= f32_tolerance,
           "pads: loss off by %.1e, gradients by %.1e (%s)", fabs(loss - expected) / expected, error,
           where);
    pair_destroy(&pair);
}

/* ==== Sizes ==== */

/* A language model's parameters and FLOPs by hand, and the same of all eight. */
static void test_counts(void)
{
    enum { V = 384, D = 64, L = 2, H = 4, K = 16, F = 384, T = 128, B = 16 };
    const struct model_config tiny = {.vocabulary = V, .d_model = D, .layers = L, .heads = H,
                                      .d_kv = K, .d_ff = F, .input_length = T, .target_length = T};
    int64_t parameters = V * D + L * (4 * D * H * K + 2 * D * F + 2 * D) + D, unequal = 0;
    int64_t weights = (int64_t)T * (L * (4 * D * H * K + 2 * D * F) + D * V);
    int64_t full = 2LL * L * H * K * T * T; /* scores and values of all pairs */
    struct model_counts first = {0}, counts;
    double share;

    for (int i = 0; i < variant_count() && variant_at(i)->in_paper; i++) {
        struct model_options options = lm_options(&tiny, variant_at(i)->name, B, 2);

        check(model_counts(&options, &counts));
        if (i == 0)
            first = counts;
        unequal += memcmp(&counts, &first, sizeof counts) != 0;
    }
    share = ((double)first.forward_flops / (2 * B) - (double)weights) / (double)full;
    tap_ok(first.parameters == parameters && unequal == 0 &&
               first.train_flops == 3 * first.forward_flops,
           "all eight have %lld parameters", (long long)first.parameters);
    tap_ok(share >= 0.5 + 0.5 / T && share <= 0.625, "of the pairs of positions, %.4f are computed",
           share);
}

/* Initial values have their standard deviations. */
static void test_initial(void)
{
    const struct model_config m = long_lm;
    const struct {
        const char *name;
        double stddev;
    } rows[] = {
        {"model.embed_tokens.weight", 0.02},
        {"model.layers.0.self_attn.q_proj.weight", pow(m.d_model, -0.5)},
        {"model.layers.1.self_attn.k_proj.weight", pow(m.d_model, -0.5)},
        {"model.layers.0.self_attn.v_proj.weight", pow(m.d_model, -0.5)},
        {"model.layers.0.self_attn.o_proj.weight", pow(m.heads * m.d_kv * 2 * m.layers, -0.5)},
        {"model.layers.0.mlp.gate_proj.weight", pow(m.d_model, -0.5)},
        {"model.layers.1.mlp.up_proj.weight", pow(m.d_model, -0.5)},
        {"model.layers.1.mlp.down_proj.weight", pow(m.d_ff * 2. / 3 * 2 * m.layers, -0.5)},
    };
    struct model_options options = lm_options(&m, "swiglu", 1, 1);
    struct model *model;
    struct tensor *tensors;
    int count, wrong = 0, found = 0;

    check(model_create(&model, &options));
    model_init(model, 1);
    tensors = model_tensors(model, &count);
    for (int i = 0; i < count; i++) {
        double squares = 0, n = (double)tensor_size(&tensors[i]);

        for (size_t j = 0; j < tensor_size(&tensors[i]); j++)
            squares += tensors[i].value[j] * tensors[i].value[j];
        for (size_t r = 0; r < LENGTH_OF(rows); r++)
            if (strcmp(rows[r].name, tensors[i].name) == 0) {
                found++;
                wrong += fabs(sqrt(squares / n) / rows[r].stddev - 1) > 4 / sqrt(2 * n);
            }
        wrong += tensors[i].vector && squares != n;
    }
    tap_ok(wrong == 0 && found == (int)LENGTH_OF(rows), "initial values: %d tensors are wrong", wrong);
    model_destroy(model);
}

static void test_refusals(void)
{
    struct model_options options = lm_options(&short_lm, "relu", 2, 1);
    struct model *model;

    options.model.d_kv = 5;
    tap_ok(model_create(&model, &options) != 0 && strstr(err_get(), "5 is odd"),
           "an odd d_kv is refused: %s", err_get());
    options.model.d_kv = 6;
    options.model.target_length = 12;
    tap_ok(model_create(&model, &options) != 0 && strstr(err_get(), "not 12"),
           "other targets than inputs are refused: %s", err_get());
}

int main(void)
{
    tap_plan(variant_count() + GRADIENTS + GRADIENTS_BF16 + 1 + 3 + 2);
    test_gradients();
    test_gradients_bf16();
    test_pads();
    test_counts();
    test_initial();
    test_refusals();
    return tap_status();
}
