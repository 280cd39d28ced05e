/* test-worth.c - what a difference is worth: its statistics, its columns of the table of verdicts, and the
 * runs of half of the steps that they rest on. */
#include "src/glu.h"

#include "src/results/results.h"
#include "src/results/statistics.h"
#include "src/results/worth.h"
#include "src/util/json_help.h"
#include "src/util/rng.h"
#include "test/near.h"
#include "test/results-fixture.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <math.h>
#include <string.h>

enum { SEEDS = 5 };

static const double delta[SEEDS] = {-.041, -.032, -.037, -.029, -.046};
static const double slope[SEEDS] = {.071, .058, .066, .052, .063};

/* The expected numbers are of the textbook's form, computed in Python: the gradient (-1/s, delta/s^2) times
 * the covariance matrix of the two means, with quantiles 2.7764451051977987 (4 degrees of freedom) and
 * 3.182446305284263 (3):
 *
 *     V = (g0^2 cov(d, d) + 2 g0 g1 cov(d, s) + g1^2 cov(s, s)) / n
 *     exp(-delta/s), exp(-delta/s -+ t sqrt(V))
 *
 * and where seed 5 has no slope
 *
 *     V = 4 (g0^2 cov4(d, d) / 5^2 + 2 g0 g1 cov4(d, s) / (5 4) + g1^2 cov4(s, s) / 4^2)
 *         + g0^2 cov5(d, d) / 5^2 */
static void test_known_answers(void)
{
    double fewer[SEEDS], none[SEEDS] = {NAN, NAN, NAN, NAN, NAN};
    const struct worth speed = {.92, {.90, .95}};
    struct worth tokens = stats_worth(delta, slope, SEEDS, 0.95), time = stats_worth_times(tokens, speed);

    near(tokens.times, 1.81625046795, 1e-11, "tokens");
    near_interval(tokens.interval, 1.65239965883, 1.99634861015, 1e-10, "tokens: interval");
    near(time.times, 1.67095043051, 1e-11, "time");
    near_interval(time.interval, 1.51637992974, 1.8463950841, 1e-10, "time: interval");
    time = stats_worth_times(tokens, (struct worth){.92, {NAN, NAN}});
    tap_ok(fabs(time.times - 1.67095043051) < 1e-11 && !interval_exists(time.interval),
           "a speed without an interval gives none");
    time = stats_worth_times(tokens, (struct worth){NAN, {NAN, NAN}});
    tap_ok(isnan(time.times), "no speed, no time");

    memcpy(fewer, slope, sizeof fewer);
    fewer[4] = NAN;
    tokens = stats_worth(delta, fewer, SEEDS, 0.95);
    near(tokens.times, 1.82064399772, 1e-11, "a seed without slope");
    near_interval(tokens.interval, 1.69083901357, 1.9604140547, 1e-10, "a seed without slope: interval");
    fewer[1] = fewer[2] = fewer[3] = NAN;
    tap_ok(isnan(stats_worth(delta, fewer, SEEDS, 0.95).times) &&
               isnan(stats_worth(delta, none, SEEDS, 0.95).times) &&
               isnan(stats_worth(none, slope, SEEDS, 0.95).times) &&
               isnan(stats_worth(delta, slope, 0, 0.95).times),
           "nothing is known of one seed, or of none");
}

/* Nothing is worth anything on a slope that may be none. */
static void test_undecided(void)
{
    const double flat[SEEDS] = {.07, -.05, .06, .01, .02}, down[SEEDS] = {-.071, -.058, -.066, -.052, -.063};

    tap_ok(stats_t_interval(flat, SEEDS, 0.95).low < 0.0 &&
               isnan(stats_worth(delta, flat, SEEDS, 0.95).times),
           "an interval of the slope with 0 in it");
    tap_ok(isnan(stats_worth(delta, down, SEEDS, 0.95).times), "a loss that rises");
}

