/* test-layers.c - the feed-forward layer, over odd sizes, against its plain twin: with the fused gate
 * kernels and with oneDNN's element-wise primitives. */
#include "src/glu.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/model/ffn.h"
#include "src/nn/dnn.h"
#include "test/ref/ref.h"
#include "src/util/rng.h"
#include "test/tap.h"
#include "variants/variant.h"

/* Of the largest absolute error to the largest absolute value; in bf16 the inputs are rounded
 * before the twin sees them. */
static const double tolerances[] = {[DNN_F32] = 1e-5, [DNN_BF16] = 2e-2};

static struct rng rng;

static void check(int status)
{
    if (status != 0)
        tap_bail_out("%s", err_get());
}

static float bf16_value(float x) /* rounded to nearest, ties to even */
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Keeps the larger of *worst and the error of n elements; a NaN stays. */
static void compare(double *worst, const float *got, const double *want, size_t n)
{
    double error = 0, largest = 1e-30;

    for (size_t i = 0; i < n; i++) {
        double e = fabs((double)got[i] - want[i]);

        if (!(e <= error))
            error = e;
        largest = fmax(largest, fabs(want[i]));
    }
    if (!(error / largest <= *worst))
        *worst = error / largest;
}

/* No number alone: it may lie near zero, where the library's exp(x) - 1 is all rounding. */
static const struct {
    int tokens, d_model, d_ff, threads, tile; /* d_ff: ungated */
} shapes[] = {
    {1, 17, 9, 1, 0}, {17, 3, 9, 1, 0}, {7, 5, 6, 1, 0}, {37, 33, 27, 2, 0}, {50, 40, 96, 3, 7}};

static void fill(float *dst, size_t n, double stddev, enum dnn_type type)
{
    for (size_t i = 0; dst && i < n; i++) {
        dst[i] = (float)(stddev * rng_normal(&rng));
        if (type == DNN_BF16)
            dst[i] = bf16_value(dst[i]);
    }
}

/* -unit, 0 or unit. */
static void fill_signs(float *dst, size_t n, float unit)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = unit * (float)((int)rng_below(&rng, 3) - 1);
}

static double *widen(const float *src, size_t n)
{
    double *dst = calloc(n, sizeof *dst);

    if (!dst)
        tap_bail_out("no memory");
    for (size_t i = 0; src && i < n; i++)
        dst[i] = src[i];
    return dst;
}

static void test_ffn_shape(const struct variant *variant, enum dnn_type type, bool fused, size_t s,
                           double *worst)
{
    int tokens = shapes[s].tokens, d_model = shapes[s].d_model;
    int d_ff = variant_d_ff(variant, shapes[s].d_ff);
    size_t stream = (size_t)tokens * d_model, weights = (size_t)d_model * d_ff;
    struct model_options options =
        ffn_options(variant, tokens, d_model, d_ff, shapes[s].threads,
                    type == DNN_BF16 ? PRECISION_BF16 : PRECISION_F32);
    struct tensor *tensors, *gate, *up, *out;
    struct model *layer;
    struct batch *batch;
    struct ffn_view view;
    int count;
    double loss, *src, *diff_dst, *w, *v, *w2, *dst, *diff_src, *diff_w, *diff_v, *diff_w2;

    options.unfused = !fused;
    if (shapes[s].tile)
        options.micro_batch = shapes[s].tile;
    check(model_create(&layer, &options));
    check(ffn_batch_create(&batch, tokens));
    view = ffn_view(layer);
    tensors = model_tensors(layer, &count);
    gate = &tensors[0];
    up = variant->gated ? &tensors[1] : NULL;
    out = &tensors[count - 1];
    fill(view.src, stream, 1, type);
    fill(view.diff_dst, stream, 1, type);
    fill(gate->value, weights, 1 / sqrt(d_model), type);
    fill(up ? up->value : NULL, weights, 1 / sqrt(d_model), type);
    fill(out->value, weights, 1 / sqrt(d_ff), type);
    if (type == DNN_BF16) { /* gates that bf16 holds exactly, so that none changes its side of a kink */
        fill_signs(view.src, stream, 1);
        fill_signs(gate->value, weights, 0.25f);
    }
    src = widen(view.src, stream), diff_dst = widen(view.diff_dst, stream);
    w = widen(gate->value, weights), v = widen(up ? up->value : NULL, weights);
    w2 = widen(out->value, weights);
    dst = widen(NULL, stream), diff_src = widen(NULL, stream);
    diff_w = widen(NULL, weights), diff_v = widen(NULL, weights), diff_w2 = widen(NULL, weights);
    ref_ffn(dst, src, w, v, w2, variant, NULL, tokens, d_model, d_ff);
    ref_ffn_backward(diff_src, diff_w, diff_v, diff_w2, diff_dst, src, w, v, w2, variant, NULL,
                     tokens, d_model, d_ff);

    for (int repeat = 0; repeat < 2; repeat++) { /* nothing may be left from the call before */
        model_refresh(layer);
        check(model_gradient(layer, batch, 0, &loss));
    }
    compare(worst, view.dst, dst, stream);
    compare(worst, view.diff_src, diff_src, stream);
    compare(worst, gate->gradient, diff_w, weights);
    if (up)
        compare(worst, up->gradient, diff_v, weights);
    compare(worst, out->gradient, diff_w2, weights);
    batch_destroy(batch);
    model_destroy(layer);
    free(src), free(diff_dst), free(w), free(v), free(w2), free(dst), free(diff_src);
    free(diff_w), free(diff_v), free(diff_w2);
}

