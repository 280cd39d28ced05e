/* kernels.c - see kernels.h.  Compiled once per instruction set, with KERNEL_ISA naming it; the
 * loops are plain C that the compiler vectorises. */
#include "src/glu.h"

#include "src/util/tokens.h"
#include "src/nn/dnn.h"
#include "src/nn/kernels.h"

#include <math.h>
#include <string.h>
#ifdef __AVX512F__
#include <immintrin.h>
#endif

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)

#define NORM_EPSILON 1e-6f

enum { SOFTMAX_CELLS = 2048 }; /* of softmax rows that are kept between its steps */
enum { ROTATE_LINE = 1 << 14 }; /* the widest head */

/* What a function is computed from in place of the trained scalars, and its slopes by these: the same for
 * all elements. */
struct trained_numbers {
    float alpha, beta, by_alpha, by_beta;
};

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

/* Sums go through f32 lanes in runs short enough to lose nothing, then through a double. */
enum { RUN = 2048 };

/* One head, whose pairs are half a head apart, by angles or back; dst may be src. */
static inline void turn_head(int half, const float *turn, float direction, float factor,
                             const float *src, float *dst)
{
#pragma omp simd
    for (int i = 0; i < half; i++) {
        float a = src[i], b = src[half + i], c = turn[i], s = direction * turn[half + i];

        dst[i] = (a * c - b * s) * factor;
        dst[half + i] = (b * c + a * s) * factor;
    }
}

#ifdef __AVX512F__
#include "src/nn/kernels_words.h"
#endif

#define STORAGE float
#define T(name) name##_f32
#ifdef __AVX512F__
#define WORD 1 /* elements */
#endif
#include "src/nn/kernels_typed.h"
#undef STORAGE
#undef T
#undef WORD

#define STORAGE bf16
#define T(name) name##_bf16
#ifdef __AVX512BF16__
#define WORD 2
#define HAS_LANES
#endif
#include "src/nn/kernels_typed.h"
#undef STORAGE
#undef T
#undef WORD
#undef HAS_LANES

#ifdef __AVX512BF16__
#include "src/nn/kernels_gradient.h"
#endif

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

static int64_t largest(int64_t n, const float *src)
{
    float max = -INFINITY;

#pragma omp simd reduction(max : max)
    for (int64_t i = 0; i < n; i++)
        max = src[i] > max ? src[i] : max;
    for (int64_t i = 0; i < n; i++)
        if (src[i] == max)
            return i;
    return 0;
}

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

/* Moments of an element whose gradient has become 0 end at 0, before they are denormal, which costs a
 * hundred cycles each: what is left of them is nothing beside epsilon. */
static inline float moment_floor(float x)
{
    return fabsf(x) < 1e-30f ? 0.0f : x;
}

static void adamw(int64_t n, const struct adamw_step *step, const float *g, float *first, float *second,
                  float *value)
{
    const struct adamw_step s = *step;

#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        float m = moment_floor(s.beta1 * first[i] + (1.0f - s.beta1) * g[i]);
        float v = moment_floor(s.beta2 * second[i] + (1.0f - s.beta2) * (g[i] * g[i]));
        float u = m * s.correction1 / (sqrtf(v * s.correction2) + s.epsilon);

        first[i] = m;
        second[i] = v;
        value[i] -= s.learning_rate * (u + s.decay * value[i]);
    }
}

#include "src/nn/kernels_random.h"

#ifdef __AVX512F__
#define ATTENTION_TABLE(t)                                                                         \
    .attention_scratch = attention_scratch_##t, .attention_forward = attention_forward_##t,        \
    .attention_backward = attention_backward_##t,
#endif
#ifdef __AVX512F__
#define ATTENTION_f32 ATTENTION_TABLE(f32)
#else
#define ATTENTION_f32
#endif
#ifdef __AVX512BF16__
#define ATTENTION_bf16 ATTENTION_TABLE(bf16) .gradient = gradient_bf16,
#else
#define ATTENTION_bf16
#endif

#define TYPED_TABLE(t)                                                                             \
    {                                                                                              \
        ATTENTION_##t /* where it is */                                                            \
        .gate_forward = gate_forward_##t, .gate_backward = gate_backward_##t,                      \
        .multiply = multiply_##t, .scale = scale_##t, .mask = mask_##t,                            \
        .norm_forward = norm_forward_##t,                                                          \
        .norm_backward = norm_backward_##t, .softmax_forward = softmax_forward_##t,                \
        .softmax_backward = softmax_backward_##t, .attend = attend_##t,                            \
        .cross_entropy = cross_entropy_##t,                                                        \
        .rotate = rotate_##t, .rotate_back = rotate_back_##t, .convert = convert_##t               \
    }

const struct kernels PASTE(kernels_, KERNEL_ISA) = {
    .isa = TEXT(KERNEL_ISA),
    .type = {[DNN_F32] = TYPED_TABLE(f32), [DNN_BF16] = TYPED_TABLE(bf16)},
    .add = add,
    .add_masked = add_masked,
    .square_sum = square_sum,
    .largest = largest,
    .factor_sums = factor_sums,
    .factored_square_sum = factored_square_sum,
    .factored_apply = factored_apply,
    .moment_update = moment_update,
    .moment_apply = moment_apply,
    .adamw = adamw,
    .normals = normals,
};
