/* test-inference.c - equivalence, settings, sequential tests and ranks, against worked examples. */
#include "src/glu.h"

#include "src/results/distributions.h"
#include "src/results/equivalence.h"
#include "src/results/published.h"
#include "src/results/random_effects.h"
#include "src/results/sequential.h"
#include "src/results/signed_rank.h"
#include "src/results/statistics.h"
#include "src/util/json_help.h"
#include "src/util/rng.h"
#include "test/near.h"
#include "test/tap.h"
#include "test/worse.h"

#include <math.h>

static void test_equivalence(void)
{
    struct equivalence seen = stats_equivalence(0.1646666667, 0.1357514068, 14, 0.6, 0.05);

    near(seen.p, 0.003166881489, 1e-11, "equivalence: p");
    near_interval(seen.interval, -0.0744336621, 0.4037669954, 1e-9, "equivalence: interval");
    seen = stats_equivalence(-0.1646666667, 0.1357514068, 14, 0.6, 0.05);
    near(seen.p, 0.003166881489, 1e-11, "equivalence: the same on the other side");
    seen = stats_equivalence(0.7, 0.1, 14, 0.6, 0.05);
    tap_ok(seen.p > 0.5, "equivalence: not of a mean beyond the margin, p %.3f", seen.p);
    for (double mean = -0.5; mean <= 0.5; mean += 0.05) {
        bool inside;

        seen = stats_equivalence(mean, 0.17, 9, 0.6, 0.05);
        inside = seen.interval.low > -0.6 && seen.interval.high < 0.6;
        if (inside != (seen.p < 0.05))
            tap_bail_out("p %.4f, interval [%.4f, %.4f]", seen.p, seen.interval.low,
                         seen.interval.high);
    }
    tap_ok(stats_equivalence(0.1, 0.0, 4, 0.6, 0.05).p == 0.0
               && stats_equivalence(0.7, 0.0, 4, 0.6, 0.05).p == 1.0,
           "equivalence: without spread the mean decides");
    tap_ok(isnan(stats_equivalence(0.1, NAN, 4, 0.6, 0.05).p)
               && isnan(stats_equivalence(0.1, 0.1, 0, 0.6, 0.05).p),
           "equivalence: nothing known, no p");
}

/* Borenstein, Hedges, Higgins and Rothstein (2009), Introduction to Meta-Analysis, chapter 14. */
static void test_random_effects(void)
{
    static const double y[] = {.0945, .2774, .3665, .6644, .4618, .1852};
    static const double variance[] = {.0329, .0307, .0499, .0105, .0427, .0234};
    struct random_effects seen;

    stats_random_effects(y, variance, 6, 0.95, &seen);
    near(seen.mean, .358190, 5e-7, "random effects: mean");
    near(seen.se, .105281, 5e-7, "random effects: normal standard error");
    near(seen.se_hk, .090218, 5e-7, "random effects: Hartung and Knapp's");
    near(seen.tau2, .0373673, 5e-8, "random effects: tau^2");
    near(seen.q, 12.01785, 5e-6, "random effects: Q");
    near(seen.i2, 58.395, 5e-4, "random effects: I^2");
    near_interval(seen.prediction, -.252953, .969332, 2e-6, "random effects: prediction");
    near_interval(seen.interval, .358190 - 2.570582 * .090218, .358190 + 2.570582 * .090218, 2e-6,
                  "random effects: interval of the mean");
    stats_random_effects((double[]){1.0, 1.0, 1.0}, (double[]){0.1, 0.2, 0.3}, 3, 0.95, &seen);
    tap_ok(seen.tau2 == 0.0 && seen.i2 == 0.0 && seen.q == 0.0 && fabs(seen.mean - 1.0) < 1e-15,
           "random effects: settings that agree");
    stats_random_effects(y, variance, 2, 0.95, &seen);
    tap_ok(interval_exists(seen.interval) && !interval_exists(seen.prediction),
           "random effects: two settings predict nothing");
    stats_random_effects(y, variance, 1, 0.95, &seen);
    tap_ok(seen.mean == y[0] && seen.tau2 == 0.0 && !interval_exists(seen.interval),
           "random effects: one setting is itself");
    stats_random_effects(y, variance, 0, 0.95, &seen);
    tap_ok(isnan(seen.mean), "random effects: nothing of nothing");
    stats_random_effects(y, (double[]){0.1, 0.0}, 2, 0.95, &seen);
    tap_ok(isnan(seen.mean), "random effects: a variance of 0 weighs without end");
}

