/* merge.c - several results files of one configuration as one. */
#include "src/glu.h"

#include "src/results/document.h"
#include "src/results/results.h"
#include "src/util/json_help.h"
#include "variants/variant.h"

#include <string.h>

enum { DIFFERENCES_BYTES = 640 };

static bool same_value(const json_t *a, const json_t *b, const char *path)
{
    return json_same(value_at(a, path), value_at(b, path));
}

/* ==== One variant, two spellings ==== */

static int rename_in_rows(json_t *rows, const char *from, const char *to)
{
    int bad = 0;

    for (size_t i = 0; i < json_array_size(rows); i++)
        if (texts_equal(text_at(json_array_get(rows, i), "variant"), from))
            bad |= json_put(json_array_get(rows, i), "variant", json_text(to));
    return bad;
}

/* Give a variant of a document the name and the words that another document has for it. */
static int rename_variant(json_t *document, const char *from, const char *to, const json_t *other)
{
    static const char *const words[] = {"label", "formula", "citation", "activation", "alpha", "beta"};
    json_t *variants = json_object_get(document, "variants"), *own = json_object_get(variants, from);
    json_t *config = json_object_get(document, "config");
    json_t *listed = json_object_get(config, "variants");
    const json_t *as = json_object_get(json_object_get(other, "variants"), to);
    int bad = json_object_set(variants, to, own);

    for (size_t i = 0; i < LENGTH_OF(words); i++)
        bad |= json_object_get(as, words[i])
                   ? json_object_set(own, words[i], json_object_get(as, words[i]))
                   : 0;
    if (texts_equal(document_baseline(document), from))
        bad |= json_put(document, "baseline", json_text(to));
    if (texts_equal(text_at(config, "baseline"), from))
        bad |= json_put(config, "baseline", json_text(to));
    for (size_t i = 0; i < json_array_size(listed); i++)
        if (texts_equal(json_string_value(json_array_get(listed, i)), from))
            bad |= json_array_set_new(listed, i, json_text(to));
    bad |= rename_in_rows(json_object_get(document, "runs"), from, to);
    bad |= rename_in_rows(json_object_get(document, "slope_runs"), from, to);
    bad |= rename_in_rows(value_at(document, "tables.throughput"), from, to);
    return bad | json_object_del(variants, from); /* last: `from` may be its key */
}

/* A variant that either document has under a name of its own. */
static bool has_two_names(const json_t *a, const json_t *b, const char **a_name, const char **b_name)
{
    json_t *of_a = json_object_get(a, "variants"), *of_b = json_object_get(b, "variants"), *variant;

    json_object_foreach (of_a, *a_name, variant)
        if (!json_object_get(of_b, *a_name))
            json_object_foreach (of_b, *b_name, variant)
                if (!json_object_get(of_a, *b_name) && variant_same(*a_name, *b_name))
                    return true;
    return false;
}

/* Is it what this version calls the variant? */
static bool is_its_name(const char *name)
{
    struct variant_storage storage;
    const struct variant *variant = variant_find(name, &storage);

    return variant && strcmp(variant->name, name) == 0;
}

/* Earlier versions called registered variants custom: both documents get the name of today. */
static int agree_on_names(json_t *a, json_t *b)
{
    const char *a_name, *b_name;
    int bad = 0;

    while (!bad && has_two_names(a, b, &a_name, &b_name))
        bad = is_its_name(b_name) ? rename_variant(a, a_name, b_name, b)
                                  : rename_variant(b, b_name, a_name, a);
    return bad ? err_set("not enough memory for the results") : 0;
}

/* ==== Merging ==== */

/* Refuse, naming the fields, when the two do not measure the same thing. */
static int check_configuration(const json_t *a, const json_t *b, affects_fn *affects,
                               const char *a_path, const char *b_path)
{
    json_t *variants = json_object_get(a, "variants"), *variant, *field;
    char text[DIFFERENCES_BYTES] = "", path[128];
    const char *name, *key;
    int count = document_differences(a, b, affects, AFFECTS_BITS, text, sizeof text);

    json_object_foreach (variants, name, variant) {
        json_t *other = json_object_get(json_object_get(b, "variants"), name);

        json_object_foreach (variant, key, field) {
            /* The baseline is another one in a file of a single variant. */
            if (!other || strcmp(key, "parameter_difference_vs_baseline") == 0)
                continue;
            snprintf(path, sizeof path, "variants.%.50s.%.50s", name, key);
            count += json_differences(field, json_object_get(other, key), path, NULL, NULL, text,
                                      sizeof text);
        }
    }
    if (count > 0)
        return err_set("%s and %s are of different configurations; they differ in %d field%s: %s",
                       a_path, b_path, count, count == 1 ? "" : "s", text);
    return 0;
}

