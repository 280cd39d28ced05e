/* check.c - see check.h. */
#include "src/glu.h"

#include "src/results/check.h"

#include "src/results/results.h"
#include "src/util/json_help.h"
#include "src/util/spread.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 256, LINE_BYTES = 512 };
/* Rows that are missing are looked for one by one up to so many. */
enum { MISSING_MAX = 10000 };

/* More than 0.1 % is not "equal parameters". */
static const double PARITY = 1e-3;

struct check {
    check_fn *fault;
    void *context;
};

static void report(const struct check *check, enum check_kind kind, const char *at,
                   const char *format, ...) GLU_PRINTF(4, 5);
static void report(const struct check *check, enum check_kind kind, const char *at,
                   const char *format, ...)
{
    char what[LINE_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    check->fault(check->context, kind, at, what);
}

static bool close_to(double x, double y, double relative)
{
    return fabs(x - y) <= relative * fmax(fabs(x), fabs(y)) + 1e-9;
}

/* ==== Variants ==== */

bool check_difference(double stated, double counted)
{
    return !isfinite(stated) || !isfinite(counted) || fabs(stated - counted) <= 1e-6;
}

static void check_variants(const struct check *check, const json_t *document)
{
    json_t *variants = json_object_get(document, "variants"), *variant;
    const char *baseline = text_at(document, "baseline"), *name;
    json_t *base = json_object_get(variants, baseline ? baseline : "relu");
    static const char *const equal[] = {"parameters", "train_flops_per_step"};
    bool may_differ = json_is_true(value_at(document, "config.allow_unequal"));
    char at[PATH_BYTES];

    if (baseline && !base)
        report(check, CHECK_TOLD, "baseline", "is \"%s\", which is not among the variants",
               baseline);
    json_object_foreach (variants, name, variant) {
        double stated = number_at(variant, "parameter_difference_vs_baseline");

        for (size_t i = 0; base && i < LENGTH_OF(equal); i++) {
            double off = number_at(variant, equal[i]) / number_at(base, equal[i]) - 1.0;

            snprintf(at, sizeof at, "variants.%.60s.%s", name, equal[i]);
            if (fabs(off) > PARITY && !may_differ)
                report(check, CHECK_TOLD, at,
                       "differs from the baseline's by %+.3f %%, more than %.1f %%", 100.0 * off,
                       100.0 * PARITY);
            if (i == 0 && !check_difference(stated, off)) {
                snprintf(at, sizeof at, "variants.%.60s.parameter_difference_vs_baseline", name);
                report(check, CHECK_COMPUTED, at, "is %.6g, the counts give %.6g", stated, off);
            }
        }
        snprintf(at, sizeof at, "variants.%.60s.ffn_parameters", name);
        if (number_at(variant, "ffn_parameters") > number_at(variant, "parameters"))
            report(check, CHECK_REFUSED, at, "is more than all parameters");
    }
}

/* ==== Runs ==== */

/* The most by which a mean of so many rounded losses is off.  Earlier versions rounded to a millionth. */
static double rounding(size_t examples)
{
    return 0.5 * results_example_step_nats((int)examples) + 1e-5;
}

static void check_examples(const struct check *check, const json_t *run, const char *at)
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
        report(check, CHECK_REFUSED, path, "has %zu values, heldout_examples is %lld", count,
               (long long)integer_at(run, "heldout_examples", -1));
    if (isfinite(nats) && fabs(sum / (double)count - nats) > rounding(count))
        report(check, CHECK_REFUSED, path, "has the mean %.7g, heldout_log_perplexity_nats is %.7g",
               sum / (double)count, nats);
}

