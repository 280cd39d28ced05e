/* test-dnn.c - every kind of matrix product that the model uses, in both precisions and over odd
 * sizes, against a plain loop, and every activation that the library has, against its scalar form.
 *
 * The operands of products are small integers, which both precisions hold and whose sums f32 holds,
 * so an f32 result must be equal whatever order the library adds in; a bf16 result must be rounded
 * well. */
#include "src/glu.h"

#include "src/nn/dnn.h"
#include "src/nn/kernels.h"
#include "src/util/rng.h"
#include "test/tap.h"
#include "test/worse.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 2, HEADS = 3 };

static const struct role {
    const char *name;
    bool heads, accumulate;
    enum dnn_layout src, wei, dst;
    enum dnn_layout plain; /* of the weights before packing, when wei is DNN_PACKED */
} roles[] = {
    {"linear, forward", false, false, DNN_ROWS, DNN_PACKED, DNN_ROWS, DNN_ROWS},
    {"linear, added to the residual", false, true, DNN_ROWS, DNN_PACKED, DNN_ROWS, DNN_ROWS},
    {"linear, backward", false, false, DNN_ROWS, DNN_PACKED, DNN_ROWS, DNN_COLUMNS},
    {"linear, backward, added", false, true, DNN_ROWS, DNN_PACKED, DNN_ROWS, DNN_COLUMNS},
    {"linear, weights", false, true, DNN_COLUMNS, DNN_ROWS, DNN_ROWS, DNN_ROWS},
    {"attention, scores", true, false, DNN_HEADS, DNN_HEADS_COLUMNS, DNN_ROWS, DNN_ROWS},
    {"attention, values", true, false, DNN_ROWS, DNN_HEADS, DNN_HEADS, DNN_ROWS},
    {"attention, diff of k and v", true, false, DNN_COLUMNS, DNN_HEADS, DNN_HEADS, DNN_ROWS},
};

static const int shapes[][3] = {
    {1, 1, 1},     {5, 7, 3},    {1, 17, 33},   {13, 1, 5},    {33, 31, 1},    {16, 40, 33},
    {129, 64, 40}, {64, 40, 29}, {40, 129, 77}, {29, 40, 128}, {256, 130, 65}, {174, 129, 64},
    {100, 67, 257},
};

static const struct types {
    const char *name;
    enum dnn_type operand, dst;
} types[] = {
    {"f32", DNN_F32, DNN_F32},
    {"bf16, dst f32", DNN_BF16, DNN_F32},
    {"bf16", DNN_BF16, DNN_BF16},
};

/* Where element (row, column) of a (rows, columns) matrix lies: see enum dnn_layout. */
static size_t element(enum dnn_layout layout, int heads, int product, int row, int column, int rows,
                      int columns)
{
    int batch = product / heads, head = product % heads;

    switch (layout) {
    case DNN_COLUMNS: return ((size_t)product * columns + column) * rows + row;
    case DNN_HEADS: return (((size_t)batch * rows + row) * heads + head) * columns + column;
    case DNN_HEADS_COLUMNS: return (((size_t)batch * columns + column) * heads + head) * rows + row;
    default: return ((size_t)product * rows + row) * columns + column;
    }
}

static void set(void *data, enum dnn_type type, size_t i, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    if (type == DNN_F32)
        ((float *)data)[i] = value;
    else
        ((uint16_t *)data)[i] = (uint16_t)(bits >> 16); /* integers up to 255 have no more bits */
}

