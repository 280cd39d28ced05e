/* document.c - the results file: made from what was measured, written, read. */
#include "src/glu.h"

#include "build-info.h"
#include "src/results/document.h"
#include "src/util/json_help.h"
#include "src/results/results.h"
#include "src/results/schema.h"
#include "src/results/tables.h"
#include "src/util/atomic_file.h"
#include "src/util/io.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const status_names[] = {
    [RUN_OK] = "ok",
    [RUN_DIVERGED] = "diverged",
    [RUN_FAILED] = "failed",
    [RUN_INTERRUPTED] = "interrupted",
};

void run_result_free(struct run_result *result)
{
    free(result->error);
    free(result->example_nats);
    free(result->curve);
    free(result->repro);
    result->error = result->repro = NULL;
    result->example_nats = NULL;
    result->curve = NULL;
    result->curve_count = 0;
}

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

static json_t *curve_json(const struct run_result *run)
{
    json_t *points = json_array();
    int bad = 0;

    for (int i = 0; i < run->curve_count; i++) {
        const struct curve_point *point = &run->curve[i];
        json_t *o = json_object();

        bad |= json_put(o, "step", json_integer(point->step));
        bad |= json_put(o, "train_loss_nats", json_number(point->train_loss_nats));
        bad |= json_put(o, "heldout_log_perplexity_nats",
                        json_number(point->heldout_log_perplexity_nats));
        bad |= json_put(o, "train_s", json_number(point->train_s));
        bad |= json_push(points, o);
    }
    return json_finish(points, bad);
}

/* Rounded to 6 decimals, a tenth of what one part in a million of a loss is, to keep files small. */
static json_t *examples_json(const struct run_result *run)
{
    json_t *list;
    int bad = 0;

    if (!run->example_nats)
        return json_null();
    list = json_array();
    for (int i = 0; i < run->heldout_examples; i++)
        bad |= json_push(list, json_number(round(run->example_nats[i] * 1e6) * 1e-6));
    return json_finish(list, bad);
}

static json_t *run_json(const struct run_result *run)
{
    bool ok = run->status == RUN_OK;
    double nats = json_rounded(ok ? run->heldout_log_perplexity_nats : NAN);
    json_t *o = json_object();
    int bad = 0;

    bad |= json_put(o, "variant", json_text(run->variant->name));
    bad |= json_put(o, "seed", json_integer((json_int_t)run->seed));
    bad |= json_put(o, "status", json_text(status_names[run->status]));
    bad |= json_put(o, "error", json_text(run->error));
    bad |= json_put(o, "steps", json_integer(run->steps));
    bad |= json_put(o, "tokens_seen", json_integer(run->tokens_seen));
    bad |= json_put(o, "heldout_log_perplexity_nats", json_number(nats));
    bad |= json_put(o, "heldout_perplexity", json_number(exp(nats)));
    bad |= json_put(o, "heldout_examples", json_integer(run->heldout_examples));
    bad |= json_put(o, "heldout_target_tokens", json_integer(run->heldout_target_tokens));
    bad |= json_put(o, "train_s", json_number(run->train_s));
    bad |= json_put(o, "train_tokens_per_s", json_number(run->train_tokens_per_s));
    bad |= json_put(o, "peak_memory_bytes", json_integer((json_int_t)run->peak_memory_bytes));
    bad |= json_put(o, "parameters_sha256", text_or_null(run->parameters_sha256));
    bad |= json_put(o, "curve", curve_json(run));
    bad |= json_put(o, "heldout_example_nats", examples_json(run));
    bad |= json_put(o, "repro", json_text(run->repro));
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
    bad |= json_put(o, "flops_per_sample", json_number(result->flops_per_sample));
    bad |= json_put(o, "samples_s", samples);
    bad |= json_put(o, "gemm_peak_gflop_per_s", json_number(result->gemm_peak_gflop_per_s));
    return json_finish(o, bad);
}