/* The last point is of the curve's examples, which are among those of the result. */
static void check_end(const struct check *check, const json_t *document, const json_t *run,
                      double nats, const char *path)
{
    json_t *examples = json_object_get(run, "heldout_example_nats");
    size_t count = json_array_size(examples);
    int64_t all = integer_at(run, "heldout_examples", 0);
    int64_t asked = integer_of(value_at(document, "config.heldout.curve_examples"), 0);
    double expected = number_at(run, "heldout_log_perplexity_nats"), sum = 0.0;
    size_t fewer = asked >= 1 && (uint64_t)asked < count ? (size_t)asked : count;

    if (count == 0 && asked >= 1 && asked < all) /* its examples are not told */
        return;
    if (fewer >= count) {
        if (!close_to(nats, expected, 1e-9))
            report(check, CHECK_REFUSED, path,
                   "ends at %.9g, heldout_log_perplexity_nats is %.9g", nats, expected);
        return;
    }
    for (size_t i = 0; i < fewer; i++)
        sum += json_number_value(json_array_get(examples, spread_at(count, fewer, i)));
    if (fabs(sum / (double)fewer - nats) > rounding(count))
        report(check, CHECK_REFUSED, path, "ends at %.7g, its examples have the mean %.7g", nats,
               sum / (double)fewer);
}

static void check_curve(const struct check *check, const json_t *document, const json_t *run,
                        const char *at)
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
            report(check, CHECK_REFUSED, path, "is step %lld, must be above %lld and at most %lld",
                   (long long)step, (long long)before, (long long)steps);
        if (number_at(point, "train_s") < seconds)
            report(check, CHECK_REFUSED, path, "is earlier (train_s) than the point before it");
        if (step == steps && isfinite(nats) && isfinite(final))
            check_end(check, document, run, nats, path);
        before = step;
        seconds = fmax(seconds, number_at(point, "train_s"));
    }
}

bool check_perplexity(const json_t *run)
{
    double expected = exp(number_at(run, "heldout_log_perplexity_nats"));
    double perplexity = number_at(run, "heldout_perplexity");

    return isfinite(expected) ? close_to(perplexity, expected, 1e-9) : !isfinite(perplexity);
}

double check_nats_per_byte(const json_t *run)
{
    int64_t bytes = integer_at(run, "heldout_target_bytes", 0);
    double tokens = (double)integer_at(run, "heldout_target_tokens", 0);

    return bytes > 0 ? number_at(run, "heldout_log_perplexity_nats") * tokens / (double)bytes : NAN;
}

bool check_bytes(const json_t *run)
{
    double expected = check_nats_per_byte(run), stated = number_at(run, "heldout_nats_per_byte");

    return isfinite(expected) ? close_to(stated, expected, 1e-9) : !isfinite(stated);
}

static bool is_ok(const json_t *run)
{
    return run_status_of(text_at(run, "status")) == RUN_OK;
}

/* The first that is ok, or NULL. */
static const json_t *first_ok(const json_t *runs)
{
    size_t i = 0;

    while (i < json_array_size(runs) && !is_ok(json_array_get(runs, i)))
        i++;
    return json_array_get(runs, i);
}

/* ==== Scores of tasks ==== */

/* The point of the curve at a step, or NULL. */
static const json_t *score_point(const json_t *curve, int64_t step)
{
    for (size_t i = 0; i < json_array_size(curve); i++)
        if (integer_at(json_array_get(curve, i), "step", -1) == step)
            return json_array_get(curve, i);
    return NULL;
}

