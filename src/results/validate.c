/* validate.c - a results file against the schema and against itself. */
#include "src/glu.h"

#include "src/results/document.h"
#include "src/results/results.h"
#include "src/results/schema.h"
#include "src/util/json_help.h"
#include "src/util/printable.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { FAULTS_SHOWN = 50, PATH_BYTES = 256, LINE_BYTES = 512 };
/* Rows that are missing are looked for one by one up to so many. */
enum { MISSING_MAX = 10000 };

/* More than 0.1 % is not "equal parameters". */
static const double PARITY = 1e-3;

struct validation {
    const char *file;
    FILE *out;
    int faults;
};

static void fault(struct validation *validation, const char *at, const char *format, ...)
    GLU_PRINTF(3, 4);
static void fault(struct validation *validation, const char *at, const char *format, ...)
{
    char line[PATH_BYTES], what[LINE_BYTES];
    va_list args;

    if (validation->faults++ >= FAULTS_SHOWN)
        return;
    snprintf(line, sizeof line, "%s", at);
    printable(line);
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    printable(what);
    fprintf(validation->out, "%s: %s: %s\n", validation->file, line, what);
}

static void schema_fault(void *context, const char *at, const char *what)
{
    fault(context, at, "%s", what);
}

static bool close_to(double x, double y, double relative)
{
    return fabs(x - y) <= relative * fmax(fabs(x), fabs(y)) + 1e-9;
}

/* ==== Variants ==== */

static void check_variants(struct validation *validation, const json_t *document)
{
    json_t *variants = json_object_get(document, "variants"), *variant;
    const char *baseline = text_at(document, "baseline"), *name;
    json_t *base = json_object_get(variants, baseline ? baseline : "relu");
    static const char *const equal[] = {"parameters", "train_flops_per_step"};
    bool may_differ = json_is_true(value_at(document, "config.allow_unequal"));
    char at[PATH_BYTES];

    if (baseline && !base)
        fault(validation, "baseline", "is \"%s\", which is not among the variants", baseline);
    json_object_foreach (variants, name, variant) {
        double stated = number_at(variant, "parameter_difference_vs_baseline");

        for (size_t i = 0; base && i < LENGTH_OF(equal); i++) {
            double off = number_at(variant, equal[i]) / number_at(base, equal[i]) - 1.0;

            snprintf(at, sizeof at, "variants.%.60s.%s", name, equal[i]);
            if (fabs(off) > PARITY && !may_differ)
                fault(validation, at, "differs from the baseline's by %+.3f %%, more than %.1f %%",
                      100.0 * off, 100.0 * PARITY);
            if (i == 0 && isfinite(stated) && fabs(stated - off) > 1e-6) {
                snprintf(at, sizeof at, "variants.%.60s.parameter_difference_vs_baseline", name);
                fault(validation, at, "is %.6g, the counts give %.6g", stated, off);
            }
        }
        snprintf(at, sizeof at, "variants.%.60s.ffn_parameters", name);
        if (number_at(variant, "ffn_parameters") > number_at(variant, "parameters"))
            fault(validation, at, "is more than all parameters");
    }
}

/* ==== Runs ==== */

static void check_examples(struct validation *validation, const json_t *run, const char *at)
{
    json_t *examples = json_object_get(run, "heldout_example_nats");
    size_t count = json_array_size(examples);
    double nats = number_at(run, "heldout_log_perplexity_nats"), sum = 0.0;
    char path[PATH_BYTES];

    if (count == 0)
        return;
    snprintf(path, sizeof path, "%.100s.heldout_example_nats", at);
    for (size_t i = 0; i < count; i++)
        sum += json_number_value(json_array_get(examples, i));
    if ((int64_t)count != integer_at(run, "heldout_examples", -1))
        fault(validation, path, "has %zu values, heldout_examples is %lld", count,
              (long long)integer_at(run, "heldout_examples", -1));
    if (isfinite(nats) && fabs(sum / (double)count - nats) > 1e-5) /* they are rounded */
        fault(validation, path, "has the mean %.7g, heldout_log_perplexity_nats is %.7g",
              sum / (double)count, nats);
}