json_t *results_json(const struct results *results)
{
    json_t *document = json_object(), *variants = json_object(), *runs = json_array();
    json_t *throughput = json_array(), *tables = json_object();
    json_t *environment = results->environment ? json_incref(results->environment)
                                                : environment_json();
    int bad = 0;

    for (int i = 0; i < results->variant_count; i++)
        bad |= json_put(variants, results->variants[i].variant->name,
                        variant_json(&results->variants[i]));
    for (int i = 0; i < results->run_count; i++)
        bad |= json_push(runs, run_json(&results->runs[i]));
    for (int i = 0; i < results->throughput_count; i++)
        bad |= json_push(throughput, throughput_json(&results->throughput[i]));
    bad |= json_put(tables, "throughput", throughput);

    bad |= json_put(document, "schema_version", json_integer(RESULTS_SCHEMA_VERSION));
    bad |= json_put(document, "program", program_json(results->onednn));
    bad |= json_put(document, "environment", environment);
    bad |= json_put(document, "command", results->command ? json_incref(results->command) : json_null());
    bad |= json_put(document, "config", results->config ? json_incref(results->config) : json_object());
    bad |= json_put(document, "baseline",
                    json_text(results->baseline ? results->baseline->name : NULL));
    bad |= json_put(document, "warnings", warnings_json());
    bad |= json_put(document, "variants", variants);
    bad |= json_put(document, "runs", runs);
    bad |= json_put(document, "tables", tables);
    if (results->profile)
        bad |= json_put(document, "profile", json_incref(results->profile));
    if (results->scaling)
        bad |= json_put(document, "scaling", json_incref(results->scaling));
    document = json_finish(document, bad);
    if (document && tables_compute(document) != 0) {
        json_decref(document);
        return NULL;
    }
    return document;
}

/* ==== Writing and reading ==== */

int results_write(const char *path, json_t *document)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    int rc = -1;

    if (!out)
        return err_system("%s", path);
    if (json_print(out, document) != 0) {
        err_prepend("%s", path);
        fclose(out);
        goto done;
    }
    if (fclose(out) != 0 || !text) {
        err_set("%s: out of memory", path);
        goto done;
    }
    rc = atomic_write(path, text, bytes);
done:
    free(text);
    return rc;
}

json_t *results_parse(const char *path)
{
    json_error_t error;
    json_t *document, *version;
    char *text;
    size_t bytes;

    if (io_read_file(path, IO_JSON_MAX_BYTES, &text, &bytes))
        return NULL;
    errno = 0;
    document = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    free(text);
    if (!document) {
        err_set("%s:%d:%d: %s; it is not a results file, or a damaged one", path, error.line,
                error.column, err_cause(error.text));
        return NULL;
    }
    version = json_object_get(document, "schema_version");
    if (!json_is_integer(version)) {
        err_set("%s: schema_version is missing; it is not a results file of %s", path, PACKAGE_NAME);
        goto fail;
    }
    if (json_integer_value(version) != RESULTS_SCHEMA_VERSION) {
        err_set("%s: schema_version is %lld and this program reads %d; use the release that made it",
                path, (long long)json_integer_value(version), RESULTS_SCHEMA_VERSION);
        goto fail;
    }
    return document;
fail:
    json_decref(document);
    return NULL;
}

/* Keep the first fault as the error message. */
static void first_fault(void *context, const char *at, const char *what)
{
    bool *faulty = context;

    if (!*faulty)
        err_set("%s: %s", at, what);
    *faulty = true;
}

json_t *results_read(const char *path)
{
    json_t *document = results_parse(path);
    bool faulty = false;

    if (!document)
        return NULL;
    if (schema_check_results(document, first_fault, &faulty) != 0 || faulty) {
        if (faulty)
            err_prepend("%s: does not fit the schema (see \"validate\")", path);
        json_decref(document);
        return NULL;
    }
    return document;
}

/* ==== Asking ==== */

const char *document_baseline(const json_t *document)
{
    const char *name = text_at(document, "baseline");
    json_t *variants = json_object_get(document, "variants");

    name = name ? name : "relu";
    return json_object_get(variants, name) ? name : NULL;
}

int document_differences(const json_t *a, const json_t *b, bool threads, char *text, size_t bytes)
{
    static const char *const ignored[] = {
        "config.preset", /* a name; all that it sets is compared */
        "config.variants",     "config.baseline",      "config.seeds",
        "config.jobs",         "config.threads", /* of all jobs together */
        "config.samples",      "config.corpus.paths",  "config.heldout.paths",
        "config.threads_per_run", NULL};
    const char *strict[LENGTH_OF(ignored)];

    memcpy(strict, ignored, sizeof strict);
    if (threads)
        strict[LENGTH_OF(strict) - 2] = NULL;
    return json_differences(json_object_get(a, "config"), json_object_get(b, "config"), "config", strict,
                            text, bytes);
}
