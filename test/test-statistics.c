/* test-statistics.c - the statistics against closed forms, published tables and worked examples. */
#include "src/glu.h"

#include "src/results/distributions.h"
#include "src/results/power.h"
#include "src/results/statistics.h"
#include "src/util/rng.h"
#include "test/near.h"
#include "test/tap.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

static void test_distributions(void)
{
    /* I_x(1, b) = 1 - (1 - x)^b;  I_x(2, 2) = 3 x^2 - 2 x^3;  I_x(a, b) = 1 - I_{1-x}(b, a). */
    near(stats_beta_incomplete(1.0, 3.5, 0.3), 1.0 - pow(0.7, 3.5), 1e-14, "beta (1, b)");
    near(stats_beta_incomplete(2.0, 2.0, 0.9), 3 * 0.81 - 2 * 0.729, 1e-14, "beta (2, 2)");
    near(stats_beta_incomplete(7.5, 0.5, 0.6), 1.0 - stats_beta_incomplete(0.5, 7.5, 0.4), 1e-13,
         "beta symmetry");
    near(stats_normal_quantile(0.975), 1.959963984540054, 1e-12, "normal quantile");
    near(stats_normal_cdf(-1.0), 0.158655253931457, 1e-14, "normal cdf");

    /* t with 1 degree of freedom is Cauchy's; with 2 it is 1/2 + t / (2 sqrt(2 + t^2)). */
    near(stats_t_quantile(0.975, 1), tan(0.475 * M_PI), 1e-10, "t quantile, df 1");
    near(stats_t_cdf(1.5, 1), 0.5 + atan(1.5) / M_PI, 1e-14, "t cdf, df 1");
    near(stats_t_cdf(-0.7, 2), 0.5 - 0.7 / (2.0 * sqrt(2.49)), 1e-14, "t cdf, df 2");
    near(stats_t_two_sided_p(1e6, 2), 1e-12, 1e-17, "t far out in the tail, about 1 / t^2");
    /* Student's table (Fisher and Yates, Statistical Tables, table III). */
    near(stats_t_quantile(0.975, 2), 4.303, 5e-4, "t table, df 2");
    near(stats_t_quantile(0.975, 4), 2.776, 5e-4, "t table, df 4");
    near(stats_t_quantile(0.995, 10), 3.169, 5e-4, "t table, df 10");
    near(stats_t_quantile(0.975, 120), 1.980, 5e-4, "t table, df 120");
    near(stats_t_quantile(0.025, 4), -2.776, 5e-4, "t table, lower side");
    near(stats_noncentral_t_cdf(1.3, 5, 0.0), stats_t_cdf(1.3, 5), 1e-9, "noncentral t at 0");
    near(stats_noncentral_t_cdf(0.0, 3, 1.2), stats_normal_cdf(-1.2), 1e-9, "noncentral t below 0");
}

/* Student's sleep data (1908, The probable error of a mean): the worked example of the paired
 * test; t 4.06, and with R's digits t = -4.0621, p = 0.002833, interval -2.4598858 -0.7001142. */
