/* test-validate.c - every rule finds the fault it is for, and names its place. */
#include "src/glu.h"

#include "src/util/json_help.h"
#include "src/results/check.h"
#include "src/results/schema.h"
#include "test/results-fixture.h"
#include "test/tap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[] = "/tmp/glubench-test-XXXXXX", path[256];

/* The number of faults, and what was printed (the caller frees it). */
static int validate(json_t *document, char **text)
{
    size_t bytes;
    FILE *out = open_memstream(text, &bytes);
    int faults = -1;

    if (!out || results_write(path, document) != 0 || results_validate(path, out, &faults) != 0)
        tap_bail_out("%s", err_get());
    fclose(out);
    return faults;
}

/* The parent of the member that a path leads to, which may hold numbers as "runs.3.seed". */
static json_t *reach(json_t *document, const char *where, const char **last)
{
    static char copy[128];
    char *rest, *next;
    json_t *value = document;

    snprintf(copy, sizeof copy, "%s", where);
    for (char *key = strtok_r(copy, ".", &rest); key; key = next) {
        next = strtok_r(NULL, ".", &rest);
        *last = key;
        if (!next)
            return value;
        value = json_is_array(value) ? json_array_get(value, strtoul(key, NULL, 10))
                                     : json_object_get(value, key);
    }
    return NULL;
}

static void spoil(json_t *document, const char *where, const char *json)
{
    const char *key = NULL;
    json_t *parent = reach(document, where, &key);
    int rc = -1;

    if (!json && json_is_object(parent))
        rc = json_object_del(parent, key);
    else if (!json)
        rc = json_array_remove(parent, strtoul(key, NULL, 10));
    else if (json_is_object(parent))
        rc = json_object_set_new(parent, key, json_loads(json, JSON_DECODE_ANY, NULL));
    else
        rc = json_array_set_new(parent, strtoul(key, NULL, 10), json_loads(json, JSON_DECODE_ANY, NULL));
    if (rc != 0)
        tap_bail_out("no such place: %s", where);
}

/* Of the schema: it is refused too, and nothing else is looked at. */
enum { SCHEMA = -1 };

