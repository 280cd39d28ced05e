/* kernels_attention.h - attention of one head, whose scores never leave the nearest caches.  kernels.c
 * includes this once per type, with STORAGE and T() as in kernels_typed.h, where vectors have LANES floats.
 *
 * Products take their factors in words of 32 bits: an f32, or two bf16 that are neighbours in what is
 * summed over.  Queries go some at a time: their scores, or the gradients of these, are lines that lie in
 * one place for all; those of a strip are kept for the sums over queries, which are the gradients of keys
 * and values. */

/* ==== Products ==== */

/* dst (r, 16 c) = start + a b: a's word of row i and step k is a[i * a_row + k * a_step]; b: (steps, 16 c) at
 * b_pitch; start: at start_pitch, which may be dst, or NULL: none.  r and c are constants where it is inlined. */
static inline GLU_INLINE void T(tile)(const int r, const int c, const float *start,
                                      int64_t start_pitch, int steps, const T(word) *a, int64_t a_row,
                                      int64_t a_step, const T(word) *b, int64_t b_pitch, float *dst,
                                      int64_t pitch)
{
    __m512 sum[TILE_SUMS];

#pragma GCC unroll 16
    for (int i = 0; i < r * c; i++)
        sum[i] = start ? _mm512_loadu_ps(start + i / c * start_pitch + i % c * LANES) : _mm512_setzero_ps();
    for (int k = 0; k < steps; k++, a += a_step, b += b_pitch) {
        T(words) right[TILE_VECTORS];

#pragma GCC unroll 4
        for (int j = 0; j < c; j++)
            right[j] = T(words_load)(b + j * LANES);
#pragma GCC unroll 16
        for (int i = 0; i < r; i++) {
            T(words) left = T(words_fill)(a + i * a_row);

#pragma GCC unroll 4
            for (int j = 0; j < c; j++)
                sum[i * c + j] = T(words_add)(sum[i * c + j], left, right[j]);
        }
    }
    __asm__("" : "+r"(dst)); /* or its rows' addresses are those of start, and take the registers of the sums */
#pragma GCC unroll 16
    for (int i = 0; i < r * c; i++)
        _mm512_storeu_ps(dst + i / c * pitch + i % c * LANES, sum[i]);
}

/* All rows of a column of tiles, the most at a time that TILE_SUMS allow. */
static inline GLU_INLINE void T(tiles)(const int c, int rows, const float *start,
                                       int64_t start_pitch, int steps, const T(word) *a, int64_t a_row,
                                       int64_t a_step, const T(word) *b, int64_t b_pitch, float *dst,
                                       int64_t pitch)
{
    int i = 0;

#define TILES(r)                                                                                   \
    for (; (r) * c <= TILE_SUMS && rows - i >= (r); i += (r))                                      \
        T(tile)((r) * c <= TILE_SUMS ? (r) : 1, c, start ? start + i * start_pitch : NULL, start_pitch,  \
                steps, a + i * a_row, a_row, a_step, b, b_pitch, dst + i * pitch, pitch);
    TILES(16)
    TILES(8)
    TILES(4)
    TILES(2)
    TILES(1)
#undef TILES
}

/* dst (rows, n) = start + a b, n a multiple of LANES. */
static inline GLU_INLINE void T(product)(int rows, int n, const float *start, int64_t start_pitch,
                                         int steps, const T(word) *a, int64_t a_row, int64_t a_step,
                                         const T(word) *b, int64_t b_pitch, float *dst, int64_t pitch)
{
    int j = 0;

    for (; n - j >= 4 * LANES; j += 4 * LANES)
        T(tiles)(4, rows, start ? start + j : NULL, start_pitch, steps, a, a_row, a_step, b + j, b_pitch, dst + j, pitch);
    for (; n - j >= 2 * LANES; j += 2 * LANES)
        T(tiles)(2, rows, start ? start + j : NULL, start_pitch, steps, a, a_row, a_step, b + j, b_pitch, dst + j, pitch);
    for (; j < n; j += LANES)
        T(tiles)(1, rows, start ? start + j : NULL, start_pitch, steps, a, a_row, a_step, b + j, b_pitch, dst + j, pitch);
}

/* Rows of tokens times what was turned: lines, which begin with the bias. */
static void T(product_tokens)(int rows, int n, const float *bias, int steps, const T(word) *a,
                              int64_t a_row, const T(word) *b, int64_t b_pitch, float *dst)
{
    T(product)(rows, n, bias, -1, steps, a, a_row, 1, b, b_pitch, dst, LINE);
}

/* Lines times rows of tokens. */
static void T(product_lines)(int rows, int n, int steps, const T(word) *a, const T(word) *b,
                             int64_t b_pitch, float *dst)
{
    T(product)(rows, n, NULL, 0, steps, a, LINE / WORD, 1, b, b_pitch, dst, n);
}

