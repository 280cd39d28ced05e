/* paired_bootstrap.c - see paired_bootstrap.h. */
#include "src/glu.h"

#include "src/results/paired_bootstrap.h"
#include "src/results/statistics.h"
#include "src/util/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add(double *total, const double *sums, int count)
{
    for (int i = 0; i < count; i++)
        total[i] += sums[i];
}

/* The share of resamples, and of the one seen, that are so far from their mean; shifted, they are
 * those of two systems that do not differ. */
static double shifted_p(const double *replicate, int n, double difference)
{
    double mean = stats_mean(replicate, n);
    int as_far = 1;

    for (int i = 0; i < n; i++)
        as_far += fabs(replicate[i] - mean) >= fabs(difference);
    return (double)as_far / (n + 1);
}

int paired_bootstrap(const double *a, const double *b, int sentences, int sums,
                     double (*score)(const double *sums), struct paired_bootstrap *result)
{
    size_t width = (size_t)sums;
    double *total_a = calloc(2 * width + PAIRED_BOOTSTRAP_RESAMPLES, sizeof *total_a);
    double *total_b, *replicate;
    struct rng rng;

    *result = (struct paired_bootstrap){NAN, NAN, NAN, {NAN, NAN}, NAN};
    if (!total_a)
        return err_set("no memory for a bootstrap over %d sentences", sentences);
    total_b = total_a + width;
    replicate = total_b + width;
    for (int i = 0; i < sentences; i++) {
        add(total_a, a + (size_t)i * width, sums);
        add(total_b, b + (size_t)i * width, sums);
    }
    if (sentences > 0) {
        result->a = score(total_a);
        result->b = score(total_b);
        result->difference = result->a - result->b;
    }
    rng_start(&rng, 0, RNG_STATISTICS, rng_lane("paired bootstrap"));
    for (int r = 0; r < PAIRED_BOOTSTRAP_RESAMPLES && sentences > 1; r++) {
        memset(total_a, 0, 2 * width * sizeof *total_a);
        for (int i = 0; i < sentences; i++) {
            size_t drawn = rng_below(&rng, (uint32_t)sentences);

            add(total_a, a + drawn * width, sums);
            add(total_b, b + drawn * width, sums);
        }
        replicate[r] = score(total_a) - score(total_b);
    }
    if (sentences > 1) {
        result->p = shifted_p(replicate, PAIRED_BOOTSTRAP_RESAMPLES, result->difference);
        result->interval = stats_percentiles(replicate, PAIRED_BOOTSTRAP_RESAMPLES, STATS_LEVEL);
    }
    free(total_a);
    return 0;
}