/* One change to a good file; NULL removes. */
static const struct {
    int kind; /* what a reader does about it: an enum check_kind */
    const char *where, *json, *expected;
} faults[] = {
    /* the schema */
    {SCHEMA, "runs", NULL, "(top): lacks \"runs\""},
    {SCHEMA, "runs.3.seed", "\"x\"", "runs[3].seed: is string, must be integer"},
    {SCHEMA, "runs.3.status", "\"fine\"", "runs[3].status: is \"fine\", must be one of \"ok\""},
    {SCHEMA, "runs.3.steps", "-1", "runs[3].steps: is -1, must be 0 or more"},
    {SCHEMA, "variants.relu.gated", "0", "variants.relu.gated: is integer, must be boolean"},
    {SCHEMA, "tables.table1.0.ci95_nats", "[1]", "tables.table1[0].ci95_nats: has 1 elements"},
    {SCHEMA, "agreement.kendall_tau_b", "1.5",
     "agreement.kendall_tau_b: is 1.5, must be 1 or less"},
    {SCHEMA, "config.training.batch", "null", "config.training.batch: is null, must be integer"},
    /* what a schema cannot say */
    {CHECK_REFUSED, "tables.throughput.2.variant", "\"tanh\"",
     "tables.throughput[2]: is of \"tanh\", which is not among the variants"},
    {CHECK_TOLD, "runs.5.seed", "17", "runs[5].seed: is 17, which is not among config.seeds"},
    {CHECK_TOLD, "runs.5.seed", "17", "runs: has 0 rows of gelu at seed 3, must be one"},
    {CHECK_REFUSED, "runs.5.seed", "2", "runs: has 2 rows of gelu at seed 2, must be one"},
    {CHECK_TOLD, "runs.5", NULL, "runs: has 0 rows of gelu at seed 3, must be one"},
    {CHECK_REFUSED, "runs.5.variant", "\"tanh\"",
     "runs[5]: is of \"tanh\", which is not among the variants"},
    {CHECK_REFUSED, "runs.5.status", "\"failed\"",
     "runs[5]: has status \"failed\" and a log-perplexity"},
    {CHECK_REFUSED, "runs.5.error", "\"oops\"", "runs[5]: has status \"ok\" and an error"},
    {CHECK_COMPUTED, "runs.5.heldout_perplexity", "9.5", "runs[5]: has perplexity 9.5"},
    {CHECK_COMPUTED, "runs.5.heldout_nats_per_byte", "9.5", "runs[5]: has 9.5 nats per byte, its log"},
    {CHECK_COMPUTED, "runs.5.heldout_nats_per_byte", NULL, "runs[5]: has nan nats per byte, its log"},
    {CHECK_REFUSED, "runs.5.heldout_example_nats.0", "3.5",
     "runs[5].heldout_example_nats: has the mean"},
    {CHECK_REFUSED, "runs.5.heldout_example_nats.0", NULL,
     "runs[5].heldout_example_nats: has 39 values"},
    {CHECK_REFUSED, "runs.5.curve.1.step", "100", "runs[5].curve[1]: is step 100"},
    {CHECK_REFUSED, "runs.5.curve.4.heldout_log_perplexity_nats", "1.5",
     "runs[5].curve[4]: ends at 1.5"},
    {CHECK_REFUSED, "runs.5.curve.2.train_s", "1.0", "runs[5].curve[2]: is earlier"},
    {CHECK_REFUSED, "runs.5.heldout_target_tokens", "10", "runs[5].heldout_target_tokens: is 10"},
    {CHECK_TOLD, "variants.glu.parameters", "600000",
     "variants.glu.parameters: differs from the baseline's by +20"},
    {CHECK_TOLD, "variants.glu.train_flops_per_step", "2900000000",
     "variants.glu.train_flops_per_step: differs"},
    {CHECK_COMPUTED, "variants.glu.parameter_difference_vs_baseline", "0.0005",
     "the counts give 0"},
    {CHECK_REFUSED, "variants.glu.ffn_parameters", "600000",
     "variants.glu.ffn_parameters: is more than all"},
    {CHECK_TOLD, "baseline", "\"tanh\"", "baseline: is \"tanh\""},
    {CHECK_COMPUTED, "tables.table1.1.n", "4", "tables.table1[1].n: is 4, the runs give 3"},
    {CHECK_COMPUTED, "tables.table1.1.mean_nats", "1.9",
     "tables.table1[1].mean_nats: is 1.9, the runs give 1.97"},
    {CHECK_COMPUTED, "tables.table1.1.delta_nats", "-0.5", "tables.table1[1].delta_nats: is -0.5"},
    {CHECK_COMPUTED, "tables.table1.1.delta_ci95_nats", "null",
     "tables.table1[1].delta_ci95_nats: is null"},
    {CHECK_COMPUTED, "tables.table1.1.p_holm", "0.001", "tables.table1[1].p_holm: is 0.001"},
    {CHECK_COMPUTED, "tables.table1.1.paper_65536_nats", "1.5",
     "tables.table1[1].paper_65536_nats: is 1.5"},
    {CHECK_COMPUTED, "tables.table1.1", NULL, "tables.table1: has 7 elements, the runs give 8"},
    {CHECK_COMPUTED, "tables.throughput.0.median_s", "0.5",
     "tables.throughput[0].median_s: is 0.5"},
    {CHECK_COMPUTED, "tables.throughput.2.relative_to_baseline", "2.0",
     "tables.throughput[2].relative_to_baseline"},
    {CHECK_COMPUTED, "tables.pareto.3.on_front", "true", "tables.pareto[3].on_front: is true"},
    {CHECK_COMPUTED, "agreement.kendall_tau_b", "0.5",
     "agreement.kendall_tau_b: is 0.5, the runs give"},
    {CHECK_COMPUTED, "agreement.p_gated", "null", "agreement.p_gated: is null"},
};

static int collected;