/* The same lines' columns, of a strip of queries, times rows of tokens. */
static void T(product_columns)(int rows, int n, int steps, const T(word) *a, int64_t a_step,
                               const T(word) *b, int64_t b_pitch, float *dst)
{
    T(product)(rows, n, dst, n, steps, a, 1, a_step, b, b_pitch, dst, n);
}

/* ==== A head's parts ==== */

/* Where things are in the scratch; NULL where only their number is asked for. */
struct T(room) {
    float *lines;     /* (ROWS, LINE), LINE_EDGE floats before and behind a query's scores */
    T(word) *words;   /* the same as words of neighbouring keys, (ROWS, LINE / WORD); in f32 these lines */
    T(word) *turned;  /* (d / WORD, columns): keys or values */
    T(word) *pairs;   /* (columns / WORD, d): values or keys; f32 takes them where they are */
    T(word) *strip;   /* (STRIP / WORD, columns): gradients of scores */
    T(word) *left[2]; /* (STRIP / WORD, d): queries, gradients of what was mixed; likewise */
    float *out;       /* (ROWS, d) */
    float *diff[2];   /* (columns, d): gradients of keys and values */
    float *diagonal;  /* (LINE_EDGE + queries padded + columns + LINE_EDGE): gradient of the bias */
    size_t floats;    /* of all */
};

static struct T(room) T(room_of)(const struct attention_head *head, float *scratch)
{
    size_t columns = (size_t)whole_lanes(head->keys), d = (size_t)head->d, strip = ATTENTION_STRIP;
    struct T(room) room = {0};
    size_t at = 0;

#define TAKE(what, count) ((what) = scratch ? (void *)(scratch + at) : NULL, at += (count))
    TAKE(room.lines, ROWS * LINE);
    room.words = (void *)room.lines;
    if (WORD > 1) {
        TAKE(room.words, ROWS * LINE / WORD);
        TAKE(room.pairs, columns / WORD * d);
        TAKE(room.left[0], strip / WORD * d);
        TAKE(room.left[1], strip / WORD * d);
    }
    TAKE(room.turned, d / WORD * columns);
    TAKE(room.strip, strip / WORD * columns);
    TAKE(room.out, ROWS * d);
    TAKE(room.diff[0], columns * d);
    TAKE(room.diff[1], columns * d);
    TAKE(room.diagonal, LINE_EDGE + (size_t)whole_lanes(head->queries) + columns + LINE_EDGE);
#undef TAKE
    room.floats = at;
    return room;
}

static size_t T(attention_scratch)(const struct attention_head *head)
{
    return T(room_of)(head, NULL).floats;
}

static const T(word) *T(token)(const void *tokens, const struct attention_head *head, int i)
{
    return (const T(word) *)(const void *)((const STORAGE *)tokens + (int64_t)i * head->pitch);
}

/* Tokens side by side as columns of words, zero where there are none. */
static void T(turn)(const struct attention_head *head, const void *tokens, T(word) *turned)
{
    int words = head->d / WORD, columns = whole_lanes(head->keys);

    for (int j = 0; j < columns; j += LANES)
        for (int i = 0; i < words; i += LANES)
            T(turn_square)(head->keys - j < LANES ? head->keys - j : LANES,
                           words - i < LANES ? words - i : LANES, T(token)(tokens, head, j) + i,
                           head->pitch / WORD, turned + (int64_t)i * columns + j, columns);
}

/* Rows (rows, d) of f32 as tokens of the storage type, or as they are. */
static void T(put)(const struct attention_head *head, bool wide, int first, int rows, const float *src,
                   void *tokens)
{
    int d = head->d;

    for (int i = 0; i < rows; i++, src += d) {
        int64_t at = (int64_t)(first + i) * head->pitch;

        if (wide) {
            memcpy((float *)tokens + at, src, (size_t)d * sizeof *src);
            continue;
        }
        for (int j = 0; j < d; j += LANES)
            T(words_put)((STORAGE *)tokens + at + j, _mm512_loadu_ps(src + j));
    }
}

/* ==== Forward ==== */

