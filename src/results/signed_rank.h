/* signed_rank.h - the difference of two paired samples by ranks: an outlier among the seeds does not
 * carry it away, as it does a mean. */
#ifndef GLU_RESULTS_SIGNED_RANK_H
#define GLU_RESULTS_SIGNED_RANK_H

#include "src/glu.h"
#include "src/util/interval.h"

struct signed_rank {
    int n;           /* differences that are not 0 */
    double v;        /* sum of the ranks of the positive ones; ties share their mean rank */
    double p;        /* Wilcoxon's test, two-sided; NAN when n is 0 */
    double p_greater; /* one-sided, of a positive difference */
    double estimate; /* Hodges and Lehmann's: the median of the means of all pairs; 0 counts */
    struct interval interval; /* of it, between two of those means, at least at the level; none
                               * where n is too small for one (below 6 at 95 %) */
};

/* Of `count` finite differences.  The distribution of v is exact given the ranks, ties too, up to
 * count 200, and normal beyond (Hollander and Wolfe 1973, chapter 3).  0, or -1 and a message. */
int stats_signed_rank(const double *difference, int count, double level, struct signed_rank *test)
    GLU_MUST_USE;

#endif
