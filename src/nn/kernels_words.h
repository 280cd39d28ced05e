/* kernels_words.h - what kernels_attention.h and kernels_gradient.h need besides: vectors of either type's
 * words, and the passes between scores and words. */

enum {
    LANES = ATTENTION_LANES,
    TILE_SUMS = 16,   /* vectors of a product that are summed at once */
    TILE_VECTORS = 4, /* of them in a row */
    PANEL = GRADIENT_PANEL,
    ROWS = LANES,     /* queries at a time; even */
    LINE_EDGE = LANES,
    LINE = ATTENTION_COLUMNS + 3 * LINE_EDGE /* floats; no power of two, or all begin in one set of the cache */
};

#define GLU_INLINE __attribute__((always_inline))

static int whole_lanes(int n)
{
    return (n + LANES - 1) / LANES * LANES;
}

/* Keys that count for query i. */
static int keys_seen(const struct attention_head *head, const struct attention_strip *strip, int i)
{
    int used = head->used < strip->keys ? head->used : strip->keys;

    return head->causal && i + 1 < used ? i + 1 : used;
}

/* Sixteen rows of as many words become columns. */
static inline void turn_vectors(__m512i *row)
{
    __m512i half[LANES];

#pragma GCC unroll 8
    for (int i = 0; i < LANES; i += 2) {
        half[i] = _mm512_unpacklo_epi32(row[i], row[i + 1]);
        half[i + 1] = _mm512_unpackhi_epi32(row[i], row[i + 1]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < LANES; i += 4) {
        row[i] = _mm512_unpacklo_epi64(half[i], half[i + 2]);
        row[i + 1] = _mm512_unpackhi_epi64(half[i], half[i + 2]);
        row[i + 2] = _mm512_unpacklo_epi64(half[i + 1], half[i + 3]);
        row[i + 3] = _mm512_unpackhi_epi64(half[i + 1], half[i + 3]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        half[i] = _mm512_shuffle_i32x4(row[i], row[i + 4], 0x88);
        half[i + 4] = _mm512_shuffle_i32x4(row[i], row[i + 4], 0xdd);
        half[i + 8] = _mm512_shuffle_i32x4(row[i + 8], row[i + 12], 0x88);
        half[i + 12] = _mm512_shuffle_i32x4(row[i + 8], row[i + 12], 0xdd);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        row[i] = _mm512_shuffle_i32x4(half[i], half[i + 8], 0x88);
        row[i + 4] = _mm512_shuffle_i32x4(half[i + 4], half[i + 12], 0x88);
        row[i + 8] = _mm512_shuffle_i32x4(half[i], half[i + 8], 0xdd);
        row[i + 12] = _mm512_shuffle_i32x4(half[i + 4], half[i + 12], 0xdd);
    }
}

/* (rows, words) of src, LANES each at most, become (words, LANES) of dst, zero behind the rows. */
static void turn_square(int rows, int words, const void *src, int64_t src_pitch, void *dst,
                        int64_t dst_pitch)
{
    __mmask16 mask = (__mmask16)((1u << words) - 1u);
    __m512i row[LANES];

#pragma GCC unroll 16
    for (int i = 0; i < LANES; i++)
        row[i] = i < rows ? _mm512_maskz_loadu_epi32(mask, (const char *)src + 4 * i * src_pitch)
                          : _mm512_setzero_si512();
    turn_vectors(row);
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i++)
        if (i < words)
            _mm512_storeu_si512((char *)dst + 4 * i * dst_pitch, row[i]);
}
#define turn_square_f32 turn_square
#define turn_square_bf16 turn_square

/* Of `seen` columns those from j on, LANES at most. */
static inline __mmask16 lanes_seen(int64_t seen, int64_t j)
{
    return seen - j >= LANES ? 0xffff : (__mmask16)((1u << (seen - j)) - 1u);
}

typedef __m512 exp_fn(__m512 x);
typedef __m512 both_fn(__m512 a, __m512 b);

static inline __m512 sum_of(__m512 a, __m512 b)
{
    return _mm512_add_ps(a, b);
}

static inline __m512 max_of(__m512 a, __m512 b)
{
    return _mm512_max_ps(a, b);
}

/* Row i's elements together in lane i: all rows at once, for the steps from one element to the next take as long
 * as many rows do. */
static inline GLU_INLINE __m512 rows_together(__m512 *row, both_fn *both)
{
    turn_vectors((__m512i *)row);
#pragma GCC unroll 4
    for (int half = LANES / 2; half > 0; half /= 2)
#pragma GCC unroll 8
        for (int i = 0; i < half; i++)
            row[i] = both(row[i], row[i + half]);
    return row[0];
}

/* Scores of the rows, ROWS at most, become exp(score - largest), and 0 where a query does not see the key; factor
 * (ROWS) makes their sum 1. */
static inline GLU_INLINE void exponentials(const struct attention_head *head,
                                           const struct attention_strip *strip, int first, int rows,
                                           exp_fn *exp_of, float *lines, float *factor)
{
    const __m512 least = _mm512_set1_ps(-INFINITY);
    __m512 row[ROWS];

    for (int i = 0; i < ROWS; i++) {
        int seen = i < rows ? keys_seen(head, strip, first + i) : 0;
        const float *line = lines + i * LINE;

        row[i] = least;
        for (int j = 0; j < seen; j += LANES)
            row[i] = _mm512_max_ps(row[i], _mm512_mask_loadu_ps(least, lanes_seen(seen, j), line + j));
    }
    _mm512_storeu_ps(factor, rows_together(row, max_of));
    for (int i = 0; i < ROWS; i++) {
        int seen = i < rows ? keys_seen(head, strip, first + i) : 0, j = 0;
        float *line = lines + i * LINE;
        __m512 max = _mm512_set1_ps(factor[i]);

        row[i] = _mm512_setzero_ps();
        for (; j < seen; j += LANES) {
            __m512 x = _mm512_maskz_mov_ps(lanes_seen(seen, j),
                                           exp_of(_mm512_sub_ps(_mm512_loadu_ps(line + j), max)));

            _mm512_storeu_ps(line + j, x);
            row[i] = _mm512_add_ps(row[i], x);
        }
        for (; i < rows && j < strip->columns; j += LANES)
            _mm512_storeu_ps(line + j, _mm512_setzero_ps());
    }
    _mm512_storeu_ps(factor, _mm512_div_ps(_mm512_set1_ps(1.0f), rows_together(row, sum_of)));
}

/* ==== f32: a word is a number ==== */

typedef float word_f32;
typedef __m512 words_f32;

static inline words_f32 words_load_f32(const word_f32 *p)
{
    return _mm512_loadu_ps(p);
}

static inline words_f32 words_fill_f32(const word_f32 *p)
{
    return _mm512_set1_ps(*p);
}

static inline __m512 words_add_f32(__m512 sum, words_f32 a, words_f32 b)
{
    return _mm512_fmadd_ps(a, b, sum);
}

/* exp(x) for x <= 0, as exp_f32() of kernels_math.h has it. */
static inline __m512 words_exp_f32(__m512 x)
{
    __m512 z = _mm512_max_ps(_mm512_set1_ps(-60.0f), x), n, r, p;

    n = _mm512_roundscale_ps(_mm512_mul_ps(z, _mm512_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT);
    r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693145752f), z);
    r = _mm512_fnmadd_ps(n, _mm512_set1_ps(1.42860677e-6f), r);
    p = _mm512_fmadd_ps(_mm512_set1_ps(1.375140789e-03f), r, _mm512_set1_ps(8.368916341e-03f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.166953311e-02f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.666651846e-01f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.999998860e-01f));
    p = _mm512_fmadd_ps(_mm512_mul_ps(p, r), r, r);
    return _mm512_scalef_ps(_mm512_add_ps(p, _mm512_set1_ps(1.0f)), n);
}

