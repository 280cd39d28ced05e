/* test-compare.c - before and after, and several files as one. */
#include "src/glu.h"

#include "src/util/json_help.h"
#include "test/results-fixture.h"
#include "test/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[] = "/tmp/glubench-test-XXXXXX";

/* The path of file 'a', 'b' or 'c'. */
static const char *in_directory(char name)
{
    static char path[3][256];
    char *p = path[name - 'a'];

    snprintf(p, sizeof path[0], "%s/%c.json", directory, name);
    return p;
}

/* Multiply a number of every run (status ok) and every throughput sample. */
static void change(json_t *document, double loss, double seconds)
{
    json_t *runs = json_object_get(document, "runs"), *rows = value_at(document, "tables.throughput");

    for (size_t i = 0; i < json_array_size(runs); i++) {
        json_t *run = json_array_get(runs, i);

        json_put(run, "heldout_log_perplexity_nats",
                 json_number(loss * number_at(run, "heldout_log_perplexity_nats")));
    }
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *samples = json_object_get(json_array_get(rows, i), "samples_s");

        for (size_t j = 0; j < json_array_size(samples); j++)
            json_array_set_new(samples, j,
                               json_real(seconds * json_number_value(json_array_get(samples, j))));
    }
    if (tables_compute(document) != 0)
        tap_bail_out("%s", err_get());
}

/* Compare a fixture with a changed copy.  The text is the caller's to free. */
static bool compare(double loss, double seconds, double fail_on_percent, char **text)
{
    json_t *before = fixture_document(1, 4, FIXTURE_NO_EXAMPLES), *after = json_deep_copy(before);
    bool regression = false;
    size_t bytes;
    FILE *out = open_memstream(text, &bytes);

    change(after, loss, seconds);
    if (!out
        || results_compare(out, before, after, fixture_affects, "terminal", fail_on_percent,
                           &regression) != 0)
        tap_bail_out("%s", err_get());
    fclose(out);
    json_decref(before);
    json_decref(after);
    return regression;
}

static void test_changes(void)
{
    static const struct {
        double loss, seconds, fail_on;
        bool regression;
        const char *says, *name;
    } cases[] = {
        {1.0, 1.0, 0.0, false, "identical", "no change"},
        {1.02, 1.0, 1.0, true, "REGRESSION", "2 % more loss, 1 % allowed"},
        {1.02, 1.0, 3.0, false, "worse", "2 % more loss, 3 % allowed"},
        {1.02, 1.0, -1.0, false, "worse", "2 % more loss, nothing fails"},
        {0.98, 1.0, 0.0, false, "better", "2 % less loss"},
        {1.0, 1.10, 5.0, true, "REGRESSION", "10 % more seconds, 5 % allowed"},
        {1.0, 1.10, 15.0, false, "worse", "10 % more seconds, 15 % allowed"},
        {1.0, 0.90, 0.0, false, "better", "10 % fewer seconds"},
    };

    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        char *text;
        bool regression = compare(cases[i].loss, cases[i].seconds, cases[i].fail_on, &text);

        if (!tap_ok(regression == cases[i].regression && strstr(text, cases[i].says), "%s: %s",
                    cases[i].name, cases[i].says))
            tap_diag("%s", text);
        free(text);
    }
}

static void test_noise(void)
{
    json_t *before = fixture_document(1, 5, FIXTURE_ALIKE), *after = fixture_document(1, 5, FIXTURE_ALIKE);
    json_t *runs = json_object_get(after, "runs");
    bool regression;
    char *text;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    for (size_t i = 0; i < json_array_size(runs); i++) { /* to and fro by seed */
        json_t *run = json_array_get(runs, i);
        double sign = integer_at(run, "seed", 0) % 2 ? 1.0 : -1.0;

        json_put(run, "heldout_log_perplexity_nats",
                 json_number(number_at(run, "heldout_log_perplexity_nats") + 0.05 * sign));
    }
    tap_ok(results_compare(out, before, after, fixture_affects, "terminal", 0.0, &regression) == 0
               && !regression,
           "noise is no regression");
    fclose(out);
    tap_ok(strstr(text, "n.s.") != NULL, "but n.s.");
    free(text);
    json_decref(before);
    json_decref(after);
}

