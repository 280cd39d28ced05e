/* contrasts.c - see contrasts.h. */
#include "src/glu.h"

#include "src/results/contrasts.h"

#include "src/results/power.h"
#include "src/results/sequential.h"

#include <math.h>
#include <stdlib.h>

/* ==== At every look ==== */

struct anytime contrasts_anytime(struct paired_test *test, bool sequential)
{
    const struct interval none = {NAN, NAN};
    struct anytime anytime = {
        test->n ? stats_e_value(test->difference, test->stddev, test->n, 0.0, SEQUENTIAL_G) : NAN,
        stats_anytime_interval(test->difference, test->stddev, test->n, SEQUENTIAL_G, STATS_ALPHA)};

    if (sequential) {
        test->interval = none;
        test->t = test->p_t = test->p_sign_flip = NAN;
    }
    return anytime;
}

/* ==== Against the baseline ==== */

int contrasts_compute(const struct scores *scores, int base, bool sign_flip,
                      struct contrast *contrast)
{
    double *a = calloc((size_t)scores->seeds + 1, sizeof *a);
    double *b = calloc((size_t)scores->seeds + 1, sizeof *b);
    double *p = calloc((size_t)scores->variants + 1, sizeof *p);
    double *holm = calloc((size_t)scores->variants + 1, sizeof *holm);
    int (*paired)(const double *, const double *, int, double, struct paired_test *) =
        sign_flip ? stats_paired : stats_paired_t;
    int rc = -1;

    if (!a || !b || !p || !holm) {
        err_system("%d contrasts", scores->variants);
        goto done;
    }
    for (int i = 0; i < scores->variants; i++) {
        int n = base >= 0 && i != base ? scores_pair(scores, i, base, a, b) : 0;

        if (paired(a, b, n, STATS_LEVEL, &contrast[i].test) != 0)
            goto done;
        contrast[i].anytime = contrasts_anytime(&contrast[i].test, scores->sequential);
        p[i] = contrast[i].test.p_t;
    }
    if (stats_holm(p, holm, scores->variants) != 0)
        goto done;
    for (int i = 0; i < scores->variants; i++)
        contrast[i].p_holm = holm[i];
    rc = 0;
done:
    free(a);
    free(b);
    free(p);
    free(holm);
    return rc;
}

/* It is proportional to the standard deviation: one solution for each number of seeds will do. */
void contrasts_detect(struct contrast *contrast, int count)
{
    double unit = NAN;
    int tests = 0, n = 0;

    for (int i = 0; i < count; i++)
        tests += !isnan(contrast[i].test.p_t);
    for (int i = 0; i < count; i++) {
        const struct paired_test *test = &contrast[i].test;

        if (test->n > 1 && test->n != n)
            unit = stats_detectable(1.0, n = test->n, STATS_ALPHA / (tests ? tests : 1),
                                    STATS_POWER);
        contrast[i].detectable = test->n > 1 ? unit * test->stddev : NAN;
    }
}

/* ==== The best ==== */

int contrasts_best(const struct scores *scores, int *best)
{
    int variants = scores->variants, pairs = variants * (variants - 1) / 2, at = 0, rc = -1;
    double *a = calloc((size_t)scores->seeds + 1, sizeof *a);
    double *b = calloc((size_t)scores->seeds + 1, sizeof *b);
    double *p = calloc((size_t)pairs + 1, sizeof *p);
    double *holm = calloc((size_t)pairs + 1, sizeof *holm);
    int *wins = calloc((size_t)variants + 1, sizeof *wins);
    int *better = calloc((size_t)pairs + 1, sizeof *better);

    *best = -1;
    if (!a || !b || !p || !holm || !wins || !better) {
        err_system("%d contrasts", pairs);
        goto done;
    }
    for (int i = 0; i < variants; i++)
        for (int j = 0; j < i; j++, at++) {
            struct paired_test test;
            double e;

            if (stats_paired_t(a, b, scores_pair(scores, i, j, a, b), STATS_LEVEL, &test) != 0)
                goto done;
            e = contrasts_anytime(&test, scores->sequential).e_value;
            p[at] = scores->sequential ? stats_e_p(e, test.n) : test.p_t;
            better[at] = metric_is_better(scores->metric, test.difference, 0.0) ? i : j;
        }
    if (stats_holm(p, holm, pairs) != 0)
        goto done;
    for (int i = 0; i < pairs; i++)
        wins[better[i]] += holm[i] < STATS_ALPHA; /* false for NAN */
    for (int i = 0; i < variants; i++)
        if (variants > 1 && wins[i] == variants - 1)
            *best = i;
    rc = 0;
done:
    free(a);
    free(b);
    free(p);
    free(holm);
    free(wins);
    free(better);
    return rc;
}

