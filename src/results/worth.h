/* worth.h - what a difference is worth: how many times as many steps, and as much time, the baseline
 * would need to come as far.
 *
 * The slope s, in nats per e-fold of steps, is what the baseline learns more in all T steps than in
 * half of them, each time with a schedule of that length, over ln(T / T_half): per seed, then as a mean with
 * Student's interval.  Along it, a difference of delta nats is worth exp(-delta / s) times the tokens,
 * above 1 for what is better.  It extrapolates: it is exact for a loss that falls by the logarithm of
 * the steps, and near T for any smooth one.
 *
 * Its interval is of the delta method.  The logarithm, -delta / s, changes by -1 / s for a nat of delta and
 * by delta / s^2 for one of s; both are means over seeds, and at a seed the two values depend on each other,
 * for the baseline's loss at T is in both.  At n seeds its variance is therefore that of the numbers
 * -d_i / s + delta s_i / s^2 over n, and the quantile is Student's at n - 1 degrees of freedom.  Where some
 * seeds have one of the two alone, d_i weighs 1 / n_d and s_i 1 / n_s, those seeds add the variance of what
 * they have, and n is of the seeds with both. */
#ifndef GLU_RESULTS_WORTH_H
#define GLU_RESULTS_WORTH_H

#include "src/results/matrix.h"
#include "src/util/interval.h"

struct worth {
    double times; /* NAN: not known */
    struct interval interval;
};

/* Of differences and slopes by seed, NAN where a seed has none.  Nothing is known where the interval of the
 * slope, at that level, does not lie above 0, or where fewer than two seeds have both. */
struct worth stats_worth(const double *delta, const double *slope, int seeds, double level);

/* Two factors whose errors are independent: the intervals of their logarithms are put together as by Zou
 * and Donner 2008, Statistics in Medicine 27:1693, each end from the distances of the two to theirs. */
struct worth stats_worth_times(struct worth a, struct worth b);

/* The slope of the baseline at each seed: slope[matrix->seeds], NAN where it lacks one of the two runs. */
void worth_slopes(const struct matrix *matrix, double *slope);

#endif
