/* test-layers.c - what goes through oneDNN, over odd sizes, against the plain twins: the matrix
 * products in every layout that the layers use, and the feed-forward layer with the fused gate
 * kernels and with oneDNN's element-wise primitives. */
#include "src/glu.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/model/ffn_layer.h"
#include "src/nn/dnn.h"
#include "src/nn/ref.h"
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

/* 64-byte aligned, zeroed; NULL is never returned. */
static void *room(size_t count, size_t size)
{
    size_t bytes = (count * size + 63) / 64 * 64 + 64;
    void *memory = aligned_alloc(64, bytes);

    if (!memory)
        tap_bail_out("no memory");
    return memset(memory, 0, bytes);
}

static float bf16_value(float x) /* rounded to nearest, ties to even */
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static float draw(enum dnn_type type)
{
    float x = (float)rng_normal(&rng);

    return type == DNN_BF16 ? bf16_value(x) : x;
}

static void store(void *array, size_t at, enum dnn_type type, float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    if (type == DNN_BF16)
        ((uint16_t *)array)[at] = (uint16_t)(bits >> 16);
    else
        ((float *)array)[at] = x;
}

static float load(const void *array, size_t at, enum dnn_type type)
{
    uint32_t bits;
    float x;

    if (type == DNN_F32)
        return ((const float *)array)[at];
    bits = (uint32_t)((const uint16_t *)array)[at] << 16;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Keeps the larger of *worst and the error of n elements; a NaN stays. */
static void compare(double *worst, const double *got, const double *want, size_t n)
{
    double error = 0, largest = 1e-30;

    for (size_t i = 0; i < n; i++) {
        double e = fabs(got[i] - want[i]);

        if (!(e <= error))
            error = e;
        largest = fmax(largest, fabs(want[i]));
    }
    if (!(error / largest <= *worst))
        *worst = error / largest;
}

/* ==== Matrix products ==== */

/* A batch of matrices (rows, columns) in a layout. */
struct matrices {
    enum dnn_layout layout;
    enum dnn_type type;
    int batch, heads, rows, columns;
};

static size_t matrices_count(const struct matrices *m)
{
    return (size_t)m->batch * m->heads * m->rows * m->columns;
}

/* Where an element lies, by the words of dnn.h. */
static size_t matrices_at(const struct matrices *m, int b, int h, int r, int c)
{
    size_t plane = (size_t)b * m->heads + h;

    switch (m->layout) {
    case DNN_ROWS:
        return (plane * m->rows + r) * m->columns + c;
    case DNN_COLUMNS:
        return (plane * m->columns + c) * m->rows + r;
    case DNN_HEADS:
        return (((size_t)b * m->rows + r) * m->heads + h) * m->columns + c;
    case DNN_HEADS_COLUMNS:
        return (((size_t)b * m->columns + c) * m->heads + h) * m->rows + r;
    case DNN_PACKED:
        break;
    }
    return 0;
}

/* From the layout to plain matrices one after the other. */
static void matrices_read(const struct matrices *m, const void *array, double *plain)
{
    for (int b = 0; b < m->batch; b++)
        for (int h = 0; h < m->heads; h++)
            for (int r = 0; r < m->rows; r++)
                for (int c = 0; c < m->columns; c++)
                    *plain++ = load(array, matrices_at(m, b, h, r, c), m->type);
}

static void *matrices_random(const struct matrices *m)
{
    void *array = room(matrices_count(m), dnn_type_bytes(m->type));

    for (size_t i = 0; i < matrices_count(m); i++)
        store(array, i, m->type, draw(m->type));
    return array;
}

/* wei_layout DNN_PACKED is packed from `plain`. */
struct product {
    const char *role;
    enum dnn_layout src, wei, dst, plain;
    bool many, accumulate, dst_f32;
};

static const struct product products[] = {
    {"forward", DNN_ROWS, DNN_PACKED, DNN_ROWS, DNN_ROWS, false, false, false},
    {"forward into the residual", DNN_ROWS, DNN_PACKED, DNN_ROWS, DNN_ROWS, false, true, true},
    {"backward", DNN_ROWS, DNN_PACKED, DNN_ROWS, DNN_COLUMNS, false, false, true},
    {"backward, added", DNN_ROWS, DNN_PACKED, DNN_ROWS, DNN_COLUMNS, false, true, true},
    {"weight gradient", DNN_COLUMNS, DNN_ROWS, DNN_ROWS, DNN_ROWS, false, true, true},
    {"scores", DNN_HEADS, DNN_HEADS_COLUMNS, DNN_ROWS, DNN_ROWS, true, false, true},
    {"values, diff_q", DNN_ROWS, DNN_HEADS, DNN_HEADS, DNN_ROWS, true, false, false},
    {"diff_k, diff_v", DNN_COLUMNS, DNN_HEADS, DNN_HEADS, DNN_ROWS, true, false, false},
};

static const struct {
    int batch, heads, m, n, k;
} sizes[] = {
    {1, 1, 1, 1, 1},   {1, 3, 7, 5, 2},     {2, 1, 1, 17, 33}, {3, 2, 13, 1, 5},
    {2, 3, 33, 31, 1}, {2, 5, 29, 40, 128}, {1, 4, 64, 64, 64}, {2, 2, 100, 67, 257},
};

static void run_product(struct dnn *dnn, const struct product *product,
                        const struct dnn_matmul_spec *spec, const void *src, const void *wei,
                        void *dst)
{
    struct dnn_matmul *matmul;
    struct dnn_packer *packer = NULL;
    struct dnn_packed *packed = NULL;
    void *scratch, *memory = NULL;

    check(dnn_matmul_create(&matmul, dnn, spec));
    if (spec->wei_layout == DNN_PACKED) {
        memory = room(dnn_packed_bytes(matmul), 1);
        check(dnn_packed_create(&packed, matmul, memory));
        check(dnn_packer_create(&packer, dnn, matmul, product->plain));
    }
    scratch = room(dnn_scratch_bytes(dnn), 1);
    dnn_set_scratch(dnn, scratch);
    if (packed) {
        dnn_packer_run(packer, wei, packed);
        dnn_matmul_run_packed(matmul, src, packed, dst);
    } else {
        dnn_matmul_run(matmul, src, wei, dst);
    }
    dnn_packer_destroy(packer);
    dnn_packed_destroy(packed);
    dnn_matmul_destroy(matmul);
    free(memory);
    free(scratch);
}

static void test_size(const struct product *product, enum dnn_type type, size_t s, double *worst)
{
    int batch = product->many ? sizes[s].batch : 1, heads = product->many ? sizes[s].heads : 1;
    int m = sizes[s].m, n = sizes[s].n, k = sizes[s].k, planes = batch * heads;
    enum dnn_type dst_type = product->dst_f32 ? DNN_F32 : type;
    struct matrices src = {product->src, type, batch, heads, m, k};
    struct matrices wei = {product->wei == DNN_PACKED ? product->plain : product->wei, type, batch,
                           heads, k, n};
    struct matrices dst = {product->dst, dst_type, batch, heads, m, n};
    struct dnn_matmul_spec spec = {
        .batch = product->many ? batch : 0, .heads = product->many ? heads : 0,
        .m = m, .n = n, .k = k,
        .src_layout = product->src, .wei_layout = product->wei, .dst_layout = product->dst,
        .src_type = type, .wei_type = type, .dst_type = dst_type,
        .accumulate = product->accumulate,
    };
    void *x = matrices_random(&src), *w = matrices_random(&wei), *y = matrices_random(&dst);
    double *px = room(matrices_count(&src), sizeof *px), *pw = room(matrices_count(&wei), sizeof *pw);
    double *before = room(matrices_count(&dst), sizeof *before);
    double *want = room(matrices_count(&dst), sizeof *want);
    double *got = room(matrices_count(&dst), sizeof *got);
    struct dnn *dnn;

    matrices_read(&src, x, px);
    matrices_read(&wei, w, pw);
    matrices_read(&dst, y, before);
    for (int p = 0; p < planes; p++)
        ref_matmul(want + (size_t)p * m * n, px + (size_t)p * m * k, pw + (size_t)p * k * n, m, k,
                   n);
    for (size_t i = 0; product->accumulate && i < matrices_count(&dst); i++)
        want[i] += before[i];
    check(dnn_create(&dnn));
    run_product(dnn, product, &spec, x, w, y);
    matrices_read(&dst, y, got);
    compare(worst, got, want, matrices_count(&dst));
    dnn_destroy(dnn);
    free(x), free(w), free(y), free(px), free(pw), free(before), free(want), free(got);
}

static void test_product(const struct product *product, enum dnn_type type)
{
    double worst = 0;

    for (size_t s = 0; s < LENGTH_OF(sizes); s++)
        test_size(product, type, s, &worst);
    tap_ok(worst <= tolerances[type], "%s product %s: off by %.1e",
           type == DNN_BF16 ? "bf16" : "f32", product->role, worst);
}

/* ==== Feed-forward layer ==== */

static const struct {
    int tokens, d_model, d_ff, threads, tile; /* d_ff: ungated */
} shapes[] = {{1, 1, 3, 1, 0}, {7, 5, 6, 1, 0}, {37, 33, 27, 2, 0}, {50, 40, 96, 3, 7}};

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
    double *dst = room(n, sizeof *dst);

    for (size_t i = 0; src && i < n; i++)
        dst[i] = src[i];
    return dst;
}

