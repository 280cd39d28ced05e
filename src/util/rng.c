/* rng.c - see rng.h. */
#include "src/glu.h"

#include "src/util/rng.h"

#include <math.h>

void rng_philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4])
{
    uint32_t k0 = key[0], k1 = key[1];
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];

    for (int round = 0; round < RNG_ROUNDS; round++) {
        uint64_t p0 = (uint64_t)RNG_FACTOR_0 * c0;
        uint64_t p1 = (uint64_t)RNG_FACTOR_1 * c2;

        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += RNG_WEYL_0;
        k1 += RNG_WEYL_1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

void rng_start(struct rng *rng, uint64_t seed, enum rng_purpose purpose, uint32_t lane)
{
    rng->key[0] = (uint32_t)seed;
    rng->key[1] = (uint32_t)(seed >> 32);
    rng->purpose = (uint32_t)purpose;
    rng->lane = lane;
    rng->position = 0;
    rng->block_index = UINT64_MAX;
}

uint32_t rng_u32(struct rng *rng)
{
    uint64_t index = rng->position / 4;

    if (index != rng->block_index) {
        uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), rng->lane, rng->purpose};

        rng_philox(rng->key, counter, rng->block);
        rng->block_index = index;
    }
    return rng->block[rng->position++ % 4];
}

uint64_t rng_u64(struct rng *rng)
{
    uint64_t high = rng_u32(rng);

    return high << 32 | rng_u32(rng);
}

uint32_t rng_below(struct rng *rng, uint32_t n)
{
    uint32_t limit = UINT32_MAX - UINT32_MAX % n, x;

    do
        x = rng_u32(rng);
    while (x >= limit);
    return x % n;
}

/* Fisher and Yates, from the inside out. */
void rng_order(struct rng *rng, int *order, int count)
{
    for (int i = 0; i < count; i++) {
        int j = (int)rng_below(rng, (uint32_t)i + 1);

        order[i] = order[j];
        order[j] = i;
    }
}

double rng_uniform(struct rng *rng)
{
    return (double)(rng_u64(rng) >> 11) * 0x1p-53;
}

double rng_normal(struct rng *rng)
{
    double u = rng_uniform(rng), v = rng_uniform(rng);

    return sqrt(-2.0 * log(1.0 - u)) * cos(RNG_TWO_PI * v);
}

uint32_t rng_lane(const char *name)
{
    uint32_t hash = 2166136261u;

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}
