/* distributions.c - see distributions.h. */
#include "src/glu.h"

#include "src/results/distributions.h"

#include <float.h>
#include <math.h>

static double beta_fraction(double a, double b, double x)
{
    const double tiny = DBL_MIN / DBL_EPSILON;
    double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0), h;

    d = 1.0 / (fabs(d) < tiny ? tiny : d);
    h = d;
    for (int m = 1; m <= 10000; m++) {
        double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        double step;

        d = 1.0 + even * d;
        c = 1.0 + even / c;
        d = 1.0 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        h *= d * c;
        d = 1.0 + odd * d;
        c = 1.0 + odd / c;
        d = 1.0 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        step = d * c;
        h *= step;
        if (fabs(step - 1.0) < 4.0 * DBL_EPSILON)
            break;
    }
    return h;
}

double stats_beta_incomplete(double a, double b, double x)
{
    double front;

    if (x <= 0.0 || x >= 1.0)
        return x <= 0.0 ? 0.0 : 1.0;
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    /* The fraction converges fast below the mean only. */
    return x < (a + 1.0) / (a + b + 2.0) ? front * beta_fraction(a, b, x) / a
                                         : 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

double stats_normal_cdf(double z)
{
    return 0.5 * erfc(-z / sqrt(2.0));
}

double stats_root(double (*f)(double x, const double *parameters), const double *parameters,
                  double target, double low, double high)
{
    for (int i = 0; i < 200; i++) {
        double middle = 0.5 * (low + high);

        if (middle <= low || middle >= high)
            break;
        if (f(middle, parameters) < target)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

static double normal_cdf_of(double x, const double *parameters)
{
    (void)parameters;
    return stats_normal_cdf(x);
}

double stats_normal_quantile(double p)
{
    return stats_root(normal_cdf_of, NULL, p, -40.0, 40.0);
}

double stats_t_two_sided_p(double t, double df)
{
    double t2 = t * t;

    if (isnan(t))
        return NAN;
    if (t2 <= df) /* near 0 the complement is the accurate one */
        return 1.0 - stats_beta_incomplete(0.5, 0.5 * df, t2 / (df + t2));
    return stats_beta_incomplete(0.5 * df, 0.5, df / (df + t2));
}

double stats_t_cdf(double t, double df)
{
    double tail = 0.5 * stats_t_two_sided_p(t, df);

    return t < 0.0 ? tail : 1.0 - tail;
}

static double t_tail_of(double minus_t, const double *df)
{
    return stats_t_cdf(minus_t, *df);
}

double stats_t_quantile(double p, double df)
{
    double high = 1.0;

    if (p > 0.5)
        return -stats_t_quantile(1.0 - p, df);
    if (p == 0.5)
        return 0.0;
    while (stats_t_cdf(-high, df) > p && high < 1e100)
        high *= 2.0;
    return stats_root(t_tail_of, &df, p, -high, 0.0);
}

/* P(T <= t) = integral over s of Phi(t s - noncentrality) times the density of s = sqrt(chi2 / df).
 * The density is smooth and s is within 12 standard deviations, about 1 / sqrt(2 df), of 1. */
double stats_noncentral_t_cdf(double t, double df, double noncentrality)
{
    enum { PANELS = 600 };
    double width = 12.0 / sqrt(2.0 * df);
    double low = fmax(0.0, 1.0 - width), high = 1.0 + width, h = (high - low) / PANELS;
    double scale = log(2.0) + 0.5 * df * log(0.5 * df) - lgamma(0.5 * df), sum = 0.0;

    for (int i = 0; i <= PANELS; i++) {
        double s = low + i * h, weight = i == 0 || i == PANELS ? 1.0 : i % 2 ? 4.0 : 2.0;

        if (s > 0.0)
            sum += weight * exp(scale + (df - 1.0) * log(s) - 0.5 * df * s * s)
                   * stats_normal_cdf(t * s - noncentrality);
        else if (df == 1.0)
            sum += weight * exp(scale) * stats_normal_cdf(-noncentrality);
    }
    return sum * h / 3.0;
}
