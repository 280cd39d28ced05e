/* kernels.c - see kernels.h.  Compiled once per instruction set, with KERNEL_ISA naming it; the
 * loops are plain C that the compiler vectorises. */
#include "src/glu.h"

#include "src/util/tokens.h"
#include "src/nn/dnn.h"
#include "src/nn/kernels.h"

#include <math.h>
#include <string.h>

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)

#define NORM_EPSILON 1e-6f

enum { SOFTMAX_LINE = 2048 }; /* columns of a softmax row that are kept between its passes */

/* ==== Elementary functions: within a few units of the last place, free of branches ==== */

/* exp(x) for |x| <= 60, and exp(+-60) beyond: next to a sum of 1 or more that is 0 and infinity,
 * and its products stay clear of the denormals, which cost a hundred cycles each.  2^n times a
 * polynomial of degree 6 on [-ln 2 / 2, ln 2 / 2] (Chebyshev fit, relative error 4e-9). */
static inline float exp_f(float x)
{
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    float n, r, p;
    union {
        float f;
        int32_t i;
    } scale;

    x = x < -60.0f ? -60.0f : x;
    x = x > 60.0f ? 60.0f : x;
    n = x * 1.44269504f + magic;
    scale.f = n;
    scale.i = (int32_t)((uint32_t)scale.i << 23) + 0x3f800000;
    n -= magic;
    r = x - n * 0.693145752f;
    r = r - n * 1.42860677e-6f;
    p = 1.375140789e-03f;
    p = p * r + 8.368916341e-03f;
    p = p * r + 4.166953311e-02f;
    p = p * r + 1.666651846e-01f;
    p = p * r + 4.999998860e-01f;
    p = p * r * r + r + 1.0f;
    return p * scale.f;
}

struct sigmoid {
    float s, rest; /* sigmoid(x), 1 - sigmoid(x): the latter without cancellation */
};

static inline struct sigmoid sigmoid_f(float x)
{
    float e = exp_f(-x), s = 1.0f / (1.0f + e);

    return (struct sigmoid){s, e * s};
}

/* erfc(z) exp(z^2) for z >= 0: t times a polynomial in t = 1 / (1 + 0.4 z), fitted on z <= 10
 * (relative error 7e-8; the product with exp(-z^2) is 0 beyond). */
static inline float erfcx_f(float z)
{
    float t = 1.0f / (1.0f + 0.4f * z), p;

    p = 4.194180337e-02f;
    p = p * t - 1.435891295e-01f;
    p = p * t + 9.055944200e-02f;
    p = p * t + 8.068357269e-02f;
    p = p * t + 8.460270064e-02f;
    p = p * t + 1.914151358e-01f;
    p = p * t + 2.023696410e-01f;
    p = p * t + 2.263791328e-01f;
    p = p * t + 2.256377676e-01f;
    return p * t;
}

/* ==== Activations: value, and value with slope ==== */

struct value_slope {
    float value, slope;
};

static inline float value_linear(float x, float alpha, float beta)
{
    return alpha * x + beta;
}
static inline struct value_slope slope_linear(float x, float alpha, float beta)
{
    return (struct value_slope){alpha * x + beta, alpha};
}

static inline float value_relu(float x, float alpha, float beta)
{
    (void)beta;
    return x > 0.0f ? x : alpha * x;
}
static inline struct value_slope slope_relu(float x, float alpha, float beta)
{
    float slope = x > 0.0f ? 1.0f : alpha;

    (void)beta;
    return (struct value_slope){slope * x, slope};
}

static inline float value_relu2(float x, float alpha, float beta)
{
    float positive = x > 0.0f ? x : 0.0f;

    (void)alpha;
    (void)beta;
    return positive * positive;
}
static inline struct value_slope slope_relu2(float x, float alpha, float beta)
{
    float positive = x > 0.0f ? x : 0.0f;

    (void)alpha;
    (void)beta;
    return (struct value_slope){positive * positive, 2.0f * positive};
}