/* ==== Over seeds and examples ==== */

/* The runs of two rows at one seed; false unless both are ok. */
static bool run_pair(const struct matrix *matrix, const struct scores *scores, int a, int b,
                     int column, const struct numbers *examples[2])
{
    if (isnan(scores_at(scores, a, column)) || isnan(scores_at(scores, b, column)))
        return false;
    examples[0] = &matrix_run_at(matrix, a, column)->heldout_example_nats;
    examples[1] = &matrix_run_at(matrix, b, column)->heldout_example_nats;
    return true;
}

/* How many seeds two rows share, and the number of examples that all their runs have, or 0. */
static int count_pairs(const struct matrix *matrix, const struct scores *scores, int a, int b,
                       int *examples)
{
    const struct numbers *pair[2];
    int n = 0;

    *examples = 0;
    for (int i = 0; i < matrix->seeds; i++)
        if (run_pair(matrix, scores, a, b, i, pair)) {
            if (n++ == 0)
                *examples = pair[0]->count;
            if (pair[0]->count != *examples || pair[1]->count != *examples)
                *examples = 0;
        }
    return n;
}

int contrasts_bootstrap(const struct matrix *matrix, int a, int b, struct interval *interval)
{
    const struct scores scores = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    const struct numbers *pair[2];
    int examples, n = count_pairs(matrix, &scores, a, b, &examples), rc;
    double *difference, *row;

    *interval = (struct interval){NAN, NAN};
    if (n < 2 || examples == 0)
        return 0;
    difference = row = calloc((size_t)n * (size_t)examples, sizeof *difference);
    if (!difference)
        return err_system("bootstrap over %d examples", examples);
    for (int i = 0; i < matrix->seeds; i++)
        if (run_pair(matrix, &scores, a, b, i, pair)) {
            for (int j = 0; j < examples; j++)
                row[j] = pair[0]->x[j] - pair[1]->x[j];
            row += examples;
        }
    rc = stats_cluster_bootstrap(difference, n, examples, STATS_LEVEL, interval);
    free(difference);
    return rc;
}

/* ==== What pairing buys ==== */

/* Sums of squares and products about the means. */
struct spread {
    double aa, bb, ab;
};

static void add_spread(struct spread *spread, const double *a, const double *b, int n)
{
    double mean_a = stats_mean(a, n), mean_b = stats_mean(b, n);

    for (int i = 0; i < n; i++) {
        spread->aa += (a[i] - mean_a) * (a[i] - mean_a);
        spread->bb += (b[i] - mean_b) * (b[i] - mean_b);
        spread->ab += (a[i] - mean_a) * (b[i] - mean_b);
    }
}

static struct pairing pairing_of(const struct spread *spread)
{
    double both = spread->aa + spread->bb, product = spread->aa * spread->bb;

    return (struct pairing){product > 0.0 ? spread->ab / sqrt(product) : NAN,
                            both > 0.0 ? (both - 2.0 * spread->ab) / both : NAN};
}

int contrasts_pairing_of_seeds(const struct matrix *matrix, int a, int b, struct pairing *pairing)
{
    const struct scores scores = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    double *x = calloc((size_t)matrix->seeds + 1, sizeof *x);
    double *y = calloc((size_t)matrix->seeds + 1, sizeof *y);
    struct spread spread = {0, 0, 0};
    int n, rc = -1;

    *pairing = (struct pairing){NAN, NAN};
    if (!x || !y) {
        err_system("the pairs of %d seeds", matrix->seeds);
        goto done;
    }
    n = scores_pair(&scores, a, b, x, y);
    if (n >= 3) {
        add_spread(&spread, x, y, n);
        *pairing = pairing_of(&spread);
    }
    rc = 0;
done:
    free(x);
    free(y);
    return rc;
}

struct pairing contrasts_pairing_of_examples(const struct matrix *matrix, int a, int b)
{
    const struct scores scores = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    const struct numbers *pair[2];
    struct spread spread = {0, 0, 0};
    int examples;

    if (count_pairs(matrix, &scores, a, b, &examples) < 1 || examples < 3)
        return (struct pairing){NAN, NAN};
    for (int i = 0; i < matrix->seeds; i++)
        if (run_pair(matrix, &scores, a, b, i, pair))
            add_spread(&spread, pair[0]->x, pair[1]->x, examples);
    return pairing_of(&spread);
}
