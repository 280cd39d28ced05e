/* compare.c - the same configuration before and after. */
#include "src/glu.h"

#include "src/results/results.h"

#include "src/results/cells.h"
#include "src/results/document.h"
#include "src/results/formats/format.h"
#include "src/results/statistics.h"
#include "src/results/tables/throughput.h"
#include "src/util/json_help.h"

#include <math.h>
#include <stdlib.h>

static const struct metric speed = {"tokens_per_s", "tokens/s", true};

/* One line: a variant's quality, or its speed in one pass. */
struct change {
    const char *what, *variant;
    int64_t n;             /* seeds, or samples before */
    double before, after;  /* in the metric's unit */
    double change_percent; /* after against before */
    struct interval change_percent_ci95;
    double p, p_holm;
    const char *verdict;
    /* Not in the JSON: */
    const struct metric *metric;
    int digits; /* that are printed of before and after */
    bool lost;  /* runs that were ok are not any more */
    bool regression;
    char note[64];
};
static const struct member members[] = {
    MEMBER(struct change, what),
    MEMBER(struct change, variant),
    MEMBER(struct change, n),
    MEMBER(struct change, before),
    MEMBER(struct change, after),
    MEMBER(struct change, change_percent),
    MEMBER(struct change, change_percent_ci95),
    MEMBER(struct change, p),
    MEMBER(struct change, p_holm),
    MEMBER(struct change, verdict),
};
static const struct layout layout = LAYOUT(struct change, members);

struct comparison {
    struct matrix before, after;
    struct change *change;
    int changes;
};

/* ==== Quality: paired by seed ==== */

/* One variant at the seeds that both files have. */
static int quality_change(struct change *change, const struct comparison *comparison, int row,
                          int other, double *x, double *y)
{
    const struct matrix *before = &comparison->before, *after = &comparison->after;
    const struct scores were = matrix_scores(before, METRIC_LOG_PERPLEXITY);
    const struct scores are = matrix_scores(after, METRIC_LOG_PERPLEXITY);
    struct paired_test test;
    int n = 0, lost = 0;

    for (int i = 0; i < before->seeds; i++) {
        int column = matrix_column(after, before->seed[i]);
        double was = scores_at(&were, row, i), is;

        if (column < 0 || isnan(was) || !matrix_run_at(after, other, column))
            continue;
        is = scores_at(&are, other, column);
        if (isnan(is)) {
            lost++;
            continue;
        }
        x[n] = was;
        y[n++] = is;
    }
    if (stats_paired_t(y, x, n, STATS_LEVEL, &test) != 0)
        return -1;
    *change = (struct change){
        .metric = were.metric,
        .digits = 4,
        .what = "log-perplexity",
        .variant = before->variant[row].name,
        .n = n,
        .before = stats_mean(x, n),
        .after = stats_mean(y, n),
        .p = test.p_t,
        .lost = lost > 0,
    };
    change->change_percent = 100.0 * test.difference / change->before;
    change->change_percent_ci95 = (struct interval){100.0 * test.interval.low / change->before,
                                                    100.0 * test.interval.high / change->before};
    if (lost)
        snprintf(change->note, sizeof change->note, "%d run%s not ok any more", lost,
                 lost == 1 ? "" : "s");
    return 0;
}

static int quality_changes(struct comparison *comparison)
{
    const struct matrix *before = &comparison->before;
    double *x = calloc((size_t)before->seeds + 1, sizeof *x);
    double *y = calloc((size_t)before->seeds + 1, sizeof *y);
    int rc = -1;

    if (!x || !y) {
        err_system("%d seeds", before->seeds);
        goto done;
    }
    for (int i = 0; i < before->variants; i++) {
        struct change *change = &comparison->change[comparison->changes];
        int other = matrix_find(&comparison->after, before->variant[i].name);

        if (other < 0)
            continue;
        if (quality_change(change, comparison, i, other, x, y) != 0)
            goto done;
        comparison->changes += change->n > 0 || change->lost;
    }
    rc = 0;
done:
    free(x);
    free(y);
    return rc;
}

