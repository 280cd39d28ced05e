/* kernels_gradient.h - the gradient of a weight matrix in bf16, whose sum goes over tokens.  kernels.c includes
 * this after kernels_attention.h, whose products it takes.  (In f32 oneDNN is as fast.)
 *
 * Blocks of both factors are copied into panels of PANEL columns, as words of two tokens: a product then reads
 * them in the order in which they lie, and neither is turned. */

/* A whole line of a panel from two tokens. */
static inline void panel_line(const bf16 *low, const bf16 *high, word_bf16 *words)
{
    const __m512i first = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8,
                                           39, 7, 38, 6, 37, 5, 36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
    const __m512i second = _mm512_add_epi16(first, _mm512_set1_epi16(LANES));

#pragma GCC unroll 2
    for (int j = 0; j < PANEL; j += 2 * LANES) {
        __m512i a = _mm512_loadu_si512(low + j), b = _mm512_loadu_si512(high + j);

        _mm512_storeu_si512(words + j, _mm512_permutex2var_epi16(a, first, b));
        _mm512_storeu_si512(words + j + LANES, _mm512_permutex2var_epi16(a, second, b));
    }
}

/* Columns `width` of the tokens into panels, each (pairs of tokens, PANEL); 0 behind the last column up to a
 * whole vector.  Token after token, for memory gives long rows faster than short ones. */
static void panels_of(int width, int tokens, const bf16 *src, int64_t pitch, word_bf16 *panels)
{
    int64_t panel = (int64_t)((tokens + 1) / 2) * PANEL;

    for (int t = 0; t < tokens; t += 2, src += 2 * pitch, panels += PANEL) {
        word_bf16 *words = panels;

        for (int j = 0; j < width; j += PANEL, words += panel) {
            int columns = width - j < PANEL ? width - j : PANEL;

            if (columns == PANEL && t + 1 < tokens)
                panel_line(src + j, src + pitch + j, words);
            else
                words_of_bf16(tokens - t < 2 ? 1 : 2, columns, src + j, pitch, words, PANEL);
        }
    }
}

/* dst (rows, columns) += left^T right: of a panel each, or of its first columns. */
static void panel_product(int rows, int columns, int steps, const word_bf16 *left, const word_bf16 *right,
                          float *dst, int64_t pitch)
{
    int whole = columns / LANES * LANES;
    float edge[PANEL * LANES];

    product_bf16(rows, whole, dst, pitch, steps, left, 1, PANEL, right, PANEL, dst, pitch);
    if (whole == columns)
        return;
    product_bf16(rows, LANES, NULL, 0, steps, left, 1, PANEL, right + whole, PANEL, edge, LANES);
    for (int i = 0; i < rows; i++)
        for (int j = whole; j < columns; j++)
            dst[i * pitch + j] += edge[i * LANES + j - whole];
}

static void block_product(int rows, int columns, int steps, const word_bf16 *left, const word_bf16 *right,
                          float *dst, int64_t pitch)
{
    for (int j = 0; j < columns; j += PANEL)
        for (int i = 0; i < rows; i += PANEL)
            panel_product(rows - i < PANEL ? rows - i : PANEL, columns - j < PANEL ? columns - j : PANEL,
                          steps, left + (int64_t)i * steps, right + (int64_t)j * steps, dst + i * pitch + j,
                          pitch);
}

static void gradient_bf16(int rows, int columns, int tokens, const void *src, int64_t src_pitch,
                          const void *diff_dst, float *dst, float *scratch)
{
    enum { BLOCK = GRADIENT_BLOCK };
    word_bf16 *left = (void *)scratch, *right = left + BLOCK * BLOCK;

    for (int t = 0, count; t < tokens; t += count) {
        const bf16 *a = (const bf16 *)src + t * src_pitch, *b = (const bf16 *)diff_dst + (int64_t)t * columns;

        count = tokens - t < 2 * BLOCK ? tokens - t : 2 * BLOCK;
        for (int i = 0, high; i < rows; i += high) {
            high = rows - i < BLOCK ? rows - i : BLOCK;
            panels_of(high, count, a + i, src_pitch, left);
            for (int j = 0, wide; j < columns; j += wide) {
                wide = columns - j < BLOCK ? columns - j : BLOCK;
                panels_of(wide, count, b + j, columns, right);
                block_product(high, wide, (count + 1) / 2, left, right, dst + (int64_t)i * columns + j, columns);
            }
        }
    }
}
