/* test-ref-t5.c - the plain twin of the whole T5: its gradient against central differences, its loss
 * against hand calculation. */
#include "src/glu.h"

#include <math.h>
#include <string.h>

#include "src/util/rng.h"
#include "test/ref/ref.h"
#include "test/tap.h"
#include "variants/variant.h"

static bool close_to(double a, double b)
{
    return fabs(a - b) <= 1e-12 * fmax(1.0, fabs(b));
}

enum { EXAMPLES = 2, INPUT = 9, TARGET = 6, VOCABULARY = 11 };

struct problem {
    struct ref_t5 *model;
    struct batch *batch;
};

static double problem_loss(struct problem *p)
{
    return ref_t5_loss(p->model, p->batch, NULL);
}

static int problem_create(struct problem *p, const struct variant *v, struct rng *rng)
{
    struct ref_config config = {
        .vocabulary = VOCABULARY, .d_model = 6, .layers = 2, .heads = 2, .d_kv = 3,
        .d_ff = variant_d_ff(v, 9), .input_length = INPUT, .target_length = TARGET,
    };
    struct ref_tensor *tensors;
    int count;

    if (ref_t5_create(&p->model, &config, v) != 0 ||
        batch_create(&p->batch, EXAMPLES, INPUT, TARGET) != 0)
        return -1;
    for (int i = 0; i < EXAMPLES * INPUT; i++)
        p->batch->inputs[i] = 1 + (int32_t)rng_below(rng, VOCABULARY - 1);
    for (int i = 0; i < EXAMPLES * TARGET; i++)
        p->batch->targets[i] = 1 + (int32_t)rng_below(rng, VOCABULARY - 1);
    p->batch->targets[EXAMPLES * TARGET - 1] = 0; /* a pad, which the loss leaves out */
    p->batch->inputs_used[1] = INPUT - 3;
    tensors = ref_t5_tensors(p->model, &count);
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < tensors[i].rows * tensors[i].cols; j++)
            tensors[i].value[j] = 0.6 * rng_normal(rng) + (tensors[i].rows == 1);
    }
    return 0;
}

static void problem_destroy(struct problem *p)
{
    ref_t5_destroy(p->model);
    batch_destroy(p->batch);
}

static double any_loss(void *model, const struct batch *batch, double *example_nats)
{
    return ref_t5_loss(model, batch, example_nats);
}

static void test_t5_gradient(const struct variant *v, double dropout, struct rng *rng)
{
    struct problem p;
    struct ref_tensor *tensors;
    double worst, loss;
    const char *where;
    int count;

    if (problem_create(&p, v, rng) != 0)
        tap_bail_out("%s", err_get());
    ref_t5_set_dropout(p.model, &(struct ref_dropout){dropout, 5, 7});
    loss = ref_t5_gradient(p.model, p.batch);
    tensors = ref_t5_tensors(p.model, &count);
    worst = ref_gradient_error(any_loss, p.model, p.batch, tensors, count, rng, &where);
    tap_ok(worst < 1e-6 && loss == loss,
           "T5 with %s, dropout %g: gradient of all %d tensors, error %.1e (%s)", v->name, dropout,
           count, worst, where);
    problem_destroy(&p);
}

static size_t model_parameters(struct ref_t5 *model)
{
    size_t sum = 0;
    int count;
    struct ref_tensor *tensors = ref_t5_tensors(model, &count);

    for (int i = 0; i < count; i++)
        sum += (size_t)tensors[i].rows * tensors[i].cols;
    return sum;
}

/* Clears the weights of every sublayer.  What is left is softmax(E y d_model^-0.5), y the
 * normalised embedding of the target before (of pad at first); returns the mean -log of it. */