/* Scores of a checkpoint are those of the curve there; a test set's are not. */
static void check_scores(const struct check *check, const json_t *run, const char *member, const char *at)
{
    json_t *scores = json_object_get(run, member), *of, *value;
    const json_t *curve = json_object_get(run, "score_curve");
    const char *task, *metric;
    char path[PATH_BYTES], name[PATH_BYTES];

    json_object_foreach (scores, task, of) {
        int64_t step = integer_at(of, "step", -1);
        const json_t *point = score_point(curve, step);

        snprintf(path, sizeof path, "%.60s.%s.%.60s", at, member, task);
        if (!point)
            report(check, CHECK_REFUSED, path, "is of step %lld, which score_curve does not have", (long long)step);
        if (!point || json_object_get(of, "dev_target_nats"))
            continue;
        json_object_foreach (of, metric, value) {
            double told;

            snprintf(name, sizeof name, "%.100s.%.100s", task, metric);
            told = number_at(point, name);
            if (json_object_get(point, name) && isfinite(told) != isfinite(number_of(value)))
                report(check, CHECK_REFUSED, path, "has %s %.40s, score_curve has %s", isfinite(told) ? "no" : "a",
                       metric, isfinite(told) ? "one" : "none");
            snprintf(name, sizeof name, "%.180s.%.60s", path, metric);
            if (isfinite(told) && isfinite(number_of(value)) && !close_to(number_of(value), told, 1e-9))
                report(check, CHECK_REFUSED, name, "is %.7g, score_curve has %.7g at step %lld",
                       number_of(value), told, (long long)step);
        }
    }
}

static void check_score_curve(const struct check *check, const json_t *run, const char *at)
{
    const json_t *curve = json_object_get(run, "score_curve");
    int64_t steps = integer_at(run, "steps", 0), before = -1;
    char path[PATH_BYTES];

    for (size_t i = 0; i < json_array_size(curve); i++) {
        int64_t step = integer_at(json_array_get(curve, i), "step", 0);

        snprintf(path, sizeof path, "%.100s.score_curve[%zu]", at, i);
        if (step <= before || step > steps)
            report(check, CHECK_REFUSED, path, "is step %lld, must be above %lld and at most %lld",
                   (long long)step, (long long)before, (long long)steps);
        before = step;
    }
    check_scores(check, run, "scores", at);
    check_scores(check, run, "scores_last", at);
}

static void check_run(const struct check *check, const json_t *document, const json_t *run,
                      const char *at)
{
    const char *variant = text_at(run, "variant"), *status = text_at(run, "status");
    bool ok = is_ok(run);
    double nats = number_at(run, "heldout_log_perplexity_nats");

    if (!json_object_get(json_object_get(document, "variants"), variant))
        report(check, CHECK_REFUSED, at, "is of \"%s\", which is not among the variants", variant);
    if (ok != isfinite(nats))
        report(check, CHECK_REFUSED, at, "has status \"%s\" and %s log-perplexity", status,
               ok ? "no" : "a");
    if (ok != (text_at(run, "error") == NULL) && run_status_of(status) != RUN_INTERRUPTED)
        report(check, ok ? CHECK_REFUSED : CHECK_TOLD, at, "has status \"%s\" and %s error", status,
               ok ? "an" : "no");
    if (!check_perplexity(run))
        report(check, CHECK_COMPUTED, at, "has perplexity %.9g, its log-perplexity gives %.9g",
               number_at(run, "heldout_perplexity"), exp(nats));
    if (!check_bytes(run))
        report(check, CHECK_COMPUTED, at, "has %.9g nats per byte, its log-perplexity gives %.9g",
               number_at(run, "heldout_nats_per_byte"), check_nats_per_byte(run));
    check_examples(check, run, at);
    check_curve(check, document, run, at);
    check_score_curve(check, run, at);
}

/* All ok runs were evaluated on the same text as the first. */
static void check_same_heldout(const struct check *check, const json_t *runs, const char *list,
                               const json_t *first)
{
    static const char *const same[] = {"heldout_examples", "heldout_target_tokens"};
    char at[PATH_BYTES];

    for (size_t i = 0; i < json_array_size(runs); i++) {
        const json_t *run = json_array_get(runs, i);

        if (!is_ok(run))
            continue;
        for (size_t j = 0; first && j < LENGTH_OF(same); j++)
            if (integer_at(run, same[j], 0) != integer_at(first, same[j], 0)) {
                snprintf(at, sizeof at, "%s[%zu].%s", list, i, same[j]);
                report(check, CHECK_REFUSED, at, "is %lld, other runs have %lld",
                       (long long)integer_at(run, same[j], 0),
                       (long long)integer_at(first, same[j], 0));
            }
    }
}

