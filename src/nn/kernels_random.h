/* kernels_random.h - initial values by the vector: rng_normal() of util/rng.h for many positions of a stream at
 * once.  Everything is a loop over RANDOM_LINE numbers without branches, which the compiler vectorises; kernels.c
 * includes it.
 *
 * Logarithm and cosine are their series on a small interval, in double and to two or three units of its last
 * place.  The f32 that is made of it is that of the C library's but where that is as near to the middle between two,
 * and then its neighbour. */

enum { RANDOM_LINE = 64 };

/* 1.5 * 2^52: added to a small double, it leaves the nearest integer in the low bits. */
#define NEAREST 6755399441055744.0

union word {
    double f;
    uint64_t i;
};

/* Word j of block first + i of the stream, in words[j][i]: rng_philox(), a round for all of them. */
static void philox_line(const struct rng *start, uint64_t first, uint32_t words[4][RANDOM_LINE])
{
    uint32_t k0 = start->key[0], k1 = start->key[1];

    for (int i = 0; i < RANDOM_LINE; i++) {
        words[0][i] = (uint32_t)(first + (uint64_t)i);
        words[1][i] = (uint32_t)((first + (uint64_t)i) >> 32);
        words[2][i] = start->lane;
        words[3][i] = start->purpose;
    }
    for (int round = 0; round < RNG_ROUNDS; round++, k0 += RNG_WEYL_0, k1 += RNG_WEYL_1) {
#pragma omp simd
        for (int i = 0; i < RANDOM_LINE; i++) {
            uint64_t p0 = (uint64_t)RNG_FACTOR_0 * words[0][i], p1 = (uint64_t)RNG_FACTOR_1 * words[2][i];

            words[0][i] = (uint32_t)(p1 >> 32) ^ words[1][i] ^ k0;
            words[1][i] = (uint32_t)p1;
            words[2][i] = (uint32_t)(p0 >> 32) ^ words[3][i] ^ k1;
            words[3][i] = (uint32_t)p0;
        }
    }
}

/* The upper 53 of 64 bits by 2^53, without an instruction for integers of 64 bits. */
static inline double uniform_of(uint32_t high, uint32_t low)
{
    double signed_high = (double)(int32_t)(high ^ 0x80000000u);

    return (signed_high + 0x1p31) * 0x1p-32 + (double)(int32_t)(low >> 11) * 0x1p-53;
}

/* c[0] + c[1] z + ..., as fast as written out where the count is a constant. */
static inline double polynomial(const double *c, int count, double z)
{
    double sum = c[count - 1];

    for (int i = count - 2; i >= 0; i--)
        sum = sum * z + c[i];
    return sum;
}

/* log(x) of a normal x > 0: x = 2^k m with m between sqrt(1/2) and sqrt(2), and log(m) = 2 atanh(s) with
 * s = (m - 1) / (m + 1), of which the square is below 0.0295. */
static inline double log_of(double x)
{
    static const double inverse[] = {1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9,  1.0 / 11, 1.0 / 13,
                                     1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23};
    const uint64_t least = 0x3fe6a09e667f3bcdu; /* sqrt(1/2) */
    const double ln2_high = 0x1.62e42fefa0000p-1, ln2_low = 0x1.cf79abc9e3b3ap-40; /* k ln2_high is exact */
    union word bits = {.f = x}, m, k;
    double s, z, series;

    bits.i += 0x3ff0000000000000u - least;
    m.i = (bits.i & 0x000fffffffffffffu) + least;
    k.i = (bits.i >> 52) | 0x4330000000000000u; /* 2^52 + exponent + 1023 */
    k.f -= 0x1p52 + 1023;
    s = (m.f - 1) / (m.f + 1);
    z = s * s;
    series = polynomial(inverse, LENGTH_OF(inverse), z);
    return k.f * ln2_high + (2 * s + (2 * s * z * series + k.f * ln2_low));
}

/* cos(x) for 0 <= x <= 2 pi: of r = x - q pi / 2, at most pi / 4, the cosine or the sine. */
static inline double cos_of(double x)
{
    static const double odd[] = {-1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, /* 1 / n! */
                                 -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000, 1.0 / 355687428096000};
    static const double even[] = {1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800,
                                  1.0 / 479001600, -1.0 / 87178291200, 1.0 / 20922789888000};
    const double high = 0x1.921fb54400000p+0, low = 0x1.0b4611a626331p-34; /* pi / 2; q high is exact */
    union word q = {.f = x * 0.63661977236758134308 + NEAREST};
    double turns = q.f - NEAREST, r = x - turns * high - turns * low, z = r * r;
    double sine = polynomial(odd, LENGTH_OF(odd), z), cosine = polynomial(even, LENGTH_OF(even), z);
    union word result;

    /* By q: cos(r), -sin(r), -cos(r), sin(r) and again; what is small is added last. */
    result.f = q.i & 1 ? r + r * z * sine : 1 - (0.5 * z - z * z * cosine);
    result.i ^= ((q.i + 1) & 2) << 62;
    return result.f;
}

static void normals(const struct rng *start, uint64_t first, int64_t n, double factor, float *dst)
{
    uint32_t words[4][RANDOM_LINE];
    float line[RANDOM_LINE];

    for (int64_t done = 0; done < n; done += RANDOM_LINE) {
        int64_t count = n - done < RANDOM_LINE ? n - done : RANDOM_LINE;

        philox_line(start, first + (uint64_t)done, words);
#pragma omp simd
        for (int i = 0; i < RANDOM_LINE; i++) {
            double u = uniform_of(words[0][i], words[1][i]), v = uniform_of(words[2][i], words[3][i]);
            double normal = sqrt(-2.0 * log_of(1.0 - u)) * cos_of(RNG_TWO_PI * v);

            line[i] = (float)(factor * normal);
        }
        memcpy(dst + done, line, (size_t)count * sizeof *line);
    }
}