static void collect(void *context, const char *at, const char *what)
{
    (void)context;
    (void)at;
    (void)what;
    collected++;
}

/* The validator refuses a schema that says what it does not check. */
static void test_schema_words(void)
{
    json_t *schema = json_pack("{s:s, s:s}", "type", "string", "pattern", "^a");
    json_t *value = json_string("b");

    tap_ok(schema_check(schema, value, collect, NULL) == -1 && strstr(err_get(), "pattern"), "%s",
           err_get());
    json_decref(schema);
    schema = json_pack("{s:s, s:{s:{s:s}}, s:b}", "type", "object", "properties", "a", "type",
                       "integer", "additionalProperties", 0);
    json_decref(value);
    value = json_pack("{s:i, s:i}", "a", 1, "b", 2);
    collected = 0;
    tap_ok(schema_check(schema, value, collect, NULL) == 0 && collected == 1,
           "additionalProperties false finds the unknown key");
    json_decref(schema);
    json_decref(value);
}

/* A file that asks for far more than it holds is told so in one line, and at once. */
static void test_many_seeds(const json_t *good)
{
    json_t *bad = json_deep_copy(good), *seeds = json_array();
    char *text;
    int count;

    for (int i = 0; i < 100000; i++)
        json_array_append_new(seeds, json_integer(i));
    json_object_set_new(json_object_get(bad, "config"), "seeds", seeds);
    count = validate(bad, &text);
    tap_ok(count == 1
               && strstr(text, "runs: has 24 rows, 8 variants at 100000 seeds need 800000"),
           "100,000 seeds: %.*s", (int)strcspn(text, "\n"), text);
    free(text);
    json_decref(bad);
}

/* More than every one can be compared with, which the schema does not say. */
static void test_too_large(const json_t *good)
{
    json_t *bad = json_deep_copy(good), *variants = json_object_get(bad, "variants");
    json_t *relu = json_object_get(variants, "relu");
    char name[32];
    int count;

    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "own%d", i);
        json_object_set(variants, name, relu);
    }
    if (results_write(path, bad) != 0)
        tap_bail_out("%s", err_get());
    tap_ok(results_validate(path, stdout, &count) == -1 && strstr(err_get(), "can hold"),
           "1,008 variants cannot be checked: %s", err_get());
    tap_ok(!results_read(path) && strncmp(err_get(), path, strlen(path)) == 0
               && strstr(err_get(), "24 runs of 1008 variants"),
           "nor read: %s", err_get());
    json_decref(bad);
}

/* Takes the document over. */
static void test_good(json_t *document, const char *what)
{
    char *text;
    int count = validate(document, &text);

    if (!tap_ok(count == 0 && text[0] == '\0', "%s", what))
        tap_diag("%s", text);
    free(text);
    json_decref(document);
}

/* Does any warning hold both words? */
static bool is_told(const char *what, const char *consequence)
{
    const char *text;

    for (int i = 0; (text = warn_get(i)); i++)
        if (strstr(text, what) && strstr(text, consequence) && strstr(text, path))
            return true;
    return false;
}

/* What a reader does about the fault of the file. */
static void test_reading(int kind, const char *expected)
{
    json_t *document;
    bool right;
    int rest = 0;
    char *text;

    warn_clear();
    document = results_read(path);
    if (kind == SCHEMA || kind == CHECK_REFUSED) {
        right = !document && strstr(err_get(), expected) && strstr(err_get(), path);
    } else if (kind == CHECK_TOLD) {
        right = document && results_recheck(document, path) == 0
                && is_told(expected, "the tables are of what is there");
    } else {
        right = document && is_told(expected, "computed anew");
        rest = document ? validate(document, &text) : 0;
        if (document)
            free(text);
    }
    if (!tap_ok(right && rest == 0, "%s: %s", expected,
                kind == CHECK_COMPUTED ? "computed anew"
                : kind == CHECK_TOLD   ? "told"
                                       : "refused"))
        tap_diag("%d faults; %s; %s", rest, err_get(), warn_get(0) ? warn_get(0) : "no warning");
    json_decref(document);
    warn_clear();
}