static void test_sleep(void)
{
    static const double a[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
    static const double b[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
    struct paired_test test;

    near(stats_mean(a, 10), 0.75, 1e-12, "sleep: mean of the first drug");
    near(stats_stddev(a, 10), 1.789010, 1e-6, "sleep: its stddev");
    /* mean +- 2.262157 * 1.789010 / sqrt(10) */
    near_interval(stats_t_interval(a, 10, 0.95), -0.529780, 2.029780, 2e-6, "sleep: its interval");
    tap_ok(stats_paired(a, b, 10, 0.95, &test) == 0, "sleep: paired test runs");
    near(test.difference, -1.58, 1e-12, "sleep: difference");
    near(test.t, -4.0621, 5e-5, "sleep: t");
    near(test.p_t, 0.002833, 5e-7, "sleep: p");
    near_interval(test.interval, -2.4598858, -0.7001142, 5e-8, "sleep: interval of the difference");
}

static double sign_flip_p(const double *difference, int n)
{
    double p;

    return stats_sign_flip_p(difference, n, &p) ? -1 : p;
}

/* Darwin's maize (Fisher 1935, The Design of Experiments, section 21): of the 32,768 sign patterns,
 * 863 reach the sum of 314 on one side, so 1,726 on both. */
static void test_sign_flip(void)
{
    static const double maize[] = {49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48};
    static const double same[] = {0.1, 0.1, 0.1, 0.1, 0.1};
    double many[40];
    struct rng rng;
    struct paired_test test;
    double zero[15] = {0}, p;

    near(sign_flip_p(maize, 15), 1726.0 / 32768.0, 1e-12, "maize: exact sign-flip p");
    stats_paired(maize, zero, 15, 0.95, &test);
    /* Fisher, section 17: t 2.148, and at 14 degrees of freedom 5 % is 2.145. */
    near(test.t, 2.148, 5e-4, "maize: t");
    tap_ok(test.p_t < 0.05 && test.p_t > 0.049, "maize: p %.5f is just below 5 %%", test.p_t);
    near(sign_flip_p(same, 5), 2.0 / 32.0, 0.0, "all of one sign: 2 / 2^n, ties by rounding");
    rng_start(&rng, 1, RNG_TEST, 0);
    for (int i = 0; i < 40; i++)
        many[i] = rng_normal(&rng) + 0.35;
    stats_paired(many, (double[40]){0}, 40, 0.95, &test);
    p = sign_flip_p(many, 40);
    tap_ok(fabs(p - test.p_t) < 0.25 * test.p_t + 1e-3, "n 40: random patterns %.5f, t test %.5f", p,
           test.p_t);
    tap_ok(p == sign_flip_p(many, 40), "random patterns are the same every time");
    tap_ok(isnan(sign_flip_p(maize, 0)), "no pairs, no p");
}

static void test_edges(void)
{
    static const double one[] = {2.0}, two[] = {2.0, 2.0}, half[] = {1.5, 1.5};
    struct paired_test test;

    tap_ok(isnan(stats_stddev(one, 1)) && isnan(stats_mean(one, 0)), "nothing is not zero");
    tap_ok(!interval_exists(stats_t_interval(one, 1, 0.95)), "n 1: no interval");
    stats_paired(one, half, 1, 0.95, &test);
    tap_ok(test.difference == 0.5 && isnan(test.p_t) && isnan(test.p_sign_flip)
               && !interval_exists(test.interval),
           "n 1: a difference, no interval and no p");
    stats_paired(two, two, 2, 0.95, &test);
    tap_ok(test.p_t == 1.0 && test.p_sign_flip == 1.0, "equal samples: p 1");
    stats_paired(two, half, 2, 0.95, &test);
    tap_ok(isnan(test.p_t), "differences without spread: no t");
}

/* A mean of three 52.3s is one bit below 52.3, for the sum is rounded. */
static void test_rounding(void)
{
    const double value = 52.3, equal[3] = {value, value, value};
    struct paired_test test;
    double mean[3], sum = 0;

    for (int i = 0; i < 3; i++)
        sum += value;
    for (int i = 0; i < 3; i++)
        mean[i] = sum / 3;
    tap_ok(mean[0] != value && fabs(mean[0] - value) < 1e-13, "means of equal numbers differ by %g", mean[0] - value);
    stats_paired(mean, equal, 3, 0.95, &test);
    tap_ok(test.difference == 0 && !signbit(test.difference) && test.stddev == 0 && test.interval.low == 0 &&
               test.interval.high == 0 && test.p_t == 1 && test.p_sign_flip == 1,
           "which is no difference: %g, p %g and %g", test.difference, test.p_t, test.p_sign_flip);
    tap_ok(stats_difference(1 + 1e-9, 1) > 9.9e-10 && stats_difference(1, 1 + 1e-9) < -9.9e-10,
           "a billionth of the numbers is one");
    tap_ok(stats_difference(3e-20, 1e-20) > 0 && stats_difference(0, 1e-300) < 0, "of small numbers too");
    tap_ok(isnan(stats_difference(NAN, 1)) && isnan(stats_difference(1, NAN)), "nothing less something is nothing");
}

static void test_rank_sum(void)
{
    /* Hollander and Wolfe (1973), p. 69 f., permeability of the membrane: U 35, one-sided exact
     * p 0.1272, two-sided 0.2544. */
    static const double x[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
    static const double y[] = {1.15, 0.88, 0.90, 0.74, 1.21};
    static const double tied[] = {1.15, 0.88, 0.90, 0.74, 1.21, 0.80};
    static const double low[] = {1, 2, 3}, high[] = {4, 5, 6};
    double p, near_p;

    tap_ok(stats_rank_sum_p(x, 10, y, 5, &p) == 0, "rank-sum test runs");
    near(p, 0.2544, 5e-5, "rank sum: exact p");
    stats_rank_sum_p(low, 3, high, 3, &p);
    near(p, 2.0 / 20.0, 1e-12, "rank sum: apart, 2 / (6 over 3)");
    stats_rank_sum_p(x, 10, tied, 6, &near_p);
    stats_rank_sum_p(tied, 6, x, 10, &p);
    tap_ok(p == near_p && p > 0.1 && p < 0.4, "rank sum with a tie: %.4f, either way round", p);
    stats_rank_sum_p((double[]){2, 2}, 2, (double[]){2, 2}, 2, &p);
    tap_ok(isnan(p), "rank sum: all equal, no test");
}

static void test_holm(void)
{
    /* Worked by hand: 3 * 0.01, 2 * 0.02, then 0.04 held up by 0.04. */
    static const double p[] = {0.04, 0.01, NAN, 0.02};
    static const double expected[] = {0.04, 0.03, NAN, 0.04};
    static const double large[] = {0.6, 0.7};
    double adjusted[4];

    tap_ok(stats_holm(p, adjusted, 4) == 0, "Holm runs");
    for (int i = 0; i < 4; i++)
        if (isnan(expected[i]))
            tap_ok(isnan(adjusted[i]), "Holm %d: no test stays no test", i);
        else
            near(adjusted[i], expected[i], 1e-15, "Holm");
    stats_holm(large, adjusted, 2);
    tap_ok(adjusted[0] == 1.0 && adjusted[1] == 1.0, "Holm stops at 1");
}

static void test_kendall(void)
{
    /* Hollander and Wolfe (1973), p. 187 f., canned tuna: T 26 of 36 pairs, tau 0.444, p 0.1194. */
    static const double lightness[] = {44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1};
    static const double panel[] = {2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8};
    /* Shazeer's table 1 against an order with S 18; Kendall (1970), appendix table 1: n 8, S 18,
     * probability 0.016 on one side. */
    static const double paper[] = {1.997, 1.983, 1.994, 1.982, 1.960, 1.942, 1.944, 1.953};
    static const double seen[] = {2.203, 2.197, 2.201, 2.200, 2.179, 2.191, 2.180, 2.192};
    /* By hand: one pair is tied in x, the other five agree, so tau_b = 5 / sqrt(5 * 6).  |S| is 5
     * when y rises, or falls, but for the tied pair: in 2 + 2 of its 24 orders. */
    static const double tied_x[] = {1, 2, 2, 3}, tied_y[] = {1, 2, 3, 4};
    static const double flat[] = {1, 1, 1, 1};
    double tau, p, long_x[70], long_y[70];
    struct rng rng;

    stats_kendall(lightness, panel, 9, &tau, &p);
    near(tau, 16.0 / 36.0, 1e-12, "tuna: tau");
    near(p, 0.1194, 5e-5, "tuna: exact p");
    stats_kendall(paper, seen, 8, &tau, &p);
    near(tau, 18.0 / 28.0, 1e-12, "n 8, S 18: tau");
    near(p / 2, 0.016, 5e-4, "n 8, S 18: exact p as in Kendall's table");
    stats_kendall(tied_y, tied_y, 4, &tau, &p);
    tap_ok(tau == 1.0 && fabs(p - 2.0 / 24.0) < 1e-15, "equal orders: tau 1, p 2 / 4!");
    stats_kendall(tied_x, tied_y, 4, &tau, &p);
    near(tau, 5.0 / sqrt(30.0), 1e-12, "one tie: tau_b");
    near(p, 4.0 / 24.0, 1e-15, "one tie: exact p");
    stats_kendall(flat, tied_y, 4, &tau, &p);
    tap_ok(isnan(tau) && isnan(p), "all ties: no tau");
    stats_kendall(tied_y, tied_y, 1, &tau, &p);
    tap_ok(isnan(tau) && isnan(p), "n 1: no tau");
    /* The exact and the normal p agree where both hold. */
    rng_start(&rng, 2, RNG_TEST, 0);
    for (int i = 0; i < 70; i++) {
        long_x[i] = i;
        long_y[i] = i + 60.0 * rng_normal(&rng);
    }
    stats_kendall(long_x, long_y, 60, &tau, &p);
    double exact = p;
    long_y[0] = long_y[1]; /* a tie, and n > 9: the normal approximation */
    stats_kendall(long_x, long_y, 60, &tau, &p);
    tap_ok(fabs(p - exact) < 0.1 * exact + 0.01, "n 60: exact %.5f, normal %.5f", exact, p);
}

static void test_median(void)
{
    static const double x[] = {9, 1, 8, 2, 7, 3, 6, 4, 5, 10};
    static const double a[] = {2.0, 2.2, 2.1, 2.4, 2.0, 2.3}, b[] = {1.0, 1.1, 1.05, 1.2, 1.0, 1.15};
    double median, ratio;
    struct interval interval;

    /* Conover (1999), table A3: n 10 leaves out 1 at either end (coverage 0.979); n 6: none. */
    stats_median(x, 10, 0.95, &median, &interval);
    tap_ok(median == 5.5, "median of an even number");
    near_interval(interval, 2, 9, 0, "n 10: the 2nd and the 9th");
    stats_median(x, 6, 0.95, &median, &interval);
    near_interval(interval, 1, 9, 0, "n 6: smallest and largest");
    stats_median(x, 5, 0.95, &median, &interval);
    tap_ok(median == 7 && !interval_exists(interval), "n 5: no 95 %% interval");
    stats_median_ratio(a, 6, b, 6, true, 0.95, &ratio, &interval);
    near(ratio, 2.0, 1e-12, "ratio of medians");
    near_interval(interval, 2.0, 2.0, 1e-12, "drift that hits a pair alike leaves no width");
    stats_median_ratio(a, 6, b, 5, false, 0.95, &ratio, &interval);
    tap_ok(interval.low < ratio && ratio < interval.high, "unpaired: [%g, %g]", interval.low,
           interval.high);
    stats_median_ratio(a, 2, b, 2, true, 0.95, &ratio, &interval);
    tap_ok(!interval_exists(interval), "2 samples: no interval");
}

/* x[seed][example] = mean + seed effect + example effect + noise, whose mean has the variance
 * s^2 / seeds + e^2 / examples + u^2 / (seeds examples). */
static void test_cluster_bootstrap(void)
{
    enum { SEEDS = 40, EXAMPLES = 150 };
    static double x[SEEDS * EXAMPLES];
    double example[EXAMPLES], width;
    struct interval interval, again;
    struct rng rng;

    rng_start(&rng, 3, RNG_TEST, 0);
    for (int j = 0; j < EXAMPLES; j++)
        example[j] = 0.5 * rng_normal(&rng);
    for (int i = 0; i < SEEDS; i++) {
        double seed = 0.3 * rng_normal(&rng);

        for (int j = 0; j < EXAMPLES; j++)
            x[i * EXAMPLES + j] = 1.0 + seed + example[j] + 0.2 * rng_normal(&rng);
    }
    stats_cluster_bootstrap(x, SEEDS, EXAMPLES, 0.95, &interval);
    width = 2 * 1.96 * sqrt(0.09 / SEEDS + 0.25 / EXAMPLES + 0.04 / SEEDS / EXAMPLES);
    near(interval.high - interval.low, width, 0.2 * width, "bootstrap: width of the interval");
    near(0.5 * (interval.low + interval.high), stats_mean(x, SEEDS * EXAMPLES), 0.1 * width,
         "bootstrap: its middle");
    stats_cluster_bootstrap(x, SEEDS, EXAMPLES, 0.95, &again);
    tap_ok(interval.low == again.low && interval.high == again.high, "bootstrap: same every time");
    stats_cluster_bootstrap(x, 1, EXAMPLES, 0.95, &interval);
    tap_ok(!interval_exists(interval), "bootstrap: one seed, no interval");
}

static void test_planning(void)
{
    double detectable;

    /* Cohen's sample sizes for the paired t test, two-sided 5 %, power 80 %: 15, 34 and 199 pairs
     * for large, medium and small effects (Faul et al. 2007, G*Power 3). */
    tap_ok(stats_pairs_needed(0.8, 1.0, 0.05, 0.8) == 15, "pairs for d 0.8");
    tap_ok(stats_pairs_needed(0.5, 1.0, 0.05, 0.8) == 34, "pairs for d 0.5");
    tap_ok(stats_pairs_needed(0.01, 0.05, 0.05, 0.8) == 199, "pairs for d 0.2");
    near(stats_paired_power(0.5, 1.0, 34, 0.05), 0.8077775, 5e-8, "and the power of those 34");
    /* R's example: power.t.test(n = 20, delta = 1, sd = 1) has 38 degrees of freedom, and power
     * 0.8689528; here written with the noncentral t itself. */
    near(1.0 - stats_noncentral_t_cdf(stats_t_quantile(0.975, 38), 38, sqrt(10.0)), 0.8689528, 5e-8,
         "power of the two-sample test");
    detectable = stats_detectable(0.005, 5, 0.05, 0.8);
    near(stats_paired_power(detectable, 0.005, 5, 0.05), 0.8, 1e-9, "what is detectable has the power");
    near(stats_paired_power(0.0, 1.0, 6, 0.05), 0.05, 1e-9, "power at no difference is alpha");
    tap_ok(isnan(stats_detectable(0.005, 1, 0.05, 0.8)), "n 1 detects nothing");
    tap_ok(stats_pairs_needed(1e-9, 1.0, 0.05, 0.8) == INT_MAX, "a hopeless difference");
    tap_ok(stats_pairs_needed(100.0, 1.0, 0.05, 0.8) == 2, "an obvious one needs two");
}

int main(void)
{
    test_distributions();
    test_sleep();
    test_sign_flip();
    test_edges();
    test_rounding();
    test_rank_sum();
    test_holm();
    test_kendall();
    test_median();
    test_cluster_bootstrap();
    test_planning();
    tap_plan(84);
    return tap_status();
}
