/* kernels.h - the loops that oneDNN has no primitive for, or that are memory bound and worth
 * fusing.  kernels.c is compiled once per instruction set; kernels_get() picks at run time.
 *
 * `type`: the storage of activations, f32 or bf16; arithmetic is always f32, sums that cross
 * many elements are double.  A `void *` holds elements of that type.  All kernels are single-threaded and
 * have plain twins in test/ref. */
#ifndef GLU_NN_KERNELS_H
#define GLU_NN_KERNELS_H

#include "src/nn/attention_head.h"
#include "src/util/rng.h"
#include "variants/variant.h"

#include <stdbool.h>
#include <stdint.h>

/* dst = act(gate) * up, or what the activation has in its place; act(gate) when up is NULL.  n elements. */
typedef void gate_forward_fn(int64_t n, float alpha, float beta, const void *gate, const void *up,
                             void *dst);
/* Backward of the same in one pass, in place: gate becomes diff_gate, up becomes diff_up.  by: (2), to
 * which the slopes by alpha and beta times diff_dst are added where these are trained. */
typedef void gate_backward_fn(int64_t n, float alpha, float beta, const void *diff_dst, void *gate,
                              void *up, double *by);

/* What one update of AdamW is, of all elements alike. */
struct adamw_step {
    float learning_rate, decay, beta1, beta2;
    float correction1, correction2; /* 1 / (1 - beta^t) */
    float epsilon;
};

/* Keys that a kernel meets at once. */
enum { ATTEND_LINE = 64 };

/* What the gradient of weights is made in: so many columns of a factor side by side, and blocks of so many of
 * them and of pairs of tokens, of which the second level of the caches holds two. */
enum {
    GRADIENT_PANEL = 64,
    GRADIENT_BLOCK = 256,
    GRADIENT_ROOM = 2 * GRADIENT_BLOCK * GRADIENT_BLOCK /* floats */
};

/* The kernels that depend on the storage type. */
struct typed_kernels {
    gate_forward_fn *const *gate_forward;   /* by enum act; NULL: no fused form, use oneDNN's */
    gate_backward_fn *const *gate_backward; /* likewise */

    /* dst = a * b; dst may be either. */
    void (*multiply)(int64_t n, const void *a, const void *b, void *dst);

    /* x *= factor. */
    void (*scale)(int64_t n, float factor, void *x);
    /* dst = src times the mask, row by row; src, dst: (rows, n), dst may be src; mask: (n). */
    void (*mask)(int64_t rows, int n, const float *mask, const void *src, void *dst);

    /* RMSNorm:  dst = src * rstd * gain * scale,  rstd = 1 / sqrt(mean(src^2) + 1e-6).
     * src, copy: (rows, d) f32; gain: (d); dst: (rows, d); rstd: (rows).  copy, when not NULL,
     * receives src: the start of the next residual sum. */
    void (*norm_forward)(int64_t rows, int d, const float *src, const float *gain, float scale,
                         void *dst, float *rstd, float *copy);
    /* diff_src += the gradient of the norm; diff_gain += likewise; diff_copy, when not NULL,
     * receives diff_src in the storage type. */
    void (*norm_backward)(int64_t rows, int d, const float *diff_dst, const float *src,
                          const float *gain, float scale, const float *rstd, float *diff_src,
                          float *diff_gain, void *diff_copy);

    /* dst = softmax(scores + bias) over the rows of one head's (rows, n) matrix.  bias[j - i] is
     * added at (i, j); NULL: none.  Only the first `used` columns (at least 1) count, and of these
     * j <= first + i: 0 when causal, n when not, else where the rows begin in a causal matrix.  The rest
     * of dst is 0. */
    void (*softmax_forward)(int rows, int n, int used, int first, const float *scores,
                            const float *bias, void *dst);
    /* diff_scores from dst and diff_dst; diff_bias[j - i] += them, NULL: no bias. */
    void (*softmax_backward)(int rows, int n, int used, bool causal, const void *dst,
                             const float *diff_dst, void *diff_scores, float *diff_bias);

    /* One head's attention of one query (d) to the first `keys` of the keys (d, room), a column each, and of
     * the values (room, d): dst (d) = softmax(q k^T + bias) v.  The room is a multiple of ATTEND_LINE; what
     * is behind the keys is read and does not count.  bias: (keys), or NULL; scores: (room), scratch. */
    void (*attend)(int keys, int d, int room, const void *query, const void *key, const void *value,
                   const float *bias, float *scores, void *dst);

