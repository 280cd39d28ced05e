/* test-results.c - the results file: what it holds, what it does with what is missing, and that it
 * comes back as it was written. */
#include "src/glu.h"

#include "src/results/power.h"
#include "src/results/published.h"
#include "src/results/results.h"
#include "src/results/statistics.h"
#include "src/util/json_help.h"
#include "test/results-fixture.h"
#include "test/tap.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[] = "/tmp/glubench-test-XXXXXX";

static const char *in_directory(const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static bool is_null(const json_t *object, const char *key)
{
    return json_is_null(json_object_get(object, key));
}

static void test_keys(json_t *document)
{
    static const char *const paths[] = {
        "schema_version", "program.name", "program.version", "program.git_commit", "program.compiler",
        "program.cflags", "program.onednn.version", "program.onednn.cpu_runtime", "program.onednn.isa",
        "environment.date_utc", "environment.host", "environment.cpu_model", "environment.isa",
        "environment.caches", "environment.cores", "environment.threads", "environment.affinity",
        "environment.governor", "environment.memory_bytes", "environment.load_average_1min",
        "command", "config.model.d_ff", "warnings", "variants.swiglu.label", "variants.swiglu.formula",
        "variants.swiglu.gated", "variants.swiglu.activation", "variants.swiglu.alpha",
        "variants.swiglu.beta", "variants.swiglu.d_ff", "variants.swiglu.parameters",
        "variants.swiglu.ffn_parameters", "variants.swiglu.train_flops_per_step",
        "variants.swiglu.parameter_difference_vs_baseline", "runs", "tables.table1",
        "tables.throughput", "tables.glue", "tables.superglue", "tables.squad", "tables.pareto",
        "agreement.kendall_tau_b", "agreement.p_value", "agreement.gated_minus_ungated_nats",
        "agreement.gated_minus_ungated_ci95", "agreement.p_gated"};
    int missing = 0;

    for (size_t i = 0; i < LENGTH_OF(paths); i++)
        if (!value_at(document, paths[i])) {
            tap_diag("missing: %s", paths[i]);
            missing++;
        }
    tap_ok(missing == 0, "every key of the format is there");
    tap_ok(strcmp(json_string_value(value_at(document, "program.onednn.version")), "9.9") == 0
               && is_null(value_at(document, "program.onednn"), "isa"),
           "oneDNN's facts are taken over, an empty one is null");
}

/* table1 against the same numbers worked from the fixture's runs. */
static void test_table1(json_t *document)
{
    enum { SEEDS = 5 };
    json_t *runs = json_object_get(document, "runs"), *row = fixture_row(document, "table1", "geglu");
    double geglu[SEEDS], relu[SEEDS], p[7], holm[7];
    int g = 0, r = 0, tests = 0;
    struct paired_test test;
    struct interval interval;

    for (size_t i = 0; i < json_array_size(runs); i++) {
        const json_t *run = json_array_get(runs, i);

        if (strcmp(text_at(run, "variant"), "geglu") == 0)
            geglu[g++] = number_at(run, "heldout_log_perplexity_nats");
        if (strcmp(text_at(run, "variant"), "relu") == 0)
            relu[r++] = number_at(run, "heldout_log_perplexity_nats");
    }
    stats_paired(geglu, relu, SEEDS, 0.95, &test);
    interval = interval_at(row, "delta_ci95_nats");
    tap_ok(g == SEEDS && r == SEEDS && integer_at(row, "n", 0) == SEEDS, "geglu: n");
    tap_ok(fabs(number_at(row, "mean_nats") - stats_mean(geglu, SEEDS)) < 1e-12
               && fabs(number_at(row, "stddev_nats") - stats_stddev(geglu, SEEDS)) < 1e-12,
           "geglu: mean and standard deviation");
    tap_ok(fabs(number_at(row, "delta_nats") - test.difference) < 1e-12
               && fabs(interval.low - test.interval.low) < 1e-12
               && fabs(number_at(row, "p_paired") - test.p_t) < 1e-12
               && fabs(number_at(row, "p_sign_flip") - 2.0 / 32.0) < 1e-12,
           "geglu: difference to relu, its interval and tests");
    tap_ok(number_at(row, "paper_65536_nats") == 1.942 && number_at(row, "paper_524288_nats") == 1.633,
           "geglu: the paper's values");
    for (size_t i = 0; i < 8; i++) {
        double value = number_at(json_array_get(value_at(document, "tables.table1"), i), "p_paired");

        if (isfinite(value))
            p[tests++] = value;
    }
    stats_holm(p, holm, tests);
    tap_ok(tests == 7 && fabs(number_at(row, "p_holm") - holm[4]) < 1e-12, "Holm over seven contrasts");
    interval = interval_at(row, "delta_bootstrap_ci95_nats");
    tap_ok(interval.low < number_at(row, "delta_nats") && number_at(row, "delta_nats") < interval.high,
           "the bootstrap's interval holds the difference");
    tap_ok(number_at(row, "detectable_nats") > 0.0
               && fabs(stats_paired_power(number_at(row, "detectable_nats"),
                                          number_at(row, "delta_stddev_nats"), SEEDS, 0.05 / 7)
                       - 0.8)
                      < 1e-6,
           "detectable_nats has a power of 80 %%");
    row = fixture_row(document, "table1", "relu");
    tap_ok(is_null(row, "delta_nats") && is_null(row, "delta_ci95_nats") && is_null(row, "p_holm"),
           "the baseline has no difference to itself");
}

static void test_order(json_t *document)
{
    static const char *const order[] = {"relu",     "gelu",  "swish",  "glu",
                                        "bilinear", "geglu", "swiglu", "reglu"};
    json_t *rows = value_at(document, "tables.table1");
    bool same = json_array_size(rows) == LENGTH_OF(order);

    for (size_t i = 0; i < LENGTH_OF(order) && same; i++)
        same = strcmp(text_at(json_array_get(rows, i), "variant"), order[i]) == 0;
    tap_ok(same, "table1 is in the paper's order");
}

static void test_agreement(void)
{
    static const struct {
        int flags;
        double tau;
    } cases[] = {{0, 1.0}, {FIXTURE_REVERSED, -1.0}};

    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        json_t *document = fixture_document(1, 6, cases[i].flags | FIXTURE_NO_SPEED);
        json_t *agreement = json_object_get(document, "agreement");
        struct interval interval = interval_at(agreement, "gated_minus_ungated_ci95");
        double sign = cases[i].tau;

        tap_ok(fabs(number_at(agreement, "kendall_tau_b") - cases[i].tau) < 0.15,
               "tau %.2f for the paper's order %s", number_at(agreement, "kendall_tau_b"),
               i ? "upside down" : "itself");
        tap_ok(sign * number_at(agreement, "gated_minus_ungated_nats") < 0.0
                   && sign * interval.low < 0.0 && sign * interval.high < 0.0
                   && number_at(agreement, "p_gated") < 0.001,
               "and the gated variants are %s", i ? "higher" : "lower");
        json_decref(document);
    }
}

