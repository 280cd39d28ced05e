/* sign_flip.c - Fisher's sign-flip test; see statistics.h. */
#include "src/glu.h"

#include "src/results/statistics.h"

#include "src/util/rng.h"

#include <math.h>
#include <stdlib.h>

/* Sums that differ by rounding alone count as equal. */
static double sum_tolerance(const double *x, int n)
{
    double sum = 0.0;

    for (int i = 0; i < n; i++)
        sum += fabs(x[i]);
    return 1e-12 * sum;
}

/* Signs of so many differences are bits of a byte, whose sums a table has; a word has four of them. */
enum { FLIPS = 8, WORD_FLIPS = 32 };
typedef double flip_sums[1 << FLIPS];

static void flip_sums_fill(flip_sums sums, const double *difference, int n)
{
    for (int bits = 0; bits < 1 << FLIPS; bits++) {
        sums[bits] = 0.0;
        for (int i = 0; i < n && i < FLIPS; i++)
            sums[bits] += bits >> i & 1 ? -difference[i] : difference[i];
    }
}

/* Of all patterns of signs: those of the last sign are half of them, and the others mirror them. */
static double sign_flip_exact_p(const flip_sums *sums, int tables, int n, double seen)
{
    int patterns = 1 << (n - 1), extreme = 0;

    for (int pattern = 0; pattern < patterns; pattern++) {
        double sum = 0.0;

        for (int k = 0; k < tables; k++)
            sum += sums[k][pattern >> FLIPS * k & ((1 << FLIPS) - 1)];
        extreme += fabs(sum) >= seen;
    }
    return (double)extreme / patterns;
}

static double sign_flip_drawn_p(const flip_sums *sums, int tables, double seen)
{
    enum { DRAWS = 1000000 };
    struct rng rng;
    int extreme = 0;

    rng_start(&rng, 0, RNG_STATISTICS, rng_lane("sign-flip"));
    for (int draw = 0; draw < DRAWS; draw++) {
        double sum = 0.0;
        uint32_t bits = 0;

        for (int k = 0; k < tables; k++, bits >>= FLIPS) {
            if (k % (WORD_FLIPS / FLIPS) == 0)
                bits = rng_u32(&rng);
            sum += sums[k][bits & ((1 << FLIPS) - 1)];
        }
        extreme += fabs(sum) >= seen;
    }
    return (extreme + 1.0) / (DRAWS + 1.0);
}

int stats_sign_flip_p(const double *difference, int n, double *p)
{
    enum { EXACT_MAX = 20 };
    double seen = fabs(stats_mean(difference, n) * n) - sum_tolerance(difference, n);
    int tables = (n + FLIPS - 1) / FLIPS;
    flip_sums *sums;

    *p = NAN;
    if (n < 1)
        return 0;
    sums = calloc((size_t)tables, sizeof *sums);
    if (!sums)
        return err_system("sign-flip test of %d numbers", n);
    for (int k = 0; k < tables; k++)
        flip_sums_fill(sums[k], difference + FLIPS * k, n - FLIPS * k);
    *p = n <= EXACT_MAX ? sign_flip_exact_p(sums, tables, n, seen) : sign_flip_drawn_p(sums, tables, seen);
    free(sums);
    return 0;
}