static inline void words_put_f32(float *p, __m512 x)
{
    _mm512_storeu_ps(p, x);
}

/* A right factor of rows of tokens. */
struct factor_f32 {
    const word_f32 *at;
    int pitch; /* from one word that is summed over to the next */
};

static struct factor_f32 factor_of_f32(const struct attention_head *head, const void *tokens, int first,
                                       GLU_UNUSED int count, GLU_UNUSED word_f32 *pairs)
{
    return (struct factor_f32){(const float *)tokens + (int64_t)first * head->pitch, head->pitch};
}

/* Lines times their factors, as they are kept and in words. */
static void keep_f32(int rows, int n, const float *factor, const float *lines, word_f32 *words,
                     float *kept)
{
    for (int i = 0; i < rows; i++) {
        const float *line = lines + i * LINE, by = factor[i];

#pragma omp simd
        for (int j = 0; j < n; j++)
            words[i * LINE + j] = kept[i * n + j] = line[j] * by;
    }
}

/* Lines, gradients of the weights, become those of the scores. */
static void slopes_f32(int rows, int n, const float *kept, float *lines, GLU_UNUSED word_f32 *words,
                       word_f32 *strip)
{
    for (int i = 0; i < rows; i++, kept += n, strip += n) {
        float *line = lines + i * LINE, dot = 0;

#pragma omp simd reduction(+ : dot)
        for (int j = 0; j < n; j++)
            dot += kept[j] * line[j];
#pragma omp simd
        for (int j = 0; j < n; j++)
            line[j] = strip[j] = kept[j] * (line[j] - dot);
    }
}

