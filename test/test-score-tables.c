/* test-score-tables.c - the tables of tasks: scores, GLUE, SQuAD, translation and the contrast of the gates. */
#include "src/glu.h"

#include "src/util/json_help.h"
#include "test/near.h"
#include "test/results-fixture.h"
#include "test/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void says(json_t *document, const char *table, const char *format, const char *expected, bool wanted)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    int rc = out ? report_print(out, document, table, format) : -1;

    if (out)
        fclose(out);
    if (!tap_ok(rc == 0 && !strstr(text, expected) == !wanted, "%s as %s %s: %s", table, format,
                wanted ? "says" : "does not say", expected))
        tap_diag("%s", text ? text : err_get());
    free(text);
}

/* ---- The rows --------------------------------------------------------------------------------- */

/* The values of a variant's runs. */
static int values_of(json_t *document, const char *variant, const char *task, const char *metric, double *value)
{
    json_t *runs = json_object_get(document, "runs");
    int n = 0;

    for (size_t i = 0; i < json_array_size(runs); i++) {
        json_t *run = json_array_get(runs, i);

        if (texts_equal(text_at(run, "variant"), variant))
            value[n++] = number_at(json_object_get(json_object_get(run, "scores"), task), metric);
    }
    return n;
}

static void test_rows(void)
{
    json_t *document = fixture_document(1, 5, FIXTURE_SCORES), *row;
    double ours[12], base[12], sum = 0.0, difference = 0.0;
    int n = values_of(document, "swiglu", "sst2", "accuracy", ours);

    values_of(document, "relu", "sst2", "accuracy", base);
    for (int i = 0; i < n; i++) {
        sum += ours[i];
        difference += ours[i] - base[i];
    }
    row = fixture_score(document, "sst2", "accuracy", "swiglu");
    tap_ok(n == 5 && integer_at(row, "n", 0) == 5 && integer_at(row, "n_paired", 0) == 5, "a row of five seeds");
    near(number_at(row, "mean"), sum / n, 1e-9, "its mean");
    near(number_at(row, "delta"), difference / n, 1e-9, "and difference, paired by seed");
    near(number_at(row, "mean_last"), sum / n - 1.0, 1e-9, "the last checkpoint's beside it");
    tap_ok(number_at(row, "p_holm") < 0.05 && number_at(row, "p_holm") >= number_at(row, "p_paired"),
           "Holm's p is above the test's own");
    near(number_at(row, "paper"), 93.92, 1e-9, "the paper's value");
    near(number_at(row, "paper_delta"), 93.92 - 94.04, 1e-9, "and its difference");
    tap_ok(json_is_true(json_object_get(row, "complete")) && json_is_true(json_object_get(row, "ranked")),
           "it is complete, and ranked");
    row = fixture_score(document, "sst2", "label_nats", "swiglu");
    near(number_at(row, "minus_prior_nats"), number_at(row, "mean") - 0.693, 1e-9, "nats against the prior");
    tap_ok(json_is_false(json_object_get(row, "higher_is_better")) &&
               texts_equal(text_at(row, "signal"), "signal"),
           "where lower is better, and there is a signal");
    row = fixture_score(document, "rte", "accuracy", "swiglu");
    tap_ok(row && json_is_false(json_object_get(row, "ranked")) &&
               json_is_null(json_object_get(row, "p_holm")) && texts_equal(text_at(row, "signal"), "no signal") &&
               json_is_false(json_object_get(row, "complete")),
           "a task without a signal is out of every ranking");
    row = fixture_score(document, "translation", "bleu_13a", "swiglu");
    tap_ok(row && json_is_null(json_object_get(row, "mean_last")) && json_is_null(json_object_get(row, "signal")),
           "what a test set was read for has no last checkpoint beside it");
    tap_ok(!fixture_score(document, "translation", "step", "swiglu") &&
               fixture_score(document, "translation", "dev_target_nats", "swiglu"),
           "a step is no score");
    json_decref(document);
}

/* The smallest p of what a table asks at once is multiplied by all there are. */
static void holm(json_t *document, const char *what, bool (*is_asked)(const json_t *row), int most)
{
    json_t *rows = value_at(document, "tables.scores");
    double least = INFINITY, adjusted = NAN;
    int tests = 0;

    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        double p = number_at(row, "p_paired");

        if (!is_asked(row) || isnan(p))
            continue;
        tests++;
        if (p < least) {
            least = p;
            adjusted = number_at(row, "p_holm");
        }
    }
    tap_ok(tests > 0 && tests <= most, "%s: %d tests", what, tests);
    near(adjusted / fmin(1.0, tests * least), 1.0, 1e-6, "which Holm corrects together");
}

static bool is_score(const json_t *row)
{
    return texts_equal(text_at(row, "unit"), "points");
}

static bool has_classes(const json_t *row)
{
    return !texts_equal(text_at(row, "task"), "stsb");
}

