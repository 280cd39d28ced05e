/* test-contrasts.c - variants against each other, for a metric of either direction. */
#include "src/glu.h"

#include "src/results/contrasts.h"
#include "src/results/curves.h"
#include "src/util/json_help.h"
#include "test/results-fixture.h"
#include "test/tap.h"

#include <math.h>
#include <string.h>

enum { VARIANTS = 4, SEEDS = 6 };

/* Made up: the same numbers, once as errors and once as hits. */
static const struct metric lower = {"errors", "%", false}, higher = {"hits", "%", true};

/* Row 1 is below all others and row 3 above, at every seed; 0 and 2 differ by noise. */
static const double values[VARIANTS * SEEDS] = {
    50.1, 52.0, 51.1, 49.9, 50.6, 51.4, /* 0 */
    41.0, 43.1, 42.2, 40.8, 41.3, 42.4, /* 1 */
    50.3, 51.8, 51.3, 49.7, 50.8, 51.2, /* 2 */
    60.2, 62.1, 61.0, 60.1, 60.4, 61.6, /* 3 */
};

static void test_better(void)
{
    tap_ok(metric_is_better(&lower, 1.0, 2.0) && !metric_is_better(&lower, 2.0, 1.0) &&
               !metric_is_better(&lower, 1.0, 1.0),
           "of errors fewer are better");
    tap_ok(metric_is_better(&higher, 2.0, 1.0) && !metric_is_better(&higher, 1.0, 2.0) &&
               !metric_is_better(&higher, 1.0, 1.0),
           "of hits more are");
    tap_ok(!metric_is_better(&lower, NAN, 1.0) && !metric_is_better(&lower, 1.0, NAN) &&
               !metric_is_better(&higher, NAN, 1.0) && !metric_is_better(&higher, 1.0, NAN),
           "nothing is better than what is missing, nor worse");
}

static void best_is(const struct scores *scores, int expected, const char *what)
{
    int best = -2, rc = contrasts_best(scores, &best);

    tap_ok(rc == 0 && best == expected, "%s: %d, expected %d", what, best, expected);
}

static void test_best(void)
{
    struct scores scores = {&lower, VARIANTS, SEEDS, values, false};
    double close[VARIANTS * SEEDS];

    best_is(&scores, 1, "the best by errors is the lowest");
    scores.metric = &higher;
    best_is(&scores, 3, "the best by hits is the highest");
    memcpy(close, values, sizeof close);
    memcpy(close + 3 * SEEDS, close + 2 * SEEDS, SEEDS * sizeof *close);
    close[3 * SEEDS] += 0.3;
    close[3 * SEEDS + 1] -= 0.2;
    scores.value = close;
    best_is(&scores, -1, "none when the highest is not above every other");
    scores.metric = &lower;
    best_is(&scores, 1, "where the lowest still is below");
    scores.seeds = 1;
    best_is(&scores, -1, "none at one seed");
    scores = (struct scores){&higher, 1, SEEDS, values, false};
    best_is(&scores, -1, "none of one variant");
    scores.variants = 0;
    best_is(&scores, -1, "none of none");
}

static void test_against_baseline(void)
{
    struct scores scores = {&higher, VARIANTS, SEEDS, values, false};
    struct contrast contrast[VARIANTS], none[VARIANTS];
    double missing[VARIANTS * SEEDS], p[VARIANTS], holm[VARIANTS];
    struct paired_test test;
    int rc = contrasts_compute(&scores, 0, true, contrast);

    stats_paired(values + 3 * SEEDS, values, SEEDS, 0.95, &test);
    tap_ok(rc == 0 && contrast[3].test.n == SEEDS
               && contrast[3].test.difference == test.difference && test.difference > 9.0
               && contrast[3].test.p_t == test.p_t && contrast[1].test.difference < -8.0
               && contrast[3].test.p_sign_flip == 2.0 / 64.0,
           "a contrast is a variant less the baseline, whichever is better");
    for (int i = 0; i < VARIANTS; i++)
        p[i] = contrast[i].test.p_t;
    stats_holm(p, holm, VARIANTS);
    tap_ok(contrast[0].test.n == 0 && isnan(contrast[0].p_holm) && contrast[3].p_holm == holm[3]
               && holm[3] < 0.001 && contrast[2].p_holm > 0.05,
           "Holm over three; the baseline is none of them");
    contrasts_detect(contrast, VARIANTS);
    tap_ok(isnan(contrast[0].detectable) && contrast[3].detectable > 0.0
               && contrast[3].detectable < test.difference,
           "a difference that was found could be found: %.3f of %.3f", contrast[3].detectable,
           test.difference);
    tap_ok(contrasts_compute(&scores, -1, false, none) == 0 && none[3].test.n == 0
               && isnan(none[3].p_holm),
           "without a baseline there is none");
    memcpy(missing, values, sizeof missing);
    missing[3 * SEEDS + 2] = missing[4] = NAN;
    scores.value = missing;
    tap_ok(contrasts_compute(&scores, 0, true, contrast) == 0 && contrast[3].test.n == SEEDS - 2
               && contrast[1].test.n == SEEDS - 1,
           "a seed counts where both have it");
}

