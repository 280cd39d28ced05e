/* test-beside.c - what others published: the files, the rows beside ours, the order against theirs, and
 * what tables show of it in every format. */
#include "src/glu.h"

#include "src/results/check.h"
#include "src/results/published.h"
#include "src/results/results.h"
#include "src/util/json_help.h"
#include "test/near.h"
#include "test/results-fixture.h"
#include "test/tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The files ------------------------------------------------------------------------------- */

/* What is wrong with a metric, in number. */
static int metric_faults(const char *key, const struct published_metric *metric)
{
    int faults = !metric->name || !metric->unit;

    for (int i = 0; i < metric->values; i++) {
        const struct published_value *value = &metric->value[i];
        struct variant_storage storage;
        const struct variant *variant = variant_find(value->variant, &storage);

        if (!variant || strcmp(variant->name, value->variant) != 0 || !isfinite(value->value)
            || value->stddev < 0.0) {
            tap_diag("%s: %s", key, value->variant);
            faults++;
        }
    }
    return faults;
}

static void test_files(const struct published *published)
{
    int faults = 0, figures = 0;

    for (int i = 0; i < published->papers; i++) {
        const struct published_paper *paper = &published->paper[i];

        faults += !paper->key || strcmp(paper->key, published_key(i)) != 0 || !paper->title
                  || !paper->source || paper->year < 2000
                  || !json_is_boolean(json_object_get(paper->document, "verified"))
                  || !json_is_object(json_object_get(paper->document, "setting"));
        faults += i > 0 && strcmp(published_key(i - 1), published_key(i)) >= 0;
        for (int k = 0; k < paper->metrics; k++) {
            faults += metric_faults(paper->key, &paper->metric[k]);
            figures += paper->metric[k].values;
        }
    }
    tap_ok(faults == 0 && published->papers >= 18 && figures > 100,
           "%d papers, %d figures, all of variants that there are, by their names", published->papers,
           figures);
}

static void test_asking(const struct published *published)
{
    const struct published_paper *narang = published_find(published, "narang2021");
    const struct published_metric *late = published_nats(narang, 524288);

    tap_ok(!published_find(published, "narang") && !published_find(published, NULL)
               && !published_nats(NULL, NAN) && !published_value(NULL, "relu")
               && !published_nats(published_find(published, "zhang2024"), NAN)
               && !published_nats(narang, 7),
           "what is not there is NULL");
    tap_ok(published_nats(narang, NAN) == &narang->metric[0] && late == &narang->metric[1]
               && published_value(late, "swiglu")->value == 1.789
               && published_value(late, "swiglu")->n == 1.0
               && isnan(published_value(late, "swiglu")->stddev)
               && !published_value(late, "relu2"),
           "log-perplexities by their steps");
    tap_ok(!published_find(published, "liu2024mobilellm")->verified
               && !published_find(published, "mirzadeh2023")->verified && narang->verified,
           "what is from memory says so");
}

/* ---- The order ------------------------------------------------------------------------------- */

/* The fixture's runs have the order of shazeer2020's means; the numbers were computed of the two tables by
 * counting pairs: 2 of the 28 are discordant, and 35 of the 8! orders have no more. */
static void test_agreement(json_t *document)
{
    const json_t *all = value_at(document, "agreement.published");
    const json_t *narang = json_object_get(all, "narang2021");
    const json_t *own = json_object_get(all, PUBLISHED_PAPER);

    near(number_at(narang, "kendall_tau_b"), 6.0 / 7.0, 1e-12, "tau-b of shazeer2020 and narang2021");
    near(number_at(narang, "p_value"), 2.0 * 35.0 / 40320.0, 1e-12, "its exact p");
    near(number_at(narang, "gated_minus_ungated_nats"), -0.0373333333, 1e-9,
         "narang2021: gated minus ungated");
    tap_ok(integer_at(narang, "variants", 0) == 8, "over the eight that both have");
    tap_ok(json_same(json_object_get(own, "kendall_tau_b"), value_at(document, "agreement.kendall_tau_b"))
               && json_same(json_object_get(own, "p_value"), value_at(document, "agreement.p_value"))
               && json_same(json_object_get(own, "gated_minus_ungated_nats"),
                            value_at(document, "agreement.paper_gated_minus_ungated_nats")),
           "the paper is a paper as the others are");
    tap_ok(json_object_size(all) == 2,
           "no agreement with papers of two variants, or of another metric: %zu with one",
           json_object_size(all));
}

/* ---- The rows -------------------------------------------------------------------------------- */

static void put(json_t *document, const char *keys)
{
    json_t *list = json_loads(keys, 0, NULL);

    if (!list || results_put_beside(document, list) != 0)
        tap_bail_out("%s: %s", keys, err_get());
    json_decref(list);
}

