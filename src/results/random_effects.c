/* random_effects.c - see random_effects.h. */
#include "src/glu.h"

#include "src/results/random_effects.h"

#include "src/results/distributions.h"

#include <math.h>

/* Weighted mean with weights 1 / (variance + tau2), and the sums that come with it. */
struct weighted {
    double mean, sum, squares; /* of the weights */
    double q;                  /* weighted squares about the mean */
};

static struct weighted weigh(const double *y, const double *variance, int k, double tau2)
{
    struct weighted all = {0.0, 0.0, 0.0, 0.0};

    for (int i = 0; i < k; i++) {
        double weight = 1.0 / (variance[i] + tau2);

        all.sum += weight;
        all.squares += weight * weight;
        all.mean += weight * y[i];
    }
    all.mean /= all.sum;
    for (int i = 0; i < k; i++)
        all.q += (y[i] - all.mean) * (y[i] - all.mean) / (variance[i] + tau2);
    return all;
}

static struct interval around(double mean, double half)
{
    return (struct interval){mean - half, mean + half};
}

void stats_random_effects(const double *y, const double *variance, int k, double level,
                          struct random_effects *effects)
{
    const struct interval none = {NAN, NAN};
    struct weighted fixed, random;
    double upper = 0.5 + 0.5 * level;

    *effects = (struct random_effects){k, NAN, NAN, NAN, none, none, NAN, NAN, NAN};
    for (int i = 0; i < k; i++)
        if (!isfinite(y[i]) || !isfinite(variance[i]) || !(variance[i] > 0.0))
            return;
    if (k < 1)
        return;
    fixed = weigh(y, variance, k, 0.0);
    effects->q = fixed.q;
    effects->tau2 = k < 2 ? 0.0
                          : fmax(0.0, (fixed.q - (k - 1)) / (fixed.sum - fixed.squares / fixed.sum));
    effects->i2 = fixed.q > k - 1 ? 100.0 * (fixed.q - (k - 1)) / fixed.q : 0.0;
    if (k == 1)
        effects->q = effects->i2 = 0.0;
    random = weigh(y, variance, k, effects->tau2);
    effects->mean = random.mean;
    effects->se = sqrt(1.0 / random.sum);
    if (k >= 2) {
        effects->se_hk = sqrt(random.q / ((k - 1) * random.sum));
        effects->interval = around(random.mean,
                                   stats_t_quantile(upper, k - 1) * effects->se_hk);
    }
    if (k >= 3)
        effects->prediction = around(random.mean,
                                     stats_t_quantile(upper, k - 2)
                                         * sqrt(effects->tau2 + effects->se * effects->se));
}

double stats_sign_p(int positive, int n)
{
    int fewer = positive < n - positive ? positive : n - positive;
    double term = exp2(-n), tail = 0.0; /* P(X = 0), then P(X = i) */

    if (n < 1)
        return NAN;
    if (n > 1000) { /* where 2^-n is nothing, the normal is exact enough */
        double z = (fewer + 0.5 - 0.5 * n) / (0.5 * sqrt(n));

        return fmin(1.0, 2.0 * stats_normal_cdf(z));
    }
    for (int i = 0; i <= fewer; i++) {
        tail += term;
        term *= (double)(n - i) / (i + 1);
    }
    return fmin(1.0, 2.0 * tail);
}
