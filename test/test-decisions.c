/* test-decisions.c - seeds until decided: the rule, and that a document that was decided by looking says
 * nothing that holds for a fixed number of seeds alone. */
#include "src/glu.h"

#include "src/results/check.h"
#include "src/results/decisions.h"
#include "src/results/results.h"
#include "src/results/sequential.h"
#include "src/results/statistics.h"
#include "src/util/json_help.h"
#include "src/util/rng.h"
#include "test/results-fixture.h"
#include "test/tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 24, VARIANTS = 6 };

static const struct metric lower = {"loss", "nats", false};

/* ==== The rule, against the plainest way to follow it ==== */

/* Of the differences of n seeds, in double and from the start. */
static double e_of(const double *x, int n)
{
    return stats_e_value(stats_mean(x, n), stats_stddev(x, n), n, 0.0, 1.0);
}

/* What each variant is after the looks, and at how many seeds: x is (VARIANTS, MOST) differences. */
static void follow(double x[][MOST], int variants, int seeds, double margin, const char **kind, int *at)
{
    for (int i = 0; i < variants; i++) {
        kind[i] = "undecided";
        at[i] = 0;
    }
    for (int n = 2; n <= seeds; n++) {
        int most = 0;

        /* k of them reach m / (0.05 k): those that differ, and those still open that are large. */
        for (int k = 1; k <= variants; k++) {
            int reach = 0;

            for (int i = 0; i < variants; i++)
                reach += at[i] ? strcmp(kind[i], "equal") != 0
                               : e_of(x[i], n) >= variants / (0.05 * k);
            most = reach >= k ? k : most;
        }
        for (int i = 0; i < variants; i++) {
            double mean = stats_mean(x[i], n), e;

            if (at[i])
                continue;
            e = e_of(x[i], n);
            if (most && e >= variants / (0.05 * most)) {
                kind[i] = mean < 0.0 ? "better" : "worse";
                at[i] = n;
            } else if (stats_e_value(mean, stats_stddev(x[i], n), n, margin, 1.0) >= 20.0
                       && stats_e_value(mean, stats_stddev(x[i], n), n, -margin, 1.0) >= 20.0
                       && fabs(mean) < margin) {
                kind[i] = "equal";
                at[i] = n;
            }
        }
    }
}

/* All looks at such differences.  The baseline, row 1, has values of its own. */
static void look(struct decisions *decisions, double x[][MOST], int variants, int seeds, double margin)
{
    double values[VARIANTS + 1];

    if (decisions_open(decisions, &lower, variants + 1, 1, margin) != 0)
        tap_bail_out("%s", err_get());
    for (int n = 0; n < seeds; n++) {
        values[1] = 3.0 + 0.1 * n;
        for (int i = 0; i < variants; i++)
            values[i == 0 ? 0 : i + 1] = values[1] + x[i][n];
        decisions_add(decisions, values);
    }
}

static const struct decision *of(const struct decisions *decisions, int i)
{
    return &decisions->decision[i == 0 ? 0 : i + 1];
}

static void test_rule(void)
{
    int wrong = 0, kinds[4] = {0}, together = 0;
    struct rng rng;

    rng_start(&rng, 1, RNG_TEST, rng_lane("decisions"));
    for (int trial = 0; trial < 300; trial++) {
        int variants = 1 + trial % VARIANTS, at[VARIANTS], seeds = 2 + trial % (MOST - 1);
        double x[VARIANTS][MOST];
        const char *kind[VARIANTS];
        struct decisions decisions;

        for (int i = 0; i < variants; i++) {
            double mean = 0.3 * rng_normal(&rng) * (rng_uniform(&rng) < 0.5), spread = rng_uniform(&rng);

            for (int n = 0; n < seeds; n++)
                x[i][n] = mean + 0.2 * spread * rng_normal(&rng);
        }
        follow(x, variants, seeds, 0.15, kind, at);
        look(&decisions, x, variants, seeds, 0.15);
        for (int i = 0; i < variants; i++) {
            const struct decision *decision = of(&decisions, i);

            wrong += strcmp(decision->kind, kind[i]) != 0 || (at[i] && decision->n != at[i]);
            kinds[at[i] ? kind[i][0] == 'b' ? 0 : kind[i][0] == 'w' ? 1 : 2 : 3]++;
            /* Decided with others, and not by itself. */
            together += at[i] && kind[i][0] != 'e' && decision->e_value < variants / 0.05;
        }
        decisions_close(&decisions);
    }
    tap_ok(wrong == 0 && kinds[0] && kinds[1] && kinds[2] && kinds[3] && together > 50,
           "%d better, %d worse, %d equal, %d undecided, %d of them only together: %d are wrong",
           kinds[0], kinds[1], kinds[2], kinds[3], together, wrong);
}

