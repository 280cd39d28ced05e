/* position_bias.c - see position_bias.h. */
#include "src/glu.h"

#include "src/nn/position_bias.h"

#include <math.h>
#include <string.h>

int position_bucket(int distance, bool bidirectional)
{
    int buckets = POSITION_BUCKETS, bucket = 0, exact, far;

    if (bidirectional) {
        buckets /= 2;
        bucket = distance > 0 ? buckets : 0;
        distance = distance < 0 ? -distance : distance;
    } else {
        distance = distance < 0 ? -distance : 0;
    }
    exact = buckets / 2;
    if (distance < exact)
        return bucket + distance;
    /* f32 as in the code bases that made the published models: the edge of a bucket counts. */
    far = exact + (int)(logf((float)distance / (float)exact) /
                        logf((float)POSITION_MAX_DISTANCE / (float)exact) *
                        (float)(buckets - exact));
    return bucket + (far < buckets - 1 ? far : buckets - 1);
}

void position_bias_alloc(struct position_bias *bias, const struct nn *nn, struct arena *arena,
                         int heads, int queries, int keys, bool bidirectional, size_t offset)
{
    size_t count;

    memset(bias, 0, sizeof *bias);
    bias->heads = heads;
    bias->queries = queries;
    bias->keys = keys;
    bias->pitch = queries + keys - 1;
    bias->zero = queries - 1;
    bias->bidirectional = bidirectional;
    bias->offset = offset;
    count = nn_count(heads, bias->pitch, 1);
    bias->line = arena_alloc(arena, count < SIZE_MAX ? count + ATTENTION_LANES : count, sizeof *bias->line);
    bias->diff = nn->train ? arena_alloc(arena, count, sizeof *bias->diff) : NULL;
    bias->bucket = arena_alloc(arena, (size_t)bias->pitch, sizeof *bias->bucket);
    if (bias->bucket)
        for (int i = 0; i < bias->pitch; i++)
            bias->bucket[i] = position_bucket(i - bias->zero, bidirectional);
}

void position_bias_load(struct position_bias *bias, const struct nn *nn, const float *table)
{
    struct share heads = nn_share(nn, bias->heads);

    for (int h = heads.first; h < heads.first + heads.count; h++)
        for (int i = 0; i < bias->pitch; i++)
            bias->line[h * bias->pitch + i] = table[bias->bucket[i] * bias->heads + h];
    if (bias->diff)
        memset(bias->diff + heads.first * bias->pitch, 0,
               nn_count(heads.count, bias->pitch, 1) * sizeof *bias->diff);
}

void position_bias_flush(const struct position_bias *bias, struct nn *nn)
{
    struct share heads = nn_share(nn, bias->heads);
    float *table = nn->diff + bias->offset;

    for (int h = heads.first; h < heads.first + heads.count; h++)
        for (int i = 0; i < bias->pitch; i++)
            table[bias->bucket[i] * bias->heads + h] += bias->diff[h * bias->pitch + i];
}