static void test_diverged(void)
{
    json_t *document = fixture_document(1, 3, FIXTURE_DIVERGED);
    json_t *runs = json_object_get(document, "runs"), *row = fixture_row(document, "table1", "swiglu");
    const json_t *diverged = NULL;

    for (size_t i = 0; i < json_array_size(runs); i++)
        if (strcmp(text_at(json_array_get(runs, i), "status"), "ok") != 0)
            diverged = json_array_get(runs, i);
    tap_ok(json_array_size(runs) == 24 && diverged, "a diverged run is a row");
    tap_ok(strcmp(text_at(diverged, "status"), "diverged") == 0
               && is_null(diverged, "heldout_log_perplexity_nats")
               && is_null(diverged, "heldout_perplexity") && is_null(diverged, "parameters_sha256")
               && is_null(diverged, "heldout_example_nats"),
           "with null for what it does not have");
    tap_ok(integer_at(row, "n", 0) == 2 && integer_at(row, "n_paired", 0) == 2
               && isfinite(number_at(row, "delta_nats")),
           "its variant is compared over the seeds that are left");
    tap_ok(integer_at(json_object_get(document, "agreement"), "n", 0) == 2,
           "the gated contrast leaves its seed out");
    json_decref(document);
}

static void test_one_seed(void)
{
    json_t *document = fixture_document(1, 1, FIXTURE_NO_EXAMPLES | FIXTURE_NO_SPEED);
    json_t *row = fixture_row(document, "table1", "geglu");

    tap_ok(isfinite(number_at(row, "delta_nats")) && is_null(row, "delta_ci95_nats")
               && is_null(row, "stddev_nats") && is_null(row, "p_paired")
               && is_null(row, "detectable_nats") && is_null(row, "delta_bootstrap_ci95_nats"),
           "one seed: a difference, and null for interval, spread and p");
    tap_ok(is_null(json_object_get(document, "agreement"), "gated_minus_ungated_ci95"),
           "one seed: no interval of the gated contrast");
    tap_ok(json_array_size(value_at(document, "tables.throughput")) == 0, "no samples, no rows");
    json_decref(document);
}

