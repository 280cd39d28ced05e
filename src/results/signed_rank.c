/* signed_rank.c - see signed_rank.h. */
#include "src/glu.h"

#include "src/results/signed_rank.h"

#include "src/results/distributions.h"

#include <math.h>
#include <stdlib.h>

enum { EXACT_MAX = 200 };

static int by_size(const void *a, const void *b)
{
    double x = fabs(*(const double *)a), y = fabs(*(const double *)b);

    return (x > y) - (x < y);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Twice the ranks by size, so that those of ties are whole; the values are sorted by size. */
static void rank_twice(const double *sorted, int n, int *twice)
{
    for (int first = 0, next; first < n; first = next) {
        for (next = first + 1; next < n && fabs(sorted[next]) == fabs(sorted[first]);)
            next++;
        for (int i = first; i < next; i++)
            twice[i] = first + 1 + next; /* 2 * ((first + 1) + next) / 2 */
    }
}

/* share[s]: the probability that the ranks with a plus sum to s / 2, each sign as likely as the
 * other.  Array of `sums`, which is n (n + 1) + 1. */
static void distribution(const int *twice, int n, double *share, int sums)
{
    int top = 0;

    for (int s = 0; s < sums; s++)
        share[s] = s == 0;
    for (int i = 0; i < n; i++) {
        top += twice[i];
        for (int s = top; s >= 0; s--)
            share[s] = 0.5 * share[s] + (s >= twice[i] ? 0.5 * share[s - twice[i]] : 0.0);
    }
}

/* P(V >= v) and P(V <= v). */
static void tails_normal(const int *twice, int n, double v, double *above, double *below)
{
    double variance = 0.0, middle = n * (n + 1.0) / 4.0;

    for (int i = 0; i < n; i++)
        variance += 0.0625 * twice[i] * twice[i];
    *above = 1.0 - stats_normal_cdf((v - middle - 0.5) / sqrt(variance));
    *below = stats_normal_cdf((v - middle + 0.5) / sqrt(variance));
}

static void tails_exact(const double *share, int sums, int twice_v, double *above, double *below)
{
    *above = *below = 0.0;
    for (int s = 0; s < sums; s++) {
        *above += s >= twice_v ? share[s] : 0.0;
        *below += s <= twice_v ? share[s] : 0.0;
    }
}

/* How many of the sorted means of pairs lie beyond either end of the interval: the largest c with
 * P(V <= c) <= (1 - level) / 2 without ties (Hollander and Wolfe 1973, section 3.3); -1: not even 0,
 * there is no interval. */
static int left_out(int count, double level, double *share, int sums, int *twice)
{
    double tail = 0.0, allowed = 0.5 - 0.5 * level;
    int c = -1;

    if (count > EXACT_MAX) {
        double middle = count * (count + 1.0) / 4.0;
        double spread = sqrt(middle * (2.0 * count + 1.0) / 6.0);

        return (int)floor(middle + stats_normal_quantile(allowed) * spread) - 1;
    }
    for (int i = 0; i < count; i++)
        twice[i] = 2 * (i + 1);
    distribution(twice, count, share, sums);
    while (2 * (c + 1) < sums && tail + share[2 * (c + 1)] <= allowed)
        tail += share[2 * ++c];
    return c;
}

int stats_signed_rank(const double *difference, int count, double level, struct signed_rank *test)
{
    size_t pairs = (size_t)count * (count + 1) / 2, k = 0;
    int sums = count <= EXACT_MAX ? count * (count + 1) + 1 : 1, twice_v = 0, c, rc = -1;
    double *sorted = calloc((size_t)count + 1, sizeof *sorted);
    double *means = calloc(pairs + 1, sizeof *means);
    double *share = calloc((size_t)sums, sizeof *share);
    int *twice = calloc((size_t)count + 1, sizeof *twice);
    double above, below;

    *test = (struct signed_rank){0, 0.0, NAN, NAN, NAN, {NAN, NAN}};
    if (!sorted || !means || !share || !twice) {
        err_set("not enough memory for the signed ranks");
        goto out;
    }
    rc = 0;
    if (count < 1)
        goto out;
    for (int i = 0; i < count; i++)
        if (difference[i] != 0.0)
            sorted[test->n++] = difference[i];
    qsort(sorted, (size_t)test->n, sizeof *sorted, by_size);
    rank_twice(sorted, test->n, twice);
    for (int i = 0; i < test->n; i++)
        twice_v += sorted[i] > 0.0 ? twice[i] : 0;
    test->v = 0.5 * twice_v;
    if (test->n > 0) {
        if (test->n <= EXACT_MAX) {
            distribution(twice, test->n, share, test->n * (test->n + 1) + 1);
            tails_exact(share, test->n * (test->n + 1) + 1, twice_v, &above, &below);
        } else {
            tails_normal(twice, test->n, test->v, &above, &below);
        }
        test->p = fmin(1.0, 2.0 * fmin(above, below));
        test->p_greater = above;
    }
    for (int i = 0; i < count; i++)
        for (int j = i; j < count; j++)
            means[k++] = 0.5 * (difference[i] + difference[j]);
    qsort(means, pairs, sizeof *means, ascending);
    test->estimate = 0.5 * (means[(pairs - 1) / 2] + means[pairs / 2]);
    c = left_out(count, level, share, sums, twice);
    if (c >= 0 && 2 * (size_t)c < pairs)
        test->interval = (struct interval){means[c], means[pairs - 1 - (size_t)c]};
out:
    free(sorted);
    free(means);
    free(share);
    free(twice);
    return rc;
}
