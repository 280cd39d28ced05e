/* finetune.c - the paper's tables 2 to 4, fine-tuning: a column for each score, and the paper's
 * beside it.  Ours are null until they are measured. */
#include "src/glu.h"

#include "src/results/cells.h"
#include "src/results/statistics.h"
#include "src/results/tables/scores.h"
#include "src/results/tables/table.h"

#include "src/util/json_help.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ==== Computing ==== */

static bool is_measured(const struct task_scores *scores, const char *table)
{
    for (int i = 0; i < scores->columns; i++)
        if (texts_equal(scores->column[i].table, table))
            return true;
    return false;
}

static double mean_of(const struct task_scores *scores, const char *task, const char *metric, int row,
                      double *value)
{
    const struct task_column *column = task_scores_find(scores, task, metric);
    struct scores of;

    if (!column)
        return NAN;
    of = task_scores_of(scores, column);
    return stats_mean(value, scores_row(&of, row, value));
}

static json_t *row_json(const struct task_scores *scores, const char *table, int row, double *value)
{
    const struct matrix *matrix = scores->matrix;
    const char *variant = matrix->variant[row].name;
    const struct paper_column *column;
    json_t *o = json_object();
    int bad = json_put(o, "variant", json_text(variant));
    char key[64];

    for (int i = 0; (column = paper_column_at(i)) != NULL; i++) {
        if (strcmp(column->table, table) != 0)
            continue;
        snprintf(key, sizeof key, "paper_%s", column->name);
        bad |= json_put(o, column->name,
                        json_number(mean_of(scores, column->task, column->metric, row, value)));
        bad |= json_put(o, key, json_number(published_cell(matrix->paper, paper_table(table), variant,
                                                           column->name)));
    }
    if (is_measured(scores, table) && strcmp(table, "squad") != 0)
        bad |= json_put(o, AVERAGE_OF_BEST,
                        json_number(mean_of(scores, table, AVERAGE_OF_BEST, row, value)));
    return json_finish(o, bad);
}

/* Without scores, what a file says is measured stays. */
static json_t *compute_table(const struct matrix *matrix, const struct table *table)
{
    json_t *measured = value_at(matrix->document, table->path), *rows;
    double *value = calloc((size_t)matrix->seeds + 1, sizeof *value);
    struct task_scores scores;
    int bad = !value;

    if (task_scores_open(&scores, matrix) != 0) {
        free(value);
        return NULL;
    }
    if (measured && !is_measured(&scores, table->name)) {
        rows = json_incref(measured);
    } else {
        rows = json_array();
        for (int i = 0; i < matrix->variants && !bad; i++)
            bad |= json_push(rows, row_json(&scores, table->name, i, value));
        rows = json_finish(rows, bad);
    }
    task_scores_close(&scores);
    free(value);
    return rows;
}

static json_t *compute_glue(const struct matrix *matrix)
{
    return compute_table(matrix, &table_glue);
}

static json_t *compute_superglue(const struct matrix *matrix)
{
    return compute_table(matrix, &table_superglue);
}

static json_t *compute_squad(const struct matrix *matrix)
{
    return compute_table(matrix, &table_squad);
}

/* ==== Printing ==== */

/* The variant's row of a column; NULL: it is not measured. */
static const struct score_row *row_of(const struct score_rows *rows, const struct paper_column *column,
                                      const char *variant)
{
    return score_rows_find(rows, column->task, column->metric, variant);
}

/* Any variant's row that has a value. */
static const struct score_row *any_row(const struct score_rows *rows, const char *task, const char *metric)
{
    for (int i = 0; i < rows->rows; i++)
        if (rows->row[i].n > 0 && texts_equal(rows->row[i].task, task) &&
            texts_equal(rows->row[i].metric, metric))
            return &rows->row[i];
    return NULL;
}

/* What nobody measured takes no room on a terminal, unless nothing is. */
static void put_headings(struct sheet *sheet, const struct score_rows *rows, const char *table)
{
    static const struct sheet_heading first[] = {{'l', "variant", 0}, {'r', "n", 0}};
    const struct paper_column *column;
    char text[64];

    sheet_columns(sheet, first, LENGTH_OF(first));
    for (int i = 0; (column = paper_column_at(i)) != NULL; i++) {
        const struct score_row *row = any_row(rows, column->task, column->metric);

        if (strcmp(column->table, table) != 0)
            continue;
        snprintf(text, sizeof text, "%s%s", column->heading[0], row && !row->complete ? "*" : "");
        sheet_column(sheet, 'r', text, column->heading[1]);
        sheet->column[sheet->columns - 1].hidden = rows->rows > 0 && !row ? SHEET_NO_TERMINAL : 0;
    }
    if (any_row(rows, table, AVERAGE_OF_BEST))
        sheet_column(sheet, 'r', "Average", "of best");
}

/* What the cells of a row are of. */
enum line { LINE_MEAN, LINE_SPREAD, LINE_PAPER };

static void put_cell(struct sheet *sheet, const struct score_row *row, enum line line)
{
    if (line == LINE_MEAN)
        cell_score(sheet, row, false);
    else if (line == LINE_SPREAD)
        cell_number(sheet, "(%.2f)", row ? row->stddev : NAN, "");
    else
        sheet_cell(sheet, "%s", "");
}

/* A line of a variant: lines are short, so that twelve scores stand beside each other as in the paper.  The
 * paper's is without tasks of which there is a part alone. */
