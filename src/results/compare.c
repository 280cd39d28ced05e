/* compare.c - the same configuration before and after. */
#include "src/glu.h"

#include "src/results/document.h"
#include "src/util/json_help.h"
#include "src/results/results.h"
#include "src/results/sheet.h"
#include "src/results/tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double LEVEL = 0.95, ALPHA = 0.05;

/* One line: a variant's quality, or its speed in one pass. */
struct change {
    const char *what, *variant, *label;
    int n;                    /* seeds, or samples before */
    double before, after;     /* nats, or tokens per second */
    double percent;           /* after against before */
    struct interval interval; /* of percent */
    double p, p_holm;
    bool higher_is_better, lost; /* lost: runs that were ok are not any more */
    char note[64];
};

struct comparison {
    struct change *change;
    int changes;
    const json_t *before, *after;
};

/* ==== Quality: paired by seed ==== */

/* Column of the other grid with the same seed, or -1. */
static int same_seed(const struct grid *grid, json_int_t seed)
{
    for (int i = 0; i < grid->seeds; i++)
        if (grid->seed[i] == seed)
            return i;
    return -1;
}

/* One variant at the seeds that both files have. */
static int quality_change(struct change *change, const struct grid *before, int row,
                          const struct grid *after, int other, double *x, double *y)
{
    struct paired_test test;
    int n = 0, lost = 0;

    for (int i = 0; i < before->seeds; i++) {
        int column = same_seed(after, before->seed[i]);
        double was = before->nats[row * before->seeds + i], is;

        if (column < 0 || isnan(was) || !after->run[other * after->seeds + column])
            continue;
        is = after->nats[other * after->seeds + column];
        if (isnan(is)) {
            lost++;
            continue;
        }
        x[n] = was;
        y[n++] = is;
    }
    if (stats_paired_t(y, x, n, LEVEL, &test) != 0)
        return -1;
    change->what = "log-perplexity";
    change->n = n;
    change->before = stats_mean(x, n);
    change->after = stats_mean(y, n);
    change->percent = 100.0 * test.difference / change->before;
    change->interval = (struct interval){100.0 * test.interval.low / change->before,
                                         100.0 * test.interval.high / change->before};
    change->p = test.p_t;
    change->lost = lost > 0;
    if (lost)
        snprintf(change->note, sizeof change->note, "%d run%s not ok any more", lost,
                 lost == 1 ? "" : "s");
    return 0;
}

static int quality_changes(struct comparison *comparison)
{
    struct grid before = {0}, after = {0};
    double *x = NULL, *y = NULL;
    int rc = -1;

    if (grid_open(&before, comparison->before) != 0 || grid_open(&after, comparison->after) != 0)
        goto done;
    x = calloc((size_t)before.seeds + 1, sizeof *x);
    y = calloc((size_t)before.seeds + 1, sizeof *y);
    if (!x || !y) {
        err_system("%d seeds", before.seeds);
        goto done;
    }
    for (int i = 0; i < before.variants; i++) {
        struct change *change = &comparison->change[comparison->changes];
        int other = grid_find(&after, before.name[i]);

        if (other < 0)
            continue;
        *change = (struct change){.variant = before.name[i]};
        if (quality_change(change, &before, i, &after, other, x, y) != 0)
            goto done;
        comparison->changes += change->n > 0 || change->lost;
    }
    rc = 0;
done:
    grid_close(&before);
    grid_close(&after);
    free(x);
    free(y);
    return rc;
}

/* ==== Speed: two separate series of samples ==== */

static double *numbers_of(const json_t *list, int *count)
{
    double *x = calloc(json_array_size(list) + 1, sizeof *x);

    *count = 0;
    if (!x) {
        err_system("%zu samples", json_array_size(list));
        return NULL;
    }
    for (size_t i = 0; i < json_array_size(list); i++)
        x[(*count)++] = json_number_value(json_array_get(list, i));
    return x;
}

static const json_t *same_measurement(const json_t *rows, const json_t *wanted)
{
    static const char *const same[] = {"variant", "pass", "precision", "batch", "tokens_per_sample"};

    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        bool equal = true;

        for (size_t j = 0; j < LENGTH_OF(same); j++)
            equal = equal && json_equal(json_object_get(row, same[j]), json_object_get(wanted, same[j]));
        if (equal)
            return row;
    }
    return NULL;
}