static void test_throughput(json_t *document)
{
    json_t *relu = fixture_row(document, "throughput", "relu");
    json_t *reglu = fixture_row(document, "throughput", "reglu");
    struct interval relative = interval_at(reglu, "relative_ci95");
    struct interval rate = interval_at(relu, "tokens_per_s_ci95");
    double median = number_at(relu, "median_s");

    tap_ok(fabs(number_at(relu, "tokens_per_s") - 32 * 157 / median) < 1e-6
               && rate.low <= number_at(relu, "tokens_per_s")
               && number_at(relu, "tokens_per_s") <= rate.high,
           "tokens per second and their interval");
    tap_ok(fabs(number_at(relu, "fraction_of_gemm_peak") - number_at(relu, "gflop_per_s") / 200.0)
               < 1e-12,
           "the share of the gemm peak");
    tap_ok(number_at(relu, "relative_to_baseline") == 1.0, "the baseline is 1 of itself");
    tap_ok(relative.low > 0.92 && relative.high < 0.95, "7 %% slower: [%.3f, %.3f]", relative.low,
           relative.high);
}

/* reglu needs 7 % more seconds than relu in the fixture, at the same tokens. */
static void test_pareto(json_t *document)
{
    json_t *rows = value_at(document, "tables.pareto");
    int axes = 0, front = 0, cheapest = 0;

    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        bool on_front = json_is_true(json_object_get(row, "on_front"));
        double budget = number_at(row, "budget");

        axes += strcmp(text_at(row, "variant"), "relu") == 0;
        if (strcmp(text_at(row, "axis"), "tokens") == 0)
            front += on_front && fabs(budget - 1000 * 32 * 157) < 1.0;
        if (strcmp(text_at(row, "axis"), "train_s") == 0 && strcmp(text_at(row, "variant"), "relu") == 0)
            cheapest = on_front && fabs(budget - 100.0) < 1e-9;
    }
    tap_ok(axes == 3 && json_array_size(rows) == 24, "three axes of eight variants");
    tap_ok(front == 1, "at equal tokens the lowest alone is on the front");
    tap_ok(cheapest, "at equal seconds the fastest is on the front, and sets the budget");
}

static void test_files(json_t *document)
{
    const char *path = in_directory("file.json");
    json_t *back;
    char *text;

    tap_ok(results_write(path, document) == 0, "written");
    back = results_read(path);
    tap_ok(back != NULL, "read: %s", back ? "fits the schema" : err_get());
    text = json_dumps(back, JSON_REAL_PRECISION(15));
    char *before = json_dumps(document, JSON_REAL_PRECISION(15));
    tap_ok(text && before && strcmp(text, before) == 0, "comes back as it was");
    tap_ok(text && !strstr(text, "nan") && !strstr(text, "NaN") && !strstr(text, "inf"), "no NaN");
    free(text);
    free(before);
    json_decref(back);
    unlink(path);
}