static void test_lost(void)
{
    json_t *before = fixture_document(1, 3, 0), *after = fixture_document(1, 3, FIXTURE_DIVERGED);
    bool regression;
    char *text;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    tap_ok(results_compare(out, before, after, fixture_affects, "terminal", 50.0, &regression) == 0
               && regression,
           "a run that diverges now is a regression");
    fclose(out);
    tap_ok(strstr(text, "1 run not ok any more") != NULL, "and named");
    free(text);
    json_put(json_object_get(json_object_get(after, "config"), "training"), "steps", json_integer(7));
    tap_ok(results_compare(stdout, before, after, fixture_affects, "terminal", 0.0,
                           &regression) == -1
               && strstr(err_get(), "config.training.steps (1000, 7)"),
           "%s", err_get());
    json_decref(before);
    json_decref(after);
}

/* Compare two runs of one configuration but for a field, of an object in it or of its own. */
static int compare_in(const char *object, const char *key, json_t *value)
{
    json_t *before = fixture_document(1, 2, FIXTURE_NO_EXAMPLES), *after = json_deep_copy(before);
    json_t *config;
    FILE *nowhere = fopen("/dev/null", "w");
    bool regression;
    int rc;

    config = json_object_get(after, "config");
    json_object_set_new(object ? json_object_get(config, object) : config, key, value);
    rc = results_compare(nowhere, before, after, fixture_affects, "terminal", 0.0, &regression);
    fclose(nowhere);
    json_decref(before);
    json_decref(after);
    return rc;
}

static int compare_with(const char *key, json_t *value)
{
    return compare_in(NULL, key, value);
}

static void test_fields(void)
{
    tap_ok(compare_with("jobs", json_integer(7)) == 0, "a field that affects no result may differ");
    tap_ok(compare_with("threads_per_run", json_integer(7)) == 0, "and one that affects bits alone");
    tap_ok(compare_with("later", json_integer(7)) == -1
               && strstr(err_get(), "config.later (missing, 7)"),
           "%s", err_get());
    tap_ok(compare_in("training", "optimizer", json_string("adafactor")) == 0 &&
               compare_in("training", "beta1", json_null()) == 0 &&
               compare_in("training", "clip_norm", json_integer(0)) == 0,
           "a file of before there was a choice has what was done then");
    tap_ok(compare_in("training", "optimizer", json_string("adamw")) == -1 &&
               strstr(err_get(), "config.training.optimizer (missing, \"adamw\")") &&
               compare_in("training", "beta1", json_real(0.9)) == -1 &&
               compare_in("training", "clip_norm", json_real(1)) == -1,
           "... and nothing else");
}

/* ==== What a gate must not let pass ==== */

/* Take the rows of a variant, at a seed unless it is 0, out of a list. */
static void drop(json_t *rows, const char *variant, int64_t seed)
{
    for (size_t i = json_array_size(rows); i-- > 0;) {
        const json_t *row = json_array_get(rows, i);

        if (texts_equal(text_at(row, "variant"), variant)
            && (seed == 0 || integer_at(row, "seed", 0) == seed))
            json_array_remove(rows, i);
    }
}

static void no_variant(json_t *document)
{
    json_object_del(json_object_get(document, "variants"), "swiglu");
    drop(json_object_get(document, "runs"), "swiglu", 0);
    drop(value_at(document, "tables.throughput"), "swiglu", 0);
}

static void no_seed(json_t *document)
{
    drop(json_object_get(document, "runs"), "swiglu", 2);
}

static void no_runs(json_t *document)
{
    json_array_clear(json_object_get(document, "runs"));
}

static void no_speed(json_t *document)
{
    json_array_clear(value_at(document, "tables.throughput"));
}

static void few_runs(json_t *document)
{
    for (int seed = 2; seed <= 4; seed++) {
        json_t *runs = json_object_get(document, "runs");

        for (size_t i = json_array_size(runs); i-- > 0;)
            if (integer_at(json_array_get(runs, i), "seed", 0) == seed)
                json_array_remove(runs, i);
    }
    no_speed(document);
}

