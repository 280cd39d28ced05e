/* scores.c - the scores of any tasks: a row for each variant and metric, with the difference to the baseline. */
#include "src/glu.h"

#include "src/results/tables/scores.h"

#include "src/results/cells.h"
#include "src/results/contrasts.h"
#include "src/results/layout.h"
#include "src/results/statistics.h"
#include "src/results/tables/table.h"
#include "src/util/json_help.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct member members[] = {
    MEMBER(struct score_row, table),
    MEMBER(struct score_row, task),
    MEMBER(struct score_row, metric),
    MEMBER(struct score_row, unit),
    MEMBER(struct score_row, higher_is_better),
    MEMBER(struct score_row, variant),
    MEMBER(struct score_row, n),
    MEMBER(struct score_row, mean),
    MEMBER(struct score_row, stddev),
    MEMBER(struct score_row, ci95),
    MEMBER(struct score_row, mean_last),
    MEMBER(struct score_row, n_paired),
    MEMBER(struct score_row, delta),
    MEMBER(struct score_row, delta_stddev),
    MEMBER(struct score_row, delta_ci95),
    MEMBER(struct score_row, p_paired),
    MEMBER(struct score_row, p_sign_flip),
    MEMBER(struct score_row, p_holm),
    MEMBER(struct score_row, e_value),
    MEMBER(struct score_row, anytime_ci95),
    MEMBER(struct score_row, best),
    MEMBER(struct score_row, complete),
    MEMBER(struct score_row, ranked),
    MEMBER(struct score_row, paper),
    MEMBER(struct score_row, paper_delta),
    MEMBER(struct score_row, prior_nats),
    MEMBER(struct score_row, minus_prior_nats),
    MEMBER(struct score_row, minus_prior_ci95_nats),
    MEMBER(struct score_row, signal),
};
const struct layout score_layout = LAYOUT(struct score_row, members);

/* ==== Computing ==== */

/* Room for a column's statistics. */
struct room {
    struct score_row *row;     /* (columns, variants) */
    struct contrast *contrast; /* (variants) */
    double *value;             /* (seeds) */
    double *p, *holm;          /* (columns, variants) */
};

static void room_close(struct room *room)
{
    free(room->row);
    free(room->contrast);
    free(room->value);
    free(room->p);
    free(room->holm);
}

static int room_open(struct room *room, const struct task_scores *scores)
{
    size_t variants = (size_t)scores->matrix->variants, cells = (size_t)scores->columns * variants + 1;

    *room = (struct room){
        .row = calloc(cells, sizeof *room->row),
        .contrast = calloc(variants + 1, sizeof *room->contrast),
        .value = calloc((size_t)scores->matrix->seeds + 1, sizeof *room->value),
        .p = calloc(cells, sizeof *room->p),
        .holm = calloc(cells, sizeof *room->holm),
    };
    if (room->row && room->contrast && room->value && room->p && room->holm)
        return 0;
    room_close(room);
    return err_set("not enough memory for the scores");
}

static double mean_last(const struct task_column *column, const struct matrix *matrix, int row, double *value)
{
    const struct scores last = {&column->metric, matrix->variants, matrix->seeds, column->last,
                                matrix->sequential};

    return stats_mean(value, scores_row(&last, row, value));
}

static double paper_value(const struct matrix *matrix, const struct task_column *column, int row)
{
    return column->paper && row >= 0
               ? published_cell(matrix->paper, paper_table(column->table), matrix->variant[row].name,
                                column->paper->name)
               : NAN;
}

static struct score_row make_row(const struct task_scores *of, const struct task_column *column, int at,
                                 const struct contrast *contrast, double *value)
{
    const struct interval none = {NAN, NAN};
    const struct matrix *matrix = of->matrix;
    const struct scores scores = task_scores_of(of, column);
    const bool is_label = column->kind == TASK_LABEL;
    const struct excess excess = task_excess(of, column, at);
    int n = scores_row(&scores, at, value);
    struct score_row row = {
        .table = column->table,
        .task = column->task,
        .metric = column->metric.name,
        .unit = column->metric.unit,
        .variant = matrix->variant[at].name,
        .higher_is_better = column->metric.higher_is_better,
        .n = n,
        .mean = stats_mean(value, n),
        .stddev = stats_stddev(value, n),
        .ci95 = matrix->sequential ? none : stats_t_interval(value, n, STATS_LEVEL),
        .n_paired = contrast->test.n,
        .delta = contrast->test.difference,
        .delta_stddev = contrast->test.stddev,
        .delta_ci95 = contrast->test.interval,
        .p_paired = column->ranked ? contrast->test.p_t : NAN,
        .p_sign_flip = column->ranked ? contrast->test.p_sign_flip : NAN,
        .e_value = column->ranked ? contrast->anytime.e_value : NAN,
        .anytime_ci95 = contrast->anytime.interval,
        .complete = column->complete,
        .ranked = column->ranked,
        .paper = paper_value(matrix, column, at),
        .prior_nats = is_label ? column->prior : NAN,
        .minus_prior_nats = is_label ? excess.mean : NAN,
        .minus_prior_ci95_nats = is_label ? excess.interval : none,
        .signal = task_signal(&excess),
    };

    row.paper_delta = at == matrix->baseline ? NAN : row.paper - paper_value(matrix, column, matrix->baseline);
    row.mean_last = mean_last(column, matrix, at, value);
    return row;
}