/* ==== Speed: two separate series of samples ==== */

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* Where the other file has the same measurement, or -1. */
static int same_measurement(const struct matrix *matrix, const struct matrix_throughput *wanted)
{
    for (int i = 0; i < matrix->throughputs; i++) {
        const struct matrix_throughput *row = &matrix->throughput[i];

        if (texts_equal(row->variant, wanted->variant) && texts_equal(row->pass, wanted->pass) &&
            texts_equal(row->precision, wanted->precision) && row->batch == wanted->batch &&
            same_number(row->tokens_per_sample, wanted->tokens_per_sample))
            return i;
    }
    return -1;
}

static int speed_change(struct change *change, const struct matrix_throughput *before,
                        const struct matrix_throughput *after)
{
    const struct numbers *x = &before->samples_s, *y = &after->samples_s;
    struct interval interval;
    double ratio;

    *change = (struct change){
        .metric = &speed,
        .what = before->pass,
        .variant = before->variant,
        .n = x->count,
    };
    /* Speed after over speed before is seconds before over seconds after. */
    if (stats_median_ratio(x->x, x->count, y->x, y->count, false, STATS_LEVEL, &ratio,
                           &interval) != 0
        || stats_rank_sum_p(x->x, x->count, y->x, y->count, &change->p) != 0)
        return -1;
    change->change_percent = 100.0 * (ratio - 1.0);
    change->change_percent_ci95 = (struct interval){100.0 * (interval.low - 1.0),
                                                    100.0 * (interval.high - 1.0)};
    return 0;
}