static int speed_change(struct change *change, const json_t *before, const json_t *after)
{
    int n, m, rc = -1;
    double *x = numbers_of(json_object_get(before, "samples_s"), &n);
    double *y = numbers_of(json_object_get(after, "samples_s"), &m);
    double ratio;
    struct interval interval;

    *change = (struct change){
        .what = text_at(before, "pass"),
        .variant = text_at(before, "variant"),
        .n = n,
        .before = number_at(before, "tokens_per_s"),
        .after = number_at(after, "tokens_per_s"),
        .higher_is_better = true,
    };
    /* Speed after over speed before is seconds before over seconds after. */
    if (!x || !y || stats_median_ratio(x, n, y, m, false, LEVEL, &ratio, &interval) != 0
        || stats_rank_sum_p(x, n, y, m, &change->p) != 0)
        goto done;
    change->percent = 100.0 * (ratio - 1.0);
    change->interval = (struct interval){100.0 * (interval.low - 1.0), 100.0 * (interval.high - 1.0)};
    rc = 0;
done:
    free(x);
    free(y);
    return rc;
}

static int speed_changes(struct comparison *comparison)
{
    const json_t *before = value_at(comparison->before, "tables.throughput");
    const json_t *after = value_at(comparison->after, "tables.throughput");

    for (size_t i = 0; i < json_array_size(before); i++) {
        const json_t *row = json_array_get(before, i), *other = same_measurement(after, row);

        if (other && speed_change(&comparison->change[comparison->changes++], row, other) != 0)
            return -1;
    }
    return 0;
}

/* ==== Verdicts ==== */

/* Holm over all lines: the question is whether anything changed. */
static int correct(struct comparison *comparison)
{
    double *p = calloc((size_t)comparison->changes + 1, sizeof *p);
    double *holm = calloc((size_t)comparison->changes + 1, sizeof *holm);
    int rc = -1;

    if (!p || !holm) {
        err_system("%d tests", comparison->changes);
        goto done;
    }
    for (int i = 0; i < comparison->changes; i++)
        p[i] = comparison->change[i].p;
    if (stats_holm(p, holm, comparison->changes) != 0)
        goto done;
    for (int i = 0; i < comparison->changes; i++)
        comparison->change[i].p_holm = holm[i];
    rc = 0;
done:
    free(p);
    free(holm);
    return rc;
}

static bool is_worse(const struct change *change)
{
    return change->higher_is_better ? change->percent < 0.0 : change->percent > 0.0;
}

static bool is_regression(const struct change *change, double fail_on_percent)
{
    bool significant = change->p_holm < ALPHA; /* false for NAN */

    return fail_on_percent >= 0.0
           && (change->lost
               || (significant && is_worse(change) && fabs(change->percent) > fail_on_percent));
}

static const char *verdict(const struct change *change, double fail_on_percent)
{
    if (is_regression(change, fail_on_percent))
        return "REGRESSION";
    if (change->lost)
        return "runs lost";
    if (change->percent == 0.0)
        return "identical";
    if (!isfinite(change->p_holm))
        return "no test";
    if (change->p_holm >= ALPHA)
        return "n.s.";
    return is_worse(change) ? "worse" : "better";
}

static int change_json(json_t *rows, const struct change *change, const char *word)
{
    json_t *row = json_object();
    int bad = 0;

    bad |= json_put(row, "what", json_text(change->what));
    bad |= json_put(row, "variant", json_text(change->variant));
    bad |= json_put(row, "n", json_integer(change->n));
    bad |= json_put(row, "before", json_number(change->before));
    bad |= json_put(row, "after", json_number(change->after));
    bad |= json_put(row, "change_percent", json_number(change->percent));
    bad |= json_put(row, "change_percent_ci95", json_interval(change->interval));
    bad |= json_put(row, "p", json_number(change->p));
    bad |= json_put(row, "p_holm", json_number(change->p_holm));
    bad |= json_put(row, "verdict", json_text(word));
    return bad | json_push(rows, row);
}

