/* test-verdict.c - the table of verdicts: better, worse, equal, undecided, and how many seeds more. */
#include "src/glu.h"

#include "src/results/power.h"
#include "src/results/results.h"
#include "src/results/sequential.h"
#include "src/results/statistics.h"
#include "src/util/json_help.h"
#include "test/results-fixture.h"
#include "test/tap.h"

#include <math.h>
#include <string.h>

enum { SEEDS = 5, TESTS = 7 };

static const double noise[SEEDS] = {1.0, -0.5, 0.25, -1.25, 0.5}; /* sums to 0 */

/* Let each run of a variant be the baseline's of its seed, and so much more. */
static void move(json_t *document, const char *variant, double delta, double spread)
{
    json_t *runs = json_object_get(document, "runs"), *run;
    double base[SEEDS] = {0};
    size_t i;

    json_array_foreach(runs, i, run)
        if (texts_equal(text_at(run, "variant"), "relu"))
            base[integer_at(run, "seed", 1) - 1] = number_at(run, "heldout_log_perplexity_nats");
    json_array_foreach(runs, i, run) {
        int seed = (int)integer_at(run, "seed", 1) - 1;

        if (texts_equal(text_at(run, "variant"), variant))
            json_put(run, "heldout_log_perplexity_nats",
                     json_real(base[seed] + delta + spread * noise[seed]));
    }
}

static json_t *row_of(json_t *document, const char *variant)
{
    return fixture_row(document, "verdict", variant);
}

static void expect(json_t *document, const char *variant, const char *verdict)
{
    const char *seen = text_at(row_of(document, variant), "verdict");

    tap_ok(texts_equal(seen, verdict), "%s is %s, expected %s", variant, seen ? seen : "nothing",
           verdict);
}

static void test_verdicts(void)
{
    json_t *document = fixture_document(1, SEEDS, FIXTURE_NO_EXAMPLES | FIXTURE_NO_SPEED);
    double stddev = 0.005 * stats_stddev(noise, SEEDS), more, spread;
    struct interval interval;
    int needed;

    move(document, "gelu", -0.1, 0.001);
    move(document, "swish", 0.1, 0.001);
    move(document, "glu", 0.0002, 0.0005);     /* within the margin, and surely so */
    move(document, "bilinear", 0.002, 0.005);  /* within it, not surely */
    move(document, "geglu", -0.003, 0.0001);   /* surely not 0, though within the margin: better */
    move(document, "swiglu", -0.01, 0.02);     /* beyond it, not surely */
    move(document, "reglu", 0.005, 0.02);      /* on the margin, where only a difference can show */
    if (tables_compute(document) != 0)
        tap_bail_out("%s", err_get());
    expect(document, "relu", "baseline");
    expect(document, "gelu", "better");
    expect(document, "swish", "worse");
    expect(document, "glu", "equal");
    expect(document, "bilinear", "undecided");
    expect(document, "geglu", "better");
    expect(document, "swiglu", "undecided");
    tap_ok(json_is_null(json_object_get(row_of(document, "gelu"), "more_seeds"))
               && json_is_null(json_object_get(row_of(document, "glu"), "more_seeds")),
           "what is decided needs no more seeds");
    /* Of bilinear, showing equality takes fewer than showing a difference. */
    needed = stats_pairs_needed(0.005 - 0.002, stddev, 0.1, 0.8);
    more = number_at(row_of(document, "bilinear"), "more_seeds");
    tap_ok(needed < stats_pairs_needed(0.002, stddev, 0.05 / TESTS, 0.8)
               && more == fmax(1.0, needed - SEEDS),
           "bilinear: %g more seeds show that it is equal", more);
    needed = stats_pairs_needed(0.01, 0.02 * stats_stddev(noise, SEEDS), 0.05 / TESTS, 0.8);
    more = number_at(row_of(document, "swiglu"), "more_seeds");
    tap_ok(more == needed - SEEDS, "swiglu: %g more seeds show that it is better", more);
    needed = stats_pairs_needed(0.005, 0.02 * stats_stddev(noise, SEEDS), 0.05 / TESTS, 0.8);
    more = number_at(row_of(document, "reglu"), "more_seeds");
    tap_ok(fabs(more - (needed - SEEDS)) <= 1.0, "reglu: %g more seeds, %d expected", more,
           needed - SEEDS);

    /* What holds at every look: the interval is where e is 20, around the difference. */
    tap_ok(number_at(row_of(document, "gelu"), "e_value") > 20.0
               && number_at(row_of(document, "bilinear"), "e_value") < 20.0,
           "an e-value counts what is certain");
    interval = interval_at(row_of(document, "gelu"), "anytime_ci95_nats");
    spread = 0.001 * stats_stddev(noise, SEEDS);
    tap_ok(fabs(stats_e_value(-0.1, spread, SEEDS, interval.high, SEQUENTIAL_G) - 20.0) < 1e-3
               && fabs(interval.low + interval.high + 0.2) < 1e-9,
           "an anytime interval of [%g, %g]", interval.low, interval.high);
    tap_ok(fabs(number_at(fixture_row(document, "table1", "swiglu"), "delta_hodges_lehmann_nats")
                + 0.01) < 0.01
               && json_is_null(json_object_get(fixture_row(document, "table1", "relu"),
                                               "delta_hodges_lehmann_nats")),
           "a difference by ranks");

    /* A wider margin. */
    json_put(json_object_get(document, "config"), "equivalence_nats", json_real(0.02));
    if (tables_compute(document) != 0)
        tap_bail_out("%s", err_get());
    expect(document, "bilinear", "equal");
    expect(document, "gelu", "better");
    json_decref(document);
}

static void test_one_seed(void)
{
    json_t *document = fixture_document(1, 1, FIXTURE_NO_EXAMPLES | FIXTURE_NO_SPEED);
    const json_t *row = row_of(document, "swiglu");

    expect(document, "swiglu", "undecided");
    tap_ok(isfinite(number_at(row, "delta_nats")) && json_is_null(json_object_get(row, "p_equivalence"))
               && json_is_null(json_object_get(row, "more_seeds")),
           "one seed: a difference, no test, and nobody knows how many more");
    json_decref(document);
}

int main(void)
{
    test_verdicts();
    test_one_seed();
    tap_plan(18);
    return tap_status();
}