static void put_line(struct sheet *sheet, const struct matrix *matrix, const struct score_rows *rows,
                     const char *table, const char *variant, enum line line)
{
    const struct paper_column *column;

    for (int i = 0; (column = paper_column_at(i)) != NULL; i++) {
        const struct score_row *any = any_row(rows, column->task, column->metric);
        double theirs = published_cell(matrix->paper, paper_table(table), variant, column->name);

        if (strcmp(column->table, table) != 0)
            continue;
        if (line == LINE_PAPER)
            cell_number(sheet, "%.2f", any && !any->complete ? NAN : theirs, "");
        else
            put_cell(sheet, row_of(rows, column, variant), line);
    }
    if (any_row(rows, table, AVERAGE_OF_BEST))
        put_cell(sheet, score_rows_find(rows, table, AVERAGE_OF_BEST, variant), line);
}

/* Runs of a variant that have a score of the table. */
static int64_t most_runs(const struct score_rows *rows, const char *table, const char *variant)
{
    int64_t n = 0;

    for (int i = 0; i < rows->rows; i++)
        if (texts_equal(rows->row[i].table, table) && texts_equal(rows->row[i].variant, variant) &&
            rows->row[i].n > n)
            n = rows->row[i].n;
    return n;
}

static void put_variant(struct sheet *sheet, const struct matrix *matrix, const struct score_rows *rows,
                        const char *table, const char *variant, bool paper)
{
    int64_t n = most_runs(rows, table, variant);

    sheet_cell(sheet, "%s", matrix_label(matrix, variant));
    sheet_cell(sheet, "%lld", (long long)n);
    put_line(sheet, matrix, rows, table, variant, LINE_MEAN);
    if (n > 1) {
        sheet_cell(sheet, "  sd");
        sheet_cell(sheet, "%s", "");
        put_line(sheet, matrix, rows, table, variant, LINE_SPREAD);
    }
    if (paper) {
        sheet_cell(sheet, "  paper");
        sheet_cell(sheet, "%s", "");
        put_line(sheet, matrix, rows, table, variant, LINE_PAPER);
    }
}

static bool is_in_paper(const struct matrix *matrix, const char *table, const char *variant)
{
    const struct paper_column *column;

    for (int i = 0; (column = paper_column_at(i)) != NULL; i++)
        if (strcmp(column->table, table) == 0 &&
            isfinite(published_cell(matrix->paper, paper_table(table), variant, column->name)))
            return true;
    return false;
}

/* Cells that are of fewer runs than the row. */
static void note_undefined(struct sheet *sheet, const struct matrix *matrix, const struct score_rows *rows,
                           const char *table)
{
    const struct paper_column *column;

    for (int i = 0; (column = paper_column_at(i)) != NULL; i++)
        for (int v = 0; v < matrix->variants && strcmp(column->table, table) == 0; v++) {
            const struct score_row *row = row_of(rows, column, matrix->variant[v].name);
            int64_t n = most_runs(rows, table, matrix->variant[v].name);

            if (row && row->n > 0 && row->n < n)
                sheet_note(sheet, "%s %s of %s: of %lld of the %lld runs; in the others it is not defined.", column->task,
                           column->metric, matrix_label(matrix, matrix->variant[v].name), (long long)row->n, (long long)n);
        }
}

static void put_notes(struct sheet *sheet, const struct matrix *matrix, const struct score_rows *rows,
                      const char *table)
{
    bool found = false;

    for (int i = 0; i < rows->rows; i++)
        found |= texts_equal(rows->row[i].table, table);
    if (!found) {
        sheet_note(sheet, "No run has scores of these tasks: 'glubench finetune' gives them.");
        return;
    }
    note_scores(sheet, matrix, true);
    sheet_note(sheet, "sd: the standard deviation of the n runs.");
    if (strcmp(table, "squad") != 0)
        sheet_note(sheet, "Average: of the columns' groups at the checkpoint where it is highest, as the paper's; "
                          "there is one where every task is judged.");
    note_undefined(sheet, matrix, rows, table);
    note_subsets(sheet, rows, table);
    note_signal(sheet, rows, table);
    note_gated_scores(sheet, matrix->document, table);
}

static int print_table(struct sheet *sheet, const struct matrix *matrix, const struct table *table,
                       const char *title)
{
    struct score_rows rows;

    if (score_rows_read(&rows, matrix->document) != 0)
        return -1;
    snprintf(sheet->title, sizeof sheet->title, "%s", title);
    put_headings(sheet, &rows, table->name);
    for (int i = 0; i < matrix->variants; i++) {
        const char *variant = matrix->variant[i].name;

        put_variant(sheet, matrix, &rows, table->name, variant, is_in_paper(matrix, table->name, variant));
    }
    put_notes(sheet, matrix, &rows, table->name);
    score_rows_free(&rows);
    return 0;
}

static int print_glue(struct sheet *sheet, const struct matrix *matrix, json_t *rows)
{
    (void)rows;
    return print_table(sheet, matrix, &table_glue, "GLUE, development set");
}

static int print_superglue(struct sheet *sheet, const struct matrix *matrix, json_t *rows)
{
    (void)rows;
    return print_table(sheet, matrix, &table_superglue, "SuperGLUE, development set");
}

static int print_squad(struct sheet *sheet, const struct matrix *matrix, json_t *rows)
{
    (void)rows;
    return print_table(sheet, matrix, &table_squad, "SQuAD v1.1, development set");
}

const struct table table_glue = {
    "glue", "the paper's table 2", "tables.glue", compute_glue, print_glue, false,
};
const struct table table_superglue = {
    "superglue", "the paper's table 3", "tables.superglue", compute_superglue, print_superglue, false,
};
const struct table table_squad = {
    "squad", "the paper's table 4", "tables.squad", compute_squad, print_squad, false,
};