    /* One head's attention, scores never leaving the nearest caches; NULL: not on this instruction set,
     * use oneDNN's products.  query, mixed: (queries, d) and key, value: (keys, d) at head->pitch;
     * kept: of attention_head_kept() elements, what backward needs; scratch: so many floats as
     * attention_scratch() says, aligned as vectors are. */
    size_t (*attention_scratch)(const struct attention_head *head);
    void (*attention_forward)(const struct attention_head *head, const void *query, const void *key,
                              const void *value, void *kept, void *mixed, float *scratch);
    /* The gradients: of the storage type, or f32 when wide.  diff_bias[j - i] += that of the scores, NULL: no bias. */
    void (*attention_backward)(const struct attention_head *head, const void *query, const void *key,
                               const void *value, const void *kept, const void *diff_mixed, bool wide,
                               void *diff_query, void *diff_key, void *diff_value, float *diff_bias,
                               float *scratch);

    /* The gradient of weights: dst += src^T diff_dst; NULL: not of this type and instruction set, use oneDNN's
     * product.  src: (tokens, rows) at src_pitch, diff_dst: (tokens, columns), dst: (rows, columns) in f32;
     * scratch: GRADIENT_ROOM floats, aligned as vectors are. */
    void (*gradient)(int rows, int columns, int tokens, const void *src, int64_t src_pitch,
                     const void *diff_dst, float *dst, float *scratch);

    /* In every head of every row of x, (rows, heads, 2 half), the pair (i, half + i) turns by an
     * angle of the row, and is multiplied by the factor.  turn: (rows, 2 half), the cosines of a row's
     * angles, then their sines. */
    void (*rotate)(int rows, int heads, int half, const float *turn, float factor, void *x);
    /* ... and the other way round, which is its gradient; dst may be src when the type is f32. */
    void (*rotate_back)(int rows, int heads, int half, const float *turn, float factor,
                        const float *src, void *dst);

    /* Cross-entropy of logits (rows, n) against targets (rows).  row_nats: (rows).
     * diff_logits, when not NULL: (rows, n) = (softmax - onehot) * scale; may be the logits' own
     * memory when the type is f32.  A target of pad counts 0 and has no gradient. */
    void (*cross_entropy)(int64_t rows, int n, const float *logits, const int32_t *targets,
                          float scale, void *diff_logits, double *row_nats);

    /* dst = src in the storage type. */
    void (*convert)(int64_t n, const float *src, void *dst);
};

struct kernels {
    const char *isa; /* "avx512_bf16", "avx512", "avx2", "generic" */
    struct typed_kernels type[2]; /* by enum dnn_type */

    void (*add)(int64_t n, const float *src, float *dst); /* dst += src */
    /* dst += src times the mask, row by row; src, dst: (rows, n); mask: (n). */
    void (*add_masked)(int64_t rows, int n, const float *mask, const float *src, float *dst);
    double (*square_sum)(int64_t n, const float *src);
    /* Where the first of the largest numbers is; 0 when none of them is a number. */
    int64_t (*largest)(int64_t n, const float *src);

    /* Adafactor over a block of rows of one matrix, gradient g (rows, columns).
     * row_sum[i] = sum_j (g_ij^2 + eps), column_sum[j] += sum_i (g_ij^2 + eps). */
    void (*factor_sums)(int64_t rows, int64_t columns, const float *g, float eps, double *row_sum,
                        float *column_sum);
    /* Sum of u^2 with u_ij = g_ij row_factor[i] column_factor[j]. */
    double (*factored_square_sum)(int64_t rows, int64_t columns, const float *g,
                                  const float *row_factor, const float *column_factor);
    /* value -= step u. */
    void (*factored_apply)(int64_t rows, int64_t columns, const float *g, const float *row_factor,
                           const float *column_factor, float step, float *value);
    /* Not factored: moment = decay moment + (1 - decay) (g^2 + eps); returns the sum of u^2 with
     * u = g / sqrt(moment). */
    double (*moment_update)(int64_t n, const float *g, float eps, float decay, float *moment);
    void (*moment_apply)(int64_t n, const float *g, const float *moment, float step, float *value);

    /* AdamW: first and second moments and values from the gradient; see adamw.c. */
    void (*adamw)(int64_t n, const struct adamw_step *step, const float *g, float *first,
                  float *second, float *value);

    /* dst[i] = factor times the number that rng_normal() gives at block first + i of the stream that was started
     * there, rounded to f32: of i < n. */
    void (*normals)(const struct rng *start, uint64_t first, int64_t n, double factor, float *dst);
};

/* The best set for this CPU.  The environment variable GLUBENCH_ISA (generic, avx2, avx512, avx512_bf16) asks
 * for a smaller one, for tests. */
const struct kernels *kernels_get(void);
/* The i-th set that was built and runs here, best first; NULL past the last. */
const struct kernels *kernels_at(int i);

extern const struct kernels kernels_generic;
#ifdef HAVE_KERNELS_AVX2
extern const struct kernels kernels_avx2;
#endif
#ifdef HAVE_KERNELS_AVX512
extern const struct kernels kernels_avx512;
#endif
#ifdef HAVE_KERNELS_AVX512_BF16
extern const struct kernels kernels_avx512_bf16;
#endif

#endif
