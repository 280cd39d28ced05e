/* sequential.c - see sequential.h. */
#include "src/glu.h"

#include "src/results/sequential.h"

#include <math.h>

double stats_e_value(double mean, double stddev, int n, double mu, double g)
{
    double v = n - 1, widened = 1.0 + n * g, t2, ratio;

    if (isnan(mean) || isnan(mu))
        return NAN;
    if (n < 2)
        return 1.0;
    if (isnan(stddev))
        return NAN;
    t2 = (mean - mu) * (mean - mu) * n / (stddev * stddev);
    if (mean == mu)
        t2 = 0.0;
    ratio = isinf(t2) ? widened : (1.0 + t2 / v) / (1.0 + t2 / (widened * v));
    return exp(0.5 * n * log(ratio) - 0.5 * log(widened));
}

double stats_e_p(double e, int n)
{
    if (n < 2 || isnan(e))
        return NAN;
    return e > 1.0 ? 1.0 / e : 1.0;
}

struct interval stats_anytime_interval(double mean, double stddev, int n, double g, double alpha)
{
    const struct interval none = {NAN, NAN};
    double v = n - 1, widened = 1.0 + n * g, ratio, half;

    if (n < 2 || !isfinite(mean) || !isfinite(stddev))
        return none;
    /* e(mu) is 1 / alpha where the ratio in it is this; it stays below `widened`. */
    ratio = exp((log(1.0 / alpha) + 0.5 * log(widened)) * 2.0 / n);
    if (ratio >= widened)
        return none;
    half = sqrt(v * (ratio - 1.0) / (1.0 - ratio / widened)) * stddev / sqrt(n);
    return (struct interval){mean - half, mean + half};
}

int stats_e_bh(const double *e, int m, double alpha, bool *rejected)
{
    int count = 0;
    double least = INFINITY;

    /* The k-th largest is at least m / (alpha k) exactly when k or more are. */
    for (int k = m; k > 0 && count == 0; k--) {
        int reach = 0;

        least = m / (alpha * k);
        for (int i = 0; i < m; i++)
            reach += e[i] >= least;
        if (reach >= k)
            count = reach;
    }
    for (int i = 0; i < m; i++)
        rejected[i] = count > 0 && e[i] >= least;
    return count;
}