static void T(attention_forward)(const struct attention_head *head, const void *query, const void *key,
                                 const void *value, void *kept, void *mixed, float *scratch)
{
    const struct T(room) room = T(room_of)(head, scratch);
    const int columns = whole_lanes(head->keys), d = head->d;
    struct attention_strip strip = {0};
    struct T(factor) values;

    T(turn)(head, key, room.turned);
    values = T(factor_of)(head, value, 0, head->keys, room.pairs);
    while ((strip = attention_strip_next(head, &strip)).queries > 0)
        for (int i = 0, rows; i < strip.queries; i += rows) {
            int first = strip.first + i;
            float factor[ROWS];

            rows = strip.queries - i < ROWS ? strip.queries - i : ROWS;
            T(product_tokens)(rows, strip.columns, head->bias ? head->bias - first : NULL, d / WORD,
                              T(token)(query, head, first), head->pitch / WORD, room.turned, columns, room.lines + LINE_EDGE);
            exponentials(head, &strip, first, rows, T(words_exp), room.lines + LINE_EDGE, factor);
            T(keep)(rows, strip.columns, factor, room.lines + LINE_EDGE, room.words + LINE_EDGE,
                    (STORAGE *)kept + strip.kept + (int64_t)i * strip.columns);
            T(product_lines)(rows, d, (strip.keys + WORD - 1) / WORD, room.words + LINE_EDGE,
                             values.at, values.pitch, room.out);
            T(put)(head, false, first, rows, room.out, mixed);
        }
}

/* ==== Backward ==== */

/* diagonal[j - i] += the lines' (i, j). */
static void T(diagonals)(int rows, int n, const float *lines, float *diagonal)
{
    for (int j = -LANES; j < n; j += LANES) {
        __m512 sum = _mm512_loadu_ps(diagonal + j);

        for (int i = 0; i < rows; i++)
            sum = _mm512_add_ps(sum, _mm512_loadu_ps(lines + i * LINE + i + j));
        _mm512_storeu_ps(diagonal + j, sum);
    }
}

static void T(attention_backward)(const struct attention_head *head, const void *query, const void *key,
                                  const void *value, const void *kept, const void *diff_mixed,
                                  bool wide, void *diff_query, void *diff_key, void *diff_value,
                                  float *diff_bias, float *scratch)
{
    const struct T(room) room = T(room_of)(head, scratch);
    const int columns = whole_lanes(head->keys), d = head->d;
    float *lines = room.lines + LINE_EDGE;
    float *diagonal = room.diagonal + LINE_EDGE + whole_lanes(head->queries);
    struct attention_strip strip = {0};
    struct T(factor) keys;

    T(turn)(head, value, room.turned);
    keys = T(factor_of)(head, key, 0, head->keys, room.pairs);
    for (int i = 0; i < 2; i++)
        memset(room.diff[i], 0, (size_t)columns * (size_t)d * sizeof(float));
    if (diff_bias) {
        memset(room.diagonal, 0,
               (size_t)(2 * LINE_EDGE + whole_lanes(head->queries) + columns) * sizeof(float));
        for (int i = 0; i < ROWS; i++) {
            memset(lines + i * LINE - LINE_EDGE, 0, LINE_EDGE * sizeof(float));
            memset(lines + i * LINE + columns, 0, LINE_EDGE * sizeof(float));
        }
    }
    while ((strip = attention_strip_next(head, &strip)).queries > 0) {
        const STORAGE *weights = (const STORAGE *)kept + strip.kept;
        int steps = (strip.queries + WORD - 1) / WORD;
        struct T(factor) left;

        for (int i = 0, rows; i < strip.queries; i += rows) {
            int first = strip.first + i;

            rows = strip.queries - i < ROWS ? strip.queries - i : ROWS;
            T(product_tokens)(rows, strip.columns, NULL, d / WORD, T(token)(diff_mixed, head, first),
                              head->pitch / WORD, room.turned, columns, lines);
            T(slopes)(rows, strip.columns, weights + (int64_t)i * strip.columns, lines,
                      room.words + LINE_EDGE, room.strip + (int64_t)(i / WORD) * strip.columns);
            if (diff_bias)
                T(diagonals)(rows, strip.columns, lines, diagonal - first);
            T(product_lines)(rows, d, (strip.keys + WORD - 1) / WORD, room.words + LINE_EDGE, keys.at,
                             keys.pitch, room.out);
            T(put)(head, wide, first, rows, room.out, diff_query);
        }
        left = T(factor_of)(head, query, strip.first, strip.queries, room.left[0]);
        T(product_columns)(strip.columns, d, steps, room.strip, strip.columns, left.at, left.pitch,
                           room.diff[0]);
        left = T(factor_of)(head, diff_mixed, strip.first, strip.queries, room.left[1]);
        T(product_columns)(strip.columns, d, steps, (const T(word) *)(const void *)weights,
                           strip.columns, left.at, left.pitch, room.diff[1]);
    }
    T(put)(head, wide, 0, head->keys, room.diff[0], diff_key);
    T(put)(head, wide, 0, head->keys, room.diff[1], diff_value);
    if (diff_bias) {
#pragma omp simd
        for (int j = 1 - head->queries; j < head->keys; j++)
            diff_bias[j] += diagonal[j];
    }
}
