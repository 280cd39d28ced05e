/* attention_next.c - see attention_next.h. */
#include "src/glu.h"

#include "src/nn/attention_next.h"

#include <string.h>

int attention_cache_room(int tokens)
{
    return (tokens + ATTEND_LINE - 1) / ATTEND_LINE * ATTEND_LINE;
}

void attention_cache_alloc(struct attention_cache *cache, const struct nn *nn, struct arena *arena,
                           int slots, int tokens, int heads, int d_kv)
{
    int room = attention_cache_room(tokens);
    size_t count;

    if (size_multiply(nn_count(slots, heads, d_kv), (size_t)room, &count))
        count = SIZE_MAX;
    *cache = (struct attention_cache){.room = room, .heads = heads, .d_kv = d_kv};
    cache->k = nn_alloc(nn, arena, count);
    cache->v = nn_alloc(nn, arena, count);
}

/* The first byte of a head of a slot, of the keys or the values. */
static size_t head_at(const struct attention_cache *cache, size_t type_bytes, int slot, int head)
{
    size_t index = (size_t)slot * (size_t)cache->heads + (size_t)head;

    return index * nn_count(cache->d_kv, cache->room, 1) * type_bytes;
}

/* rows (tokens, d) at `pitch` elements to columns (d, tokens) at `room`. */
static void put_columns(enum dnn_type type, int tokens, int d, int pitch, const void *rows, int room,
                        void *columns)
{
    for (int t = 0; t < tokens; t++)
        for (int i = 0; i < d; i++)
            if (type == DNN_F32)
                ((float *)columns)[(int64_t)i * room + t] = ((const float *)rows)[(int64_t)t * pitch + i];
            else
                ((uint16_t *)columns)[(int64_t)i * room + t] =
                    ((const uint16_t *)rows)[(int64_t)t * pitch + i];
}

void attention_cache_put(const struct attention_cache *cache, struct nn *nn, int slot, int first,
                         int tokens, const void *k, const void *v)
{
    int heads = cache->heads, d_kv = cache->d_kv;
    size_t bytes = dnn_type_bytes(nn->type), width = (size_t)d_kv * bytes;
    double start = clock_now_s();

    for (int h = 0; h < heads; h++) {
        size_t at = head_at(cache, bytes, slot, h), from = (size_t)h * width;
        char *values = (char *)cache->v + at + (size_t)first * width;

        put_columns(nn->type, tokens, d_kv, heads * d_kv, (const char *)k + from, cache->room,
                    (char *)cache->k + at + (size_t)first * bytes);
        for (int t = 0; t < tokens; t++, from += (size_t)heads * width)
            memcpy(values + (size_t)t * width, (const char *)v + from, width);
    }
    nn_book(nn, PROFILE_ATTENTION, &start, 0, 0);
}

void attention_next(struct nn *nn, const struct attention_cache *cache,
                    const struct attention_query *queries, int rows, const struct position_bias *bias,
                    const void *q, float *scores, void *mixed)
{
    int heads = cache->heads, d_kv = cache->d_kv;
    size_t bytes = dnn_type_bytes(nn->type), width = (size_t)d_kv * bytes;
    double start = clock_now_s(), cells = 0;

    for (int r = 0; r < rows; r++) {
        int keys = queries[r].keys;

        for (int h = 0; h < heads; h++) {
            size_t at = head_at(cache, bytes, queries[r].slot, h);
            size_t row = ((size_t)r * (size_t)heads + (size_t)h) * width;
            const float *line = bias ? bias->line + h * bias->pitch + bias->zero - (keys - 1) : NULL;

            nn->typed->attend(keys, d_kv, cache->room, (const char *)q + row, (const char *)cache->k + at,
                              (const char *)cache->v + at, line, scores, (char *)mixed + row);
        }
        cells += keys;
    }
    nn_book(nn, PROFILE_ATTENTION, &start, 4.0 * cells * heads * d_kv, 0);
}