static void test_bad_files(void)
{
    static const struct {
        const char *content, *expected;
    } cases[] = {
        {"{\"schema_version\": 1,", "file.json:1:"},
        {"{}", "schema_version is missing"},
        {"{\"schema_version\": 2}", "schema_version is 2"},
        {"{\"schema_version\": 1, \"runs\": 3}", "file.json: does not fit the schema"},
        {"[1, 2]", "schema_version is missing"},
        {"{\"a\": 1, \"a\": 2}", "duplicate"},
        {"{\"schema_version\": 1,\n \"a\": NaN}", "file.json:2:9: invalid token near 'NaN'; JSON has no"},
        {"{\"a\": Infinity}", "JSON has no NaN and no infinity"},
        {"{\"a\": -Infinity}", "JSON has no NaN and no infinity"},
    };

    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        const char *path = in_directory("file.json");
        FILE *file = fopen(path, "w");

        fputs(cases[i].content, file);
        fclose(file);
        tap_ok(results_read(path) == NULL && strstr(err_get(), cases[i].expected), "refused: %s",
               err_get());
        unlink(path);
    }
    tap_ok(results_read(in_directory("nothing.json")) == NULL && strstr(err_get(), "nothing.json"), "%s",
           err_get());
}

/* Write a value as another program may: what is whole as a real, a real that is whole as an integer,
 * the members in another order.  New reference. */
static json_t *rewritten(const json_t *value)
{
    json_t *made, *member, *all = (json_t *)value;
    const char *key;
    size_t i;

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        made = json_object();
        json_object_foreach (all, key, member) {
            json_t *before = made;

            made = json_object();
            json_object_set_new(made, key, rewritten(member));
            json_object_update(made, before);
            json_decref(before);
        }
        return made;
    case JSON_ARRAY:
        made = json_array();
        json_array_foreach (value, i, member)
            json_array_append_new(made, rewritten(member));
        return made;
    case JSON_INTEGER:
        return json_real((double)json_integer_value(value));
    case JSON_REAL:
        return is_whole(value) ? json_integer(integer_of(value, 0)) : json_copy(all);
    default:
        return json_incref(all);
    }
}

/* A file that another program wrote anew says what it said. */
static void test_rewritten(const json_t *document)
{
    char path[2][256];
    json_t *other = rewritten(document), *back, *merged;
    bool regression = true;
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    int faults = -1;

    snprintf(path[0], sizeof path[0], "%s", in_directory("ours.json"));
    snprintf(path[1], sizeof path[1], "%s", in_directory("theirs.json"));
    tap_ok(json_same(document, other) && !json_equal(document, other), "3 is 3.0, wherever it stands");
    tap_ok(results_write(path[0], (json_t *)document) == 0 && results_write(path[1], other) == 0
               && results_validate(path[1], stdout, &faults) == 0 && faults == 0,
           "validated");
    warn_clear();
    back = results_read(path[1]);
    tap_ok(back && json_same(back, document) && !warn_get(0), "read: %s",
           back ? "the same" : err_get());
    tap_ok(back && results_compare(out, (json_t *)document, back, fixture_affects, "terminal", 0.0,
                                   &regression) == 0 && !regression,
           "compared: %s", regression ? err_get() : "no difference");
    fclose(out);
    tap_ok(text && strstr(text, "one is a copy of the other") && !strstr(text, "Differs"),
           "and it is told that it is one file");
    merged = results_merge((const char *[]){path[0], path[1]}, 2, fixture_affects);
    tap_ok(merged && json_same(merged, document), "merged: %s", merged ? "the same" : err_get());
    free(text);
    json_decref(merged);
    json_decref(back);
    json_decref(other);
    unlink(path[0]);
    unlink(path[1]);
}