static double test_t5_bare(struct problem *p)
{
    const double *table = ref_t5_tensor(p->model, "shared.weight")->value;
    const double *norm = ref_t5_tensor(p->model, "decoder.final_layer_norm.weight")->value;
    struct ref_tensor *tensors;
    double sum = 0, logits[VOCABULARY], probability[VOCABULARY];
    int count, tokens = 0;
    const int d_model = 6;

    tensors = ref_t5_tensors(p->model, &count);
    for (int i = 1; i < count; i++)
        if (tensors[i].rows > 1)
            memset(tensors[i].value, 0,
                   (size_t)tensors[i].rows * tensors[i].cols * sizeof *tensors[i].value);

    for (int t = 0; t < EXAMPLES * TARGET; t++) {
        const double *y = table + (t % TARGET ? p->batch->targets[t - 1] : 0) * d_model;
        double squares = 1e-6 * d_model;

        for (int i = 0; i < d_model; i++)
            squares += y[i] * y[i];
        for (int w = 0; w < VOCABULARY; w++) {
            logits[w] = 0;
            for (int i = 0; i < d_model; i++)
                logits[w] += table[w * d_model + i] * y[i] * norm[i] / sqrt(squares);
        }
        if (p->batch->targets[t] == 0)
            continue;
        ref_softmax(probability, logits, 1, VOCABULARY);
        sum -= log(probability[p->batch->targets[t]]);
        tokens++;
    }
    return sum / tokens;
}

static void test_t5(void)
{
    static const char *const names[] = {
        "shared.weight",
        "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
        "encoder.block.1.layer.0.SelfAttention.q.weight",
        "encoder.block.1.layer.0.layer_norm.weight",
        "encoder.block.1.layer.1.DenseReluDense.wi_0.weight",
        "encoder.block.1.layer.1.DenseReluDense.wi_1.weight",
        "encoder.block.1.layer.1.DenseReluDense.wo.weight",
        "encoder.final_layer_norm.weight",
        "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
        "decoder.block.1.layer.1.EncDecAttention.o.weight",
        "decoder.block.1.layer.1.layer_norm.weight",
        "decoder.block.1.layer.2.DenseReluDense.wo.weight",
        "decoder.block.1.layer.2.layer_norm.weight",
        "decoder.final_layer_norm.weight",
    };
    struct variant_storage storage;
    const struct variant *relu = variant_find("relu", &storage);
    const struct variant *swiglu = variant_find("swiglu", &storage);
    struct problem gated, ungated;
    struct rng rng;
    double each[EXAMPLES], loss, bare_loss;
    int missing = 0;

    rng_start(&rng, 2, RNG_TEST, 0);
    if (problem_create(&gated, swiglu, &rng) != 0 || problem_create(&ungated, relu, &rng) != 0)
        tap_bail_out("%s", err_get());
    for (size_t i = 0; i < LENGTH_OF(names); i++)
        missing += !ref_t5_tensor(gated.model, names[i]);
    tap_ok(missing == 0 && !ref_t5_tensor(gated.model, "encoder.block.1.layer.0.SelfAttention."
                                          "relative_attention_bias.weight") &&
               ref_t5_tensor(ungated.model, "encoder.block.0.layer.1.DenseReluDense.wi.weight"),
           "T5: the tensors have their names");
    tap_ok(model_parameters(gated.model) == model_parameters(ungated.model),
           "T5: gated and ungated have %zu parameters", model_parameters(gated.model));

    /* 11 target tokens: 6 of the first example, 5 of the second. */
    loss = ref_t5_loss(gated.model, gated.batch, each);
    tap_ok(close_to(loss, (each[0] + each[1]) / 11), "T5: the mean is over tokens");
    tap_ok(loss == ref_t5_gradient(gated.model, gated.batch),
           "T5: gradient gives the same loss");

    bare_loss = test_t5_bare(&gated);
    loss = problem_loss(&gated);
    tap_ok(close_to(loss, bare_loss), "T5: without its sublayers, loss %g by hand", bare_loss);
    /* What stands beyond the used length of an example is not seen. */
    loss = problem_loss(&ungated);
    ungated.batch->inputs[EXAMPLES * INPUT - 2] = 1 + ungated.batch->inputs[EXAMPLES * INPUT - 2] % 9;
    tap_ok(problem_loss(&ungated) == loss, "T5: pads are masked");
    problem_destroy(&gated);
    problem_destroy(&ungated);

    for (int i = 0; i < variant_count(); i++)
        test_t5_gradient(variant_at(i), 0, &rng);
    test_t5_gradient(swiglu, 0.25, &rng);
    test_t5_gradient(relu, 0.25, &rng);
}

int main(void)
{
    tap_plan(6 + variant_count() + 2);
    test_t5();
    return tap_status();
}
