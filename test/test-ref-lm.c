/* test-ref-lm.c - the plain twin of the language model: its gradient against central differences, its
 * loss against hand calculation. */
#include "src/glu.h"

#include <math.h>
#include <string.h>

#include "src/util/rng.h"
#include "test/ref/ref.h"
#include "test/tap.h"
#include "variants/variant.h"

enum { EXAMPLES = 2, LENGTH = 7, VOCABULARY = 11, D_MODEL = 6, HEADS = 2, D_KV = 4 };

struct problem {
    struct ref_lm *model;
    struct batch *batch;
};

static void problem_create(struct problem *p, const struct variant *variant, struct rng *rng)
{
    struct ref_config config = {
        .vocabulary = VOCABULARY, .d_model = D_MODEL, .layers = 2, .heads = HEADS, .d_kv = D_KV,
        .d_ff = variant_d_ff(variant, 9), .input_length = LENGTH, .target_length = LENGTH,
    };
    struct ref_tensor *tensors;
    int count;

    if (ref_lm_create(&p->model, &config, variant) ||
        batch_create(&p->batch, EXAMPLES, LENGTH, LENGTH))
        tap_bail_out("%s", err_get());
    for (int i = 0; i < EXAMPLES * LENGTH; i++) {
        p->batch->targets[i] = 1 + (int32_t)rng_below(rng, VOCABULARY - 1);
        p->batch->inputs[i] = i % LENGTH ? p->batch->targets[i - 1] : 0;
    }
    tensors = ref_lm_tensors(p->model, &count);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < tensors[i].rows * tensors[i].cols; j++)
            tensors[i].value[j] = 0.6 * rng_normal(rng) + (tensors[i].rows == 1);
}

static void problem_destroy(struct problem *p)
{
    ref_lm_destroy(p->model);
    batch_destroy(p->batch);
}

static double any_loss(void *model, const struct batch *batch, double *example_nats)
{
    return ref_lm_loss(model, batch, example_nats);
}

static void test_gradient(const struct variant *variant, double dropout, struct rng *rng)
{
    struct problem p;
    struct ref_tensor *tensors;
    double worst;
    const char *where;
    int count;

    problem_create(&p, variant, rng);
    ref_lm_set_dropout(p.model, &(struct ref_dropout){dropout, 5, 7});
    ref_lm_gradient(p.model, p.batch);
    tensors = ref_lm_tensors(p.model, &count);
    worst = ref_gradient_error(any_loss, p.model, p.batch, tensors, count, rng, &where);
    tap_ok(worst < 1e-6, "%s, dropout %g: gradient of all %d tensors, error %.1e (%s)",
           variant->name, dropout, count, worst, where);
    problem_destroy(&p);
}

/* ==== By hand ==== */

/* A pair (x, y) at position p turns by p: of d_kv 2 the one frequency is 1; of 4, the second is 1/100. */
static void test_rotary(void)
{
    double x[2 * 4] = {1, 2, 3, 4, 1, 2, 3, 4}, y[2 * 4], short_x[2 * 2] = {5, 6, 1, 0};
    double a = 1, b = 0.01;
    bool right;

    memcpy(y, x, sizeof y);
    ref_rotary(x, 1, 2, 1, 4);
    right = memcmp(x, y, 4 * sizeof *x) == 0 && fabs(x[4] - (cos(a) - 3 * sin(a))) < 1e-15 &&
            fabs(x[6] - (sin(a) + 3 * cos(a))) < 1e-15 &&
            fabs(x[5] - (2 * cos(b) - 4 * sin(b))) < 1e-15 &&
            fabs(x[7] - (2 * sin(b) + 4 * cos(b))) < 1e-15;
    ref_rotary(x, -1, 2, 1, 4);
    for (int i = 0; i < 8; i++)
        right = right && fabs(x[i] - y[i]) < 1e-15;
    ref_rotary(short_x, 1, 2, 1, 2);
    tap_ok(right && short_x[0] == 5 && short_x[1] == 6 && fabs(short_x[2] - cos(1)) < 1e-15 &&
               fabs(short_x[3] - sin(1)) < 1e-15,
           "rotary: pairs half a head apart turn by their position, and back");
}

