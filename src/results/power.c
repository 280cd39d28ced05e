/* power.c - see power.h. */
#include "src/glu.h"

#include "src/results/power.h"

#include "src/results/distributions.h"

#include <limits.h>
#include <math.h>

static double power_beyond(double critical, double noncentrality, int n)
{
    return 1.0 - stats_noncentral_t_cdf(critical, n - 1, noncentrality)
           + stats_noncentral_t_cdf(-critical, n - 1, noncentrality);
}

static double critical_of(int n, double alpha)
{
    return stats_t_quantile(1.0 - 0.5 * alpha, n - 1);
}

double stats_paired_power(double difference, double stddev, int n, double alpha)
{
    return n < 2 ? NAN : power_beyond(critical_of(n, alpha), fabs(difference) / stddev * sqrt(n), n);
}

/* p: the standard deviation, the number of pairs, the critical value. */
static double power_of(double difference, const double *p)
{
    return power_beyond(p[2], difference / p[0] * sqrt(p[1]), (int)p[1]);
}

double stats_detectable(double stddev, int n, double alpha, double power)
{
    double parameters[] = {stddev, n, 0.0}, high = stddev;

    if (n < 2 || !(stddev > 0.0))
        return NAN;
    parameters[2] = critical_of(n, alpha);
    while (power_of(high, parameters) < power && high < 1e100)
        high *= 2.0;
    /* 60 halvings of the bracket are beyond the accuracy of the integral. */
    return stats_root(power_of, parameters, power, 0.0, high);
}

int stats_pairs_needed(double difference, double stddev, double alpha, double power)
{
    enum { MOST = 1000000 };
    int low = 1, high = 2;

    while (stats_paired_power(difference, stddev, high, alpha) < power) {
        if (high >= MOST)
            return INT_MAX;
        low = high;
        high *= 2;
    }
    while (high - low > 1) { /* low does not suffice, high does */
        int middle = low + (high - low) / 2;

        if (stats_paired_power(difference, stddev, middle, alpha) < power)
            low = middle;
        else
            high = middle;
    }
    return high;
}
