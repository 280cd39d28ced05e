/* rng.h - counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random
 * numbers: as easy as 1, 2, 3").
 *
 * The n-th number of the stream (seed, purpose, lane) is a function of those four alone, so the
 * state is a position, streams never overlap, and two runs that ask the same question get the same
 * answer in whatever order. */
#ifndef GLU_UTIL_RNG_H
#define GLU_UTIL_RNG_H

#include <stdint.h>

/* What a stream is for.  The numbers are part of the results' reproducibility: only append. */
enum rng_purpose {
    RNG_INIT = 1,      /* initial weights; lane: hash of the tensor's name */
    RNG_DOCUMENTS = 2, /* order of the documents */
    RNG_SPANS = 3,     /* examples of training, span corruption; lane: number of the segment */
    RNG_DROPOUT = 4,
    RNG_LANGUAGE = 5, /* the built-in language; lane: number of the document */
    RNG_HELDOUT = 6,
    RNG_BENCH = 7, /* order of the throughput samples */
    RNG_STATISTICS = 8,
    RNG_TEST = 9,
    RNG_EXAMPLES = 10 /* order of the examples of tasks; lane: see src/task/mixture.c */
};

struct rng {
    uint32_t key[2];     /* from the seed */
    uint32_t purpose;
    uint32_t lane;
    uint64_t position;   /* of the next 32-bit word */
    uint32_t block[4];   /* the words of block position / 4 */
    uint64_t block_index; /* which block that is; UINT64_MAX: none */
};

void rng_start(struct rng *rng, uint64_t seed, enum rng_purpose purpose, uint32_t lane);

uint32_t rng_u32(struct rng *rng);
uint64_t rng_u64(struct rng *rng);
/* Uniform in [0, 1) with 53 random bits. */
double rng_uniform(struct rng *rng);
/* Uniform in 0 .. n - 1 without bias; n > 0. */
uint32_t rng_below(struct rng *rng, uint32_t n);
/* 0 to count - 1 in a random order. */
void rng_order(struct rng *rng, int *order, int count);
/* Standard normal (Box and Muller; two uniforms a number, so that positions stay simple). */
double rng_normal(struct rng *rng);
/* The function underneath, in so many rounds of these constants, and Box's and Muller's: for whoever does many
 * at once. */
#define RNG_ROUNDS 10
#define RNG_FACTOR_0 0xD2511F53u
#define RNG_FACTOR_1 0xCD9E8D57u
#define RNG_WEYL_0 0x9E3779B9u
#define RNG_WEYL_1 0xBB67AE85u
#define RNG_TWO_PI 6.283185307179586476925

/* Block `counter` (lowest word first) of the stream `key`. */
void rng_philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4]);

/* The 32-bit lane of a name (FNV-1a). */
uint32_t rng_lane(const char *name);

#endif