static void test_values(void)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"3", "3.0", true},
        {"3", "30e-1", true},
        {"1e-3", "0.001", true},
        {"0", "-0.0", true},
        {"3", "3.5", false},
        {"1", "true", false},
        {"1", "\"1\"", false},
        {"0", "null", false},
        {"[1, [2.0]]", "[1.0, [2]]", true},
        {"[1, 2]", "[1]", false},
        {"{\"a\": 1, \"b\": 2}", "{\"b\": 2.0, \"a\": 1.0}", true},
        {"{\"a\": 1}", "{\"b\": 1}", false},
        {"9007199254740993", "9007199254740992", false},
        {"9007199254740993", "9007199254740992.0", true}, /* all that a double keeps of it */
    };
    static const struct {
        const char *text;
        int64_t value;
    } whole[] = {{"2.0", 2}, {"2e3", 2000}, {"-7", -7}, {"2.5", -1}, {"1e19", -1}, {"\"2\"", -1}};
    int wrong = 0;

    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        json_t *a = json_loads(cases[i].a, JSON_DECODE_ANY, NULL);
        json_t *b = json_loads(cases[i].b, JSON_DECODE_ANY, NULL);

        if (json_same(a, b) != cases[i].same || json_same(b, a) != cases[i].same) {
            tap_diag("%s and %s", cases[i].a, cases[i].b);
            wrong++;
        }
        json_decref(a);
        json_decref(b);
    }
    for (size_t i = 0; i < LENGTH_OF(whole); i++) {
        json_t *value = json_loads(whole[i].text, JSON_DECODE_ANY, NULL);

        if (integer_of(value, -1) != whole[i].value) {
            tap_diag("%s", whole[i].text);
            wrong++;
        }
        json_decref(value);
    }
    tap_ok(wrong == 0 && json_same(NULL, NULL), "numbers are compared by value");
}

static void test_odd_texts(void)
{
    struct fixture *fixture = malloc(sizeof *fixture);
    json_t *document;
    const char *error;

    fixture_open(fixture, 1, 2, FIXTURE_DIVERGED);
    for (int i = 0; i < fixture->results.run_count; i++)
        if (fixture->runs[i].error)
            strcpy(fixture->runs[i].error, "caf\xe9: \"no\"\n");
    document = results_json(&fixture->results);
    error = NULL;
    for (size_t i = 0; document && i < json_array_size(json_object_get(document, "runs")); i++) {
        const char *text = text_at(json_array_get(json_object_get(document, "runs"), i), "error");

        error = text ? text : error;
    }
    tap_ok(error && strcmp(error, "caf\\xe9: \"no\"\n") == 0, "a message that is not UTF-8 is kept readable");
    json_decref(document);
    fixture_close(fixture);
    free(fixture);
}

static void test_detection(json_t *document)
{
    struct detection detection = {0};
    int rc = results_detection(0.01, NULL, 7, &detection);

    tap_ok(rc == 0
               && fabs(detection.stddev_nats - sqrt(2 * 245e-6 / 8)) < 1e-9
               && stats_paired_power(0.01, detection.stddev_nats, detection.seeds, 0.05 / 7) >= 0.8
               && stats_paired_power(0.01, detection.stddev_nats, detection.seeds - 1, 0.05 / 7) < 0.8,
           "0.01 nats at the paper's spread take %d seeds", detection.seeds);
    rc = results_detection(0.01, document, 1, &detection);
    tap_ok(rc == 0 && detection.stddev_nats < 0.01
               && detection.seeds >= 2,
           "and at the spread of a file %d", detection.seeds);
    tap_ok(results_detection(0.0, NULL, 7, &detection) == -1, "%s", err_get());
    document = fixture_document(1, 1, 0);
    tap_ok(results_detection(0.01, document, 7, &detection) == -1, "%s", err_get());
    json_decref(document);
}