/* The interval covers what is true as often as it says, of a baseline whose loss is in both. */
static void test_coverage(void)
{
    enum { DRAWS = 4000 };
    const double truth = exp(.04 / .06);
    int covered = 0;
    struct rng rng;

    rng_start(&rng, 5, RNG_TEST, 0);
    for (int k = 0; k < DRAWS; k++) {
        double d[SEEDS], s[SEEDS];
        struct worth seen;

        for (int i = 0; i < SEEDS; i++) {
            double base = .003 * rng_normal(&rng);

            d[i] = -.04 + .003 * rng_normal(&rng) - base;
            s[i] = .06 + (.003 * rng_normal(&rng) - base) / log(2.0);
        }
        seen = stats_worth(d, s, SEEDS, 0.95);
        covered += seen.interval.low <= truth && truth <= seen.interval.high;
    }
    tap_ok(covered > .935 * DRAWS && covered < .965 * DRAWS, "covers %d of %d", covered, DRAWS);
}

/* ==== In a document ==== */

static const char *const members[] = {"slope_nats_per_efold", "token_multiplier", "time_multiplier"};

static double of(json_t *document, const char *variant, const char *key)
{
    return number_at(fixture_row(document, "verdict", variant), key);
}

static void test_table(void)
{
    json_t *document = fixture_document(1, SEEDS, FIXTURE_SLOPE), *row;
    double s = of(document, "relu", "slope_nats_per_efold"), d = of(document, "geglu", "delta_nats");
    double tokens = of(document, "geglu", "token_multiplier"), mean = 0.0;
    json_t *runs = json_object_get(document, "runs"), *halves = json_object_get(document, "slope_runs");
    size_t i;

    for (i = 0; i < SEEDS; i++) /* the baseline's runs come first */
        mean += (number_at(json_array_get(halves, i), "heldout_log_perplexity_nats") -
                 number_at(json_array_get(runs, i), "heldout_log_perplexity_nats")) / log(2.0) / SEEDS;
    near(s, mean, 1e-12, "the slope of the rows");
    tap_ok(fabs(s - .03) < .01, "is what the fixture has, %.4f", s);
    near(tokens, exp(-d / s), 1e-9, "tokens, by difference and slope of the table");
    near(of(document, "geglu", "time_multiplier") / tokens,
         number_at(json_array_get(json_object_get(json_object_get(document, "tables"), "throughput"), 10),
                   "relative_to_baseline"), 1e-9, "time, by the speed of training");
    row = fixture_row(document, "verdict", "geglu");
    tap_ok(interval_exists(interval_at(row, "token_multiplier_ci95")) &&
               interval_exists(interval_at(row, "time_multiplier_ci95")) &&
               integer_at(row, "slope_n", 0) == SEEDS, "with their intervals");
    tap_ok(isnan(of(document, "relu", "token_multiplier")), "the baseline is worth itself");
    tap_ok(integer_at(fixture_row(document, "table1", "relu"), "n", 0) == SEEDS, "counted once");
    json_decref(document);

    document = fixture_document(1, SEEDS, FIXTURE_SLOPE | FIXTURE_NO_SPEED);
    tap_ok(isfinite(of(document, "geglu", members[1])) && isnan(of(document, "geglu", members[2])),
           "no throughput, no time");
    json_decref(document);
    document = fixture_document(1, SEEDS, FIXTURE_FLAT);
    tap_ok(isfinite(of(document, "geglu", members[0])) && isnan(of(document, "geglu", members[1])) &&
               isnan(of(document, "geglu", members[2])), "a slope of nothing");
    json_decref(document);
    document = fixture_document(1, SEEDS, 0);
    tap_ok(!json_object_get(document, "slope_runs") && isnan(of(document, "geglu", members[0])) &&
               isnan(of(document, "geglu", members[1])), "no such runs");
    json_decref(document);
}