/* The baseline of the file that has more variants holds for both; differences of parameters are
 * against it. */
static int merge_variants(json_t *into, const json_t *other)
{
    json_t *variants = json_object_get(into, "variants"), *more = json_object_get(other, "variants");
    json_t *variant, *base;
    const char *name, *baseline;
    int bad = 0;

    if (json_object_size(more) > json_object_size(variants) && json_object_get(other, "baseline"))
        bad |= json_object_set(into, "baseline", json_object_get(other, "baseline"));
    bad |= json_object_update_missing(variants, more);
    baseline = document_baseline(into);
    base = baseline ? json_object_get(variants, baseline) : NULL;
    json_object_foreach (variants, name, variant)
        if (base)
            bad |= json_put(variant, "parameter_difference_vs_baseline",
                            json_number(number_at(variant, "parameters")
                                            / number_at(base, "parameters")
                                        - 1.0));
    return bad;
}

static json_t *find_run(json_t *runs, const json_t *wanted)
{
    for (size_t i = 0; i < json_array_size(runs); i++) {
        json_t *run = json_array_get(runs, i);

        if (same_value(run, wanted, "variant") && same_value(run, wanted, "seed"))
            return run;
    }
    return NULL;
}

static bool is_ok(const json_t *run)
{
    return run_status_of(text_at(run, "status")) == RUN_OK;
}

/* Did the two begin from weights that are not the same?  Earlier versions do not tell. */
static bool other_weights(const json_t *a, const json_t *b)
{
    static const char key[] = "init_checkpoint_sha256";

    return text_at(a, key) && text_at(b, key) && !same_value(a, b, key);
}

/* A run that both have: the same result is kept once, and an ok run replaces one that is not. */
static int merge_runs(json_t *runs, const json_t *more, const char *list, const char *path)
{
    for (size_t i = 0; i < json_array_size(more); i++) {
        json_t *run = json_array_get(more, i), *own = find_run(runs, run);

        if (!own) {
            if (json_array_append(runs, run) != 0)
                return err_set("not enough memory for the results");
        } else if (other_weights(own, run)) {
            return err_set("%s: %s[%zu]: %s at seed %lld began from other weights than in another of "
                           "the files (init_checkpoint_sha256); leave one of the two out",
                           path, list, i, text_at(run, "variant"),
                           (long long)integer_at(run, "seed", -1));
        } else if (is_ok(own) && is_ok(run)) {
            if (!same_value(own, run, "heldout_log_perplexity_nats")
                || !same_value(own, run, "parameters_sha256"))
                return err_set("%s: %s[%zu]: %s at seed %lld is in another of the files too, with "
                               "another result; leave one of the two out",
                               path, list, i, text_at(run, "variant"),
                               (long long)integer_at(run, "seed", -1));
        } else if (is_ok(run)) {
            if (json_object_clear(own) != 0 || json_object_update(own, run) != 0)
                return err_set("not enough memory for the results");
        }
    }
    return 0;
}

/* Those of half of the steps, which either may lack. */
static int merge_slopes(json_t *into, const json_t *other, const char *path)
{
    static const char list[] = "slope_runs";
    const json_t *more = json_object_get(other, list);

    if (!more)
        return 0;
    if (!json_object_get(into, list) && json_put(into, list, json_array()) != 0)
        return err_set("not enough memory for the results");
    return merge_runs(json_object_get(into, list), more, list, path);
}

static json_t *find_throughput(json_t *rows, const json_t *wanted)
{
    static const char *const same[] = {"variant", "pass", "precision", "threads", "batch",
                                       "tokens_per_sample", "flops_per_sample"};

    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        bool equal = true;

        for (size_t j = 0; j < LENGTH_OF(same); j++)
            equal = equal && same_value(row, wanted, same[j]);
        if (equal)
            return row;
    }
    return NULL;
}