/* A run that is written, read back and written again is the same, so that it can be kept by itself. */
static void test_run_records(void)
{
    struct fixture *fixture = malloc(sizeof *fixture);
    int same = 0, others = 0;

    fixture_open(fixture, 1, 2, FIXTURE_DIVERGED);
    for (int i = 0; i < fixture->results.run_count; i++) {
        const struct run_result *run = &fixture->runs[i];
        json_t *first = results_run_json(run), *second;
        struct run_result back;

        if (!first || run_result_restore(&back, first, run->variant) != 0)
            tap_bail_out("%s", err_get());
        second = results_run_json(&back);
        same += second && json_equal(first, second) && back.seed == run->seed
                && back.status == run->status && back.curve_count == run->curve_count;
        others += back.status == RUN_DIVERGED && back.error && !back.example_nats
                  && isnan(back.heldout_log_perplexity_nats);
        json_decref(first);
        json_decref(second);
        run_result_free(&back);
    }
    tap_ok(same == fixture->results.run_count && others == 1,
           "%d of %d runs come back from their records", same, fixture->results.run_count);
    fixture_close(fixture);
    free(fixture);
    for (enum run_status status = RUN_OK; status <= RUN_INTERRUPTED; status++)
        same += run_status_of(run_status_name(status)) == status;
    tap_ok(same == 20 && run_status_of("fine") == RUN_FAILED && run_status_of(NULL) == RUN_FAILED,
           "every status has its name");
}

/* What is measured alone, and computed on later, is the same as both at once. */
static void test_two_parts(void)
{
    struct fixture *fixture = malloc(sizeof *fixture);
    json_t *both, *measured;

    fixture_open(fixture, 1, 2, 0);
    fixture->results.environment = environment_json();
    both = results_json(&fixture->results);
    measured = results_document(&fixture->results);
    json_object_set_new(fixture->results.environment, "host", json_string("elsewhere"));
    tap_ok(measured && !json_object_get(measured, "agreement")
               && !value_at(measured, "tables.table1")
               && json_array_size(value_at(measured, "tables.throughput")) == 16,
           "a document of what is measured has no table");
    json_decref(fixture->results.environment);
    fixture_close(fixture);
    free(fixture);
    tap_ok(measured && tables_compute(measured) == 0 && json_equal(measured, both),
           "with tables it is the whole, whatever becomes of what it was made from");
    json_decref(both);
    json_decref(measured);
}

/* Each column of the paper's tables 2 to 4 has ours beside it. */
static void test_finetune(json_t *document)
{
    static const char *const tables[][2] = {
        {"glue", "table2_glue"}, {"superglue", "table3_superglue"}, {"squad", "table4_squad"}};
    const struct published *published = published_all();
    json_t *paper;
    int columns = 0, wrong = 0;

    if (!published)
        tap_bail_out("%s", err_get());
    paper = json_object_get(published_find(published, PUBLISHED_PAPER)->document, "tables");
    for (size_t i = 0; i < LENGTH_OF(tables); i++) {
        json_t *row = fixture_row(document, tables[i][0], "swiglu"), *value;
        json_t *printed = json_object_get(json_object_get(paper, tables[i][1]), "swiglu");
        const char *column;
        char key[64];

        wrong += json_object_size(row) != 1 + 2 * json_object_size(printed);
        json_object_foreach (printed, column, value) {
            snprintf(key, sizeof key, "paper_%s", column);
            wrong += !is_null(row, column) || number_at(row, key) != json_number_value(value);
            columns++;
        }
    }
    tap_ok(columns == 27 && wrong == 0, "%d columns of fine-tuning stand beside the paper's", columns);
}

int main(void)
{
    static const struct onednn_facts onednn = {"9.9", "OpenMP", ""};
    struct fixture *fixture = malloc(sizeof *fixture);
    json_t *document;

    if (!fixture || !mkdtemp(directory))
        tap_bail_out("no memory or no directory");
    fixture_open(fixture, 1, 5, 0);
    fixture->results.onednn = &onednn;
    document = results_json(&fixture->results);
    if (!document)
        tap_bail_out("%s", err_get());
    fixture_close(fixture);
    free(fixture);

    test_keys(document);
    test_table1(document);
    test_order(document);
    test_throughput(document);
    test_pareto(document);
    test_files(document);
    test_rewritten(document);
    test_detection(document);
    test_finetune(document);
    json_decref(document);
    test_run_records();
    test_two_parts();
    test_agreement();
    test_diverged();
    test_one_seed();
    test_bad_files();
    test_odd_texts();
    test_values();
    tap_ok(rmdir(directory) == 0, "nothing is left behind");
    tap_plan(61);
    return tap_status();
}