static const json_t *row_of(const json_t *document, const char *paper, const char *variant)
{
    const json_t *rows = value_at(document, "tables.beside");

    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);

        if (texts_equal(text_at(row, "paper"), paper) && texts_equal(text_at(row, "variant"), variant))
            return row;
    }
    return NULL;
}

static void test_rows(json_t *document)
{
    const json_t *row;

    tap_ok(json_array_size(value_at(document, "tables.beside")) == 0, "nobody asked, nothing is there");
    put(document, "[\"narang2021\", \"zhang2024\", \"liu2024mobilellm\", \"zhao2026\", \"narang2021\","
                  " \"later2031\"]");
    tap_ok(json_array_size(value_at(document, "tables.beside")) == 8 + 1 + 2,
           "rows of papers that are known, each once: %zu",
           json_array_size(value_at(document, "tables.beside")));
    row = row_of(document, "narang2021", "swiglu");
    tap_ok(number_at(row, "value") == 2.127 && number_at(row, "stddev") == 0.003
               && number_at(row, "n") == 5.0 && number_at(row, "at_steps") == 65536.0
               && json_is_true(json_object_get(row, "verified"))
               && texts_equal(text_at(row, "unit"), "nats per target token"),
           "swiglu of narang2021 as printed");
    near(number_at(row, "delta"), -0.055, 1e-12, "its difference to relu");
    /* Welch: standard error 0.00260768, df 6.549575, t 2.3979929. */
    near_interval(interval_at(row, "delta_ci95"), -0.0612532005, -0.0487467995, 1e-9, "its interval");
    row = row_of(document, "narang2021", "relu");
    tap_ok(row && json_is_null(json_object_get(row, "delta"))
               && json_is_null(json_object_get(row, "delta_ci95")),
           "none of the baseline to itself");
    row = row_of(document, "zhang2024", "swiglu");
    tap_ok(number_at(row, "value") == 50.53 && json_is_null(json_object_get(row, "delta"))
               && texts_equal(text_at(row, "unit"), "percent")
               && json_is_false(json_object_get(row, "lower_is_better")),
           "nor in a paper without the baseline; its unit is its own");
    row = row_of(document, "liu2024mobilellm", "swiglu");
    near(number_at(row, "delta"), 1.3, 1e-12, "a difference of one run each");
    tap_ok(json_is_null(json_object_get(row, "delta_ci95"))
               && json_is_false(json_object_get(row, "verified")),
           "without an interval, from memory");
    put(document, "[]");
    tap_ok(json_array_size(value_at(document, "tables.beside")) == 0, "and none again");
}

/* ---- What a file says of it ------------------------------------------------------------------ */

static char first_fault[512];

static void fault(void *context, enum check_kind kind, const char *at, const char *what)
{
    int *faults = context;

    if (++*faults == 1 && kind == CHECK_COMPUTED)
        snprintf(first_fault, sizeof first_fault, "%.200s: %.200s", at, what);
}

/* It follows from the configuration, so that another value is found. */
static void test_check(json_t *document)
{
    json_t *edited, *again;
    int faults = 0;

    put(document, "[\"narang2021\"]");
    again = json_deep_copy(document);
    if (tables_compute(again) != 0)
        tap_bail_out("%s", err_get());
    check_tables(document, again, fault, &faults);
    tap_ok(faults == 0, "as asked for later or at once: %s", first_fault);
    edited = json_deep_copy(document);
    json_object_set_new((json_t *)row_of(edited, "narang2021", "geglu"), "delta", json_real(-0.5));
    json_object_set_new(value_at(edited, "agreement.published.narang2021"), "kendall_tau_b", json_real(0.5));
    check_tables(edited, again, fault, &faults);
    tap_ok(faults == 2 && strstr(first_fault, "tables.beside[5].delta: is -0.5"), "edited: %s",
           first_fault);
    json_object_del(value_at(edited, "tables"), "beside");
    json_object_del(value_at(edited, "agreement"), "published");
    faults = 0;
    check_tables(edited, again, fault, &faults);
    tap_ok(faults == 0, "files of before there was any are without fault");
    json_decref(edited);
    json_decref(again);
    put(document, "[]");
}

/* ---- Printing -------------------------------------------------------------------------------- */

static char *print(json_t *document, const char *table, const char *format)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    if (!out)
        tap_bail_out("no memory");
    if (report_print(out, document, table, format) != 0)
        tap_diag("%s as %s: %s", table, format, err_get());
    fclose(out);
    return text;
}

static bool has(const char *text, const char *what)
{
    bool found = strstr(text, what) != NULL;

    if (!found)
        tap_diag("no \"%s\"", what);
    return found;
}