static int compute_column(const struct task_scores *of, const struct task_column *column,
                          const struct room *room, struct score_row *rows)
{
    const struct matrix *matrix = of->matrix;
    const struct scores scores = task_scores_of(of, column);
    int best = -1;

    if (contrasts_compute(&scores, matrix->baseline, !matrix->sequential, room->contrast) != 0 ||
        (column->ranked && contrasts_best(&scores, &best) != 0))
        return -1;
    for (int i = 0; i < matrix->variants; i++) {
        rows[i] = make_row(of, column, i, &room->contrast[i], room->value);
        rows[i].best = i == best;
    }
    return 0;
}

/* What a table asks at once: its scores; its losses; and forms of these, which are not asked for their own sake. */
enum family { FAMILY_SCORES, FAMILY_LOSSES, FAMILY_FORMS };

static enum family family_of(const struct task_column *column)
{
    const char *metric = column->metric.name;
    bool of_classes = column->kind == TASK_TARGET && !isnan(column->prior);

    if (of_classes || strcmp(metric, "dev_target_nats") == 0 ||
        (strncmp(metric, "bleu_", 5) == 0 && strcmp(metric, "bleu_13a") != 0))
        return FAMILY_FORMS;
    return column->kind == TASK_LABEL || column->kind == TASK_TARGET ? FAMILY_LOSSES : FAMILY_SCORES;
}

static bool is_asked_with(const struct task_column *a, const struct task_column *b)
{
    return texts_equal(a->table, b->table) && family_of(a) == family_of(b);
}

/* Holm over what is asked at once with a column. */
static int correct(const struct task_scores *of, const struct room *room, const struct task_column *like)
{
    const int variants = of->matrix->variants;

    for (int i = 0; i < of->columns; i++) {
        const struct task_column *column = &of->column[i];
        bool together = is_asked_with(column, like);

        for (int j = 0; j < variants; j++)
            room->p[i * variants + j] = together ? room->row[i * variants + j].p_paired : NAN;
    }
    if (stats_holm(room->p, room->holm, of->columns * variants) != 0)
        return -1;
    for (int i = 0; i < of->columns * variants; i++)
        if (!isnan(room->holm[i]))
            room->row[i].p_holm = room->holm[i];
    return 0;
}

static int compute_rows(const struct task_scores *of, const struct room *room)
{
    const int variants = of->matrix->variants;

    for (int i = 0; i < of->columns; i++)
        if (compute_column(of, &of->column[i], room, &room->row[i * variants]) != 0)
            return -1;
    for (int i = 0; i < of->columns * variants; i++)
        room->row[i].p_holm = NAN;
    for (int i = 0; i < of->columns; i++) {
        bool first = true;

        for (int k = 0; k < i; k++)
            first &= !is_asked_with(&of->column[k], &of->column[i]);
        if (first && correct(of, room, &of->column[i]) != 0)
            return -1;
    }
    return 0;
}

static json_t *compute(const struct matrix *matrix)
{
    struct task_scores scores;
    struct room room;
    json_t *rows = NULL;
    int bad;

    if (task_scores_open(&scores, matrix) != 0)
        return NULL;
    if (scores.columns == 0) {
        task_scores_close(&scores);
        return json_null();
    }
    if (room_open(&room, &scores) != 0)
        goto done;
    bad = compute_rows(&scores, &room);
    if (bad)
        goto close;
    rows = json_array();
    for (int i = 0; i < scores.columns * matrix->variants; i++) {
        json_t *o = json_object();

        bad |= layout_put(&score_layout, &room.row[i], o);
        bad |= json_push(rows, o);
    }
    rows = json_finish(rows, bad);
close:
    room_close(&room);
done:
    task_scores_close(&scores);
    return rows;
}