static void check_curve(struct validation *validation, const json_t *run, const char *at)
{
    json_t *curve = json_object_get(run, "curve");
    int64_t steps = integer_at(run, "steps", 0), before = -1;
    double seconds = 0.0;
    char path[PATH_BYTES];

    for (size_t i = 0; i < json_array_size(curve); i++) {
        const json_t *point = json_array_get(curve, i);
        int64_t step = integer_at(point, "step", 0);
        double nats = number_at(point, "heldout_log_perplexity_nats");
        double final = number_at(run, "heldout_log_perplexity_nats");

        snprintf(path, sizeof path, "%.100s.curve[%zu]", at, i);
        if (step <= before || step > steps)
            fault(validation, path, "is step %lld, must be above %lld and at most %lld",
                  (long long)step, (long long)before, (long long)steps);
        if (number_at(point, "train_s") < seconds)
            fault(validation, path, "is earlier (train_s) than the point before it");
        if (step == steps && isfinite(nats) && isfinite(final) && !close_to(nats, final, 1e-9))
            fault(validation, path, "ends at %.9g, heldout_log_perplexity_nats is %.9g", nats, final);
        before = step;
        seconds = fmax(seconds, number_at(point, "train_s"));
    }
}

static void check_run(struct validation *validation, const json_t *document, const json_t *run,
                      const char *at)
{
    const char *variant = text_at(run, "variant"), *status = text_at(run, "status");
    bool ok = run_status_of(status) == RUN_OK;
    double nats = number_at(run, "heldout_log_perplexity_nats");
    double perplexity = number_at(run, "heldout_perplexity");

    if (!json_object_get(json_object_get(document, "variants"), variant))
        fault(validation, at, "is of \"%s\", which is not among the variants", variant);
    if (ok != isfinite(nats))
        fault(validation, at, "has status \"%s\" and %s log-perplexity", status, ok ? "no" : "a");
    if (ok != (text_at(run, "error") == NULL))
        fault(validation, at, "has status \"%s\" and %s error", status, ok ? "an" : "no");
    if (isfinite(nats) != isfinite(perplexity)
        || (isfinite(nats) && !close_to(perplexity, exp(nats), 1e-9)))
        fault(validation, at, "has perplexity %.9g, its log-perplexity gives %.9g", perplexity,
              exp(nats));
    check_examples(validation, run, at);
    check_curve(validation, run, at);
}

/* All ok runs were evaluated on the same text. */
static void check_same_heldout(struct validation *validation, const json_t *runs)
{
    static const char *const same[] = {"heldout_examples", "heldout_target_tokens"};
    const json_t *first = NULL;
    char at[PATH_BYTES];

    for (size_t i = 0; i < json_array_size(runs); i++) {
        const json_t *run = json_array_get(runs, i);

        if (run_status_of(text_at(run, "status")) != RUN_OK)
            continue;
        first = first ? first : run;
        for (size_t j = 0; j < LENGTH_OF(same); j++)
            if (integer_at(run, same[j], 0) != integer_at(first, same[j], 0)) {
                snprintf(at, sizeof at, "runs[%zu].%s", i, same[j]);
                fault(validation, at, "is %lld, other runs have %lld",
                      (long long)integer_at(run, same[j], 0),
                      (long long)integer_at(first, same[j], 0));
            }
    }
}

/* Exactly one row per variant and seed of the configuration. */
static void check_rows(struct validation *validation, const json_t *document)
{
    json_t *runs = json_object_get(document, "runs"), *seeds = value_at(document, "config.seeds");
    json_t *variants = json_object_get(document, "variants"), *variant;
    size_t cells = json_object_size(variants) * json_array_size(seeds);
    const char *name;

    if (json_array_size(runs) == 0) /* a file of throughput alone */
        return;
    if (cells > json_array_size(runs) + MISSING_MAX) {
        fault(validation, "runs", "has %zu rows, %zu variants at %zu seeds need %zu",
              json_array_size(runs), json_object_size(variants), json_array_size(seeds), cells);
        return;
    }
    json_object_foreach (variants, name, variant)
        for (size_t i = 0; i < json_array_size(seeds); i++) {
            long long seed = json_integer_value(json_array_get(seeds, i));
            int count = 0;

            for (size_t j = 0; j < json_array_size(runs); j++) {
                const json_t *run = json_array_get(runs, j);

                count += strcmp(text_at(run, "variant"), name) == 0
                         && integer_at(run, "seed", -1) == seed;
            }
            if (count != 1)
                fault(validation, "runs", "has %d rows of %s at seed %lld, must be one", count, name,
                      seed);
        }
    for (size_t j = 0; j < json_array_size(runs); j++) {
        int64_t seed = integer_at(json_array_get(runs, j), "seed", -1);
        bool asked = false;
        char at[PATH_BYTES];

        for (size_t i = 0; i < json_array_size(seeds); i++)
            asked |= json_integer_value(json_array_get(seeds, i)) == seed;
        snprintf(at, sizeof at, "runs[%zu].seed", j);
        if (!asked)
            fault(validation, at, "is %lld, which is not among config.seeds", (long long)seed);
    }
}