static void test_sign(void)
{
    near(stats_sign_p(8, 8), 2.0 / 256.0, 1e-16, "sign test: 8 of 8");
    near(stats_sign_p(0, 8), 2.0 / 256.0, 1e-16, "sign test: 0 of 8");
    near(stats_sign_p(4, 8), 1.0, 1e-15, "sign test: half");
    near(stats_sign_p(7, 9), 2.0 * (1 + 9 + 36) / 512.0, 1e-15, "sign test: 7 of 9");
    near(stats_sign_p(540, 1001), stats_sign_p(541, 1002), 2e-3, "sign test: exact and normal meet");
    tap_ok(isnan(stats_sign_p(0, 0)), "sign test: of nothing");
}

/* Losses of 80 trainings of modded-nanogpt's record of 2025-01-04 against its threshold of 3.28. */
static void test_e_values(void)
{
    enum { N = 80 };
    double difference[N], mean, stddev, drift = 0.0;
    const struct published *published = published_all();
    struct interval interval;
    const json_t *runs;
    int first = 0;

    if (!published)
        tap_bail_out("%s", err_get());
    runs = value_at(json_array_get(
        json_object_get(published_find(published, "modded_nanogpt")->document, "metrics"), 0), "runs");
    if (json_array_size(runs) != N)
        tap_bail_out("%zu runs, not %d", json_array_size(runs), N);
    for (int i = 0; i < N; i++)
        difference[i] = number_of(json_array_get(runs, (size_t)i)) - 3.28;
    mean = stats_mean(difference, N);
    stddev = stats_stddev(difference, N);
    near(mean * sqrt(N) / stddev, -4.01503, 5e-6, "e-value: t of the record");
    near(stats_e_value(mean, stddev, N, 0.0, 1.0), 169.01, 5e-3, "e-value: of the record");
    for (int n = 2; n <= N && !first; n++)
        if (stats_e_value(stats_mean(difference, n), stats_stddev(difference, n), n, 0.0, 1.0) >= 20.0)
            first = n;
    tap_ok(first == 62, "e-value: first 20 or more at n %d, expected 62", first);
    interval = stats_anytime_interval(mean, stddev, N, 1.0, 0.05);
    near(stats_e_value(mean, stddev, N, interval.low, 1.0), 20.0, 1e-9, "anytime interval: low end");
    near(stats_e_value(mean, stddev, N, interval.high, 1.0), 20.0, 1e-9, "anytime interval: high end");
    tap_ok(interval.low < mean && interval.high > mean && interval.high < 0.0,
           "anytime interval: below 0, around the mean");
    tap_ok(!interval_exists(stats_anytime_interval(mean, stddev, 2, 1.0, 0.05)),
           "anytime interval: two values give none");
    tap_ok(stats_e_value(mean, NAN, 1, 0.0, 1.0) == 1.0, "e-value: one value, no bet");
    tap_ok(stats_e_value(0.1, 0.0, 5, 0.0, 1.0) > 20.0 && isfinite(stats_e_value(0.1, 0.0, 5, 0.0, 1.0)),
           "e-value: without spread its limit");
    near(stats_e_value(0.0, 1.0, 9, 0.0, 1.0), 1.0 / sqrt(10.0), 1e-15, "e-value: at the mean itself");
    for (double scale = 1e-6; scale < 1e7; scale *= 1e3)
        drift = worse(drift, fabs(stats_e_value(mean * scale, stddev * scale, N, 0.0, 1.0) - 169.01));
    tap_ok(drift < 5e-3, "e-value: whatever the unit");
}

/* Under no difference, however long one looks, 20 is reached by one in 20 at most. */
static void test_e_values_at_every_look(void)
{
    enum { SERIES = 2000, LENGTH = 100 };
    int crossed = 0;
    struct rng rng;

    rng_start(&rng, 7, RNG_TEST, 0);
    for (int series = 0; series < SERIES; series++) {
        double x[LENGTH], greatest = 0.0;

        for (int n = 1; n <= LENGTH; n++) {
            x[n - 1] = rng_normal(&rng);
            greatest = fmax(greatest,
                            stats_e_value(stats_mean(x, n), stats_stddev(x, n), n, 0.0, 1.0));
        }
        crossed += greatest >= 20.0;
    }
    tap_ok(crossed <= SERIES / 20 && crossed > 0, "e-value: %d of %d series without a difference cross",
           crossed, SERIES);
}