#ifdef __AVX512BF16__
/* ==== bf16: a word is two numbers ==== */

typedef uint32_t __attribute__((may_alias)) word_bf16;
typedef __m512bh words_bf16;

static inline words_bf16 words_load_bf16(const word_bf16 *p)
{
    return (__m512bh)_mm512_loadu_si512(p);
}

static inline words_bf16 words_fill_bf16(const word_bf16 *p)
{
    return (__m512bh)_mm512_set1_epi32((int)*p);
}

static inline __m512 words_add_bf16(__m512 sum, words_bf16 a, words_bf16 b)
{
    return _mm512_dpbf16_ps(sum, a, b);
}

static inline void words_put_bf16(bf16 *p, __m512 x)
{
    _mm256_storeu_si256((void *)p, (__m256i)_mm512_cvtneps_pbh(x));
}

/* Two tokens at a time side by side, the last alone beside zeros: ((count + 1) / 2, width) at words_pitch, with
 * zeros behind up to a whole vector. */
static void words_of_bf16(int count, int width, const bf16 *tokens, int64_t pitch, word_bf16 *words,
                          int64_t words_pitch)
{
    for (int i = 0; i < count; i += 2, tokens += 2 * pitch, words += words_pitch)
        for (int j = 0; j < width; j += LANES) {
            __mmask16 there = lanes_seen(width, j);
            __m256i low = _mm256_maskz_loadu_epi16(there, tokens + j);
            __m256i high = _mm256_maskz_loadu_epi16(i + 1 < count ? there : 0, tokens + pitch + j);

            _mm512_storeu_si512(words + j, _mm512_or_si512(_mm512_cvtepu16_epi32(low),
                                                           _mm512_slli_epi32(_mm512_cvtepu16_epi32(high), 16)));
        }
}

struct factor_bf16 {
    const word_bf16 *at;
    int pitch;
};

static struct factor_bf16 factor_of_bf16(const struct attention_head *head, const void *tokens, int first,
                                         int count, word_bf16 *pairs)
{
    words_of_bf16(count, head->d, (const bf16 *)tokens + (int64_t)first * head->pitch, head->pitch, pairs,
                  head->d);
    return (struct factor_bf16){pairs, head->d};
}

/* exp(x) to a tenth of what bf16 tells apart: 2^n times a polynomial of degree 3 on [0, 1) (Remez
 * fit, relative error 1e-4). */
static inline __m512 words_exp_bf16(__m512 x)
{
    __m512 z = _mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), r, p;

    z = _mm512_max_ps(_mm512_set1_ps(-100.0f), z); /* clear of the denormals; a NaN stays one */
    r = _mm512_reduce_ps(z, _MM_FROUND_TO_NEG_INF);
    p = _mm512_fmadd_ps(_mm512_set1_ps(7.802452266e-02f), r, _mm512_set1_ps(2.260671554e-01f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(6.958335405e-01f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.999252186e-01f));
    return _mm512_scalef_ps(p, z);
}