/* Where there are no classes, of the target. */
static bool is_loss(const json_t *row)
{
    return texts_equal(text_at(row, "metric"), has_classes(row) ? "label_nats" : "target_nats");
}

static bool is_target_loss(const json_t *row)
{
    return texts_equal(text_at(row, "metric"), "target_nats") && has_classes(row);
}

static void test_holm(void)
{
    json_t *document = fixture_document(1, 6, FIXTURE_GLUE);

    holm(document, "scores of GLUE", is_score, 7 * 14);
    holm(document, "its losses", is_loss, 7 * 8);
    holm(document, "other forms of them", is_target_loss, 7 * 8);
    json_decref(document);
}

/* ---- The paper's tables -------------------------------------------------------------------------- */

static void test_paper(void)
{
    json_t *document = fixture_document(1, 5, FIXTURE_SCORES), *row = fixture_row(document, "glue", "geglu");

    near(number_at(row, "sst2_acc"), number_at(fixture_score(document, "sst2", "accuracy", "geglu"), "mean"), 1e-9,
         "tables.glue has the mean");
    tap_ok(json_is_null(json_object_get(row, "cola_mcc")) && json_is_null(json_object_get(row, "average")) &&
               json_is_null(json_object_get(row, "average_of_best")),
           "null where nothing is measured, and no average then");
    says(document, "glue", "terminal", "CoLA", false);
    says(document, "glue", "latex", "CoLA", true);
    says(document, "glue", "terminal", "RTE*", true);
    says(document, "glue", "terminal", "rte: a subset", true);
    says(document, "glue", "terminal", "rte: no signal", true);
    says(document, "glue", "terminal", "94.04", true);
    says(document, "glue", "terminal", "80.14", false); /* the paper's RTE, of all of it */
    says(document, "glue", "latex", "80.14", false);
    says(document, "squad", "terminal", "83.18", true);
    says(document, "squad", "markdown", "+", true);
    says(document, "superglue", "terminal", "No run has scores", true);
    says(document, "scores", "terminal", "no signal", true);
    says(document, "scores", "csv", "translation,bleu_13a", true);
    says(document, "translation", "terminal", "nrefs:1|tok:13a", true);
    json_decref(document);

    document = fixture_document(1, 3, FIXTURE_GLUE);
    row = fixture_row(document, "glue", "swiglu");
    near(number_at(row, "average"), 57.0, 1e-9, "an average where every column is");
    near(number_at(row, "average_of_best"), 56.0, 1e-9, "and the other");
    says(document, "glue", "terminal", "of best", true);
    json_decref(document);

    document = fixture_document(1, 3, 0);
    tap_ok(!value_at(document, "tables.scores") && !value_at(document, "tables.translation") &&
               !value_at(document, "tables.gated_scores") &&
               !json_object_get(fixture_row(document, "glue", "relu"), "average_of_best"),
           "a file without scores has no table of them");
    says(document, "glue", "terminal", "83.80", true); /* the paper's */
    says(document, "translation", "terminal", "No run translates", true);
    says(document, "scores", "terminal", "No run has scores", true);
    json_decref(document);
}

static void test_gates(void)
{
    json_t *document = fixture_document(1, 5, FIXTURE_SCORES), *rows = value_at(document, "tables.gated_scores");
    json_t *glue = json_array_get(rows, 0), *squad = json_array_get(rows, 1);

    tap_ok(json_array_size(rows) == 3 && texts_equal(text_at(glue, "table"), "glue") &&
               integer_at(glue, "columns", 0) == 1 && integer_at(glue, "n", 0) == 5,
           "one contrast a table, over the columns with a signal");
    near(number_at(glue, "gated_minus_ungated"), 2.0, 0.3, "the gated are 2 points better");
    tap_ok(number_at(glue, "p_gated") < 0.01, "which is found");
    tap_ok(isfinite(number_at(glue, "paper_gated_minus_ungated")) &&
               isfinite(number_at(squad, "paper_gated_minus_ungated")) &&
               json_is_null(json_object_get(json_array_get(rows, 2), "paper_gated_minus_ungated")),
           "beside the paper's, of the same columns, where it has them");
    says(document, "squad", "terminal", "gated less ungated", true);
    json_decref(document);
}