static void test_e_bh(void)
{
    static const double e[] = {30.0, 500.0, 45.0, 1.0, NAN};
    bool rejected[LENGTH_OF(e)];
    int k = stats_e_bh(e, LENGTH_OF(e), 0.05, rejected);

    /* m / (0.05 k): 100, 50, 33.3, 25, 20. */
    tap_ok(k == 1 && rejected[1] && !rejected[0] && !rejected[2], "e-BH: one of five, k %d", k);
    k = stats_e_bh((double[]){35.0, 500.0, 45.0, 1.0, 2.0}, 5, 0.05, rejected);
    tap_ok(k == 3 && rejected[0] && rejected[1] && rejected[2] && !rejected[3],
           "e-BH: three carry each other, k %d", k);
    tap_ok(stats_e_bh((double[]){19.9}, 1, 0.05, rejected) == 0 && !rejected[0], "e-BH: none");
    tap_ok(stats_e_bh((double[]){20.0}, 1, 0.05, rejected) == 1 && rejected[0], "e-BH: just enough");
    tap_ok(stats_e_bh(NULL, 0, 0.05, NULL) == 0, "e-BH: of nothing");
}

/* Hollander and Wolfe (1973), p. 29 f., Hamilton depression scale factor of nine patients. */
static void test_signed_rank(void)
{
    static const double before[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
    static const double after[] = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
    double difference[9], many[300];
    struct signed_rank seen;
    struct rng rng;
    bool ran;

    for (int i = 0; i < 9; i++)
        difference[i] = before[i] - after[i];
    ran = stats_signed_rank(difference, 9, 0.95, &seen) == 0;
    tap_ok(ran && seen.n == 9 && seen.v == 40.0, "signed rank: V %g, expected 40", seen.v);
    near(seen.p_greater, .01953, 5e-6, "signed rank: one-sided p");
    near(seen.p, 2.0 * .01953, 1e-5, "signed rank: two-sided p");
    near(seen.estimate, .46, 1e-12, "signed rank: Hodges and Lehmann's estimate");
    /* P(V <= 5) is 10 / 512, P(V <= 6) is 14 / 512: five of the 45 means are beyond either end. */
    near_interval(seen.interval, 0.01, 0.786, 1e-12, "signed rank: interval");
    ran = stats_signed_rank((double[]){1.0, 1.0, -1.0, 2.0, 0.0}, 5, 0.95, &seen) == 0;
    /* Ranks 2, 2, 2, 4: V 8; of 16 patterns one has 10 and three have 8. */
    tap_ok(ran && seen.n == 4 && seen.v == 8.0 && fabs(seen.p_greater - 4.0 / 16.0) < 1e-15,
           "signed rank: ties and zeros, V %g, p %g", seen.v, seen.p_greater);
    tap_ok(!interval_exists(seen.interval), "signed rank: five differences have no interval at 95 %%");
    ran = stats_signed_rank(difference, 0, 0.95, &seen) == 0;
    tap_ok(ran && isnan(seen.p) && isnan(seen.estimate), "signed rank: of nothing");
    rng_start(&rng, 3, RNG_TEST, 1);
    for (int i = 0; i < 300; i++)
        many[i] = 0.1 + rng_normal(&rng);
    ran = stats_signed_rank(many, 300, 0.95, &seen) == 0;
    tap_ok(ran && fabs(seen.estimate - stats_mean(many, 300)) < 0.05
               && seen.interval.low < seen.estimate && seen.interval.high > seen.estimate
               && seen.interval.high - seen.interval.low < 0.3,
           "signed rank: 300 differences, %.3f [%.3f, %.3f]", seen.estimate, seen.interval.low,
           seen.interval.high);
}

int main(void)
{
    test_equivalence();
    test_random_effects();
    test_sign();
    test_e_values();
    test_e_values_at_every_look();
    test_e_bh();
    test_signed_rank();
    tap_plan(51);
    return tap_status();
}