/* One of two, in turn; nothing of it is to be freed. */
static const struct curve *make_curve(double cost[3], double value[3])
{
    static struct curve curves[2];
    static int next;
    struct curve *curve = &curves[next++ % 2];

    *curve = (struct curve){cost, value, 3};
    return curve;
}

static void test_curves(void)
{
    double cost[] = {1.0, 2.0, 3.0}, late[] = {4.0, 5.0, 6.0};
    double falling[] = {9.0, 5.0, 6.0}, flat[] = {7.0, 7.0, 7.0}, rising[] = {6.0, 8.0, 7.5};
    const struct curve *a = make_curve(cost, falling), *b = make_curve(cost, flat);

    tap_ok(curve_best(a, &lower, 3.0) == 5.0 && curve_best(a, &higher, 3.0) == 9.0
               && curve_best(a, &lower, 1.5) == 7.0 && curve_best(a, &higher, 1.5) == 9.0
               && isnan(curve_best(a, &lower, 0.5)),
           "the best of a curve at a cost, in both directions");
    tap_ok(curve_dominates(a, b, &lower) && !curve_dominates(b, a, &lower),
           "fewer errors at no more cost dominate");
    tap_ok(curve_dominates(a, b, &higher) && curve_dominates(b, a, &higher),
           "by hits each was above the other's end once");
    a = make_curve(cost, rising);
    b = make_curve(cost, flat);
    tap_ok(curve_dominates(a, b, &higher) && !curve_dominates(b, a, &higher)
               && curve_dominates(a, b, &lower) && curve_dominates(b, a, &lower),
           "more hits at no more cost dominate");
    a = make_curve(late, rising);
    b = make_curve(cost, flat);
    tap_ok(!curve_dominates(a, b, &higher) && !curve_dominates(a, b, &lower)
               && !curve_dominates(b, a, &higher) && curve_dominates(b, a, &lower),
           "what begins above the cost dominates nothing");
}

static void test_bootstrap(void)
{
    json_t *document = fixture_document(1, 3, 0);
    json_t *run = json_array_get(json_object_get(document, "runs"), 4); /* gelu at seed 2 */
    struct interval whole, cut, other;
    struct matrix matrix;
    int relu, gelu, glu;

    if (matrix_open(&matrix, document) != 0)
        tap_bail_out("%s", err_get());
    relu = matrix_find(&matrix, "relu");
    gelu = matrix_find(&matrix, "gelu");
    glu = matrix_find(&matrix, "glu");
    tap_ok(contrasts_bootstrap(&matrix, gelu, relu, &whole) == 0 && interval_exists(whole)
               && whole.low < whole.high,
           "over seeds and examples: [%.4f, %.4f]", whole.low, whole.high);
    matrix_close(&matrix);
    json_array_remove(json_object_get(run, "heldout_example_nats"), 0);
    if (matrix_open(&matrix, document) != 0)
        tap_bail_out("%s", err_get());
    tap_ok(contrasts_bootstrap(&matrix, gelu, relu, &cut) == 0 && !interval_exists(cut)
               && contrasts_bootstrap(&matrix, glu, relu, &other) == 0 && interval_exists(other),
           "a run with other examples has none, the others have");
    matrix_close(&matrix);
    json_decref(document);
}

int main(void)
{
    tap_plan(22);
    test_better();
    test_best();
    test_against_baseline();
    test_curves();
    test_bootstrap();
    return tap_status();
}