/* ==== Tables: computed again and compared ==== */

static void check_equal(struct validation *validation, const json_t *seen, const json_t *expected,
                        const char *at)
{
    char path[PATH_BYTES];

    if (json_is_object(expected) && json_is_object(seen)) {
        json_t *value, *all = (json_t *)expected;
        const char *key;

        json_object_foreach (all, key, value) {
            snprintf(path, sizeof path, "%.150s.%.80s", at, key);
            if (json_object_get(seen, key)) /* what must be there is in the schema */
                check_equal(validation, json_object_get(seen, key), value, path);
        }
    } else if (json_is_array(expected) && json_is_array(seen)) {
        if (json_array_size(expected) != json_array_size(seen))
            fault(validation, at, "has %zu elements, the runs give %zu", json_array_size(seen),
                  json_array_size(expected));
        for (size_t i = 0; i < json_array_size(expected) && i < json_array_size(seen); i++) {
            snprintf(path, sizeof path, "%.150s[%zu]", at, i);
            check_equal(validation, json_array_get(seen, i), json_array_get(expected, i), path);
        }
    } else if (json_is_number(expected) && json_is_number(seen)) {
        double x = json_number_value(seen), y = json_number_value(expected);

        if (!close_to(x, y, 1e-6))
            fault(validation, at, "is %.9g, the runs give %.9g", x, y);
    } else if (!json_equal(seen, expected)) {
        char *words[] = {json_dumps(seen, JSON_ENCODE_ANY), json_dumps(expected, JSON_ENCODE_ANY)};

        fault(validation, at, "is %.60s, the runs give %.60s", words[0] ? words[0] : "?",
              words[1] ? words[1] : "?");
        free(words[0]);
        free(words[1]);
    }
}

static int check_tables(struct validation *validation, const json_t *document)
{
    static const char *const computed[] = {"tables", "agreement"};
    json_t *again = json_deep_copy(document);
    int rc = -1;

    if (!again)
        return err_set("not enough memory for the results");
    if (tables_compute(again) == 0) {
        for (size_t i = 0; i < LENGTH_OF(computed); i++)
            check_equal(validation, json_object_get(document, computed[i]),
                        json_object_get(again, computed[i]), computed[i]);
        rc = 0;
    }
    json_decref(again);
    return rc;
}

/* ==== All of it ==== */

static int check_document(struct validation *validation, const json_t *document)
{
    json_t *runs = json_object_get(document, "runs");
    char at[PATH_BYTES];

    if (schema_check_results(document, schema_fault, validation) != 0)
        return -1;
    if (validation->faults > 0) /* the rules below rely on the form */
        return 0;
    check_variants(validation, document);
    for (size_t i = 0; i < json_array_size(runs); i++) {
        snprintf(at, sizeof at, "runs[%zu]", i);
        check_run(validation, document, json_array_get(runs, i), at);
    }
    check_same_heldout(validation, runs);
    if (document_check_size(document) != 0)
        return -1;
    check_rows(validation, document);
    return check_tables(validation, document);
}

int results_validate(const char *path, FILE *out, int *faults)
{
    struct validation validation = {path, out, 0};
    json_t *document = results_parse(path);
    int rc = 0;

    if (document) {
        rc = check_document(&validation, document);
        json_decref(document);
    } else {
        char message[2 * LINE_BYTES];

        snprintf(message, sizeof message, "%s", err_get()); /* it names the file */
        printable(message);
        fprintf(out, "%s\n", message);
        validation.faults = 1;
    }
    if (validation.faults > FAULTS_SHOWN)
        fprintf(out, "%s: and %d more\n", path, validation.faults - FAULTS_SHOWN);
    *faults = validation.faults;
    return rc;
}