/* Two variants, both with an e of 20 to 40 at six seeds: each alone would have to reach 40. */
static void test_together(void)
{
    static const double clear[] = {1.0, 1.9, 0.8, 1.6, 0.5, 1.2};
    static const double unclear[] = {1.0, -1.0, 0.5, -0.7, 0.3, -0.2};
    double x[VARIANTS][MOST] = {{0}};
    struct decisions decisions;
    double e = e_of(clear, 6);

    memcpy(x[0], clear, sizeof clear);
    memcpy(x[1], unclear, sizeof unclear);
    look(&decisions, x, 2, 6, 0.001);
    tap_ok(e > 20.0 && e < 40.0 && decisions.undecided == 2 && of(&decisions, 0)->e_value > 20.0,
           "one of two with e %.1f is not decided", e);
    decisions_close(&decisions);
    for (int n = 0; n < 6; n++)
        x[1][n] = -clear[n];
    look(&decisions, x, 2, 6, 0.001);
    tap_ok(decisions.undecided == 0 && strcmp(of(&decisions, 0)->kind, "worse") == 0
               && strcmp(of(&decisions, 1)->kind, "better") == 0 && of(&decisions, 0)->n == 6,
           "two are");
    decisions_close(&decisions);
}

static void test_looks(void)
{
    double x[VARIANTS][MOST] = {{0}};
    struct decisions decisions;
    double values[3] = {0};
    double e;

    /* The clearest of differences, and none at all. */
    for (int n = 0; n < MOST; n++)
        x[0][n] = 0.5;
    look(&decisions, x, 2, 4, 0.1);
    tap_ok(decisions_least() == 5 && decisions.undecided == 2 && decisions.looks == 4,
           "four seeds decide nothing");
    decisions_close(&decisions);
    look(&decisions, x, 2, 8, 0.1);
    tap_ok(decisions.undecided == 0 && decisions.looks == 6 && of(&decisions, 1)->n == 5
               && strcmp(of(&decisions, 1)->kind, "equal") == 0,
           "equal to the last bit is equal at 5; then nobody looks any more");
    tap_ok(of(&decisions, 0)->n == 6 && strcmp(of(&decisions, 0)->kind, "worse") == 0
               && fabs(of(&decisions, 0)->e_value - pow(7.0, 2.5)) < 1e-6,
           "alone it takes an e of 40, which six seeds can have");
    decisions_close(&decisions);

    /* What is decided stays so, with the e-value that it had; one without a run is not looked at. */
    for (int n = 0; n < MOST; n++) {
        x[0][n] = n < 8 ? 0.5 + 0.01 * (n % 2) : n % 2 ? 4.0 : -4.0;
        x[1][n] = n % 2 ? 3.0 : -3.0;
        x[2][n] = n == 0 ? 0.5 : NAN;
    }
    look(&decisions, x, 3, MOST, 0.1);
    e = of(&decisions, 0)->e_value;
    tap_ok(strcmp(of(&decisions, 0)->kind, "worse") == 0 && of(&decisions, 0)->n < 8 && e > 60.0
               && e_of(x[0], MOST) < 60.0,
           "decided at %d seeds with e %.0f, whatever came after", of(&decisions, 0)->n, e);
    tap_ok(strcmp(of(&decisions, 2)->kind, "undecided") == 0 && of(&decisions, 2)->n == 1
               && of(&decisions, 2)->e_value == 1.0 && decisions.looks == MOST,
           "one seed says nothing");
    decisions_close(&decisions);
    if (decisions_open(&decisions, &lower, 1, 0, 0.1) != 0)
        tap_bail_out("%s", err_get());
    decisions_add(&decisions, values);
    tap_ok(decisions.undecided == 0 && decisions.looks == 0, "a baseline alone has nothing to decide");
    decisions_close(&decisions);
}