static void test_terminal(json_t *document)
{
    static const char *const said[] = {
        "narang2021,", "delta, nats", "-0.055 (0.003)", "zhang2024, value, percent", "50.53",
        "liu2024mobilellm*, delta, percent", "+1.3", "liu2024mobilellm* (2024, not verified)",
        "after 65,536 steps, 5 runs each, lower is better", "zhang2024 has no FFN_ReLU",
        "zhao2026 (2026): it has no figure", "later2031: a paper that this program does not know",
        "tau-b 0.86 over 8 variants, exact p 0.00174",
        "average of downstream tasks (percent), 1 run each, higher is better",
        "It is no log-perplexity"};
    static const char *const tables[] = {"perplexity", "verdict"};
    char *text;

    put(document, "[\"narang2021\", \"zhang2024\", \"liu2024mobilellm\", \"zhao2026\", \"later2031\"]");
    for (size_t i = 0; i < LENGTH_OF(tables); i++) {
        int missing = 0;

        text = print(document, tables[i], "terminal");
        for (size_t k = 0; k < LENGTH_OF(said); k++)
            missing += !has(text, said[k]);
        tap_ok(missing == 0, "%s: columns and notes of papers", tables[i]);
        free(text);
    }
    put(document, "[]");
    text = print(document, "perplexity", "terminal");
    tap_ok(!strstr(text, "narang2021"), "no papers, no columns");
    free(text);
    text = print(document, "agreement", "terminal");
    tap_ok(has(text, "order of narang2021: Kendall's tau-b 0.86 over 8 variants, exact p 0.00174")
               && has(text, "Its gated minus ungated: -0.0373 nats"),
           "agreement with every paper that has the metric, unasked");
    free(text);
}

/* All papers at once, in every format. */
static void test_formats(json_t *document)
{
    json_t *keys = json_array();
    const char *format;

    for (int i = 0; published_key(i); i++)
        json_push(keys, json_string(published_key(i)));
    if (results_put_beside(document, keys) != 0)
        tap_bail_out("%s", err_get());
    for (int i = 0; (format = report_format_name(i, NULL)) != NULL; i++) {
        char *quality = print(document, "perplexity", format), *verdict = print(document, "verdict", format);

        tap_ok(has(quality, "narang2021") && has(verdict, "narang2021") && has(quality, "tajima2025")
                   && has(verdict, "tajima2025"),
               "all %d papers as %s", (int)json_array_size(keys), format);
        free(quality);
        free(verdict);
    }
    json_decref(keys);
    put(document, "[]");
}

static void test_data(json_t *document)
{
    char *text;
    json_t *rows, *row;

    put(document, "[\"narang2021\", \"zhang2024\"]");
    text = print(document, "perplexity", "json");
    rows = json_loads(text, 0, NULL);
    row = json_array_get(rows, 6);
    tap_ok(texts_equal(text_at(row, "variant"), "swiglu")
               && number_at(row, "beside_narang2021_value") == 2.127
               && number_at(row, "beside_zhang2024_value") == 50.53
               && texts_equal(text_at(row, "beside_zhang2024_unit"), "percent")
               && json_is_null(json_object_get(json_array_get(rows, 0), "beside_zhang2024_value"))
               && !json_object_get(value_at(document, "tables.table1"), "beside_narang2021_value"),
           "json: in the rows, null where the paper has no such variant");
    json_decref(rows);
    free(text);
    text = print(document, "verdict", "csv");
    tap_ok(has(text, ",beside_narang2021_value,beside_narang2021_stddev,beside_narang2021_n,"
                     "beside_narang2021_delta,beside_narang2021_delta_ci95_low,")
               && has(text, ",50.53,,1,,,,percent,true\r\n"),
           "csv: columns of their own");
    free(text);
    text = print(document, "agreement", "json");
    rows = json_loads(text, 0, NULL);
    tap_ok(json_array_size(rows) == 2
               && texts_equal(text_at(json_array_get(rows, 0), "paper"), PUBLISHED_PAPER)
               && texts_equal(text_at(json_array_get(rows, 1), "paper"), "narang2021")
               && fabs(number_at(json_array_get(rows, 1), "kendall_tau_b") - 6.0 / 7.0) < 1e-12,
           "agreement as json: a row for each paper");
    json_decref(rows);
    free(text);
    put(document, "[]");
}

int main(void)
{
    const struct published *published = published_all();
    json_t *document, *list;

    tap_plan(36);
    if (!published)
        tap_bail_out("%s", err_get());
    test_files(published);
    test_asking(published);
    list = published_json();
    tap_ok(json_array_size(list) == (size_t)published->papers
               && texts_equal(text_at(json_array_get(list, 0), "key"), published_key(0)),
           "all of them as JSON");
    json_decref(list);
    document = fixture_document(1, 3, 0);
    test_agreement(document);
    test_rows(document);
    test_check(document);
    test_terminal(document);
    test_formats(document);
    test_data(document);
    json_decref(document);
    return tap_status();
}