const char *check_cell(const char *variant, int64_t seed, char key[CHECK_CELL_BYTES])
{
    snprintf(key, CHECK_CELL_BYTES, "%" PRId64 " %.200s", seed, variant);
    return key;
}

/* A row is of a seed that was asked for, and the only one of its run; an equal one does no harm. */
static int check_row(const struct check *check, const char *list, const json_t *runs, size_t i,
                     const json_t *asked, json_t *seen)
{
    const json_t *run = json_array_get(runs, i);
    const char *variant = text_at(run, "variant");
    int64_t seed = integer_at(run, "seed", -1);
    char key[CHECK_CELL_BYTES], at[PATH_BYTES];
    const json_t *rows;

    snprintf(at, sizeof at, "%s[%zu].seed", list, i);
    if (!json_object_get(asked, check_cell("", seed, key)))
        report(check, CHECK_TOLD, at, "is %lld, which is not among config.seeds", (long long)seed);
    rows = json_object_get(seen, check_cell(variant, seed, key));
    if (!rows)
        return json_put(seen, key, json_pack("[I]", (json_int_t)i));
    if (json_push((json_t *)rows, json_integer((json_int_t)i)) != 0)
        return -1;
    report(check,
           json_same(run, json_array_get(runs, (size_t)integer_of(json_array_get(rows, 0), 0)))
               ? CHECK_COMPUTED
               : CHECK_REFUSED,
           list, "has %zu rows of %s at seed %lld, must be one", json_array_size(rows), variant,
           (long long)seed);
    return 0;
}

/* Exactly one row per variant and seed of the configuration. */
static int check_rows(const struct check *check, const json_t *document)
{
    json_t *runs = json_object_get(document, "runs"), *seeds = value_at(document, "config.seeds");
    json_t *variants = json_object_get(document, "variants"), *variant;
    size_t rows = json_array_size(runs);
    size_t cells = json_object_size(variants) * json_array_size(seeds);
    json_t *halves = json_object_get(document, "slope_runs");
    json_t *asked = json_object(), *seen = json_object(), *seen_halves = json_object();
    char key[CHECK_CELL_BYTES];
    const char *name;
    int bad = !asked || !seen || !seen_halves;

    for (size_t i = 0; i < json_array_size(seeds); i++)
        bad |= json_put(asked, check_cell("", integer_of(json_array_get(seeds, i), -1), key),
                        json_true());
    for (size_t i = 0; i < rows && !bad; i++)
        bad |= check_row(check, "runs", runs, i, asked, seen);
    for (size_t i = 0; i < json_array_size(halves) && !bad; i++)
        bad |= check_row(check, "slope_runs", halves, i, asked, seen_halves);
    if (rows > 0 && cells > rows + MISSING_MAX) /* no rows: a file of throughput alone */
        report(check, CHECK_TOLD, "runs", "has %zu rows, %zu variants at %zu seeds need %zu", rows,
               json_object_size(variants), json_array_size(seeds), cells);
    else if (rows > 0 && !bad)
        json_object_foreach (variants, name, variant)
            for (size_t i = 0; i < json_array_size(seeds); i++) {
                int64_t seed = integer_of(json_array_get(seeds, i), -1);

                if (!json_object_get(seen, check_cell(name, seed, key)))
                    report(check, CHECK_TOLD, "runs", "has 0 rows of %s at seed %lld, must be one",
                           name, (long long)seed);
            }
    json_decref(asked);
    json_decref(seen);
    json_decref(seen_halves);
    return bad ? err_set("not enough memory for the results") : 0;
}