/* ==== A document ==== */

/* Members that are, or hold, a p or an interval of a fixed number of seeds, and are not null. */
static int count_fixed(const json_t *value, const char *key)
{
    static const char *const words[] = {"p_", "_p_", "_ci95", "ci95_", "detectable", "more_seeds"};
    json_t *member, *object = (json_t *)value;
    bool fixed = false;
    const char *name;
    int count = 0;

    if (json_is_object(value)) {
        json_object_foreach (object, name, member)
            count += count_fixed(member, name);
        return count;
    }
    for (size_t i = 0; i < LENGTH_OF(words); i++)
        fixed |= words[i][0] == 'p' ? strncmp(key, "p_", 2) == 0 : strstr(key, words[i]) != NULL;
    if (fixed && !strstr(key, "anytime") && !json_is_null(value))
        return 1;
    for (size_t i = 0; i < json_array_size(value); i++)
        count += count_fixed(json_array_get(value, i), json_is_object(json_array_get(value, i)) ? key : "");
    return count;
}

static int count_all(const json_t *document)
{
    return count_fixed(value_at(document, "tables.table1"), "")
           + count_fixed(value_at(document, "tables.verdict"), "")
           + count_fixed(value_at(document, "tables.pareto"), "")
           + count_fixed(json_object_get(document, "agreement"), "")
           + count_fixed(json_object_get(document, "decisions"), "");
}

/* Texts in any table and format that speak of such a test. */
static int count_texts(json_t *document)
{
    static const char *const words[] = {"p (", "t test", "Student", "exact p", "n.s.", " p 0", " p 1",
                                        "power 80", "<0.0", "two one-sided"};
    const char *table, *format;
    int count = 0;

    for (int i = 0; (table = report_table_name(i, NULL)) != NULL; i++)
        for (int j = 0; (format = report_format_name(j, NULL)) != NULL; j++) {
            char *text = NULL;
            size_t bytes;
            FILE *out = open_memstream(&text, &bytes);

            if (!out || report_print(out, document, table, format) != 0 || fclose(out) != 0)
                tap_bail_out("%s as %s: %s", table, format, err_get());
            for (size_t k = 0; k < LENGTH_OF(words); k++)
                count += strstr(text, words[k]) != NULL;
            free(text);
        }
    return count;
}

static void set_looks(json_t *document)
{
    json_put(json_object_get(document, "config"), "until_decided", json_true());
    json_put(json_object_get(document, "config"), "seeds_max", json_integer(20));
    if (tables_compute(document) != 0)
        tap_bail_out("%s", err_get());
}

static void count_faults(void *context, enum check_kind kind, const char *at, const char *what)
{
    int *faults = context;

    (void)kind;
    (void)what;
    *faults += strncmp(at, "decisions", 9) == 0;
}

