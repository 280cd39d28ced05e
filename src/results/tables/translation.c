/* translation.c - translations: BLEU and chrF2 of the test set, and losses. */
#include "src/glu.h"

#include "src/results/cells.h"
#include "src/results/statistics.h"
#include "src/results/tables/scores.h"
#include "src/results/tables/table.h"
#include "src/util/json_help.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char task[] = "translation";

/* ==== Computing ==== */

static bool is_column(const struct task_column *column)
{
    return strcmp(column->task, task) == 0;
}

/* The mean of every score and loss. */
static json_t *row_json(const struct task_scores *scores, int row, double *value)
{
    json_t *o = json_object();
    int bad = json_put(o, "variant", json_text(scores->matrix->variant[row].name));

    for (int i = 0; i < scores->columns; i++) {
        const struct scores of = task_scores_of(scores, &scores->column[i]);

        if (is_column(&scores->column[i]))
            bad |= json_put(o, scores->column[i].metric.name,
                            json_number(stats_mean(value, scores_row(&of, row, value))));
    }
    return json_finish(o, bad);
}

static json_t *compute(const struct matrix *matrix)
{
    double *value = calloc((size_t)matrix->seeds + 1, sizeof *value);
    struct task_scores scores;
    json_t *rows = NULL;
    bool found = false;
    int bad = !value;

    if (task_scores_open(&scores, matrix) != 0) {
        free(value);
        return NULL;
    }
    for (int i = 0; i < scores.columns; i++)
        found |= is_column(&scores.column[i]);
    if (found) {
        rows = json_array();
        for (int i = 0; i < matrix->variants && !bad; i++)
            bad |= json_push(rows, row_json(&scores, i, value));
    } else {
        rows = json_null();
    }
    task_scores_close(&scores);
    free(value);
    return json_finish(rows, bad);
}

/* ==== Printing ==== */

/* What a score is told by, where the configuration has it. */
static void note_signatures(struct sheet *sheet, const json_t *document, const struct score_rows *rows)
{
    const json_t *tasks = value_at(document, "config.tasks");

    for (size_t i = 0; i < json_array_size(tasks); i++) {
        json_t *of = json_array_get(tasks, i), *signatures = json_object_get(of, "signatures"), *signature;
        const char *metric;

        json_object_foreach (signatures, metric, signature)
            if (texts_equal(text_at(of, "task"), task) && rows->rows > 0)
                sheet_note(sheet, "%s: %s", metric,
                           json_string_value(signature) ? json_string_value(signature) : "");
    }
}

static void print_row(struct sheet *sheet, const struct matrix *matrix, const struct score_rows *rows,
                      const char *variant)
{
    static const char *const others[] = {"chrf2", "bleu_intl", "bleu_13a_lc"};
    const struct score_row *bleu = score_rows_find(rows, task, "bleu_13a", variant);
    const struct score_row *nats = score_rows_find(rows, task, "target_nats", variant);

    sheet_cell(sheet, "%s", matrix_label(matrix, variant));
    sheet_cell(sheet, "%lld", bleu ? (long long)bleu->n : nats ? (long long)nats->n : 0LL);
    cell_score(sheet, bleu, true);
    cells_score_difference(sheet, matrix, bleu);
    for (size_t i = 0; i < LENGTH_OF(others); i++)
        cell_score(sheet, score_rows_find(rows, task, others[i], variant), true);
    cell_score(sheet, nats, true);
    cells_score_difference(sheet, matrix, nats);
    cell_score(sheet, score_rows_find(rows, task, "dev_target_nats", variant), true);
}

static int print(struct sheet *sheet, const struct matrix *matrix, json_t *computed)
{
    const struct sheet_heading headings[] = {
        {'l', "variant", 0},
        {'r', "n", 0},
        {'r', "BLEU", 0},
        {'r', "delta", 0},
        {'r', HEADING_INTERVAL(matrix->sequential), 0},
        {'r', HEADING_TEST(matrix->sequential), 0},
        {'r', "chrF2", 0},
        {'r', "BLEU,\nintl", SHEET_NO_LATEX},
        {'r', "BLEU,\nlower case", SHEET_NO_LATEX},
        {'r', "nats a\ntoken", 0},
        {'r', "delta", 0},
        {'r', HEADING_INTERVAL(matrix->sequential), SHEET_NO_LATEX},
        {'r', HEADING_TEST(matrix->sequential), 0},
        {'r', "nats,\ndev set", SHEET_NO_LATEX},
    };
    struct score_rows rows;

    if (score_rows_read(&rows, matrix->document) != 0)
        return -1;
    snprintf(sheet->title, sizeof sheet->title, "Translation");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    for (int i = 0; computed && i < matrix->variants; i++)
        print_row(sheet, matrix, &rows, matrix->variant[i].name);
    if (computed) {
        note_scores(sheet, matrix, false);
        sheet_note(sheet, "Greedy, not a beam search; the intervals are over trainings, not over sentences.");
        note_subsets(sheet, &rows, task);
        note_gated_scores(sheet, matrix->document, task);
        note_signatures(sheet, matrix->document, &rows);
    } else {
        sheet_note(sheet, "No run translates: 'glubench run' of the task translation:SOURCE,TARGET does.");
    }
    score_rows_free(&rows);
    return 0;
}

const struct table table_translation = {
    "translation", "BLEU, chrF2 and losses of translations", "tables.translation", compute, print, false,
};