/* Phi(x) from half = erfc(|x| / sqrt 2) / 2, which keeps its relative accuracy in the tail. */
static inline struct value_slope slope_gelu_erf(float x, float alpha, float beta)
{
    float magnitude = fabsf(x);
    float e = exp_f(-0.5f * x * x);
    float half = 0.5f * e * erfcx_f(magnitude * 0.70710678f);
    float cdf = x < 0.0f ? half : 1.0f - half;

    (void)alpha;
    (void)beta;
    return (struct value_slope){x * cdf, cdf + x * e * 0.39894228f};
}
static inline float value_gelu_erf(float x, float alpha, float beta)
{
    return slope_gelu_erf(x, alpha, beta).value;
}

/* x (1 + tanh(u)) / 2 = x sigmoid(2u), u = sqrt(2 / pi) (x + 0.044715 x^3). */
static inline struct value_slope slope_gelu_tanh(float x, float alpha, float beta)
{
    struct sigmoid g = sigmoid_f(1.59576912f * x * (1.0f + 0.044715f * x * x));
    float inner = 1.59576912f * (1.0f + 0.134145f * x * x);

    (void)alpha;
    (void)beta;
    return (struct value_slope){x * g.s, g.s + x * g.s * g.rest * inner};
}
static inline float value_gelu_tanh(float x, float alpha, float beta)
{
    return slope_gelu_tanh(x, alpha, beta).value;
}

static inline float value_swish(float x, float alpha, float beta)
{
    (void)beta;
    return x * sigmoid_f(alpha * x).s;
}
static inline struct value_slope slope_swish(float x, float alpha, float beta)
{
    struct sigmoid g = sigmoid_f(alpha * x);

    (void)beta;
    return (struct value_slope){x * g.s, g.s + alpha * x * g.s * g.rest};
}

static inline float value_logistic(float x, float alpha, float beta)
{
    (void)alpha;
    (void)beta;
    return sigmoid_f(x).s;
}
static inline struct value_slope slope_logistic(float x, float alpha, float beta)
{
    struct sigmoid g = sigmoid_f(x);

    (void)alpha;
    (void)beta;
    return (struct value_slope){g.s, g.s * g.rest};
}

/* The fused activations: the rest goes through oneDNN. */
#define FUSED_ACTIVATIONS(X)                                                                       \
    X(ACT_LINEAR, linear)                                                                          \
    X(ACT_RELU, relu)                                                                              \
    X(ACT_RELU2, relu2)                                                                            \
    X(ACT_GELU_ERF, gelu_erf)                                                                      \
    X(ACT_GELU_TANH, gelu_tanh)                                                                    \
    X(ACT_SWISH, swish)                                                                            \
    X(ACT_LOGISTIC, logistic)

/* ==== Storage types ==== */

typedef uint16_t bf16;

static inline float load_bf16(const bf16 *p)
{
    union {
        uint32_t i;
        float f;
    } word = {.i = (uint32_t)*p << 16};

    return word.f;
}

/* Round to nearest, ties to even; a NaN stays one because the hardware's have a clear low half. */
static inline void store_bf16(bf16 *p, float x)
{
    union {
        float f;
        uint32_t i;
    } word = {.f = x};

    *p = (bf16)((word.i + 0x7fffu + (word.i >> 16 & 1u)) >> 16);
}

static inline float load_f32(const float *p)
{
    return *p;
}

static inline void store_f32(float *p, float x)
{
    *p = x;
}

#define STORAGE float
#define T(name) name##_f32
#include "src/nn/kernels_typed.h"
#undef STORAGE
#undef T

#define STORAGE bf16
#define T(name) name##_bf16
#include "src/nn/kernels_typed.h"
#undef STORAGE
#undef T

/* ==== f32 alone ==== */

static void add(int64_t n, const float *src, float *dst)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        dst[i] += src[i];
}

static void add_masked(int64_t rows, int n, const float *mask, const float *src, float *dst)
{
    for (int64_t row = 0; row < rows; row++, src += n, dst += n) {
#pragma omp simd
        for (int i = 0; i < n; i++)
            dst[i] += src[i] * mask[i];
    }
}

/* Sums go through f32 lanes in runs short enough to lose nothing, then through a double. */
enum { RUN = 2048 };

static double square_sum(int64_t n, const float *src)
{
    double total = 0;

    for (int64_t start = 0; start < n; start += RUN) {
        int64_t end = start + RUN < n ? start + RUN : n;
        float sum = 0;

#pragma omp simd reduction(+ : sum)
        for (int64_t i = start; i < end; i++)
            sum += src[i] * src[i];
        total += sum;
    }
    return total;
}

