/* document.c - the results file: made from what was measured, written, read. */
#include "src/glu.h"

#include "build-info.h"
#include "src/results/document.h"

#include "src/results/results.h"
#include "src/util/atomic_file.h"
#include "src/util/io.h"
#include "src/util/json_help.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ==== Making ==== */

static json_t *text_or_null(const char *text)
{
    return json_text(text[0] ? text : NULL);
}

static json_t *onednn_json(const struct onednn_facts *facts)
{
    static const struct onednn_facts none;
    json_t *o = json_object();
    int bad = 0;

    facts = facts ? facts : &none;
    bad |= json_put(o, "version", text_or_null(facts->version));
    bad |= json_put(o, "cpu_runtime", text_or_null(facts->cpu_runtime));
    bad |= json_put(o, "isa", text_or_null(facts->isa));
    return json_finish(o, bad);
}

#if defined __clang__
#define COMPILER "clang " __clang_version__
#elif defined __GNUC__
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "unknown"
#endif

static json_t *program_json(const struct onednn_facts *onednn)
{
    json_t *o = json_object();
    int bad = 0;

    bad |= json_put(o, "name", json_text(PACKAGE_NAME));
    bad |= json_put(o, "version", json_text(PACKAGE_VERSION));
    bad |= json_put(o, "git_commit", json_text(BUILD_GIT_COMMIT));
    bad |= json_put(o, "compiler", json_text(COMPILER));
    bad |= json_put(o, "cflags", json_text(BUILD_CFLAGS));
    bad |= json_put(o, "onednn", onednn_json(onednn));
    return json_finish(o, bad);
}

static json_t *warnings_json(void)
{
    json_t *list = json_array();
    const char *text;
    int bad = 0;

    for (int i = 0; (text = warn_get(i)); i++)
        bad |= json_push(list, json_text(text));
    return json_finish(list, bad);
}

static json_t *variant_json(const struct variant_result *result)
{
    const struct variant *variant = result->variant;
    json_t *o = json_object();
    int bad = 0;

    bad |= json_put(o, "label", json_text(variant->label));
    bad |= json_put(o, "formula", json_text(variant->formula));
    bad |= json_put(o, "citation", json_text(variant->citation));
    bad |= json_put(o, "gated", json_boolean(variant->gated));
    bad |= json_put(o, "activation", json_text(activation_get(variant->act)->name));
    bad |= json_put(o, "alpha", json_number(variant->alpha));
    bad |= json_put(o, "beta", json_number(variant->beta));
    bad |= json_put(o, "d_ff", json_integer(result->d_ff));
    bad |= json_put(o, "parameters", json_integer(result->parameters));
    bad |= json_put(o, "ffn_parameters", json_integer(result->ffn_parameters));
    bad |= json_put(o, "train_flops_per_step", json_integer(result->train_flops_per_step));
    bad |= json_put(o, "parameter_difference_vs_baseline",
                    json_number(result->parameter_difference_vs_baseline));
    return json_finish(o, bad);
}

static json_t *throughput_json(const struct throughput_result *result)
{
    json_t *o = json_object(), *samples = json_array();
    int bad = 0;

    for (int i = 0; i < result->samples; i++)
        bad |= json_push(samples, json_number(result->samples_s[i]));
    bad |= json_put(o, "variant", json_text(result->variant->name));
    bad |= json_put(o, "pass", json_text(result->pass));
    bad |= json_put(o, "precision", json_text(result->precision));
    bad |= json_put(o, "threads", json_integer(result->threads));
    bad |= json_put(o, "batch", json_integer(result->batch));
    bad |= json_put(o, "tokens_per_sample", json_integer(result->tokens_per_sample));
    bad |= json_put(o, "examples_per_sample", json_number(result->examples_per_sample));
    bad |= json_put(o, "padding_share", json_number(result->padding_share));
    bad |= json_put(o, "flops_per_sample", json_number(result->flops_per_sample));
    bad |= json_put(o, "samples_s", samples);
    bad |= json_put(o, "gemm_peak_gflop_per_s", json_number(result->gemm_peak_gflop_per_s));
    return json_finish(o, bad);
}

static json_t *runs_json(const struct run_result *runs, int count)
{
    json_t *list = json_array();
    int bad = 0;

    for (int i = 0; i < count; i++)
        bad |= json_push(list, results_run_json(&runs[i]));
    return json_finish(list, bad);
}

