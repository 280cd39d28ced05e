/* statistics.h - the statistics of the comparison: seeds are the units, variants are paired by seed.
 *
 * An estimate that the data do not give (one seed has no spread) is NAN, and an interval that they
 * do not give has NAN at both ends: callers print "no interval" and write null.  Input values are
 * finite.  Functions that need memory return 0, or -1 and a message.  Levels are 0.95 for 95 %. */
#ifndef GLU_RESULTS_STATISTICS_H
#define GLU_RESULTS_STATISTICS_H

#include "src/glu.h"
#include "src/util/interval.h"
#include "src/util/metric.h"

/* Of the whole program: intervals at 95 %, tests at 5 %, plans for a power of 80 %. */
#define STATS_LEVEL 0.95
#define STATS_ALPHA 0.05
#define STATS_POWER 0.8

/* Is a better than b?  False when either is NAN. */
bool metric_is_better(const struct metric *metric, double a, double b);

/* ==== One sample ==== */

double stats_mean(const double *x, int n);   /* NAN when n is 0 */
double stats_stddev(const double *x, int n); /* of the sample (n - 1); NAN below n 2 */
/* mean +- t_{n-1} stddev / sqrt(n); does not exist below n 2. */
struct interval stats_t_interval(const double *x, int n, double level);

/* Median, and its distribution-free interval between two order statistics: the innermost pair
 * whose binomial coverage is at least `level` (Conover 1999, section 3.2).  Below n 6 no pair covers
 * 95 %, so the interval does not exist. */
int stats_median(const double *x, int n, double level, double *median, struct interval *interval);

/* ==== Two paired samples ==== */

/* a - b; 0 when they differ by the rounding of a mean alone.  NAN when either is. */
double stats_difference(double a, double b);

struct paired_test {
    int n;
    double difference; /* mean of stats_difference(a, b) */
    double stddev;     /* of the differences */
    struct interval interval;
    double t, p_t;   /* Student's paired t test, two-sided */
    double p_sign_flip; /* permutation test, two-sided; at n seeds never below 2 / 2^n */
};
int stats_paired(const double *a, const double *b, int n, double level, struct paired_test *test);
/* Without the sign-flip test (NAN), which is most of the work, for where it is not asked for. */
int stats_paired_t(const double *a, const double *b, int n, double level, struct paired_test *test);

/* Fisher's sign-flip permutation test that the differences are symmetric about 0: the share of the
 * 2^n sign patterns whose sum is at least as far from 0 as the one seen.  Exact up to n 20, beyond
 * it from 1,000,000 random patterns (the seen one counted, so p is never 0).  NAN of none. */
int stats_sign_flip_p(const double *difference, int n, double *p);

/* Two samples that are not paired: the rank-sum test of Wilcoxon, Mann and Whitney, two-sided.
 * Exact without ties up to 20 a side, else normal with corrections for ties and continuity.  NAN
 * when a side is empty or all values are equal. */
int stats_rank_sum_p(const double *a, int a_count, const double *b, int b_count, double *p);

/* Holm's step-down correction (Holm 1979).  A NAN is no test: it stays NAN and does not count. */
int stats_holm(const double *p, double *adjusted, int n);

/* ==== Order ==== */

/* Kendall's tau-b (Kendall 1945) and its two-sided p: exact from the number of permutations by
 * inversions when there are no ties and n <= 60, from all permutations when there are and n <= 9,
 * otherwise normal with the variance corrected for ties.  Both NAN when n < 2 or when one side is
 * all ties. */
int stats_kendall(const double *x, const double *y, int n, double *tau_b, double *p);

/* ==== Bootstrap ==== */

enum { STATS_REPLICATES = 2000 };

/* The percentile interval of n replicates (1 or more), which are sorted, between the order statistics just
 * outside. */
struct interval stats_percentiles(double *replicate, int n, double level);

/* Interval (percentiles) of the mean of difference[seed * examples + example], the loss of one
 * variant less the loss of another.  Seeds are the clusters: they are drawn with replacement, and
 * so are the held-out examples, which all seeds share, once per replicate (the pigeonhole
 * bootstrap, Owen 2007, which errs on the wide side).  Does not exist with one seed. */
int stats_cluster_bootstrap(const double *difference, int seeds, int examples, double level,
                            struct interval *interval);

/* median(a) / median(b) with a bootstrap interval (percentiles).  `paired`: a[i] and b[i] were
 * measured in the same round, so that drift hits them alike, and are drawn together; where one list
 * is longer its rest is left out.  The interval does not exist below 3 samples. */
int stats_median_ratio(const double *a, int a_count, const double *b, int b_count, bool paired,
                       double level, double *ratio, struct interval *interval);

#endif
