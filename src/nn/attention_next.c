/* attention_next.c - see attention_next.h. */
#include "src/glu.h"

#include "src/nn/attention_next.h"

#include <string.h>

static size_t row_bytes(const struct attention_cache *cache, const struct nn *nn)
{
    return nn_count(cache->heads, cache->d_kv, 1) * dnn_type_bytes(nn->type);
}

/* Of a token of a slot, in bytes. */
static size_t offset(const struct attention_cache *cache, const struct nn *nn, int slot, int token)
{
    return (nn_count(slot, cache->length, 1) + (size_t)token) * row_bytes(cache, nn);
}

void attention_cache_alloc(struct attention_cache *cache, const struct nn *nn, struct arena *arena,
                           int slots, int length, int heads, int d_kv)
{
    size_t row = nn_count(heads, d_kv, 1), tokens = nn_count(slots, length, 1), count;

    if (size_multiply(row, tokens, &count))
        count = SIZE_MAX;
    *cache = (struct attention_cache){.length = length, .heads = heads, .d_kv = d_kv};
    cache->k = nn_alloc(nn, arena, count);
    cache->v = nn_alloc(nn, arena, count);
}

void attention_cache_put(const struct attention_cache *cache, const struct nn *nn, int slot, int first,
                         int tokens, const void *k, const void *v)
{
    size_t bytes = (size_t)tokens * row_bytes(cache, nn), at = offset(cache, nn, slot, first);

    memcpy((char *)cache->k + at, k, bytes);
    memcpy((char *)cache->v + at, v, bytes);
}

void attention_next(struct nn *nn, const struct attention_cache *cache,
                    const struct attention_query *queries, int rows, const struct position_bias *bias,
                    const void *q, float *scores, void *mixed)
{
    int heads = cache->heads, d_kv = cache->d_kv;
    size_t head_bytes = (size_t)d_kv * dnn_type_bytes(nn->type), cells = 0;
    double start = clock_now_s();

    for (int r = 0; r < rows; r++) {
        int keys = queries[r].keys;
        size_t from = offset(cache, nn, queries[r].slot, 0);

        for (int h = 0; h < heads; h++) {
            size_t row = (size_t)(r * heads + h) * head_bytes, head = from + (size_t)h * head_bytes;
            const float *line = bias ? bias->line + h * bias->pitch + bias->zero - (keys - 1) : NULL;

            nn->typed->attend(keys, d_kv, heads * d_kv, (const char *)q + row,
                              (const char *)cache->k + head, (const char *)cache->v + head, line, scores,
                              (char *)mixed + row);
        }
        cells += (size_t)keys;
    }
    nn_book(nn, PROFILE_ATTENTION, &start, 4.0 * (double)cells * heads * d_kv, 0);
}