/* Rows of a seed that are not there are not counted; a row that stands there twice counts once. */
static void test_rows(const json_t *good)
{
    json_t *edited = json_deep_copy(good), *runs = json_object_get(edited, "runs"), *read;

    for (size_t i = json_array_size(runs); i-- > 0;)
        if (integer_at(json_array_get(runs, i), "seed", 0) == 2)
            json_array_remove(runs, i);
    if (results_write(path, edited) != 0)
        tap_bail_out("%s", err_get());
    read = results_merge((const char *[]){path}, 1, fixture_affects);
    tap_ok(read && integer_at(fixture_row(read, "table1", "swiglu"), "n", 0) == 2
               && is_told("tables.table1[0].n: is 3, the runs give 2", "computed anew")
               && is_told("has 0 rows of relu at seed 2, must be one; runs: has 0 rows", "what is there"),
           "without seed 2: n is 2, and what is missing is told");
    json_decref(read);
    json_decref(edited);
    warn_clear();

    edited = json_deep_copy(good);
    json_array_append_new(json_object_get(edited, "runs"),
                          json_deep_copy(json_array_get(json_object_get(edited, "runs"), 4)));
    if (results_write(path, edited) != 0)
        tap_bail_out("%s", err_get());
    read = results_read(path);
    tap_ok(read && json_equal(read, good) && is_told("has 2 rows of gelu at seed 2", "computed anew"),
           "a row that stands there twice counts once");
    json_decref(read);
    json_decref(edited);
    warn_clear();
}

int main(void)
{
    json_t *good, *bad;
    char *text;
    int count;

    if (!mkdtemp(directory))
        tap_bail_out("no directory");
    snprintf(path, sizeof path, "%s/file.json", directory);
    good = fixture_document(1, 3, 0);
    test_good(json_incref(good), "a good file has no fault");
    for (size_t i = 0; i < LENGTH_OF(faults); i++) {
        bool named;

        bad = json_deep_copy(good);
        spoil(bad, faults[i].where, faults[i].json);
        count = validate(bad, &text);
        named = count > 0 && strstr(text, faults[i].expected)
                && strncmp(text, path, strlen(path)) == 0;
        if (!tap_ok(named, "%s", faults[i].expected))
            tap_diag("%d faults: %s", count, text);
        free(text);
        test_reading(faults[i].kind, faults[i].expected);
        json_decref(bad);
    }
    test_rows(good);
    test_many_seeds(good);
    test_too_large(good);
    json_decref(good);

    test_good(fixture_document(1, 3, FIXTURE_DIVERGED), "a diverged run is not a fault");
    test_good(fixture_document(4, 1, FIXTURE_NO_EXAMPLES | FIXTURE_NO_SPEED),
              "one seed without examples is not a fault");
    good = fixture_document(1, 2, FIXTURE_NO_EXAMPLES);
    json_object_set_new(good, "later", json_string("a key of a later release"));
    test_good(good, "an unknown key is not a fault");
    good = fixture_document(1, 2, FIXTURE_NO_EXAMPLES);
    spoil(good, "variants.glu.parameters", "600000");
    spoil(good, "variants.glu.parameter_difference_vs_baseline", "0.2");
    spoil(good, "config.allow_unequal", "true");
    test_good(good, "variants that differ are not a fault when that was asked for");
    FILE *file = fopen(path, "w");
    fputs("{\"schema_version\": 1", file);
    fclose(file);
    file = open_memstream(&text, &(size_t){0});
    tap_ok(results_validate(path, file, &count) == 0 && count == 1, "a torn file is a fault");
    fclose(file);
    text[strcspn(text, "\n")] = '\0';
    tap_ok(strncmp(text, path, strlen(path)) == 0, "named with its place: %s", text);
    free(text);
    test_schema_words();
    unlink(path);
    tap_ok(rmdir(directory) == 0, "nothing is left behind");
    tap_plan(2 * (int)LENGTH_OF(faults) + 15);
    return tap_status();
}