/* ==== Reading ==== */

int score_rows_read(struct score_rows *rows, const json_t *document)
{
    rows->row = layout_rows(&score_layout, value_at(document, "tables.scores"), &rows->rows);
    return rows->row ? 0 : -1;
}

void score_rows_free(struct score_rows *rows)
{
    layout_free(&score_layout, rows->row, rows->rows);
    *rows = (struct score_rows){NULL, 0};
}

const struct score_row *score_rows_find(const struct score_rows *rows, const char *task, const char *metric,
                                        const char *variant)
{
    for (int i = 0; i < rows->rows; i++)
        if (texts_equal(rows->row[i].task, task) && texts_equal(rows->row[i].metric, metric) &&
            texts_equal(rows->row[i].variant, variant))
            return &rows->row[i];
    return NULL;
}

/* ==== Printing ==== */

static const char *format_of(const struct score_row *row, bool sign)
{
    if (row->higher_is_better)
        return sign ? "%+.2f" : "%.2f";
    return sign ? "%+.4f" : "%.4f";
}

/* Does it differ from the baseline's, after Holm?  Where seeds were added by looking, by the e-value. */
static bool is_significant(const struct score_row *row)
{
    return row->p_holm < STATS_ALPHA; /* false for NAN */
}

void cell_score(struct sheet *sheet, const struct score_row *row, bool spread)
{
    char mean[CELL_BYTES] = "", stddev[CELL_BYTES] = "";
    const char *mark = "";

    if (!row || !isfinite(row->mean)) {
        sheet_cell(sheet, "%s", "");
        return;
    }
    snprintf(mean, sizeof mean, format_of(row, false), row->mean);
    if (spread && isfinite(row->stddev))
        snprintf(stddev, sizeof stddev, format_of(row, false), row->stddev);
    if (is_significant(row))
        mark = (row->delta > 0.0) == row->higher_is_better ? " +" : " -";
    sheet_cell(sheet, "%s%s%s%s%s", mean, stddev[0] ? " (" : "", stddev, stddev[0] ? ")" : "", mark);
    if (row->best)
        sheet_bold(sheet);
}

void cells_score_difference(struct sheet *sheet, const struct matrix *matrix, const struct score_row *row)
{
    const bool there = row && isfinite(row->delta);
    const char *missing = there ? "no interval" : "";
    char text[CELL_BYTES];

    if (row && matrix_is_baseline(matrix, row->variant)) {
        sheet_cell(sheet, "baseline");
        sheet_cell(sheet, "%s", "");
        sheet_cell(sheet, "%s", "");
        return;
    }
    cell_number(sheet, there ? format_of(row, true) : "%g", there ? row->delta : NAN, "");
    if (!there) {
        sheet_cell(sheet, "%s", "");
        sheet_cell(sheet, "%s", "");
        return;
    }
    cell_interval(sheet, matrix->sequential ? row->anytime_ci95 : row->delta_ci95, format_of(row, true),
                  missing);
    if (!row->ranked)
        sheet_cell(sheet, "no signal");
    else if (matrix->sequential)
        cell_number(sheet, "%.3g", row->e_value, "no test");
    else
        sheet_cell(sheet, "%s", text_p(row->p_holm, text));
}

void note_scores(struct sheet *sheet, const struct matrix *matrix, bool marked)
{
    const char *baseline = matrix_baseline_label(matrix);

    sheet_note(sheet, "%s, times 100, of the best checkpoint of each task on its dev set, or of the test set by "
                      "the checkpoint that the dev set chose.",
               marked ? "Means" : "Mean (standard deviation of the n runs)");
    if (matrix->sequential)
        sheet_note(sheet, "delta: to %s, paired by seed.  Seeds were added until it was decided: the intervals "
                          "and e-values hold at every look, and no p does.", baseline);
    else if (marked)
        sheet_note(sheet, "+ better, - worse than %s: paired t test, Holm over the variants and scores of the "
                          "table; the table scores has the differences.", baseline);
    else
        sheet_note(sheet, "delta: to %s, paired by seed, with the 95 %% interval of the mean difference (Student's "
                          "t, each by itself); p: paired t test, Holm over the variants and scores of a benchmark, "
                          "over those and its losses (nats of classes, where there are any), and over other forms "
                          "of these; + better, - worse by it.", baseline);
}