static void test_document(void)
{
    json_t *document = fixture_document(1, 9, FIXTURE_WINNER), *again;
    const json_t *first = NULL, *row;
    int fixed = count_all(document), texts = count_texts(document), faults = 0, agree = 0;
    size_t i;

    tap_ok(fixed > 50 && texts > 20 && !json_object_get(document, "decisions"),
           "a fixed number of seeds has %d tests and intervals, and words in %d tables", fixed, texts);
    set_looks(document);
    fixed = count_all(document);
    texts = count_texts(document);
    tap_ok(fixed == 0, "where one has looked there is none (%d)", fixed);
    tap_ok(texts == 0, "nor words of any (%d)", texts);

    json_array_foreach(json_object_get(document, "decisions"), i, row) {
        const json_t *verdict = fixture_row(document, "verdict", text_at(row, "variant"));
        bool decided = !texts_equal(text_at(row, "kind"), "undecided");

        if (texts_equal(text_at(row, "variant"), "geglu"))
            first = row;
        agree += texts_equal(text_at(row, "kind"), text_at(verdict, "verdict"))
                 && (decided ? number_at(verdict, "decided_n") == number_at(row, "n")
                             : json_is_null(json_object_get(verdict, "decided_n")));
    }
    tap_ok(i == 7 && agree == 7, "seven decisions, and the table of verdicts tells them");
    tap_ok(first && texts_equal(text_at(first, "kind"), "better") && integer_at(first, "n", 0) < 9
               && number_at(first, "e_value") > 20.0,
           "a winner is decided early");
    tap_ok(number_at(fixture_row(document, "table1", "geglu"), "e_value") >
               number_at(first, "e_value"),
           "the tables are of all seeds");
    tap_ok(json_is_true(json_object_get(fixture_row(document, "table1", "geglu"), "best")),
           "and it is the best");

    /* The order of the runs in the file is not that of the looks. */
    again = json_deep_copy(document);
    for (i = 0; i < json_array_size(json_object_get(again, "runs")) / 2; i++) {
        json_t *runs = json_object_get(again, "runs");
        size_t other = json_array_size(runs) - 1 - i;
        json_t *a = json_incref(json_array_get(runs, i)), *b = json_incref(json_array_get(runs, other));

        json_array_set_new(runs, i, b);
        json_array_set_new(runs, other, a);
    }
    if (tables_compute(again) != 0)
        tap_bail_out("%s", err_get());
    check_tables(document, again, count_faults, &faults);
    tap_ok(faults == 0, "the seeds are looked at in their order");
    json_put(json_array_get(json_object_get(again, "decisions"), 2), "kind", json_string("equal"));
    check_tables(again, document, count_faults, &faults);
    tap_ok(faults == 1, "a changed decision is found");
    json_decref(again);
    json_decref(document);
}

static void test_unfinished(void)
{
    json_t *document = fixture_document(1, 6, FIXTURE_WINNER | FIXTURE_NO_EXAMPLES);
    json_t *runs = json_object_get(document, "runs"), *last = NULL;

    for (size_t i = 0; i < json_array_size(runs); i++)
        if (integer_at(json_array_get(runs, i), "seed", 0) == 6)
            last = json_array_get(runs, i);
    json_put(last, "status", json_string("interrupted"));
    json_put(last, "heldout_log_perplexity_nats", json_null());
    set_looks(document);
    tap_ok(integer_at(json_array_get(json_object_get(document, "decisions"), 0), "n", 0) == 5,
           "a seed that was interrupted is not looked at");
    json_decref(document);
}

static void test_compare(void)
{
    json_t *before = fixture_document(1, 9, 0), *after = fixture_document(1, 9, FIXTURE_WORSE);
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    bool regression;

    set_looks(after);
    if (!out || results_compare(out, before, after, fixture_affects, "terminal", 1.0, &regression) != 0
        || fclose(out) != 0)
        tap_bail_out("%s", err_get());
    tap_ok(regression && strstr(text, "hold at every look") && !strstr(text, "Student"),
           "a comparison with one is of what holds at every look");
    free(text);
    json_decref(before);
    json_decref(after);
}

int main(void)
{
    test_rule();
    test_together();
    test_looks();
    test_document();
    test_unfinished();
    test_compare();
    tap_plan(20);
    return tap_status();
}