/* One score of the 3 ungated variants in 2 columns at one of 5 seeds. */
static void test_undefined(void)
{
    json_t *document = fixture_document(1, 5, FIXTURE_SCORES), *run = json_array_get(value_at(document, "runs"), 0);
    json_t *scores = value_at(run, "scores.squad"), *squad;
    double em = number_at(scores, "em"), before;

    squad = json_array_get(value_at(document, "tables.gated_scores"), 1);
    before = number_at(squad, "gated_minus_ungated");
    json_object_set_new(scores, "em", json_null());
    if (tables_compute(document) != 0)
        tap_bail_out("%s", err_get());
    squad = json_array_get(value_at(document, "tables.gated_scores"), 1);
    tap_ok(texts_equal(text_at(run, "variant"), "relu") && integer_at(squad, "n", 0) == 5,
           "a score that is undefined leaves no seed out");
    near(number_at(squad, "gated_minus_ungated"), before + em / 3 / 2 / 5, 1e-9, "and counts as 0");
    says(document, "squad", "terminal", "squad em of FFN_ReLU: of 4 of the 5 runs", true);
    says(document, "squad", "terminal", "squad f1 of", false);
    json_decref(document);
}

/* ---- As files ----------------------------------------------------------------------------------- */

static int faults_of(const char *path, json_t *document, char **text)
{
    size_t bytes;
    FILE *out = open_memstream(text, &bytes);
    int faults = -1;

    if (!out || results_write(path, document) != 0 || results_validate(path, out, &faults) != 0)
        tap_bail_out("%s", err_get());
    fclose(out);
    return faults;
}

static void spoil(const char *path, const char *member, const char *task, const char *key, double value,
                  const char *expected)
{
    json_t *document = fixture_document(1, 2, FIXTURE_SCORES);
    json_t *of = json_object_get(json_array_get(json_object_get(document, "runs"), 1), member);
    char *text;

    if (task)
        of = json_is_array(of) ? json_array_get(of, strtoul(task, NULL, 10)) : json_object_get(of, task);
    json_put(of, key, json_number(value));
    if (!tap_ok(faults_of(path, document, &text) > 0 && strstr(text, expected), "%s.%s: %s", member, key, expected))
        tap_diag("%s", text);
    free(text);
    json_decref(document);
}

static void test_files(void)
{
    char path[] = "/tmp/glubench-test-XXXXXX", other[] = "/tmp/glubench-test-XXXXXX", *text;
    const char *const both[] = {path, other};
    json_t *document = fixture_document(1, 2, FIXTURE_SCORES), *merged;

    if (mkstemp(path) < 0 || mkstemp(other) < 0)
        tap_bail_out("no temporary file");
    tap_ok(faults_of(path, document, &text) == 0, "a file with scores is valid");
    tap_diag("%s", text);
    free(text);
    json_decref(document);
    spoil(path, "scores", "sst2", "accuracy", 12.5, "scores.sst2.accuracy");
    spoil(path, "scores_last", "sst2", "accuracy", 12.5, "scores_last.sst2.accuracy");
    spoil(path, "scores", "sst2", "step", 77, "is of step 77");
    spoil(path, "score_curve", "1", "step", 100, "score_curve[1]");
    document = fixture_document(1, 2, FIXTURE_SCORES);
    json_put(fixture_score(document, "sst2", "accuracy", "relu"), "mean", json_number(1.0));
    tap_ok(faults_of(path, document, &text) > 0 && strstr(text, "tables.scores"), "a table that the runs do not give");
    free(text);
    json_decref(document);

    document = fixture_document(1, 2, FIXTURE_SCORES);
    merged = fixture_document(3, 2, FIXTURE_SCORES);
    if (results_write(path, document) != 0 || results_write(other, merged) != 0)
        tap_bail_out("%s", err_get());
    json_decref(document);
    json_decref(merged);
    merged = results_merge(both, 2, fixture_affects);
    tap_ok(merged && integer_at(fixture_score(merged, "sst2", "accuracy", "glu"), "n", 0) == 4,
           "merged, the seeds of both count");
    json_decref(merged);
    unlink(path);
    unlink(other);
}

static void test_compare(void)
{
    json_t *before = fixture_document(1, 4, FIXTURE_SCORES), *after = fixture_document(1, 4, FIXTURE_SCORES), *runs;
    bool regression;
    char *text;
    size_t bytes;
    FILE *out;

    runs = json_object_get(after, "runs");
    for (size_t i = 0; i < json_array_size(runs); i++) { /* RTE has no signal: of a score that has one */
        json_t *sst2 = value_at(json_array_get(runs, i), "scores.sst2");

        json_put(sst2, "accuracy", json_number(number_at(sst2, "accuracy") - 8.0 - 0.01 * (double)i));
    }
    out = open_memstream(&text, &bytes);
    if (!out)
        tap_bail_out("no memory");
    tap_ok(results_compare(out, before, after, fixture_affects, "terminal", 5.0, &regression) == 0 && regression,
           "a score that falls is a regression");
    fclose(out);
    if (!tap_ok(strstr(text, "sst2.accuracy") != NULL, "and its line is named"))
        tap_diag("%s", text);
    free(text);
    json_decref(before);
    json_decref(after);
}

int main(void)
{
    tap_plan(60);
    test_rows();
    test_holm();
    test_paper();
    test_gates();
    test_undefined();
    test_files();
    test_compare();
    return tap_status();
}