/* Write, merge and read: the rows of both files, once each. */
static void test_merge(void)
{
    const char *first = scratch_path("first.json"), *second = scratch_path("second.json");
    const char *paths[] = {first, second, first};
    json_t *few = fixture_document(1, 2, FIXTURE_SLOPE), *more = fixture_document(3, 3, FIXTURE_SLOPE);
    json_t *all = fixture_document(1, SEEDS, FIXTURE_SLOPE), *merged, *row;
    int written = results_write(first, few) | results_write(second, more);

    merged = written == 0 ? results_merge(paths, 3, fixture_affects) : NULL;
    tap_ok(merged && json_array_size(json_object_get(merged, "slope_runs")) == SEEDS,
           "five rows of two files%s%s", merged ? "" : ": ", merged ? "" : err_get());
    near(of(merged, "swiglu", "token_multiplier"), of(all, "swiglu", "token_multiplier"), 1e-9,
         "as of one file");
    json_decref(merged);

    /* A file without any takes the other's. */
    json_object_del(few, "slope_runs");
    written = results_write(first, few);
    merged = written == 0 ? results_merge(paths, 2, fixture_affects) : NULL;
    tap_ok(merged && json_array_size(json_object_get(merged, "slope_runs")) == 3, "rows of one file");
    json_decref(merged);

    /* Another result of the same run is refused. */
    row = json_array_get(json_object_get(more, "slope_runs"), 0);
    json_put(row, "parameters_sha256", json_text("other"));
    written = results_write(first, more);
    merged = written == 0 ? results_merge(paths, 2, fixture_affects) : NULL;
    tap_ok(!merged && strstr(err_get(), "slope_runs[0]: relu at seed 3 is in another"), "refused: %s",
           err_get());
    json_decref(merged);
    json_decref(few);
    json_decref(more);
    json_decref(all);
}

/* A file that contradicts itself is refused, and the message says where. */
static void expect_refused(json_t *document, const char *words)
{
    const char *path = scratch_path("refused.json");
    json_t *read = results_write(path, document) == 0 ? results_read(path) : NULL;

    tap_ok(!read && strstr(err_get(), words), "%s: %s", words, read ? "it was read" : err_get());
    json_decref(read);
}

static bool was_warned_of(const char *words)
{
    for (int i = 0; warn_get(i); i++)
        if (strstr(warn_get(i), words))
            return true;
    return false;
}

static void test_check(void)
{
    json_t *document = fixture_document(1, SEEDS, FIXTURE_SLOPE), *rows, *read;
    const char *path = scratch_path("edited.json");
    double tokens = of(document, "geglu", "token_multiplier");

    rows = json_object_get(document, "slope_runs");
    json_put(json_array_get(rows, 1), "steps", json_integer(1000));
    expect_refused(document, "slope_runs[1]: has 1000 steps");
    json_put(json_array_get(rows, 1), "steps", json_integer(500));
    json_put(json_array_get(rows, 2), "heldout_examples", json_integer(39));
    expect_refused(document, "slope_runs[2].heldout_examples: is 39");
    json_put(json_array_get(rows, 2), "heldout_examples", json_integer(40));
    json_put(json_array_get(rows, 0), "variant", json_text("nobody"));
    expect_refused(document, "slope_runs[0]: is of \"nobody\"");
    json_put(json_array_get(rows, 0), "variant", json_text("relu"));
    json_put(json_array_get(rows, 3), "seed", json_integer(5));
    expect_refused(document, "slope_runs: has 2 rows of relu at seed 5");
    json_put(json_array_get(rows, 3), "seed", json_integer(4));

    /* What follows is computed anew, and told. */
    json_put(fixture_row(document, "verdict", "geglu"), "token_multiplier", json_real(70.0));
    read = results_write(path, document) == 0 ? results_read(path) : NULL;
    tap_ok(read && fabs(of(read, "geglu", "token_multiplier") - tokens) < 1e-9 &&
               was_warned_of("token_multiplier: is 70"), "an edited file");
    json_decref(read);
    json_decref(document);
}

int main(void)
{
    test_known_answers();
    test_undecided();
    test_coverage();
    test_table();
    test_merge();
    test_check();
    tap_plan(31);
    return tap_status();
}