int results_put_slope_runs(json_t *document, const json_t *rows)
{
    json_t *list = json_array();
    int bad = !list;

    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_copy(json_array_get(rows, i));

        bad |= json_put(row, "heldout_example_nats", json_null());
        bad |= json_push(list, row);
    }
    bad |= json_put(document, "slope_runs", list);
    return bad ? err_set("not enough memory for the results") : 0;
}

/* Those of the results, through the same. */
static int put_slopes(json_t *document, const struct results *results)
{
    json_t *rows = runs_json(results->slope_runs, results->slope_run_count);
    int bad = !rows || results_put_slope_runs(document, rows);

    json_decref(rows);
    return bad;
}

json_t *results_document(const struct results *results)
{
    json_t *document = json_object(), *variants = json_object();
    json_t *runs = runs_json(results->runs, results->run_count);
    json_t *throughput = json_array(), *tables = json_object();
    /* A copy: the caller's may get another member while the document is worked on. */
    json_t *environment = results->environment ? json_copy(results->environment)
                                                : environment_json();
    int bad = 0;

    for (int i = 0; i < results->variant_count; i++)
        bad |= json_put(variants, results->variants[i].variant->name,
                        variant_json(&results->variants[i]));
    for (int i = 0; i < results->throughput_count; i++)
        bad |= json_push(throughput, throughput_json(&results->throughput[i]));
    if (results->throughput_before && results->throughput_count == 0)
        bad |= json_array_extend(throughput, results->throughput_before);
    bad |= json_put(tables, "throughput", throughput);

    bad |= json_put(document, "schema_version", json_integer(RESULTS_SCHEMA_VERSION));
    bad |= json_put(document, "program", program_json(results->onednn));
    bad |= json_put(document, "environment", environment);
    bad |= json_put(document, "command", results->command ? json_incref(results->command) : json_null());
    bad |= json_put(document, "config", results->config ? json_incref(results->config) : json_object());
    if (results->inputs)
        bad |= json_put(document, "inputs", json_incref(results->inputs));
    bad |= json_put(document, "baseline",
                    json_text(results->baseline ? results->baseline->name : NULL));
    bad |= json_put(document, "warnings", warnings_json());
    bad |= json_put(document, "variants", variants);
    bad |= json_put(document, "runs", runs);
    if (results->slope_runs)
        bad |= put_slopes(document, results);
    bad |= json_put(document, "tables", tables);
    if (results->profile)
        bad |= json_put(document, "profile", json_incref(results->profile));
    if (results->scaling)
        bad |= json_put(document, "scaling", json_incref(results->scaling));
    if (results->exchange)
        bad |= json_put(document, "exchange", json_incref(results->exchange));
    if (results->rank_steps)
        bad |= json_put(document, "rank_steps", json_incref(results->rank_steps));
    return json_finish(document, bad);
}

/* ==== Writing and reading ==== */

/* The document as text in new memory; NULL and a message. */
static char *document_text(const char *path, json_t *document, size_t *bytes)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);

    if (!out) {
        err_system("%s", path);
        return NULL;
    }
    if (json_print(out, document) != 0) {
        err_prepend("%s", path);
        fclose(out);
        goto fail;
    }
    if (fclose(out) == 0 && text)
        return text;
    err_set("%s: out of memory", path);
fail:
    free(text);
    return NULL;
}

int results_write(const char *path, json_t *document)
{
    size_t bytes = 0;
    char *text = document_text(path, document, &bytes);
    int status = text ? atomic_write(path, text, bytes) : -1;

    free(text);
    return status;
}

int results_write_to(int fd, const char *name, json_t *document)
{
    size_t bytes = 0;
    char *text = document_text(name, document, &bytes);
    int status = text ? atomic_write_all(fd, name, text, bytes) : -1;

    free(text);
    return status;
}

/* Does the parser complain of what some programs write for numbers that are none? */
static bool is_no_number(const char *text)
{
    return strstr(text, "near 'NaN'") || strstr(text, "near 'Infinity'") ||
           strstr(text, "near '-'");
}