static float get(const void *data, enum dnn_type type, size_t i)
{
    uint32_t bits;
    float value;

    if (type == DNN_F32)
        return ((const float *)data)[i];
    bits = (uint32_t)((const uint16_t *)data)[i] << 16;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Memory aligned as in an arena, with small integers in it. */
static void *filled(struct rng *rng, enum dnn_type type, size_t count)
{
    void *data = aligned_alloc(64, (count * 4 + 63) / 64 * 64);

    for (size_t i = 0; data && i < count; i++)
        set(data, type, i, (float)((int)(rng_u32(rng) % 9) - 4));
    return data;
}

/* The largest error, relative to the rounding that the type of dst allows: 1 is just right. */
static double error_of(const struct role *role, const struct dnn_matmul_spec *spec, int products,
                       const void *src, const void *wei, const void *before, const void *dst)
{
    int heads = spec->heads ? spec->heads : 1, m = spec->m, n = spec->n, k = spec->k;
    enum dnn_layout wei_layout = spec->wei_layout == DNN_PACKED ? role->plain : spec->wei_layout;
    double worst = 0;

    for (int p = 0; p < products; p++)
        for (int row = 0; row < m; row++)
            for (int column = 0; column < n; column++) {
                size_t at = element(spec->dst_layout, heads, p, row, column, m, n);
                double sum = role->accumulate ? get(before, spec->dst_type, at) : 0, allowed, error;

                for (int i = 0; i < k; i++)
                    sum += (double)get(src, spec->src_type,
                                       element(spec->src_layout, heads, p, row, i, m, k)) *
                           get(wei, spec->wei_type,
                               element(wei_layout, heads, p, i, column, k, n));
                error = fabs(get(dst, spec->dst_type, at) - sum);
                allowed = spec->dst_type == DNN_F32 ? 0 : fabs(sum) / 256;
                if (!(error <= allowed))
                    worst = worse(worst, error / (allowed + 1e-3));
            }
    return worst;
}

/* Run one product with weights that are packed first when the role says so. */
static int run(struct dnn *dnn, const struct role *role, struct dnn_matmul *matmul, const void *src,
               const void *wei, void *dst)
{
    struct dnn_packer *packer = NULL;
    struct dnn_packed *packed = NULL;
    void *memory = NULL, *scratch = NULL;
    size_t scratch_bytes;
    int status = -1;

    if (role->wei == DNN_PACKED) {
        memory = aligned_alloc(64, (dnn_packed_bytes(matmul) + 63) / 64 * 64);
        if (!memory || dnn_packer_create(&packer, dnn, matmul, role->plain) ||
            dnn_packed_create(&packed, matmul, memory))
            goto cleanup;
    }
    scratch_bytes = (dnn_scratch_bytes(dnn) + 64) / 64 * 64;
    scratch = aligned_alloc(64, scratch_bytes);
    if (!scratch)
        goto cleanup;
    dnn_set_scratch(dnn, scratch);
    if (packed) {
        dnn_packer_run(packer, wei, packed);
        dnn_matmul_run_packed(matmul, src, packed, dst);
    } else {
        dnn_matmul_run(matmul, src, wei, dst);
    }
    status = 0;
cleanup:
    free(scratch);
    dnn_packed_destroy(packed);
    dnn_packer_destroy(packer);
    free(memory);
    return status;
}

static void check(struct dnn *dnn, const struct role *role, const struct types *type)
{
    double worst = 0;
    const int *worst_shape = shapes[0];
    char implementation[64] = "";
    bool failed = false;
    struct rng rng;

    rng_start(&rng, 1, RNG_TEST, 0);
    for (size_t i = 0; i < LENGTH_OF(shapes) && !failed; i++) {
        struct dnn_matmul_spec spec = {.batch = role->heads ? BATCH : 0,
                                       .heads = role->heads ? HEADS : 0,
                                       .m = shapes[i][0],
                                       .n = shapes[i][1],
                                       .k = shapes[i][2],
                                       .src_layout = role->src,
                                       .wei_layout = role->wei,
                                       .dst_layout = role->dst,
                                       .src_type = type->operand,
                                       .wei_type = type->operand,
                                       .dst_type = type->dst,
                                       .accumulate = role->accumulate};
        int products = role->heads ? BATCH * HEADS : 1;
        size_t dst_count = (size_t)products * spec.m * spec.n;
        void *src = filled(&rng, spec.src_type, (size_t)products * spec.m * spec.k);
        void *wei = filled(&rng, spec.wei_type, (size_t)products * spec.k * spec.n);
        void *dst = filled(&rng, spec.dst_type, dst_count);
        void *before = filled(&rng, spec.dst_type, dst_count);
        struct dnn_matmul *matmul = NULL;
        double error = 0;

        failed = !src || !wei || !dst || !before || dnn_matmul_create(&matmul, dnn, &spec);
        if (!failed) {
            memcpy(before, dst, dst_count * dnn_type_bytes(spec.dst_type));
            failed = run(dnn, role, matmul, src, wei, dst) != 0;
        }
        if (!failed)
            error = error_of(role, &spec, products, src, wei, before, dst);
        if (is_worse(error, worst)) {
            worst = error;
            worst_shape = shapes[i];
        }
        if (matmul)
            snprintf(implementation, sizeof implementation, "%s", dnn_matmul_implementation(matmul));
        dnn_matmul_destroy(matmul);
        free(src);
        free(wei);
        free(dst);
        free(before);
    }
    tap_ok(!failed && worst == 0, "%s, %s: %s", role->name, type->name,
           failed ? err_get() : implementation);
    if (worst != 0)
        tap_diag("m %d, n %d, k %d: error %g", worst_shape[0], worst_shape[1], worst_shape[2],
                 worst);
}

/* ==== Element-wise ==== */

/* At the first of these some activation has a kink, where the sides of its slope differ. */
static const float points[] = {0, -3, 3, -1, 1};

/* Of the largest error to the largest value. */
static double distance(const void *got, enum dnn_type type, const double *want, int n)
{
    double error = 0, largest = 0;

    for (int i = 0; i < n; i++) {
        error = worse(error, fabs(get(got, type, (size_t)i) - want[i]));
        largest = fmax(largest, fabs(want[i]));
    }
    return largest > 0 ? error / largest : error;
}

enum { MOST = 257 };

/* The worst distance over forward, backward and backward in place; -1 without a primitive. */
static double eltwise_error(struct dnn *dnn, const struct activation *a, enum dnn_type type, int n,
                            double alpha, double beta)
{
    static _Alignas(64) float src[MOST], diff[MOST], dst[MOST];
    static double value[MOST], slope[MOST];
    struct dnn_eltwise *eltwise;
    struct rng rng;
    double worst;

    rng_start(&rng, 2, RNG_TEST, 0);
    for (int i = 0; i < n; i++) {
        float x = (float)((int)rng_below(&rng, 193) - 96) / 16; /* both types hold it */
        float d = (float)((int)rng_below(&rng, 65) - 32) / 8;

        if (i < (int)LENGTH_OF(points))
            x = points[i];
        set(src, type, (size_t)i, x);
        set(diff, type, (size_t)i, d);
        value[i] = a->value(x, alpha, beta);
        slope[i] = d * a->derivative(x, alpha, beta);
    }
    if (dnn_eltwise_create(&eltwise, dnn, a->act, alpha, beta, type, n))
        return -1;
    dnn_eltwise_forward(eltwise, src, dst);
    worst = distance(dst, type, value, n);
    dnn_eltwise_backward(eltwise, src, diff, dst);
    worst = worse(worst, distance(dst, type, slope, n));
    dnn_eltwise_backward(eltwise, src, diff, diff);
    worst = worse(worst, distance(diff, type, slope, n));
    dnn_eltwise_destroy(eltwise);
    return worst;
}

static void check_eltwise(struct dnn *dnn, const struct activation *a, enum dnn_type type)
{
    static const int lengths[] = {1, 7, 64, 100, MOST};
    const char *type_name = type == DNN_F32 ? "f32" : "bf16";
    struct dnn_eltwise *eltwise;
    double worst = 0;

    if (!dnn_eltwise_exists(a->act)) {
        tap_ok(dnn_eltwise_create(&eltwise, dnn, a->act, a->default_alpha, a->default_beta, type,
                                  64) == -1 && strstr(err_get(), a->name) &&
                   kernels_get()->type[type].gate_forward[a->act],
               "%s: %s; there is a kernel", type_name, err_get());
        return;
    }
    for (size_t i = 0; i < LENGTH_OF(lengths) && worst >= 0; i++) {
        double own = eltwise_error(dnn, a, type, lengths[i], a->default_alpha, a->default_beta);
        double other = eltwise_error(dnn, a, type, lengths[i], -0.5625, 0.8125);

        worst = own < 0 || other < 0 ? -1 : worse(worst, worse(own, other));
    }
    tap_ok(worst >= 0 && worst <= (type == DNN_F32 ? 1e-5 : 5e-3), "%s %s: off by %.1e%s%s",
           type_name, a->name, worst, worst < 0 ? ": " : "", worst < 0 ? err_get() : "");
}

static void test_eltwise(struct dnn *dnn)
{
    for (int type = DNN_F32; type <= DNN_BF16; type++) {
        if (type == DNN_BF16 && !dnn_has_bf16()) {
            tap_skip(ACT_COUNT, "element-wise, bf16: no bf16 on this CPU");
            return;
        }
        for (int act = 0; act < ACT_COUNT; act++)
            check_eltwise(dnn, activation_get((enum act)act), (enum dnn_type)type);
    }
}

int main(void)
{
    struct dnn *dnn;

    tap_plan(LENGTH_OF(roles) * LENGTH_OF(types) + 2 * ACT_COUNT);
    if (dnn_create(&dnn))
        tap_bail_out("%s", err_get());
    for (size_t t = 0; t < LENGTH_OF(types); t++)
        for (size_t r = 0; r < LENGTH_OF(roles); r++) {
            if (types[t].operand == DNN_BF16 && !dnn_has_bf16())
                tap_skip(1, "%s, %s: no bf16 on this CPU", roles[r].name, types[t].name);
            else
                check(dnn, &roles[r], &types[t]);
        }
    test_eltwise(dnn);
    dnn_destroy(dnn);
    return tap_status();
}