static int speed_changes(struct comparison *comparison)
{
    const struct matrix *before = &comparison->before, *after = &comparison->after;
    struct throughput_row *were = throughput_rows(before);
    struct throughput_row *are = throughput_rows(after);
    int rc = were && are ? 0 : -1;

    for (int i = 0; i < before->throughputs && rc == 0; i++) {
        struct change *change = &comparison->change[comparison->changes];
        int other = same_measurement(after, &before->throughput[i]);

        if (other < 0)
            continue;
        rc = speed_change(change, &before->throughput[i], &after->throughput[other]);
        change->before = were[i].tokens_per_s;
        change->after = are[other].tokens_per_s;
        comparison->changes++;
    }
    free(were);
    free(are);
    return rc;
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

static const char *verdict_of(const struct change *change)
{
    bool worse = metric_is_better(change->metric, 0.0, change->change_percent);

    if (change->regression)
        return "REGRESSION";
    if (change->lost)
        return "runs lost";
    if (change->change_percent == 0.0)
        return "identical";
    if (!isfinite(change->p_holm))
        return "no test";
    if (change->p_holm >= STATS_ALPHA)
        return "n.s.";
    return worse ? "worse" : "better";
}

static void judge(struct change *change, double fail_on_percent)
{
    bool significant = change->p_holm < STATS_ALPHA; /* false for NAN */
    bool worse = metric_is_better(change->metric, 0.0, change->change_percent);

    change->regression = fail_on_percent >= 0.0
                         && (change->lost
                             || (significant && worse
                                 && fabs(change->change_percent) > fail_on_percent));
    change->verdict = verdict_of(change);
}

/* ==== Printing ==== */

static void print_change(struct sheet *sheet, const struct matrix *before,
                         const struct change *change)
{
    char text[CELL_BYTES];

    sheet_cell(sheet, "%s", change->what);
    sheet_cell(sheet, "%s", matrix_label(before, change->variant));
    sheet_cell(sheet, "%lld", (long long)change->n);
    if (change->n > 0) {
        sheet_cell(sheet, "%.*f", change->digits, change->before);
        sheet_cell(sheet, "%.*f", change->digits, change->after);
        sheet_cell(sheet, "%+.2f %%", change->change_percent);
    } else {
        for (int i = 0; i < 3; i++)
            sheet_cell(sheet, "%s", "");
    }
    sheet_cell(sheet, "%s",
               text_interval(change->change_percent_ci95, "%+.2f", "no interval", text));
    sheet_cell(sheet, "%s%s%s", change->verdict, change->note[0] ? ": " : "", change->note);
}

/* Where the two were made, as far as it differs. */
static void note_origins(struct sheet *sheet, const json_t *before, const json_t *after)
{
    static const char *const paths[] = {
        "environment.host",       "environment.cpu_model", "program.version",
        "program.git_commit",     "program.compiler",      "program.cflags",
        "program.onednn.version", "config.threads",        "config.threads_per_run"};

    for (size_t i = 0; i < LENGTH_OF(paths); i++) {
        char text[256] = "";

        if (json_differences(value_at(before, paths[i]), value_at(after, paths[i]), paths[i], NULL,
                             NULL, text, sizeof text))
            sheet_note(sheet, "Differs: %s", text);
    }
}

static int fill(struct sheet *sheet, const struct comparison *comparison)
{
    static const struct sheet_heading headings[] = {
        {'l', "what", 0},  {'l', "variant", 0}, {'r', "n", 0},             {'r', "before", 0},
        {'r', "after", 0}, {'r', "change", 0},  {'r', "95 % interval", 0}, {'l', "verdict", 0}};

    snprintf(sheet->title, sizeof sheet->title,
             "After against before: log-perplexity in nats, speed in tokens per second");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    sheet->data = json_array();
    for (int i = 0; i < comparison->changes; i++) {
        const struct change *change = &comparison->change[i];
        json_t *row = json_object();

        print_change(sheet, &comparison->before, change);
        sheet->bad |= layout_put(&layout, change, row) != 0;
        sheet->bad |= json_push(sheet->data, row) != 0;
    }
    sheet_note(sheet, "Quality: paired by seed, Student's t.  Speed: ratio of medians with a bootstrap "
                      "interval, rank-sum test.  Holm over all lines.");
    note_origins(sheet, comparison->before.document, comparison->after.document);
    return sheet->bad ? err_set("not enough memory for the table") : 0;
}

/* ==== All of it ==== */

static int compare(struct comparison *comparison, const json_t *before, const json_t *after)
{
    int most;

    if (matrix_open(&comparison->before, before) != 0
        || matrix_open(&comparison->after, after) != 0)
        return -1;
    most = comparison->before.variants + comparison->before.throughputs;
    comparison->change = calloc((size_t)most + 1, sizeof *comparison->change);
    if (!comparison->change)
        return err_system("%d comparisons", most);
    if (quality_changes(comparison) != 0 || speed_changes(comparison) != 0
        || correct(comparison) != 0)
        return -1;
    if (comparison->changes == 0)
        return err_set("the two files have no run and no throughput measurement in common");
    return 0;
}

int results_compare(FILE *out, json_t *before, json_t *after, affects_fn *affects,
                    const char *format_name, double fail_on_percent, bool *regression)
{
    const struct sheet_format *format = format_find(format_name);
    struct comparison comparison = {.change = NULL};
    struct sheet sheet = {0};
    char text[640] = "";
    int rc = -1;

    *regression = false;
    if (!format)
        return -1;
    if (document_differences(before, after, affects, AFFECTS_RESULT, text, sizeof text))
        return err_set("the two files are of different configurations; they differ in %s", text);
    if (compare(&comparison, before, after) != 0)
        goto done;
    for (int i = 0; i < comparison.changes; i++) {
        judge(&comparison.change[i], fail_on_percent);
        *regression |= comparison.change[i].regression;
    }
    rc = fill(&sheet, &comparison);
    if (rc == 0)
        rc = format->print(out, &sheet);
done:
    sheet_free(&sheet);
    free(comparison.change);
    matrix_close(&comparison.before);
    matrix_close(&comparison.after);
    return rc;
}
