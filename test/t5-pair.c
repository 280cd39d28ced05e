/* t5-pair.c - see t5-pair.h. */
#include "src/glu.h"

#include <math.h>
#include <string.h>

#include "src/util/rng.h"
#include "test/t5-pair.h"
#include "test/tap.h"
#include "test/worse.h"

/* Errors of f32: the largest absolute error of a tensor over its largest absolute value.  Errors
 * of bf16, which keeps 8 bits: the root of the summed squares of a tensor's errors over that of its
 * values, the twin having the same rounded weights. */
const double f32_tolerance = 1e-5, bf16_tolerance = 2.5e-2;
/* Where the activation has a kink, a gate that bf16 puts on its other side is not a little wrong
 * but wholly: 1 in 100 of them make 10 % of a gradient's norm. */
const double bf16_kink_tolerance = 0.15;

/* Widths that are no multiple of any vector, and lengths that differ. */
const struct model_config odd = {
    .vocabulary = 53, .d_model = 40, .layers = 2, .heads = 3, .d_kv = 5, .d_ff = 27,
    .input_length = 13, .target_length = 7,
};
/* Long enough for every position bucket, wide enough for factored second moments. */
const struct model_config wide = {
    .vocabulary = 131, .d_model = 129, .layers = 1, .heads = 2, .d_kv = 64, .d_ff = 198,
    .input_length = 135, .target_length = 130,
};

/* ==== A fast model, its twin with the same weights, and a batch ==== */

void check(int status)
{
    if (status != 0)
        tap_bail_out("%s", err_get());
}

const struct variant *find(const char *name)
{
    static struct variant_storage storage;
    const struct variant *variant = variant_find(name, &storage);

    if (!variant)
        tap_bail_out("%s", err_get());
    return variant;
}

/* model.d_ff is the ungated width. */
struct model_options options_of(const struct model_config *model, const struct variant *variant,
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

static bool is_lm(const struct model_options *options)
{
    return options->architecture && options->architecture == architecture_find("lm");
}

struct batch *random_batch(const struct model_options *options, uint64_t seed)
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
    for (int i = 0; is_lm(options) && i < options->batch * m->input_length; i++)
        batch->inputs[i] = i % m->input_length ? batch->targets[i - 1] : 0;
    return batch;
}

/* The first `examples` of a batch. */
struct batch batch_head(const struct batch *batch, int examples)
{
    struct batch head = *batch;

    head.examples = examples;
    return head;
}

size_t tensor_size(const struct tensor *tensor)
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
void randomise(struct model *model)
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

static struct ref_tensor *twin_of(const struct pair *pair, const char *name)
{
    return pair->lm ? ref_lm_tensor(pair->lm, name) : ref_t5_tensor(pair->ref, name);
}

/* The fast model's weights into the twin.  -1 when the tensors are not the same. */
static int copy_weights(const struct pair *pair)
{
    int count, ref_count;
    struct tensor *tensors = model_tensors(pair->fast, &count);

    if (pair->lm)
        ref_lm_tensors(pair->lm, &ref_count);
    else
        ref_t5_tensors(pair->ref, &ref_count);
    if (count != ref_count)
        return err_set("%d tensors, not %d", count, ref_count);
    for (int i = 0; i < count; i++) {
        struct ref_tensor *twin = twin_of(pair, tensors[i].name);

        if (!twin || twin->rows != tensors[i].rows || twin->cols != tensors[i].cols)
            return err_set("%s (%d, %d) has no twin", tensors[i].name, tensors[i].rows,
                           tensors[i].cols);
        for (size_t j = 0; j < tensor_size(&tensors[i]); j++)
            twin->value[j] = tensors[i].value[j];
    }
    return 0;
}

void pair_create(struct pair *pair, const struct model_options *options)
{
    const struct model_config *m = &options->model;
    struct ref_config config = {
        .vocabulary = m->vocabulary, .d_model = m->d_model, .layers = m->layers,
        .heads = m->heads, .d_kv = m->d_kv, .d_ff = m->d_ff, .input_length = m->input_length,
        .target_length = m->target_length,
    };

    *pair = (struct pair){.options = *options};
    check(model_create(&pair->fast, options));
    check(is_lm(options) ? ref_lm_create(&pair->lm, &config, options->variant)
                         : ref_t5_create(&pair->ref, &config, options->variant));
    pair->batch = random_batch(options, 3);
    randomise(pair->fast);
    check(copy_weights(pair));
}

void pair_destroy(struct pair *pair)
{
    batch_destroy(pair->batch);
    ref_t5_destroy(pair->ref);
    ref_lm_destroy(pair->lm);
    model_destroy(pair->fast);
}

double ref_gradient(const struct pair *pair)
{
    return pair->lm ? ref_lm_gradient(pair->lm, pair->batch)
                    : ref_t5_gradient(pair->ref, pair->batch);
}

static double array_error(const float *fast, const double *ref, size_t n, enum precision precision)
{
    double worst = 0, largest = 0, errors = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        double error = fabs(fast[i] - ref[i]);

        worst = worse(worst, error);
        largest = fmax(largest, fabs(ref[i]));
        errors += error * error;
        squares += ref[i] * ref[i];
    }
    if (precision == PRECISION_BF16)
        return sqrt(errors / squares);
    return largest > 0 ? worst / largest : worst;
}

enum { SCALARS_MAX = 64 };

/* The worst tensor's error of gradients (or values), and its name.  A scalar is held beside all of
 * them, and to a tenth of what a matrix is: its gradient is a sum over a layer, of which little may be
 * left. */
double worst_error(const struct pair *pair, bool gradients, const char **where)
{
    enum precision precision = gradients ? pair->options.precision : PRECISION_F32;
    int count;
    struct tensor *tensors = model_tensors(pair->fast, &count);
    double worst = 0, scalars_exact[SCALARS_MAX];
    float scalars[SCALARS_MAX];
    int scalar_count = 0;

    *where = "none";
    for (int i = 0; i < count; i++) {
        const struct ref_tensor *twin = twin_of(pair, tensors[i].name);
        const float *fast = gradients ? tensors[i].gradient : tensors[i].value;
        const double *exact = gradients ? twin->gradient : twin->value;
        double error = array_error(fast, exact, tensor_size(&tensors[i]), precision);

        if (tensors[i].scalar) {
            scalars[scalar_count] = fast[0];
            scalars_exact[scalar_count++] = exact[0];
            error = array_error(scalars, scalars_exact, (size_t)scalar_count, precision) / 10;
        }
        if (is_worse(error, worst)) {
            worst = error;
            *where = tensors[i].name;
        }
    }
    return worst;
}

bool same_weights(struct model *a, struct model *b)
{
    int count, other;
    struct tensor *x = model_tensors(a, &count), *y = model_tensors(b, &other);

    for (int i = 0; i < count; i++)
        if (memcmp(x[i].value, y[i].value, tensor_size(&x[i]) * sizeof *x[i].value) != 0)
            return false;
    return count == other;
}