static void compare_floats(double *worst, const float *got, const double *want, size_t n)
{
    double *wide = widen(got, n);

    compare(worst, wide, want, n);
    free(wide);
}

static void test_ffn_shape(const struct variant *variant, enum dnn_type type, bool fused, size_t s,
                           double *worst)
{
    int tokens = shapes[s].tokens, d_model = shapes[s].d_model;
    int d_ff = variant_d_ff(variant, shapes[s].d_ff);
    size_t stream = (size_t)tokens * d_model, weights = (size_t)d_model * d_ff;
    struct ffn_layer_options options = {
        .variant = variant, .tokens = tokens, .d_model = d_model, .d_ff = d_ff,
        .threads = shapes[s].threads, .tile = shapes[s].tile, .fused = fused,
        .precision = type == DNN_BF16 ? PRECISION_BF16 : PRECISION_F32,
    };
    struct ffn_layer *layer;
    struct ffn_layer_view view;
    double *src, *diff_dst, *w, *v, *w2, *dst, *diff_src, *diff_w, *diff_v, *diff_w2;

    check(ffn_layer_create(&layer, &options));
    view = ffn_layer_view(layer);
    fill(view.src, stream, 1, type);
    fill(view.diff_dst, stream, 1, type);
    fill(view.gate, weights, 1 / sqrt(d_model), type);
    fill(view.up, weights, 1 / sqrt(d_model), type);
    fill(view.out, weights, 1 / sqrt(d_ff), type);
    if (type == DNN_BF16) { /* gates that bf16 holds exactly, so that none changes its side of a kink */
        fill_signs(view.src, stream, 1);
        fill_signs(view.gate, weights, 0.25f);
    }
    src = widen(view.src, stream), diff_dst = widen(view.diff_dst, stream);
    w = widen(view.gate, weights), v = widen(view.up, weights), w2 = widen(view.out, weights);
    dst = widen(NULL, stream), diff_src = widen(NULL, stream);
    diff_w = widen(NULL, weights), diff_v = widen(NULL, weights), diff_w2 = widen(NULL, weights);
    ref_ffn(dst, src, w, v, w2, variant, tokens, d_model, d_ff);
    ref_ffn_backward(diff_src, diff_w, diff_v, diff_w2, diff_dst, src, w, v, w2, variant, tokens,
                     d_model, d_ff);

    for (int repeat = 0; repeat < 2; repeat++) /* nothing may be left from the call before */
        ffn_layer_train(layer);
    compare_floats(worst, view.dst, dst, stream);
    compare_floats(worst, view.diff_src, diff_src, stream);
    compare_floats(worst, view.diff_gate, diff_w, weights);
    if (variant->gated)
        compare_floats(worst, view.diff_up, diff_v, weights);
    compare_floats(worst, view.diff_out, diff_w2, weights);
    ffn_layer_destroy(layer);
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
    for (size_t s = type == DNN_BF16; s < LENGTH_OF(shapes); s++) /* one number alone may cancel */
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

static void test_type(enum dnn_type type)
{
    for (size_t i = 0; i < LENGTH_OF(products); i++)
        test_product(&products[i], type);
    test_ffns(type);
}

int main(void)
{
    int checks = (int)LENGTH_OF(products);

    for (size_t i = 0; i < LENGTH_OF(activations); i++)
        checks += activations[i].forms == (FUSED | PRIMITIVE) ? 4 : 2;
    tap_plan(2 * checks);
    rng_start(&rng, 4, RNG_TEST, 0);
    test_type(DNN_F32);
    if (dnn_has_bf16())
        test_type(DNN_BF16);
    else
        tap_skip(checks, "this CPU or oneDNN has no bf16");
    return tap_status();
}