/* Without the weights of the layers what is left is softmax(E y), y the normalised embedding of the
 * token before (of pad at first). */
static void test_bare(struct rng *rng)
{
    const double *table, *norm;
    struct ref_tensor *tensors;
    double sum = 0, loss, each[EXAMPLES];
    struct problem p;
    int count;

    problem_create(&p, variant_find("swiglu", NULL), rng);
    tensors = ref_lm_tensors(p.model, &count);
    for (int i = 1; i < count; i++)
        for (int j = 0; tensors[i].rows > 1 && j < tensors[i].rows * tensors[i].cols; j++)
            tensors[i].value[j] = 0;
    table = ref_lm_tensor(p.model, "model.embed_tokens.weight")->value;
    norm = ref_lm_tensor(p.model, "model.norm.weight")->value;
    for (int t = 0; t < EXAMPLES * LENGTH; t++) {
        const double *y = table + p.batch->inputs[t] * D_MODEL;
        double logits[VOCABULARY], probability[VOCABULARY], squares = 1e-6 * D_MODEL;

        for (int i = 0; i < D_MODEL; i++)
            squares += y[i] * y[i];
        for (int w = 0; w < VOCABULARY; w++) {
            logits[w] = 0;
            for (int i = 0; i < D_MODEL; i++)
                logits[w] += table[w * D_MODEL + i] * y[i] * norm[i] / sqrt(squares / D_MODEL);
        }
        ref_softmax(probability, logits, 1, VOCABULARY);
        sum -= log(probability[p.batch->targets[t]]);
    }
    loss = ref_lm_loss(p.model, p.batch, each);
    tap_ok(fabs(loss - sum / (EXAMPLES * LENGTH)) < 1e-12 &&
               fabs(loss - (each[0] + each[1]) / (EXAMPLES * LENGTH)) < 1e-12,
           "without its layers, loss %g by hand", loss);
    problem_destroy(&p);
}

/* A token is seen by no position before it; and scores depend on distances alone. */
static void test_positions(struct rng *rng)
{
    double before[EXAMPLES], after[EXAMPLES], q[8] = {1, 2, 3, 4, 5, 6, 7, 8}, far[16] = {0};
    struct problem p;

    problem_create(&p, variant_find("relu", NULL), rng);
    memset(p.batch->targets + 3, 0, (LENGTH - 3) * sizeof *p.batch->targets);
    ref_lm_loss(p.model, p.batch, before);
    p.batch->inputs[3] = 1 + p.batch->inputs[3] % (VOCABULARY - 1);
    ref_lm_loss(p.model, p.batch, after);
    tap_ok(before[0] == after[0], "no position sees a later one");
    memcpy(far + 8, q, sizeof q);
    ref_rotary(q, 1, 2, 1, 4); /* the second row at position 1 */
    ref_rotary(far, 1, 4, 1, 4); /* the same rows at 2 and 3 */
    before[0] = after[0] = 0;
    for (int i = 0; i < 4; i++) {
        before[0] += q[i] * q[4 + i];
        after[0] += far[8 + i] * far[12 + i];
    }
    tap_ok(fabs(before[0] - after[0]) < 1e-12, "scores depend on distances alone");
    problem_destroy(&p);
}

int main(void)
{
    struct rng rng;

    tap_plan(4 + variant_count() + 2);
    rng_start(&rng, 2, RNG_TEST, 0);
    test_rotary();
    test_bare(&rng);
    test_positions(&rng);
    for (int i = 0; i < variant_count(); i++)
        test_gradient(variant_at(i), 0, &rng);
    test_gradient(variant_find("swiglu", NULL), 0.25, &rng);
    test_gradient(variant_find("relu", NULL), 0.25, &rng);
    return tap_status();
}