static bool is_of(const struct score_row *row, const char *table)
{
    return !table || texts_equal(row->table, table);
}

static bool is_average(const struct score_row *row)
{
    return row->metric && strncmp(row->metric, "average_", strlen("average_")) == 0;
}

/* The names of the tasks for which `is` holds, each once, into a note. */
static void note_tasks(struct sheet *sheet, const struct score_rows *rows, const char *table,
                       bool (*is)(const struct score_row *row), const char *what)
{
    char names[512] = "";
    const char *last = NULL;

    for (int i = 0; i < rows->rows; i++) {
        const struct score_row *row = &rows->row[i];
        size_t length = strlen(names);

        if (!is_of(row, table) || is_average(row) || !is(row) || texts_equal(row->task, last))
            continue;
        last = row->task;
        snprintf(names + length, sizeof names - length, "%s%s", length ? ", " : "", last ? last : "?");
    }
    if (names[0])
        sheet_note(sheet, "%s: %s", names, what);
}

static bool is_subset(const struct score_row *row)
{
    return !row->complete;
}

static bool is_unranked(const struct score_row *row)
{
    return !row->ranked;
}

void note_subsets(struct sheet *sheet, const struct score_rows *rows, const char *table)
{
    note_tasks(sheet, rows, table, is_subset,
               "a subset of the distribution (*); the paper's values are of all of it, and not beside them.");
}

void note_signal(struct sheet *sheet, const struct score_rows *rows, const char *table)
{
    note_tasks(sheet, rows, table, is_unranked,
               "no signal: over all runs the interval of the right class's nats includes those of guessing the "
               "shares of the classes, or lies above them.  No score of it is ranked.");
}

static const char *signal_of(const struct score_row *row)
{
    return row->signal && isfinite(row->prior_nats) ? row->signal : "";
}

static void print_row(struct sheet *sheet, const struct matrix *matrix, const struct score_row *row)
{
    sheet_cell(sheet, "%s%s", row->task ? row->task : "", row->complete ? "" : "*");
    sheet_cell(sheet, "%s", row->metric ? row->metric : "");
    sheet_cell(sheet, "%s", matrix_label(matrix, row->variant));
    sheet_cell(sheet, "%lld", (long long)row->n);
    cell_score(sheet, row, true);
    cell_number(sheet, format_of(row, false), row->mean_last, "");
    cells_score_difference(sheet, matrix, row);
    cell_number(sheet, "%+.4f", row->minus_prior_nats, "");
    cell_interval(sheet, row->minus_prior_ci95_nats, "%+.4f", "");
    sheet_cell(sheet, "%s", signal_of(row));
}

static int print(struct sheet *sheet, const struct matrix *matrix, json_t *rows)
{
    const struct sheet_heading headings[] = {
        {'l', "task", 0},
        {'l', "metric", 0},
        {'l', "variant", 0},
        {'r', "n", 0},
        {'r', "mean", 0},
        {'r', "last", 0},
        {'r', "delta", 0},
        {'r', HEADING_INTERVAL(matrix->sequential), 0},
        {'r', HEADING_TEST(matrix->sequential), 0},
        {'r', "nats less\nthe prior's", 0},
        {'r', "95 % interval", 0},
        {'l', "signal", 0},
    };
    struct score_rows all;

    (void)rows;
    if (score_rows_read(&all, matrix->document) != 0)
        return -1;
    snprintf(sheet->title, sizeof sheet->title, "Scores of tasks, and losses in nats");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    for (int i = 0; i < all.rows; i++)
        if (all.row[i].n > 0)
            print_row(sheet, matrix, &all.row[i]);
    if (all.rows > 0) {
        note_scores(sheet, matrix, false);
        sheet_note(sheet, "label_nats: of the right class among the classes, an example, the finer measure, beside "
                          "those of guessing their shares (the interval over examples, a mean over seeds); "
                          "target_nats: of a target token.  last: of the last checkpoint.");
        note_subsets(sheet, &all, NULL);
        note_signal(sheet, &all, NULL);
        note_gated_scores(sheet, matrix->document, NULL);
    } else {
        sheet_note(sheet, "No run has scores of tasks: 'glubench finetune' gives them, and 'glubench run' of a "
                          "task.");
    }
    score_rows_free(&all);
    return 0;
}

const struct table table_scores = {
    "scores", "any tasks: every score and loss of every variant", "tables.scores", compute, print, false,
};