static void few_samples(json_t *document)
{
    json_t *rows = value_at(document, "tables.throughput");

    no_runs(document);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *samples = json_object_get(json_array_get(rows, i), "samples_s");

        while (json_array_size(samples) > 5)
            json_array_remove(samples, 5);
    }
}

static void other_width(json_t *document)
{
    json_put(value_at(document, "variants.swiglu"), "d_ff", json_integer(200));
}

static void other_text(json_t *document)
{
    json_t *run = json_array_get(json_object_get(document, "runs"), 0);

    json_put(run, "heldout_target_tokens", json_integer(7));
}

/* Compare two documents, each with a change or NULL, the second with 10 % more loss and seconds when
 * `worse`, at a limit of 5 %. */
static void test_gate(const char *name, void (*first)(json_t *), void (*second)(json_t *), bool worse,
                      int rc, bool fails, const char *says)
{
    json_t *before = fixture_document(1, 4, FIXTURE_NO_EXAMPLES), *after = json_deep_copy(before);
    bool regression = false, open_gate = true;
    char *text = NULL, *rows = NULL;
    size_t bytes, rows_bytes;
    FILE *out = open_memstream(&text, &bytes), *json = open_memstream(&rows, &rows_bytes);
    int got;

    if (worse)
        change(after, 1.1, 1.1);
    if (first)
        first(before);
    if (second)
        second(after);
    if (tables_compute(before) != 0 || tables_compute(after) != 0)
        tap_bail_out("%s", err_get());
    got = results_compare(out, before, after, fixture_affects, "terminal", 5.0, &regression);
    fclose(out);
    if (!tap_ok(got == rc && regression == fails && strstr(rc ? err_get() : text, says), "%s: %s",
                name, says))
        tap_diag("%d, %d: %s\n%s", got, regression, err_get(), text);
    if (rc == 0) {
        results_compare(json, before, after, fixture_affects, "json", -1.0, &open_gate);
        tap_ok(!open_gate, "and nothing fails that no gate is for");
    }
    fclose(json);
    free(text);
    free(rows);
    json_decref(before);
    json_decref(after);
}

/* A slower moment: a third of the steps in a sample. */
static void smaller_samples(json_t *document)
{
    json_t *rows = value_at(document, "tables.throughput"), *row, *sample;
    size_t i, k;

    json_array_foreach (rows, i, row) {
        json_t *samples = json_object_get(row, "samples_s");

        json_put(row, "tokens_per_sample", json_real(number_at(row, "tokens_per_sample") / 3.0));
        json_array_foreach (samples, k, sample)
            json_array_set_new(samples, k, json_real(json_number_value(sample) / 3.0));
    }
}

static void test_gates(void)
{
    test_gate("samples of other sizes", NULL, smaller_samples, false, 0, false, "train ");
    test_gate("samples of other sizes, 10 % slower", NULL, smaller_samples, true, 0, true, "REGRESSION");
    test_gate("a variant is missing", NULL, no_variant, false, 0, true,
              "REGRESSION: 4 runs missing after");
    test_gate("its speed too", NULL, no_variant, false, 0, true, "REGRESSION: not measured after");
    test_gate("a seed is missing", NULL, no_seed, false, 0, true, "REGRESSION: 1 run missing after");
    test_gate("all runs are missing", NULL, no_runs, false, 0, true, "4 runs missing after");
    test_gate("all speed is missing", NULL, no_speed, false, 0, true, "not measured after");
    test_gate("a variant is new", no_variant, NULL, false, 0, false,
              "new: 4 runs ok in the second file alone");
    test_gate("a speed is new", no_variant, NULL, false, 0, false, "new: not measured before");
    test_gate("a seed is new", no_seed, NULL, false, 0, false, "identical: 1 run more after");
    test_gate("one seed is as it was", few_runs, few_runs, false, 0, false, "identical");
    test_gate("one seed is 10 % worse", few_runs, few_runs, true, 0, true,
              "REGRESSION: too few runs for a test");
    test_gate("five samples are 10 % slower", few_samples, few_samples, true, 0, true,
              "REGRESSION: too few samples for a test");
    test_gate("nothing in common", no_runs, no_speed, false, -1, false, "in common");
    test_gate("another width", NULL, other_width, false, -1, false, "variants.swiglu.d_ff (256, 200)");
    test_gate("another held-out text", NULL, other_text, false, -1, false,
              "relu at seed 1 was evaluated on other text");
}

