/* contrasts.h - variants against each other: tests paired by seed, Holm's correction over all that
 * are asked at once.  Which direction is better the metric says. */
#ifndef GLU_RESULTS_CONTRASTS_H
#define GLU_RESULTS_CONTRASTS_H

#include "src/glu.h"
#include "src/results/matrix.h"
#include "src/results/statistics.h"

/* What holds of a paired test however often one looks and adds seeds (sequential.h). */
struct anytime {
    double e_value;           /* against no difference */
    struct interval interval; /* of the difference, at 95 % */
};
/* `sequential`: that was done, and what holds for a fixed number of seeds alone, the interval and the
 * p of the test, is taken out of it. */
struct anytime contrasts_anytime(struct paired_test *test, bool sequential);

/* One variant less the baseline. */
struct contrast {
    struct paired_test test; /* n 0 for the baseline itself */
    double p_holm;
    double detectable; /* the smallest true difference that is found with STATS_POWER */
    struct anytime anytime;
};

/* All rows against row `base` (-1: none), Holm over those that have a p.  contrast: (variants);
 * `detectable` is left alone.  sign_flip: that test too, which is most of the work.  Where the number of
 * seeds was chosen by looking, `anytime` is all that is told.  0, or -1 and a message (memory). */
int contrasts_compute(const struct scores *scores, int base, bool sign_flip,
                      struct contrast *contrast);
/* Fill in `detectable`, at the level of Holm's first step. */
void contrasts_detect(struct contrast *contrast, int count);

/* What pairing buys: how the values of two rows go together, and the variance of their difference over
 * that of rows that are not paired, the sum of their variances.  NAN where fewer than 3 pairs exist. */
struct pairing {
    double correlation, variance_ratio;
};

/* By seed: the log-perplexities of row a and row b at the seeds that both have. */
int contrasts_pairing_of_seeds(const struct matrix *matrix, int a, int b, struct pairing *pairing);
/* By held-out example: within each seed, pooled over the seeds that both have; no memory is taken.
 * Does not exist when a run lacks its examples or has other ones. */
struct pairing contrasts_pairing_of_examples(const struct matrix *matrix, int a, int b);

/* The row that is better than every other, each pair tested and Holm over all pairs (not only
 * those of the best, which the data chose).  Where seeds were added by looking, a p is 1 / e.  *best: -1 when there is none. */
int contrasts_best(const struct scores *scores, int *best);

/* The cluster bootstrap over seeds and held-out examples of the log-perplexity of row a less that
 * of row b.  Does not exist when a run lacks its examples or has other ones. */
int contrasts_bootstrap(const struct matrix *matrix, int a, int b, struct interval *interval);

#endif
