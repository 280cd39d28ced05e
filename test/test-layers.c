/* test-layers.c - the feed-forward layer, over odd sizes, against its plain twin: with the fused gate
 * kernels and with oneDNN's element-wise primitives. */
#include "src/glu.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/model/ffn.h"
#include "src/nn/dnn.h"
#include "src/nn/kernels.h"
#include "test/ref/ref.h"
#include "src/util/rng.h"
#include "test/tap.h"
#include "test/worse.h"
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

static void compare(double *worst, const float *got, const double *want, size_t n)
{
    *worst = worse(*worst, worst_of(got, want, n));
}

/* No number alone: it may lie near zero, where the library's exp(x) - 1 is all rounding. */
static const struct {
    int tokens, d_model, d_ff, threads, tile, team; /* d_ff: ungated; team: threads of a worker */
} shapes[] = {
    {1, 17, 9, 1, 0, 1},   {17, 3, 9, 1, 0, 1},  {7, 5, 6, 1, 0, 1}, {37, 33, 27, 2, 0, 1},
    {50, 40, 96, 3, 7, 1}, {50, 40, 96, 4, 7, 2}, {3, 33, 27, 4, 2, 4}};

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
    struct variant trained = *variant;
    double by[ACTIVATION_SCALARS] = {0};
    struct model *layer;
    struct batch *batch;
    struct ffn_view view;
    int count;
    double loss, *src, *diff_dst, *w, *v, *w2, *dst, *diff_src, *diff_w, *diff_v, *diff_w2;

    options.unfused = !fused;
    options.team = shapes[s].team;
    if (shapes[s].tile)
        options.micro_batch = shapes[s].tile;
    check(model_create(&layer, &options));
    check(ffn_batch_create(&batch, tokens));
    view = ffn_view(layer);
    tensors = model_tensors(layer, &count);
    gate = &tensors[0];
    up = variant->gated ? &tensors[1] : NULL;
    out = &tensors[variant->gated ? 2 : 1];
    fill(view.src, stream, 1, type);
    fill(view.diff_dst, stream, 1, type);
    fill(gate->value, weights, 1 / sqrt(d_model), type);
    fill(up ? up->value : NULL, weights, 1 / sqrt(d_model), type);
    fill(out->value, weights, 1 / sqrt(d_ff), type);
    for (int i = 0; i < count - (variant->gated ? 3 : 2); i++) { /* trained scalars, not at their start */
        out[1 + i].value[0] = (float)out[1 + i].start + 0.3f;
        *(i ? &trained.beta : &trained.alpha) = out[1 + i].value[0];
    }
    if (type == DNN_BF16) { /* gates that bf16 holds exactly, so that none changes its side of a kink */
        fill_signs(view.src, stream, 1);
        fill_signs(gate->value, weights, 0.25f);
        if (up && activation_get(variant->act)->pair)
            fill_signs(up->value, weights, 0.25f);
    }
    src = widen(view.src, stream), diff_dst = widen(view.diff_dst, stream);
    w = widen(gate->value, weights), v = widen(up ? up->value : NULL, weights);
    w2 = widen(out->value, weights);
    dst = widen(NULL, stream), diff_src = widen(NULL, stream);
    diff_w = widen(NULL, weights), diff_v = widen(NULL, weights), diff_w2 = widen(NULL, weights);
    ref_ffn(dst, src, w, v, w2, &trained, NULL, tokens, d_model, d_ff);
    ref_ffn_backward(diff_src, diff_w, diff_v, diff_w2, diff_dst, src, w, v, w2, &trained, NULL,
                     tokens, d_model, d_ff);
    if (activation_get(variant->act)->scalars)
        ref_ffn_scalars_backward(by, diff_dst, src, w, v, w2, &trained, NULL, tokens, d_model, d_ff);

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
    for (int i = 0; i < activation_get(variant->act)->scalars; i++) /* sums, beside the size of terms */
        *worst = worse(*worst, fabs(out[1 + i].gradient[0] - by[i]) / (fabs(by[i]) + sqrt(tokens * d_ff)));
    batch_destroy(batch);
    model_destroy(layer);
    free(src), free(diff_dst), free(w), free(v), free(w2), free(dst), free(diff_src);
    free(diff_w), free(diff_v), free(diff_w2);
}

static void test_ffn(const struct variant *variant, enum dnn_type type, bool fused)
{
    double worst = 0;

    rng_start(&rng, 4, RNG_TEST, 0); /* whatever was tested before */
    for (size_t s = type == DNN_BF16 ? 2 : 0; s < LENGTH_OF(shapes); s++) /* few may cancel */
        test_ffn_shape(variant, type, fused, s, &worst);
    tap_ok(worst <= tolerances[type], "%s %s, %s: off by %.1e",
           type == DNN_BF16 ? "bf16" : "f32", variant->name,
           fused ? "fused" : "element-wise primitive", worst);
}

static bool has_kernel(enum act act)
{
    return kernels_get()->type[DNN_F32].gate_forward[act] != NULL;
}

/* As our fused kernel computes it, and as oneDNN does. */
static int test_forms(const struct variant *variant, enum dnn_type type, bool count_only)
{
    int checks = 0;

    for (int fused = 0; fused < 2; fused++) {
        if (!(fused ? has_kernel(variant->act) : dnn_eltwise_exists(variant->act)))
            continue;
        if (!count_only)
            test_ffn(variant, type, fused);
        checks++;
    }
    return checks;
}

/* With and without a gate, its own parameters and others. */
static int test_activation(const struct activation *activation, enum dnn_type type, bool count_only)
{
    static const char *const others[] = {"", ",alpha=-0.6", ",alpha=-0.6,beta=0.8"};
    int checks = 0;

    for (int gated = 0; gated < 2; gated++)
        for (int other = 0; other <= (activation->parameters > 0); other++) {
            struct variant_storage storage;
            const struct variant *variant;
            char name[128];

            snprintf(name, sizeof name, "custom:%s%s%s", activation->name, gated ? ",gated" : "",
                     other ? others[activation->parameters] : "");
            variant = variant_find(name, &storage);
            if (!variant)
                tap_bail_out("%s", err_get());
            checks += test_forms(variant, type, count_only);
        }
    return checks;
}

static int test_ffns(enum dnn_type type, bool count_only)
{
    int checks = 0;

    for (int act = 0; act < ACT_COUNT; act++)
        checks += test_activation(activation_get((enum act)act), type, count_only);
    for (int i = 0; i < variant_count(); i++)
        checks += test_forms(variant_at(i), type, count_only);
    return checks;
}

int main(void)
{
    int checks = test_ffns(DNN_F32, true);

    tap_plan(2 * checks);
    test_ffns(DNN_F32, false);
    if (dnn_has_bf16())
        test_ffns(DNN_BF16, false);
    else
        tap_skip(checks, "this CPU or oneDNN has no bf16");
    return tap_status();
}