static int merge_throughput(json_t *rows, const json_t *more)
{
    int bad = 0;

    for (size_t i = 0; i < json_array_size(more); i++) {
        json_t *row = json_array_get(more, i), *own = find_throughput(rows, row);
        double peak = number_at(row, "gemm_peak_gflop_per_s");

        if (!own) {
            bad |= json_array_append(rows, row);
            continue;
        }
        if (same_value(own, row, "samples_s")) /* the same measurement, in both files */
            continue;
        bad |= json_array_extend(json_object_get(own, "samples_s"), json_object_get(row, "samples_s"));
        if (!(number_at(own, "gemm_peak_gflop_per_s") >= peak)) /* the peak is the best that was seen */
            bad |= json_put(own, "gemm_peak_gflop_per_s", json_number(peak));
    }
    return bad ? err_set("not enough memory for the results") : 0;
}

/* Append what is not there yet; nothing when there is no list. */
static int merge_list(json_t *list, const json_t *more)
{
    int bad = 0;

    for (size_t i = 0; json_is_array(list) && i < json_array_size(more); i++) {
        json_t *value = json_array_get(more, i);
        size_t j = 0;

        while (j < json_array_size(list) && !json_same(json_array_get(list, j), value))
            j++;
        if (j == json_array_size(list))
            bad |= json_array_append(list, value);
    }
    return bad;
}

static int add_warning(json_t *document, const char *path, const char *what)
{
    char text[512];

    snprintf(text, sizeof text, "%.300s %s", path, what);
    return json_push(json_object_get(document, "warnings"), json_text(text));
}

/* Where one's seeds were added by looking, so were those of both. */
static int merge_looks(json_t *into, const json_t *other)
{
    json_t *config = json_object_get(into, "config");
    int64_t seeds = (int64_t)json_array_size(json_object_get(config, "seeds"));
    int64_t a = integer_at(config, "seeds_max", 0);
    int64_t b = integer_at(json_object_get(other, "config"), "seeds_max", 0);
    int64_t most = a > b ? a : b;

    if (!json_is_true(json_object_get(config, "until_decided")) &&
        !json_is_true(value_at(other, "config.until_decided")))
        return 0;
    return json_put(config, "until_decided", json_true()) |
           json_put(config, "seeds_max", json_integer(most > seeds ? most : seeds));
}

static int merge_one(json_t *into, const json_t *other, const char *path)
{
    bool machine = same_value(into, other, "environment.host")
                   && same_value(into, other, "environment.cpu_model");
    bool build = same_value(into, other, "program.git_commit")
                 && same_value(into, other, "program.onednn");
    json_t *tables = json_object_get(into, "tables");
    int bad = merge_list(value_at(into, "config.seeds"), value_at(other, "config.seeds"));

    bad |= merge_looks(into, other);
    bad |= merge_variants(into, other);
    bad |= merge_list(value_at(into, "config.variants"), value_at(other, "config.variants"));
    bad |= merge_list(json_object_get(into, "warnings"), json_object_get(other, "warnings"));
    if (!machine)
        bad |= add_warning(into, path, "comes from another machine: its throughput is left out, and "
                                       "the seconds of its runs are not comparable");
    if (!build)
        bad |= add_warning(into, path, "was made by another build or oneDNN");
    if (bad)
        return err_set("not enough memory for the results");
    if (merge_runs(json_object_get(into, "runs"), json_object_get(other, "runs"), "runs", path) != 0 ||
        merge_slopes(into, other, path) != 0)
        return -1;
    return machine && build ? merge_throughput(json_object_get(tables, "throughput"),
                                               value_at(other, "tables.throughput"))
                            : 0;
}

json_t *results_merge(const char *const *paths, int count, affects_fn *affects)
{
    json_t *merged, *other;

    if (count < 1) {
        err_set("name a results file");
        return NULL;
    }
    merged = results_read(paths[0]);
    if (!merged)
        return NULL;
    for (int i = 1; i < count; i++) {
        int rc = -1;

        other = results_read(paths[i]);
        if (other && agree_on_names(merged, other) == 0 &&
            check_configuration(merged, other, affects, paths[0], paths[i]) == 0)
            rc = merge_one(merged, other, paths[i]);
        json_decref(other); /* rows that were taken over live on */
        if (rc != 0)
            goto fail;
    }
    if (results_recheck(merged, count == 1 ? paths[0] : "the files together") == 0 &&
        (count == 1 || tables_compute(merged) == 0))
        return merged;
fail:
    json_decref(merged);
    return NULL;
}