/* Machines read of what is missing too. */
static void test_missing_rows(void)
{
    json_t *before = fixture_document(1, 2, FIXTURE_NO_EXAMPLES), *after = json_deep_copy(before);
    json_t *rows, *row;
    bool regression, found = false;
    char *text = NULL;
    size_t bytes, i;
    FILE *out = open_memstream(&text, &bytes);

    no_variant(after);
    if (tables_compute(after) != 0
        || results_compare(out, before, after, fixture_affects, "json", 0.0, &regression) != 0)
        tap_bail_out("%s", err_get());
    fclose(out);
    rows = json_loads(text, 0, NULL);
    json_array_foreach (rows, i, row)
        found |= texts_equal(text_at(row, "variant"), "swiglu")
                 && texts_equal(text_at(row, "what"), "log-perplexity")
                 && texts_equal(text_at(row, "verdict"), "REGRESSION")
                 && texts_equal(text_at(row, "note"), "2 runs missing after")
                 && json_is_null(json_object_get(row, "after"));
    tap_ok(regression && found, "the missing variant is a row of the JSON");
    free(text);
    json_decref(rows);
    json_decref(before);
    json_decref(after);
}

static const char *write_file(char name, json_t *document)
{
    const char *path = in_directory(name);

    if (results_write(path, document) != 0)
        tap_bail_out("%s", err_get());
    json_decref(document);
    return path;
}

/* One run by itself, as a batch system makes it: its baseline is itself. */
static void test_cell(const char *whole)
{
    struct fixture *fixture = malloc(sizeof *fixture);
    json_t *cell, *merged;
    const char *path, *orders[2][2];
    int swiglu = 0, faults = -1;

    fixture_open(fixture, 7, 1, FIXTURE_NO_SPEED);
    while (strcmp(fixture->variants[swiglu].variant->name, "swiglu") != 0)
        swiglu++;
    fixture->results.baseline = fixture->variants[swiglu].variant;
    fixture->results.variants = &fixture->variants[swiglu];
    fixture->results.variant_count = 1;
    fixture->results.runs = &fixture->runs[swiglu];
    fixture->results.run_count = 1;
    json_object_set_new(fixture->results.config, "variants", json_pack("[s]", "swiglu"));
    cell = results_json(&fixture->results);
    fixture->results.runs = fixture->runs; /* so that all of them are freed */
    fixture->results.run_count = 8;
    fixture_close(fixture);
    free(fixture);
    path = write_file('c', cell);
    tap_ok(results_validate(path, stdout, &faults) == 0 && faults == 0, "a lone run is a valid file");
    orders[0][0] = orders[1][1] = whole;
    orders[0][1] = orders[1][0] = path;
    for (int i = 0; i < 2; i++) {
        merged = results_merge(orders[i], 2, fixture_affects);
        tap_ok(merged && integer_at(fixture_row(merged, "table1", "swiglu"), "n", 0) == 4
                   && integer_at(fixture_row(merged, "table1", "relu"), "n", 0) == 3
                   && isfinite(number_at(fixture_row(merged, "table1", "swiglu"), "delta_nats")),
               "it merges into a sweep, %s: %s", i ? "as the first" : "as the second",
               merged ? "against relu" : err_get());
        json_decref(merged);
    }
}