static void change_cells(struct sheet *sheet, const struct comparison *comparison,
                         const struct change *change, const char *word)
{
    json_t *variants = json_object_get(comparison->before, "variants");
    const char *label = text_at(json_object_get(variants, change->variant), "label");
    int digits = change->higher_is_better ? 0 : 4;

    sheet_cell(sheet, "%s", change->what);
    sheet_cell(sheet, "%s", label ? label : change->variant);
    sheet_cell(sheet, "%d", change->n);
    if (change->n > 0) {
        sheet_cell(sheet, "%.*f", digits, change->before);
        sheet_cell(sheet, "%.*f", digits, change->after);
        sheet_cell(sheet, "%+.2f %%", change->percent);
    } else {
        for (int i = 0; i < 3; i++)
            sheet_cell(sheet, "%s", "");
    }
    if (interval_exists(change->interval))
        sheet_cell(sheet, "[%+.2f, %+.2f]", change->interval.low, change->interval.high);
    else
        sheet_cell(sheet, "no interval");
    sheet_cell(sheet, "%s%s%s", word, change->note[0] ? ": " : "", change->note);
}

/* Where the two were made, as far as it differs. */
static void note_origins(struct sheet *sheet, const struct comparison *comparison)
{
    static const char *const paths[] = {"environment.host",   "environment.cpu_model",
                                        "program.version",    "program.git_commit",
                                        "program.compiler",   "program.cflags",
                                        "program.onednn.version", "config.threads", "config.threads_per_run"};
    static const char *const none[] = {NULL};

    for (size_t i = 0; i < LENGTH_OF(paths); i++) {
        char text[256] = "";

        if (json_differences(value_at(comparison->before, paths[i]),
                             value_at(comparison->after, paths[i]), paths[i], none, text, sizeof text))
            sheet_note(sheet, "Differs: %s", text);
    }
}

static void add_columns(struct sheet *sheet)
{
    static const struct {
        char align;
        const char *heading;
    } columns[] = {{'l', "what"},  {'l', "variant"}, {'r', "n"},             {'r', "before"},
                   {'r', "after"}, {'r', "change"},  {'r', "95 % interval"}, {'l', "verdict"}};

    for (size_t i = 0; i < LENGTH_OF(columns); i++)
        sheet_column(sheet, columns[i].align, columns[i].heading, 0);
}

int results_compare(FILE *out, json_t *before, json_t *after, const char *format,
                    double fail_on_percent, bool *regression)
{
    size_t most = json_object_size(json_object_get(before, "variants"))
                  + json_array_size(value_at(before, "tables.throughput"));
    struct comparison comparison = {calloc(most + 1, sizeof(struct change)), 0, before, after};
    struct sheet sheet = {.data = json_array()};
    char text[640] = "";
    int rc = -1, f;

    *regression = false;
    f = sheet_format_find(format);
    if (f < 0)
        goto done;
    if (document_differences(before, after, false, text, sizeof text)) {
        err_set("the two files are of different configurations; they differ in %s", text);
        goto done;
    }
    if (!comparison.change) {
        err_system("%zu comparisons", most);
        goto done;
    }
    if (quality_changes(&comparison) != 0 || speed_changes(&comparison) != 0
        || correct(&comparison) != 0)
        goto done;
    if (comparison.changes == 0) {
        err_set("the two files have no run and no throughput measurement in common");
        goto done;
    }
    snprintf(sheet.title, sizeof sheet.title,
             "After against before: log-perplexity in nats, speed in tokens per second");
    add_columns(&sheet);
    for (int i = 0; i < comparison.changes; i++) {
        const struct change *change = &comparison.change[i];
        const char *word = verdict(change, fail_on_percent);

        change_cells(&sheet, &comparison, change, word);
        sheet.bad |= change_json(sheet.data, change, word) != 0;
        *regression |= is_regression(change, fail_on_percent);
    }
    sheet_note(&sheet, "Quality: paired by seed, Student's t.  Speed: ratio of medians with a bootstrap "
                       "interval, rank-sum test.  Holm over all lines.");
    note_origins(&sheet, &comparison);
    if (sheet.bad)
        err_set("not enough memory for the table");
    else
        rc = sheet_formats[f].print(out, &sheet);
done:
    sheet_free(&sheet);
    free(comparison.change);
    return rc;
}
