/* kernels_typed.h - the kernels that depend on the storage type; kernels.c includes this once per
 * type with STORAGE and T() defined. */

#define LOAD(p, i) T(load)((const STORAGE *)(p) + (i))
#define STORE(p, i, x) T(store)((STORAGE *)(p) + (i), (x))

#include "src/nn/kernels_lanes.h"
#include "src/nn/kernels_math.h"

/* ==== Activations: value, and value with slope ==== */

struct T(value_slope) {
    LANE value, slope;
};

struct T(pair_slopes) {
    LANE value, by_gate, by_up;
};

struct T(trained_slopes) {
    LANE value, slope, by_alpha, by_beta;
};

#define VECTOR_ARGUMENTS GLU_UNUSED LANE x, GLU_UNUSED float alpha, GLU_UNUSED float beta
#define VECTOR_VALUE(name) static inline LANE T(value_##name)(VECTOR_ARGUMENTS)
#define VECTOR_SLOPE(name) static inline struct T(value_slope) T(slope_##name)(VECTOR_ARGUMENTS)
#define VECTOR_PAIR(name)                                                                          \
    static inline struct T(pair_slopes) T(pair_##name)(LANE x, LANE y, float alpha, float beta)
#define VECTOR_NUMBERS(name)                                                                       \
    static struct trained_numbers T(numbers_##name)(float alpha, GLU_UNUSED float beta)
#define VECTOR_BY(name)                                                                            \
    static inline struct T(trained_slopes) T(by_##name)(LANE x, const struct trained_numbers n)
#define ACTIVATION_VECTOR
#include "variants/activations/list.h"

/* ==== Gates ==== */

#define GATE_FORWARD(name, numbers, gated, ungated)                                                \
    static void T(gate_forward_##name)(int64_t n, float alpha, float beta, const void *gate,       \
                                       const void *up, void *dst)                                  \
    {                                                                                              \
        numbers                                                                                    \
        if (up) {                                                                                  \
            EACH(i, 0, n)                                                                          \
            {                                                                                      \
                LANE x = GET(gate, i, n), y = GET(up, i, n);                                       \
                                                                                                   \
                PUT(dst, i, n, gated);                                                             \
            }                                                                                      \
        } else {                                                                                   \
            EACH(i, 0, n)                                                                          \
            {                                                                                      \
                LANE x = GET(gate, i, n);                                                          \
                                                                                                   \
                PUT(dst, i, n, ungated);                                                           \
            }                                                                                      \
        }                                                                                          \
    }

#define GATE_BACKWARD(name)                                                                        \
    static void T(gate_backward_##name)(int64_t n, float alpha, float beta, const void *diff_dst,  \
                                        void *gate, void *up, GLU_UNUSED double *by)

/* f_of_both declares f, from which the two gradients are made. */
#define UNTRAINED_BACKWARD(name, f_of_both, diff_gate, diff_up)                                    \
    GATE_BACKWARD(name)                                                                            \
    {                                                                                              \
        if (!up) {                                                                                 \
            EACH(i, 0, n)                                                                          \
            PUT(gate, i, n, GET(diff_dst, i, n) * T(slope_##name)(GET(gate, i, n), alpha, beta).slope); \
            return;                                                                                \
        }                                                                                          \
        EACH(i, 0, n)                                                                              \
        {                                                                                          \
            LANE x = GET(gate, i, n), y = GET(up, i, n), diff = GET(diff_dst, i, n);               \
            f_of_both;                                                                             \
                                                                                                   \
            PUT(gate, i, n, diff_gate);                                                            \
            PUT(up, i, n, diff_up);                                                                \
        }                                                                                          \
    }

#define ACTIVATION_FUSED(id, name)                                                                 \
    GATE_FORWARD(name, , T(value_##name)(x, alpha, beta) * y, T(value_##name)(x, alpha, beta))     \
    UNTRAINED_BACKWARD(name, struct T(value_slope) f = T(slope_##name)(x, alpha, beta),            \
                       diff * y * f.slope, diff * f.value)

#define ACTIVATION_PAIRED(id, name)                                                                \
    GATE_FORWARD(name, , T(pair_##name)(x, y, alpha, beta).value, T(value_##name)(x, alpha, beta)) \
    UNTRAINED_BACKWARD(name, struct T(pair_slopes) f = T(pair_##name)(x, y, alpha, beta),          \
                       diff * f.by_gate, diff * f.by_up)

#define ACTIVATION_TRAINED(id, name)                                                               \
    GATE_FORWARD(name, const struct trained_numbers numbers = T(numbers_##name)(alpha, beta);,     \
                 T(by_##name)(x, numbers).value * y, T(by_##name)(x, numbers).value)               \
    GATE_BACKWARD(name)                                                                            \
    {                                                                                              \
        const struct trained_numbers numbers = T(numbers_##name)(alpha, beta);                     \
                                                                                                   \
        for (int64_t start = 0; start < n; start += RUN) {                                         \
            int64_t end = start + RUN < n ? start + RUN : n;                                       \
            LANE by_alpha = AS_LANE(0.0f), by_beta = AS_LANE(0.0f);                                \
                                                                                                   \
            if (up) {                                                                              \
                EACH_SUM(i, start, end, by_alpha, by_beta)                                         \
                {                                                                                  \
                    struct T(trained_slopes) f = T(by_##name)(GET(gate, i, end), numbers);         \
                    LANE diff = GET(diff_dst, i, end), gated = diff * GET(up, i, end);             \
                                                                                                   \
                    by_alpha += gated * f.by_alpha;                                                \
                    by_beta += gated * f.by_beta;                                                  \
                    PUT(gate, i, end, gated * f.slope);                                            \
                    PUT(up, i, end, diff * f.value);                                               \
                }                                                                                  \
            } else {                                                                               \
                EACH_SUM(i, start, end, by_alpha, by_beta)                                         \
                {                                                                                  \
                    struct T(trained_slopes) f = T(by_##name)(GET(gate, i, end), numbers);         \
                    LANE diff = GET(diff_dst, i, end);                                             \
                                                                                                   \
                    by_alpha += diff * f.by_alpha;                                                 \
                    by_beta += diff * f.by_beta;                                                   \
                    PUT(gate, i, end, diff * f.slope);                                             \
                }                                                                                  \
            }                                                                                      \
            by[0] += (double)numbers.by_alpha * TOTAL(by_alpha);                                   \
            by[1] += (double)numbers.by_beta * TOTAL(by_beta);                                     \
        }                                                                                          \
    }

#include "variants/activations/list.h"

#define ACTIVATION_FUSED(id, name) [id] = T(gate_forward_##name),
static gate_forward_fn *const T(gate_forward)[ACT_COUNT] = {
#include "variants/activations/list.h"
};

#define ACTIVATION_FUSED(id, name) [id] = T(gate_backward_##name),
static gate_backward_fn *const T(gate_backward)[ACT_COUNT] = {
#include "variants/activations/list.h"
};

static void T(multiply)(int64_t n, const void *a, const void *b, void *dst)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        STORE(dst, i, LOAD(a, i) * LOAD(b, i));
}

static void T(scale)(int64_t n, float factor, void *x)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++)
        STORE(x, i, LOAD(x, i) * factor);
}

static void T(mask)(int64_t rows, int n, const float *mask, const void *src, void *dst)
{
    for (int64_t row = 0; row < rows; row++) {
#pragma omp simd
        for (int i = 0; i < n; i++)
            STORE(dst, row * n + i, LOAD(src, row * n + i) * mask[i]);
    }
}

static void T(convert)(int64_t n, const float *src, void *dst)
{
    EACH(i, 0, n)
    PUT(dst, i, n, GET_F32(src, i, n));
}

static void T(norm_forward)(int64_t rows, int d, const float *src, const float *gain, float scale,
                            void *dst, float *rstd, float *copy)
{
    for (int64_t row = 0; row < rows; row++, src += d) {
        STORAGE *line = (STORAGE *)dst + row * d;
        LANE sum = AS_LANE(0.0f);
        float factor;

        EACH_SUM(i, 0, d, sum)
        sum += GET_F32(src, i, d) * GET_F32(src, i, d);
        rstd[row] = 1.0f / sqrtf(TOTAL(sum) / (float)d + NORM_EPSILON);
        factor = rstd[row] * scale;
        EACH(i, 0, d)
        PUT(line, i, d, GET_F32(src, i, d) * factor * GET_F32(gain, i, d));
        if (copy)
            memcpy(copy + row * d, src, (size_t)d * sizeof *src);
    }
}

static void T(norm_backward)(int64_t rows, int d, const float *diff_dst, const float *src,
                             const float *gain, float scale, const float *rstd, float *diff_src,
                             float *diff_gain, void *diff_copy)
{
    for (int64_t row = 0; row < rows; row++, src += d, diff_dst += d, diff_src += d) {
        STORAGE *line = diff_copy ? (STORAGE *)diff_copy + row * d : NULL;
        LANE sum = AS_LANE(0.0f);
        float r = rstd[row], dot;

        EACH_SUM(i, 0, d, sum)
        sum += GET_F32(diff_dst, i, d) * GET_F32(gain, i, d) * GET_F32(src, i, d);
        dot = TOTAL(sum) * (r * r * scale / (float)d); /* times src: rstd xhat mean(diff gain scale xhat) */
        EACH(i, 0, d)
        {
            LANE from = GET_F32(src, i, d), to = GET_F32(diff_dst, i, d);
            LANE diff = GET_F32(diff_src, i, d) + r * (to * GET_F32(gain, i, d) * scale - from * dot);

            PUT_F32(diff_gain, i, d, GET_F32(diff_gain, i, d) + to * (from * (r * scale)));
            PUT_F32(diff_src, i, d, diff);
            if (diff_copy)
                PUT(line, i, d, diff);
        }
    }
}

/* The scores of a row with their bias, -INFINITY where they do not count; returns the largest. */
static float T(softmax_line)(int n, int valid, const float *score, const float *bias, float *line)
{
    float max = -INFINITY;

    if (bias) {
#pragma omp simd reduction(max : max)
        for (int j = 0; j < n; j++) {
            line[j] = j < valid ? score[j] + bias[j] : -INFINITY;
            max = line[j] > max ? line[j] : max;
        }
    } else {
#pragma omp simd reduction(max : max)
        for (int j = 0; j < n; j++) {
            line[j] = j < valid ? score[j] : -INFINITY;
            max = line[j] > max ? line[j] : max;
        }
    }
    return max;
}

/* Several rows, step by step: a row's step waits for the sum of the one before, which takes as long as many
 * columns do. */
static void T(softmax_rows)(int rows, int n, int used, int first, const float *scores,
                            const float *bias, STORAGE *out)
{
    float lines[SOFTMAX_CELLS], number[SOFTMAX_CELLS];

    for (int row = 0; row < rows; row++) {
        int valid = first + row < used ? first + row + 1 : used;

        number[row] = T(softmax_line)(n, valid, scores + (int64_t)row * n, bias ? bias - row : NULL,
                                      lines + row * n);
    }
    for (int row = 0; row < rows; row++) {
        float *line = lines + row * n, max = number[row], sum = 0;

#pragma omp simd reduction(+ : sum)
        for (int j = 0; j < n; j++) {
            float x = exp_f32(line[j] - max);

            line[j] = line[j] != -INFINITY ? x : 0;
            sum += line[j];
        }
        number[row] = 1.0f / sum;
    }
    for (int row = 0; row < rows; row++) {
        const float *line = lines + row * n, factor = number[row];

#pragma omp simd
        for (int j = 0; j < n; j++)
            STORE(out + (int64_t)row * n, j, line[j] * factor);
    }
}

/* A row that is too long to be kept between the steps. */
static void T(softmax_long)(int n, int valid, const float *score, const float *bias, STORAGE *out)
{
    float max = -INFINITY, sum = 0, factor;

    for (int j = 0; j < valid; j++) {
        float x = score[j] + (bias ? bias[j] : 0.0f);

        max = x > max ? x : max;
    }
#pragma omp simd reduction(+ : sum)
    for (int j = 0; j < valid; j++)
        sum += exp_f32(score[j] + (bias ? bias[j] : 0.0f) - max);
    factor = 1.0f / sum;
#pragma omp simd
    for (int j = 0; j < valid; j++)
        STORE(out, j, exp_f32(score[j] + (bias ? bias[j] : 0.0f) - max) * factor);
    memset(out + valid, 0, (size_t)(n - valid) * sizeof *out);
}

static void T(softmax_forward)(int rows, int n, int used, int first, const float *scores,
                               const float *bias, void *dst)
{
    int block = n <= SOFTMAX_CELLS ? SOFTMAX_CELLS / n : 1;
    STORAGE *out = dst;

    for (int row = 0; row < rows; row += block) {
        int64_t begin = (int64_t)row * n;

        if (n <= SOFTMAX_CELLS)
            T(softmax_rows)(block < rows - row ? block : rows - row, n, used, first + row, scores + begin,
                            bias ? bias - row : NULL, out + begin);
        else
            T(softmax_long)(n, first + row < used ? first + row + 1 : used, scores + begin,
                            bias ? bias - row : NULL, out + begin);
    }
}

static void T(softmax_backward)(int rows, int n, int used, bool causal, const void *dst,
                                const float *diff_dst, void *diff_scores, float *diff_bias)
{
    const STORAGE *p = dst;
    STORAGE *out = diff_scores;

    for (int row = 0; row < rows; row++, p += n, diff_dst += n, out += n) {
        int valid = causal && row + 1 < used ? row + 1 : used;
        float dot = 0;

#pragma omp simd reduction(+ : dot)
        for (int j = 0; j < valid; j++)
            dot += LOAD(p, j) * diff_dst[j];
        if (diff_bias) {
            float *b = diff_bias - row;

#pragma omp simd
            for (int j = 0; j < valid; j++) {
                float diff = LOAD(p, j) * (diff_dst[j] - dot);

                STORE(out, j, diff);
                b[j] += diff;
            }
        } else {
#pragma omp simd
            for (int j = 0; j < valid; j++)
                STORE(out, j, LOAD(p, j) * (diff_dst[j] - dot));
        }
        memset(out + valid, 0, (size_t)(n - valid) * sizeof *out);
    }
}

/* dst += the values times the keys' shares, `width` columns of them; a constant where it is inlined. */
static inline void T(weigh)(int width, int keys, int d, const STORAGE *value, const float *share, float *dst)
{
    float sum[ATTEND_LINE] = {0};

    for (int j = 0; j < keys; j++, value += d) {
#pragma omp simd
        for (int i = 0; i < width; i++)
            sum[i] += share[j] * LOAD(value, i);
    }
    memcpy(dst, sum, (size_t)width * sizeof *dst);
}

/* All columns, in lines of the widest kind that fits. */
static void T(weigh_all)(int keys, int d, const STORAGE *value, const float *share, float factor, STORAGE *dst)
{
    float line[ATTEND_LINE];

    for (int at = 0, width; at < d; at += width) {
        width = d - at < ATTEND_LINE ? d - at : ATTEND_LINE;
        if (width == ATTEND_LINE) {
            T(weigh)(ATTEND_LINE, keys, d, value + at, share, line);
        } else if (width >= ATTEND_LINE / 2) {
            width = ATTEND_LINE / 2;
            T(weigh)(ATTEND_LINE / 2, keys, d, value + at, share, line);
        } else if (width >= ATTEND_LINE / 4) {
            width = ATTEND_LINE / 4;
            T(weigh)(ATTEND_LINE / 4, keys, d, value + at, share, line);
        } else {
            T(weigh)(width, keys, d, value + at, share, line);
        }
        for (int i = 0; i < width; i++)
            STORE(dst, at + i, line[i] * factor);
    }
}

static void T(attend)(int keys, int d, int room, const void *query, const void *key, const void *value,
                      const float *bias, float *scores, void *dst)
{
    float max = -INFINITY, total = 0;

    for (int from = 0; from < keys; from += ATTEND_LINE) {
        const STORAGE *column = (const STORAGE *)key + from;
        float sum[ATTEND_LINE] = {0};

        for (int i = 0; i < d; i++, column += room) {
            float q = LOAD(query, i);

#pragma omp simd
            for (int j = 0; j < ATTEND_LINE; j++)
                sum[j] += q * LOAD(column, j);
        }
        memcpy(scores + from, sum, sizeof sum);
    }
    if (bias) {
#pragma omp simd
        for (int j = 0; j < keys; j++)
            scores[j] += bias[j];
    }
#pragma omp simd reduction(max : max)
    for (int j = 0; j < keys; j++)
        max = scores[j] > max ? scores[j] : max;
#pragma omp simd reduction(+ : total)
    for (int j = 0; j < keys; j++) {
        scores[j] = exp_f32(scores[j] - max);
        total += scores[j];
    }
    T(weigh_all)(keys, d, value, scores, 1.0f / total, dst);
}

/* Heads are shorter than vectors: a row is converted as one, and turned in f32. */
static void T(rotate)(int rows, int heads, int half, const float *turn, float factor, void *x)
{
    int width = 2 * half, most = ROTATE_LINE / width;
    STORAGE *at = x;
    float line[ROTATE_LINE];

    for (int row = 0; row < rows; row++, turn += width)
        for (int head = 0, n; head < heads; head += most, at += n) {
            n = width * (heads - head < most ? heads - head : most);
#pragma omp simd
            for (int i = 0; i < n; i++)
                line[i] = LOAD(at, i);
            for (int i = 0; i < n; i += width)
                turn_head(half, turn, 1, factor, line + i, line + i);
#pragma omp simd
            for (int i = 0; i < n; i++)
                STORE(at, i, line[i]);
        }
}

static void T(rotate_back)(int rows, int heads, int half, const float *turn, float factor,
                           const float *src, void *dst)
{
    int width = 2 * half, most = ROTATE_LINE / width;
    STORAGE *at = dst;
    float line[ROTATE_LINE];

    for (int row = 0; row < rows; row++, turn += width)
        for (int head = 0, n; head < heads; head += most, at += n, src += n) {
            n = width * (heads - head < most ? heads - head : most);
            for (int i = 0; i < n; i += width)
                turn_head(half, turn, -1, factor, src + i, line + i);
#pragma omp simd
            for (int i = 0; i < n; i++)
                STORE(at, i, line[i]);
        }
}

static void T(cross_entropy)(int64_t rows, int n, const float *logits, const int32_t *targets,
                             float scale, void *diff_logits, double *row_nats)
{
    STORAGE *diff = diff_logits;

    for (int64_t row = 0; row < rows; row++, logits += n) {
        int32_t target = targets[row];
        float max = -INFINITY, sum, at_target = logits[target], factor;
        double total = 0;

#pragma omp simd reduction(max : max)
        for (int j = 0; j < n; j++)
            max = logits[j] > max ? logits[j] : max;
        for (int start = 0; start < n; start += RUN) {
            int end = start + RUN < n ? start + RUN : n;
            float part = 0;

#pragma omp simd reduction(+ : part)
            for (int j = start; j < end; j++)
                part += exp_f32(logits[j] - max);
            total += part;
        }
        sum = (float)total;
        row_nats[row] = target == TOKEN_PAD ? 0.0 : log(total) + (max - at_target);
        if (!diff)
            continue;
        factor = target == TOKEN_PAD ? 0.0f : scale / sum;
#pragma omp simd
        for (int j = 0; j < n; j++)
            STORE(diff, j, exp_f32(logits[j] - max) * factor);
        if (target != TOKEN_PAD) /* from f32, so that bf16 rounds once */
            STORE(diff, target, (exp_f32(at_target - max) / sum - 1.0f) * scale);
        diff += n;
    }
}

#ifdef WORD
#include "src/nn/kernels_attention.h"
#endif

#undef LOAD
#undef STORE
#undef GATE_FORWARD
#undef GATE_BACKWARD
#undef UNTRAINED_BACKWARD
#undef VECTOR_ARGUMENTS
#undef VECTOR_VALUE
#undef VECTOR_SLOPE
#undef VECTOR_PAIR
#undef VECTOR_NUMBERS
#undef VECTOR_BY
#undef LANE
#undef AS_LANE
#undef PRAGMA
#undef ABOVE
#undef MAGNITUDE
#undef RECIPROCAL
#undef EACH
#undef EACH_SUM
#undef GET
#undef PUT
#undef GET_F32
#undef PUT_F32
#undef TOTAL
