/* ranks.c - the training step by several ranks. */
#include "src/glu.h"

#include "src/results/tables/table.h"

#include "src/results/cells.h"

struct ranks_row {
    const char *variant;
    double ranks, threads;
    struct numbers samples_s;
    double median_s;
    struct interval median_s_ci95;
    double tokens_per_s, gflop_per_s, speed_vs_apart, alone_median_s, speed_vs_alone;
    struct interval speed_vs_alone_ci95;
};
static const struct member members[] = {
    MEMBER(struct ranks_row, variant),
    MEMBER(struct ranks_row, ranks),
    MEMBER(struct ranks_row, threads),
    MEMBER(struct ranks_row, samples_s),
    MEMBER(struct ranks_row, median_s),
    MEMBER(struct ranks_row, median_s_ci95),
    MEMBER(struct ranks_row, tokens_per_s),
    MEMBER(struct ranks_row, gflop_per_s),
    MEMBER(struct ranks_row, speed_vs_apart),
    MEMBER(struct ranks_row, alone_median_s),
    MEMBER(struct ranks_row, speed_vs_alone),
    MEMBER(struct ranks_row, speed_vs_alone_ci95),
};
static const struct layout layout = LAYOUT(struct ranks_row, members);

static void print_row(struct sheet *sheet, const struct matrix *matrix, const struct ranks_row *row)
{
    struct interval milliseconds = {1e3 * row->median_s_ci95.low, 1e3 * row->median_s_ci95.high};

    sheet_cell(sheet, "%s", matrix_label(matrix, row->variant));
    cell_number(sheet, "%.0f", row->ranks, "");
    cell_number(sheet, "%.0f", row->threads, "");
    sheet_cell(sheet, "%d", row->samples_s.count);
    cell_number(sheet, "%.2f", 1e3 * row->median_s, "");
    cell_interval(sheet, milliseconds, "%.2f", "no interval");
    cell_grouped(sheet, row->tokens_per_s);
    cell_percent(sheet, 1 - row->speed_vs_apart);
    cell_number(sheet, "%.2f", 1e3 * row->alone_median_s, "");
    cell_number(sheet, "%.3f", row->speed_vs_alone, "");
    cell_interval(sheet, row->speed_vs_alone_ci95, "%.3f", "");
}

static int print(struct sheet *sheet, const struct matrix *matrix, json_t *rows)
{
    static const struct sheet_heading headings[] = {
        {'l', "variant", 0},
        {'r', "ranks", 0},
        {'r', "threads\nof each", 0},
        {'r', "n", SHEET_NO_LATEX},
        {'r', "ms a step", 0},
        {'r', "95 % interval", 0},
        {'r', "tokens/s", 0},
        {'r', "exchange", 0},
        {'r', "ms of one\nprocess", 0},
        {'r', "speed\nbeside it", 0},
        {'r', "95 % interval", 0},
    };
    int count;
    struct ranks_row *row = layout_rows(&layout, rows, &count);

    if (!row)
        return -1;
    snprintf(sheet->title, sizeof sheet->title, "A training step by all ranks%s",
             rows ? "" : " (not measured; see bench " FIELD("exchange") ")");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    for (int i = 0; i < count; i++)
        print_row(sheet, matrix, &row[i]);
    sheet_note(sheet, "Exchange: the share of a step, beside ranks that each do their part for themselves.  "
                      "One process: with the threads of all ranks, where the machine has the processors.");
    layout_free(&layout, row, count);
    return 0;
}

const struct table table_ranks = {
    "ranks", "the training step by all ranks (of bench)", "rank_steps", NULL, print, true,
};