static void test_merge(void)
{
    const char *a = write_file('a', fixture_document(1, 3, 0));
    const char *b = write_file('b', fixture_document(4, 2, 0));
    json_t *whole = fixture_document(1, 5, 0), *merged, *other;
    const char *bad;
    double x, y;

    merged = results_merge((const char *[]){a, b}, 2, fixture_affects);
    tap_ok(merged != NULL, "seeds 1 to 3 and 4 to 5 merge%s%s", merged ? "" : ": ",
           merged ? "" : err_get());
    x = number_at(fixture_row(merged, "table1", "swiglu"), "delta_nats");
    y = number_at(fixture_row(whole, "table1", "swiglu"), "delta_nats");
    tap_ok(integer_at(fixture_row(merged, "table1", "swiglu"), "n", 0) == 5 && fabs(x - y) < 1e-9,
           "and give what all five at once give");
    tap_ok(json_array_size(value_at(merged, "config.seeds")) == 5, "their seeds are united");
    tap_ok(json_array_size(json_object_get(fixture_row(merged, "throughput", "relu"), "samples_s")) == 9,
           "the same samples are not counted twice");
    json_decref(merged);
    json_decref(whole);

    merged = results_merge((const char *[]){a, a}, 2, fixture_affects);
    tap_ok(merged && json_array_size(json_object_get(merged, "runs")) == 24,
           "a file with itself is itself");
    json_decref(merged);

    test_cell(a);

    other = fixture_document(4, 2, 0);
    json_put(json_object_get(other, "config"), "precision", json_text("bf16"));
    json_put(json_object_get(json_object_get(other, "config"), "model"), "d_model", json_integer(128));
    bad = write_file('c', other);
    tap_ok(!results_merge((const char *[]){a, bad}, 2, fixture_affects)
               && strstr(err_get(), "config.precision (\"f32\", \"bf16\")")
               && strstr(err_get(), "config.model.d_model (64, 128)") && strstr(err_get(), "2 fields"),
           "%s", err_get());

    other = fixture_document(4, 2, 0);
    json_put(json_object_get(other, "config"), "jobs", json_integer(7));
    bad = write_file('c', other);
    merged = results_merge((const char *[]){a, bad}, 2, fixture_affects);
    tap_ok(merged != NULL, "a field that affects no result may differ");
    json_decref(merged);
    other = fixture_document(4, 2, 0);
    json_put(json_object_get(other, "config"), "threads_per_run", json_integer(7));
    bad = write_file('c', other);
    tap_ok(!results_merge((const char *[]){a, bad}, 2, fixture_affects)
               && strstr(err_get(), "config.threads_per_run (missing, 7)"),
           "bits may not: %s", err_get());

    other = fixture_document(3, 2, FIXTURE_REVERSED);
    bad = write_file('c', other);
    tap_ok(!results_merge((const char *[]){a, bad}, 2, fixture_affects)
               && strstr(err_get(), "with another result"),
           "%s", err_get());

    other = fixture_document(4, 2, 0);
    json_put(json_object_get(other, "environment"), "cpu_model", json_text("another"));
    bad = write_file('c', other);
    merged = results_merge((const char *[]){a, bad}, 2, fixture_affects);
    char *warnings = json_dumps(json_object_get(merged, "warnings"), 0);
    tap_ok(warnings && strstr(warnings, "comes from another machine"), "another machine is a warning");
    free(warnings);
    json_decref(merged);

    other = fixture_document(1, 3, FIXTURE_DIVERGED);
    bad = write_file('c', other);
    merged = results_merge((const char *[]){bad, a}, 2, fixture_affects);
    tap_ok(merged && integer_at(fixture_row(merged, "table1", "swiglu"), "n", 0) == 3,
           "an ok run replaces one that diverged");
    json_decref(merged);
    tap_ok(!results_merge((const char *[]){a, "nothing.json"}, 2, fixture_affects), "%s", err_get());
    tap_ok(!results_merge(NULL, 0, fixture_affects), "%s", err_get());
    unlink(in_directory('a'));
    unlink(in_directory('b'));
    unlink(in_directory('c'));
}

int main(void)
{
    if (!mkdtemp(directory))
        tap_bail_out("no directory");
    test_changes();
    test_noise();
    test_lost();
    test_fields();
    test_gates();
    test_missing_rows();
    test_merge();
    tap_ok(rmdir(directory) == 0, "nothing is left behind");
    tap_plan(65);
    return tap_status();
}