static void factor_sums(int64_t rows, int64_t columns, const float *g, float eps, double *row_sum,
                        float *column_sum)
{
    for (int64_t i = 0; i < rows; i++, g += columns) {
        double total = 0;

        for (int64_t start = 0; start < columns; start += RUN) {
            int64_t end = start + RUN < columns ? start + RUN : columns;
            float sum = 0;

#pragma omp simd reduction(+ : sum)
            for (int64_t j = start; j < end; j++) {
                float square = g[j] * g[j] + eps;

                sum += square;
                column_sum[j] += square;
            }
            total += sum;
        }
        row_sum[i] = total;
    }
}

static double factored_square_sum(int64_t rows, int64_t columns, const float *g,
                                  const float *row_factor, const float *column_factor)
{
    double total = 0;

    for (int64_t i = 0; i < rows; i++, g += columns) {
        float factor = row_factor[i];

        for (int64_t start = 0; start < columns; start += RUN) {
            int64_t end = start + RUN < columns ? start + RUN : columns;
            float sum = 0;

#pragma omp simd reduction(+ : sum)
            for (int64_t j = start; j < end; j++) {
                float u = g[j] * factor * column_factor[j];

                sum += u * u;
            }
            total += sum;
        }
    }
    return total;
}

static void factored_apply(int64_t rows, int64_t columns, const float *g, const float *row_factor,
                           const float *column_factor, float step, float *value)
{
    for (int64_t i = 0; i < rows; i++, g += columns, value += columns) {
        float factor = row_factor[i];

#pragma omp simd
        for (int64_t j = 0; j < columns; j++)
            value[j] -= step * (g[j] * factor * column_factor[j]);
    }
}

static double moment_update(int64_t n, const float *g, float eps, float decay, float *moment)
{
    double total = 0;

    for (int64_t start = 0; start < n; start += RUN) {
        int64_t end = start + RUN < n ? start + RUN : n;
        float sum = 0;

#pragma omp simd reduction(+ : sum)
        for (int64_t i = start; i < end; i++) {
            float square = g[i] * g[i] + eps;
            float v = decay * moment[i] + (1.0f - decay) * square;

            moment[i] = v;
            sum += g[i] * g[i] / v;
        }
        total += sum;
    }
    return total;
}

static void moment_apply(int64_t n, const float *g, const float *moment, float step, float *value)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        value[i] -= step * (g[i] / sqrtf(moment[i]));
}

#define TYPED_TABLE(t)                                                                             \
    {                                                                                              \
        .gate_forward = {GATE_FORWARD_##t}, .gate_backward = {GATE_BACKWARD_##t},                  \
        .multiply = multiply_##t, .scale = scale_##t, .mask = mask_##t,                            \
        .norm_forward = norm_forward_##t,                                                          \
        .norm_backward = norm_backward_##t, .softmax_forward = softmax_forward_##t,                \
        .softmax_backward = softmax_backward_##t, .cross_entropy = cross_entropy_##t,              \
        .convert = convert_##t                                                                     \
    }

#define FORWARD_F32(id, name) [id] = gate_forward_##name##_f32,
#define FORWARD_BF16(id, name) [id] = gate_forward_##name##_bf16,
#define BACKWARD_F32(id, name) [id] = gate_backward_##name##_f32,
#define BACKWARD_BF16(id, name) [id] = gate_backward_##name##_bf16,
#define GATE_FORWARD_f32 FUSED_ACTIVATIONS(FORWARD_F32)
#define GATE_FORWARD_bf16 FUSED_ACTIVATIONS(FORWARD_BF16)
#define GATE_BACKWARD_f32 FUSED_ACTIVATIONS(BACKWARD_F32)
#define GATE_BACKWARD_bf16 FUSED_ACTIVATIONS(BACKWARD_BF16)

const struct kernels PASTE(kernels_, KERNEL_ISA) = {
    .isa = TEXT(KERNEL_ISA),
    .type = {[DNN_F32] = TYPED_TABLE(f32), [DNN_BF16] = TYPED_TABLE(bf16)},
    .add = add,
    .add_masked = add_masked,
    .square_sum = square_sum,
    .factor_sums = factor_sums,
    .factored_square_sum = factored_square_sum,
    .factored_apply = factored_apply,
    .moment_update = moment_update,
    .moment_apply = moment_apply,
};
