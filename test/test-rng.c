/* test-rng.c - Philox4x32-10 against the known answers of its authors' Random123 library, and
 * what is made of it. */
#include "src/glu.h"

#include "src/util/rng.h"
#include "test/tap.h"

#include <math.h>
#include <string.h>

static const struct {
    uint32_t key[2], counter[4], out[4];
} known[] = {
    {{0, 0}, {0, 0, 0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0xa4093822, 0x299f31d0},
     {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

/* A stream's words are the words of successive blocks, lane and purpose in the counter. */
static bool stream_is_philox(void)
{
    struct rng rng;
    uint32_t out[4], key[2] = {0x89abcdef, 0x01234567};

    rng_start(&rng, 0x0123456789abcdef, RNG_TEST, 77);
    for (uint32_t i = 0; i < 12; i++) {
        rng_philox(key, (uint32_t[4]){i / 4, 0, 77, RNG_TEST}, out);
        if (rng_u32(&rng) != out[i % 4])
            return false;
    }
    return true;
}

static bool below_is_uniform(uint32_t n, int draws)
{
    struct rng rng;
    double chi2 = 0.0, expected = (double)draws / n;
    int count[64] = {0};

    rng_start(&rng, 5, RNG_TEST, n);
    for (int i = 0; i < draws; i++) {
        uint32_t x = rng_below(&rng, n);

        if (x >= n)
            return false;
        count[x]++;
    }
    for (uint32_t i = 0; i < n; i++)
        chi2 += (count[i] - expected) * (count[i] - expected) / expected;
    /* Mean n - 1, variance 2 (n - 1): five standard deviations. */
    return chi2 < (n - 1) + 5.0 * sqrt(2.0 * (n - 1));
}

int main(void)
{
    enum { DRAWS = 100000 };
    double sum = 0.0, square = 0.0, uniform = 0.0, low = 1.0, high = 0.0;
    struct rng rng;

    tap_plan((int)LENGTH_OF(known) + 7);
    for (size_t i = 0; i < LENGTH_OF(known); i++) {
        uint32_t out[4];

        rng_philox(known[i].key, known[i].counter, out);
        tap_ok(memcmp(out, known[i].out, sizeof out) == 0, "known answer %zu", i);
    }
    tap_ok(stream_is_philox(), "a stream is the blocks of (seed, purpose, lane) in order");
    tap_ok(below_is_uniform(7, DRAWS), "rng_below(7) is uniform");
    tap_ok(below_is_uniform(64, DRAWS), "rng_below(64) is uniform");
    rng_start(&rng, 1, RNG_TEST, 0);
    tap_ok(rng_below(&rng, 1) == 0, "rng_below(1) is 0");

    for (int i = 0; i < DRAWS; i++) {
        double x = rng_normal(&rng), u = rng_uniform(&rng);

        sum += x;
        square += x * x;
        uniform += u;
        low = u < low ? u : low;
        high = u > high ? u : high;
    }
    tap_ok(fabs(sum / DRAWS) < 5.0 / sqrt(DRAWS), "normal: mean %g", sum / DRAWS);
    tap_ok(fabs(square / DRAWS - 1.0) < 5.0 * sqrt(2.0 / DRAWS), "normal: variance %g",
           square / DRAWS);
    tap_ok(low >= 0.0 && high < 1.0 && fabs(uniform / DRAWS - 0.5) < 5.0 * sqrt(1.0 / 12 / DRAWS),
           "uniform: [%g, %g], mean %g", low, high, uniform / DRAWS);
    return tap_status();
}
