/* random_effects.h - one difference, measured in several settings: its mean over settings, how much
 * they disagree, and what a new setting would give. */
#ifndef GLU_RESULTS_RANDOM_EFFECTS_H
#define GLU_RESULTS_RANDOM_EFFECTS_H

#include "src/util/interval.h"

struct random_effects {
    int k;                /* settings */
    double mean;          /* weighted by 1 / (variance + tau2) */
    double se;            /* of the mean, as if the weights were known */
    double se_hk;         /* Hartung and Knapp (2001, Statistics in Medicine 20:3875) */
    struct interval interval;   /* mean +- t(k-1) se_hk; none below k 2 */
    struct interval prediction; /* of the true difference in a new setting: mean +- t(k-2)
                                 * sqrt(tau2 + se^2) (Higgins et al. 2009, JRSS A 172:137); none below
                                 * k 3 */
    double tau2;          /* variance between settings (DerSimonian and Laird 1986) */
    double q, i2;         /* Cochran's Q, and the share of the variance that is between, in % */
};

/* Of k estimates y with their variances (> 0).  All NAN when k is 0 or a value is not finite or a
 * variance not above 0; tau2, q and i2 are 0 at k 1. */
void stats_random_effects(const double *y, const double *variance, int k, double level,
                          struct random_effects *effects);

/* Exact sign test, two-sided: of n differences that are not 0, so many are positive.  NAN when n
 * is 0. */
double stats_sign_p(int positive, int n);

#endif