/* Of two rows: a's words and b's, of neighbouring keys, and words of both, of one key each. */
static inline void words_store(__m512 a, __m512 b, word_bf16 *a_words, word_bf16 *b_words, void *both)
{
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8,
                                           23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    __m512i rows = (__m512i)_mm512_cvtne2ps_pbh(b, a);

    _mm256_storeu_si256((void *)a_words, _mm512_castsi512_si256(rows));
    _mm256_storeu_si256((void *)b_words, _mm512_extracti64x4_epi64(rows, 1));
    _mm512_storeu_si512(both, _mm512_permutexvar_epi16(order, rows));
}

static void keep_bf16(int rows, int n, const float *factor, const float *lines, word_bf16 *words,
                      bf16 *kept)
{
    for (int i = 0; i < rows; i += 2, kept += 2 * n) {
        const float *a = lines + i * LINE, *b = a + LINE;
        word_bf16 *at = words + i * LINE / 2;
        __m512 by_a = _mm512_set1_ps(factor[i]);
        __m512 by_b = _mm512_set1_ps(i + 1 < rows ? factor[i + 1] : 0.0f);
        __mmask16 both = i + 1 < rows ? 0xffff : 0;

        for (int j = 0; j < n; j += LANES)
            words_store(_mm512_mul_ps(_mm512_loadu_ps(a + j), by_a),
                        _mm512_maskz_mul_ps(both, _mm512_loadu_ps(b + j), by_b), at + j / 2,
                        at + LINE / 2 + j / 2, kept + 2 * j);
    }
}

static void slopes_bf16(int rows, int n, const bf16 *kept, float *lines, word_bf16 *words,
                        word_bf16 *strip)
{
    const __m512i upper = _mm512_set1_epi32((int)0xffff0000u);
    __m512 sum[ROWS];
    float dot[ROWS];

    if (rows % 2 > 0)
        memset(lines + rows * LINE, 0, (size_t)n * sizeof *lines);
    for (int i = 0; i < ROWS; i += 2) {
        const float *a = lines + i * LINE, *b = a + LINE;
        const bf16 *weights = kept + i * n;

        sum[i] = sum[i + 1] = _mm512_setzero_ps();
        for (int j = 0; i < rows && j < n; j += LANES) {
            __m512i p = _mm512_loadu_si512(weights + 2 * j);

            sum[i] = _mm512_fmadd_ps((__m512)_mm512_slli_epi32(p, 16), _mm512_loadu_ps(a + j), sum[i]);
            sum[i + 1] =
                _mm512_fmadd_ps((__m512)_mm512_and_si512(p, upper), _mm512_loadu_ps(b + j), sum[i + 1]);
        }
    }
    _mm512_storeu_ps(dot, rows_together(sum, sum_of));
    for (int i = 0; i < rows; i += 2, kept += 2 * n, strip += n) {
        float *a = lines + i * LINE, *b = a + LINE;
        word_bf16 *at = words + i * LINE / 2;
        __m512 dot_a = _mm512_set1_ps(dot[i]), dot_b = _mm512_set1_ps(dot[i + 1]);

        for (int j = 0; j < n; j += LANES) {
            __m512i p = _mm512_loadu_si512(kept + 2 * j);
            __m512 x = _mm512_mul_ps((__m512)_mm512_slli_epi32(p, 16),
                                     _mm512_sub_ps(_mm512_loadu_ps(a + j), dot_a));
            __m512 y = _mm512_mul_ps((__m512)_mm512_and_si512(p, upper),
                                     _mm512_sub_ps(_mm512_loadu_ps(b + j), dot_b));

            _mm512_storeu_ps(a + j, x);
            _mm512_storeu_ps(b + j, y);
            words_store(x, y, at + j / 2, at + LINE / 2 + j / 2, strip + j);
        }
    }
}
#endif