/* Samples are of a variant that the file describes. */
static void check_samples(const struct check *check, const json_t *document)
{
    json_t *rows = value_at(document, "tables.throughput");
    char at[PATH_BYTES];

    for (size_t i = 0; i < json_array_size(rows); i++) {
        const char *name = text_at(json_array_get(rows, i), "variant");

        snprintf(at, sizeof at, "tables.throughput[%zu]", i);
        if (!json_object_get(json_object_get(document, "variants"), name ? name : ""))
            report(check, CHECK_REFUSED, at, "is of \"%s\", which is not among the variants",
                   name ? name : "");
    }
}

/* A run of half of the steps has fewer than the others. */
static void check_half(const struct check *check, const json_t *run, const json_t *first,
                       const char *at)
{
    int64_t steps = integer_at(run, "steps", 0), all = integer_at(first, "steps", 0);

    if (is_ok(run) && first && (steps < 1 || steps >= all))
        report(check, CHECK_REFUSED, at, "has %lld steps, must have fewer than the %lld of runs",
               (long long)steps, (long long)all);
}

int check_document(const json_t *document, check_fn *fault, void *context)
{
    static const char *const lists[] = {"runs", "slope_runs"};
    const struct check check = {fault, context};
    const json_t *first = first_ok(json_object_get(document, "runs"));
    char at[PATH_BYTES];

    check_variants(&check, document);
    for (size_t k = 0; k < LENGTH_OF(lists); k++) {
        const json_t *runs = json_object_get(document, lists[k]);

        for (size_t i = 0; i < json_array_size(runs); i++) {
            snprintf(at, sizeof at, "%s[%zu]", lists[k], i);
            check_run(&check, document, json_array_get(runs, i), at);
            if (k > 0)
                check_half(&check, json_array_get(runs, i), first, at);
        }
        check_same_heldout(&check, runs, lists[k], first);
    }
    check_samples(&check, document);
    return check_rows(&check, document);
}

/* ==== Tables: computed again and compared ==== */

static void check_equal(const struct check *check, const json_t *seen, const json_t *expected,
                        const char *at)
{
    char path[PATH_BYTES];

    if (json_is_object(expected) && json_is_object(seen)) {
        json_t *value, *all = (json_t *)expected;
        const char *key;

        json_object_foreach (all, key, value) {
            snprintf(path, sizeof path, "%.150s.%.80s", at, key);
            if (json_object_get(seen, key)) /* what must be there is in the schema */
                check_equal(check, json_object_get(seen, key), value, path);
        }
    } else if (json_is_array(expected) && json_is_array(seen)) {
        if (json_array_size(expected) != json_array_size(seen))
            report(check, CHECK_COMPUTED, at, "has %zu elements, the runs give %zu",
                   json_array_size(seen), json_array_size(expected));
        for (size_t i = 0; i < json_array_size(expected) && i < json_array_size(seen); i++) {
            snprintf(path, sizeof path, "%.150s[%zu]", at, i);
            check_equal(check, json_array_get(seen, i), json_array_get(expected, i), path);
        }
    } else if (json_is_number(expected) && json_is_number(seen)) {
        double x = json_number_value(seen), y = json_number_value(expected);

        if (!close_to(x, y, 1e-6))
            report(check, CHECK_COMPUTED, at, "is %.9g, the runs give %.9g", x, y);
    } else if (!json_same(seen, expected)) {
        char *words[] = {json_dumps(seen, JSON_ENCODE_ANY), json_dumps(expected, JSON_ENCODE_ANY)};

        report(check, CHECK_COMPUTED, at, "is %.60s, the runs give %.60s",
               words[0] ? words[0] : "?", words[1] ? words[1] : "?");
        free(words[0]);
        free(words[1]);
    }
}

void check_tables(const json_t *document, const json_t *again, check_fn *fault, void *context)
{
    static const char *const computed[] = {"tables", "agreement", "decisions"};
    const struct check check = {fault, context};

    for (size_t i = 0; i < LENGTH_OF(computed); i++)
        check_equal(&check, json_object_get(document, computed[i]),
                    json_object_get(again, computed[i]), computed[i]);
}
