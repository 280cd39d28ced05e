/* gated_scores.c - the contrast of each table of tasks that was chosen before any was measured: the gated variants
 * less the others, in the mean over the table's columns. */
#include "src/glu.h"

#include "src/results/cells.h"
#include "src/results/contrasts.h"
#include "src/results/layout.h"
#include "src/results/statistics.h"
#include "src/results/tables/scores.h"
#include "src/results/tables/table.h"
#include "src/util/json_help.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct gated_row {
    const char *table;
    int64_t columns; /* that it is over: measured in all runs, and with a signal */
    int64_t n;       /* seeds with all of the paper's variants of the file */
    double gated_minus_ungated;
    struct interval gated_minus_ungated_ci95;
    double p_gated, p_gated_sign_flip, gated_e_value;
    struct interval gated_minus_ungated_anytime_ci95;
    double paper_gated_minus_ungated; /* of the same columns and variants, where all are complete */
};

static const struct member members[] = {
    MEMBER(struct gated_row, table),
    MEMBER(struct gated_row, columns),
    MEMBER(struct gated_row, n),
    MEMBER(struct gated_row, gated_minus_ungated),
    MEMBER(struct gated_row, gated_minus_ungated_ci95),
    MEMBER(struct gated_row, p_gated),
    MEMBER(struct gated_row, p_gated_sign_flip),
    MEMBER(struct gated_row, gated_e_value),
    MEMBER(struct gated_row, gated_minus_ungated_anytime_ci95),
    MEMBER(struct gated_row, paper_gated_minus_ungated),
};
static const struct layout layout = LAYOUT(struct gated_row, members);

static const char *const tables[] = {"glue", "superglue", "squad", "translation"};

/* ==== Computing ==== */

/* Of translations the one score that the others are forms of. */
static bool is_column(const struct task_column *column, const char *table)
{
    return column->kind == TASK_SCORE && column->ranked && texts_equal(column->table, table) &&
           (strcmp(table, "translation") != 0 || strcmp(column->metric.name, "bleu_13a") == 0);
}

/* The mean over the table's columns of the gated variants less that of the others, at a seed; NAN unless all of
 * the paper's variants have all. */
static double contrast_at(const struct task_scores *of, const char *table, int seed, double sides[2])
{
    const struct matrix *matrix = of->matrix;
    double sum[2] = {0.0, 0.0};
    int count[2] = {0, 0};

    for (int i = 0; i < of->columns; i++)
        for (int j = 0; j < matrix->variants && is_column(&of->column[i], table); j++)
            if (matrix->variant[j].paper) {
                sum[matrix->variant[j].gated] += task_scores_counted(of, &of->column[i], j, seed);
                count[matrix->variant[j].gated]++;
            }
    for (int side = 0; side < 2; side++)
        sides[side] = count[side] ? sum[side] / count[side] : NAN;
    return sides[true] - sides[false];
}

/* The same of the paper's means. */
static double printed_contrast(const struct task_scores *of, const char *table)
{
    const struct matrix *matrix = of->matrix;
    double sum[2] = {0.0, 0.0};
    int count[2] = {0, 0};

    for (int i = 0; i < of->columns; i++) {
        const struct task_column *column = &of->column[i];

        if (!is_column(column, table))
            continue;
        if (!column->paper || !column->complete)
            return NAN;
        for (int j = 0; j < matrix->variants; j++)
            if (matrix->variant[j].paper) {
                sum[matrix->variant[j].gated] += published_cell(
                    matrix->paper, paper_table(table), matrix->variant[j].name, column->paper->name);
                count[matrix->variant[j].gated]++;
            }
    }
    return count[0] && count[1] ? stats_difference(sum[1] / count[1], sum[0] / count[0]) : NAN;
}