static void test_ffn(const char *name, enum dnn_type type, bool fused)
{
    struct variant_storage storage;
    const struct variant *variant = variant_find(name, &storage);
    double worst = 0;

    if (!variant)
        tap_bail_out("%s", err_get());
    for (size_t s = type == DNN_BF16 ? 2 : 0; s < LENGTH_OF(shapes); s++) /* few may cancel */
        test_ffn_shape(variant, type, fused, s, &worst);
    tap_ok(worst <= tolerances[type], "%s %s, %s: off by %.1e",
           type == DNN_BF16 ? "bf16" : "f32", name, fused ? "fused" : "element-wise primitive",
           worst);
}

enum { FUSED = 1, PRIMITIVE = 2 };

/* An activation with and without a gate, and who computes it: our fused kernel, oneDNN or either. */
static const struct {
    const char *ungated, *gated;
    int forms;
} activations[] = {
    {"custom:linear,alpha=0.5,beta=0.25", "bilinear", FUSED | PRIMITIVE},
    {"relu", "reglu", FUSED | PRIMITIVE},
    {"custom:relu,alpha=0.1", "custom:relu,gated,alpha=0.1", FUSED | PRIMITIVE},
    {"relu2", "custom:relu2,gated", FUSED},
    {"gelu", "geglu", FUSED | PRIMITIVE},
    {"gelu_tanh", "geglu_tanh", FUSED | PRIMITIVE},
    {"swish", "swiglu", FUSED | PRIMITIVE},
    {"custom:swish,alpha=1.702", "custom:swish,gated,alpha=1.702", FUSED | PRIMITIVE},
    {"custom:logistic", "glu", FUSED | PRIMITIVE},
    {"custom:tanh", "custom:tanh,gated", PRIMITIVE},
    {"custom:elu,alpha=0.5", "custom:elu,gated,alpha=0.5", PRIMITIVE},
    {"custom:square", "custom:square,gated", PRIMITIVE},
    {"custom:abs", "custom:abs,gated", PRIMITIVE},
    {"custom:soft_relu", "custom:soft_relu,gated", PRIMITIVE},
    {"custom:mish", "custom:mish,gated", PRIMITIVE},
    {"custom:hardswish", "custom:hardswish,gated", PRIMITIVE},
    {"custom:exp", "custom:exp,gated", PRIMITIVE},
    {"custom:clip,alpha=-0.6,beta=0.8", "custom:clip,gated,alpha=-0.6,beta=0.8", PRIMITIVE},
};

static void test_ffns(enum dnn_type type)
{
    for (size_t i = 0; i < LENGTH_OF(activations); i++)
        for (int form = FUSED; form <= PRIMITIVE; form++)
            if (activations[i].forms & form) {
                test_ffn(activations[i].ungated, type, form == FUSED);
                test_ffn(activations[i].gated, type, form == FUSED);
            }
}

int main(void)
{
    int checks = 0;

    for (size_t i = 0; i < LENGTH_OF(activations); i++)
        checks += activations[i].forms == (FUSED | PRIMITIVE) ? 4 : 2;
    tap_plan(2 * checks);
    rng_start(&rng, 4, RNG_TEST, 0);
    test_ffns(DNN_F32);
    if (dnn_has_bf16())
        test_ffns(DNN_BF16);
    else
        tap_skip(checks, "this CPU or oneDNN has no bf16");
    return tap_status();
}