json_t *results_parse(const char *path)
{
    json_error_t error;
    json_t *document, *version;
    char *text;
    size_t bytes;

    if (io_read_json(path, &text, &bytes, NULL))
        return NULL;
    errno = 0;
    document = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    free(text);
    if (!document) {
        err_set("%s:%d:%d: %s; %s", path, error.line, error.column, err_cause(error.text),
                is_no_number(error.text)
                    ? "JSON has no NaN and no infinity; what is not known is null"
                    : "it is not a results file, or a damaged one");
        return NULL;
    }
    version = json_object_get(document, "schema_version");
    if (!is_whole(version)) {
        err_set(json_object_get(document, "cells") && json_object_get(document, "settings")
                    ? "%s: it is of a study; give its directory to 'report', or the results files beside it"
                    : "%s: schema_version is missing; it is not a results file of " PACKAGE_NAME, path);
        goto fail;
    }
    if (integer_of(version, 0) != RESULTS_SCHEMA_VERSION) {
        err_set("%s: schema_version is %lld and this program reads %d; use the release that made it",
                path, (long long)integer_of(version, 0), RESULTS_SCHEMA_VERSION);
        goto fail;
    }
    return document;
fail:
    json_decref(document);
    return NULL;
}

/* ==== Asking ==== */

const char *document_baseline(const json_t *document)
{
    const char *name = text_at(document, "baseline");
    json_t *variants = json_object_get(document, "variants");

    name = name ? name : "relu";
    return json_object_get(variants, name) ? name : NULL;
}

/* What programs did before a file said it: a text or, where that is NULL, a number or null. */
static const struct {
    const char *path, *text;
    double number;
} older[] = {
    {"training.optimizer", "adafactor", NAN},
    {"training.weight_decay", NULL, NAN},
    {"training.beta1", NULL, NAN},
    {"training.beta2", NULL, NAN},
    {"training.clip_norm", NULL, 0},
    {"training.schedule", "inverse-sqrt", NAN},
};

/* Of document_differences(). */
struct level {
    affects_fn *affects;
    enum affects least;
    const json_t *config[2];
};

/* Does one configuration not know the field, and the other have what was done then? */
static bool is_as_before(const struct level *level, const char *field)
{
    const json_t *a = value_at(level->config[0], field), *b = value_at(level->config[1], field);
    const json_t *value = a ? a : b;

    for (size_t i = 0; i < LENGTH_OF(older) && (!a || !b); i++) {
        if (strcmp(older[i].path, field) != 0)
            continue;
        if (older[i].text)
            return texts_equal(json_string_value(value), older[i].text);
        return isnan(older[i].number) ? json_is_null(value)
                                      : json_is_number(value) &&
                                            json_number_value(value) == older[i].number;
    }
    return false;
}

/* The fields of the configuration are asked for without its own name. */
static bool does_not_decide(const void *context, const char *path)
{
    const struct level *level = context;
    const char *field = strchr(path, '.');

    return field && (level->affects(field + 1) > level->least || is_as_before(level, field + 1));
}

int document_differences(const json_t *a, const json_t *b, affects_fn *affects, enum affects least,
                         char *text, size_t bytes)
{
    const struct level level = {affects, least,
                                {json_object_get(a, "config"), json_object_get(b, "config")}};

    return json_differences(level.config[0], level.config[1], "config", does_not_decide, &level, text,
                            bytes);
}

/* ==== Limits ==== */

/* No file has so many, but a hostile one. */
enum { CELLS_MAX = 1000000, RUNS_MAX = 10000, VARIANTS_MAX = 1000 };

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

int document_check_size(const json_t *document)
{
    const json_t *runs = json_object_get(document, "runs");
    size_t halves = json_array_size(json_object_get(document, "slope_runs"));
    size_t variants = json_object_size(json_object_get(document, "variants"));
    size_t count = json_array_size(runs), seeds = 0;
    int64_t *seed;

    if (count > RUNS_MAX || halves > RUNS_MAX || variants > VARIANTS_MAX)
        return err_set("%zu runs of %zu variants are more than the tables can hold",
                       halves > count ? halves : count, variants);
    seed = calloc(count + 1, sizeof *seed);
    if (!seed)
        return err_system("%zu runs", count);
    for (size_t i = 0; i < count; i++)
        seed[i] = integer_at(json_array_get(runs, i), "seed", -1);
    qsort(seed, count, sizeof *seed, ascending);
    for (size_t i = 0; i < count; i++)
        seeds += i == 0 || seed[i] != seed[i - 1];
    free(seed);
    if (variants * seeds >= CELLS_MAX)
        return err_set("%zu variants at %zu seeds are more than the tables can hold", variants, seeds);
    return 0;
}