static int compute_row(const struct task_scores *of, const char *table, double *values, struct gated_row *row)
{
    const int seeds = of->matrix->seeds;
    struct anytime anytime;
    struct paired_test test;
    int n = 0;

    for (int i = 0; i < seeds; i++) {
        double sides[2];

        if (isnan(contrast_at(of, table, i, sides)))
            continue;
        values[n] = sides[true];
        values[seeds + n++] = sides[false];
    }
    if (stats_paired(values, values + seeds, n, STATS_LEVEL, &test) != 0)
        return -1;
    anytime = contrasts_anytime(&test, of->matrix->sequential);
    *row = (struct gated_row){
        .table = table,
        .n = n,
        .gated_minus_ungated = test.difference,
        .gated_minus_ungated_ci95 = test.interval,
        .p_gated = test.p_t,
        .p_gated_sign_flip = test.p_sign_flip,
        .gated_e_value = anytime.e_value,
        .gated_minus_ungated_anytime_ci95 = anytime.interval,
        .paper_gated_minus_ungated = printed_contrast(of, table),
    };
    for (int i = 0; i < of->columns; i++)
        row->columns += is_column(&of->column[i], table);
    return 0;
}

static bool is_there(const struct task_scores *of, const char *table)
{
    for (int i = 0; i < of->columns; i++)
        if (texts_equal(of->column[i].table, table))
            return true;
    return false;
}

static json_t *compute(const struct matrix *matrix)
{
    struct task_scores scores;
    double *values = calloc(2 * (size_t)matrix->seeds + 1, sizeof *values);
    json_t *rows = json_array();
    int bad = !values;

    if (task_scores_open(&scores, matrix) != 0) {
        free(values);
        json_decref(rows);
        return NULL;
    }
    for (size_t i = 0; i < LENGTH_OF(tables) && !bad; i++) {
        struct gated_row row;
        json_t *o;

        if (!is_there(&scores, tables[i]))
            continue;
        bad |= compute_row(&scores, tables[i], values, &row);
        o = bad ? NULL : json_object();
        bad |= bad || layout_put(&layout, &row, o);
        bad |= json_push(rows, o);
    }
    if (!bad && json_array_size(rows) == 0) {
        json_decref(rows);
        rows = json_null();
    }
    task_scores_close(&scores);
    free(values);
    return json_finish(rows, bad);
}

/* ==== Printing ==== */

static void note(struct sheet *sheet, const struct gated_row *row, bool sequential)
{
    char interval[CELL_BYTES], p[CELL_BYTES], paper[CELL_BYTES] = "";

    if (!isfinite(row->gated_minus_ungated))
        return;
    if (isfinite(row->paper_gated_minus_ungated))
        snprintf(paper, sizeof paper, "; the paper's: %+.2f", row->paper_gated_minus_ungated);
    if (sequential)
        snprintf(p, sizeof p, "e-value %.3g", row->gated_e_value);
    sheet_note(sheet, "%s: gated less ungated variants, the mean over %lld column%s and %lld seed%s, chosen before: "
                      "%+.2f %s, %s%s.",
               row->table, (long long)row->columns, row->columns == 1 ? "" : "s", (long long)row->n,
               row->n == 1 ? "" : "s", row->gated_minus_ungated,
               text_interval(sequential ? row->gated_minus_ungated_anytime_ci95 : row->gated_minus_ungated_ci95,
                             "%+.2f", "(no interval)", interval),
               sequential                ? p
               : isfinite(row->p_gated) ? (snprintf(p, sizeof p, "p = %.3g", row->p_gated), p)
                                         : "no test",
               paper);
}

void note_gated_scores(struct sheet *sheet, const json_t *document, const char *table)
{
    int count;
    struct gated_row *row = layout_rows(&layout, value_at(document, "tables.gated_scores"), &count);

    for (int i = 0; row && i < count; i++)
        if (!table || texts_equal(row[i].table, table))
            note(sheet, &row[i], json_is_true(value_at(document, "config.until_decided")));
    sheet->bad |= !row;
    layout_free(&layout, row, count);
}

const struct table table_gated_scores = {
    "gated_scores", "gated against ungated variants, in each table of tasks", "tables.gated_scores", compute, NULL, false,
};
