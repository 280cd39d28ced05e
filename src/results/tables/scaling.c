/* scaling.c - the training step over threads and sizes. */
#include "src/glu.h"

#include "src/results/tables/table.h"

#include "src/results/cells.h"

struct scaling_row {
    const char *variant, *axis;
    double value;
    struct numbers samples_s;
    double median_s;
    struct interval median_s_ci95;
    double tokens_per_s, gflop_per_s, fraction_of_gemm_peak, parallel_efficiency;
};
static const struct member members[] = {
    MEMBER(struct scaling_row, variant),
    MEMBER(struct scaling_row, axis),
    MEMBER(struct scaling_row, value),
    MEMBER(struct scaling_row, samples_s),
    MEMBER(struct scaling_row, median_s),
    MEMBER(struct scaling_row, median_s_ci95),
    MEMBER(struct scaling_row, tokens_per_s),
    MEMBER(struct scaling_row, gflop_per_s),
    MEMBER(struct scaling_row, fraction_of_gemm_peak),
    MEMBER(struct scaling_row, parallel_efficiency),
};
static const struct layout layout = LAYOUT(struct scaling_row, members);

static void print_row(struct sheet *sheet, const struct matrix *matrix,
                      const struct scaling_row *row)
{
    struct interval milliseconds = {1e3 * row->median_s_ci95.low, 1e3 * row->median_s_ci95.high};

    sheet_cell(sheet, "%s", matrix_label(matrix, row->variant));
    sheet_cell(sheet, "%s", row->axis ? row->axis : "");
    cell_number(sheet, "%.0f", row->value, "");
    sheet_cell(sheet, "%d", row->samples_s.count);
    cell_number(sheet, "%.2f", 1e3 * row->median_s, "");
    cell_interval(sheet, milliseconds, "%.2f", "no interval");
    cell_grouped(sheet, row->tokens_per_s);
    cell_number(sheet, "%.1f", row->gflop_per_s, "");
    cell_percent(sheet, row->fraction_of_gemm_peak);
    cell_percent(sheet, row->parallel_efficiency);
}

static int print(struct sheet *sheet, const struct matrix *matrix, json_t *rows)
{
    static const struct sheet_heading headings[] = {
        {'l', "variant", 0},
        {'l', "over", 0},
        {'r', "value", 0},
        {'r', "n", SHEET_NO_LATEX},
        {'r', "ms a step", 0},
        {'r', "95 % interval", 0},
        {'r', "tokens/s", 0},
        {'r', "GFLOP/s", 0},
        {'r', "of gemm\npeak", 0},
        {'r', "parallel\nefficiency", 0},
    };
    int count;
    struct scaling_row *row = layout_rows(&layout, rows, &count);

    if (!row)
        return -1;
    snprintf(sheet->title, sizeof sheet->title, "The training step over threads and sizes%s",
             rows ? "" : " (not measured; see bench " FIELD("scaling") ")");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    for (int i = 0; i < count; i++)
        print_row(sheet, matrix, &row[i]);
    sheet_note(sheet, "All else as configured; heads and d_ff grow with d_model.  Gemm peak: with the "
                      "configured number of threads.");
    layout_free(&layout, row, count);
    return 0;
}

const struct table table_scaling = {
    "scaling", "the training step over threads and sizes (of bench)", "scaling", NULL, print, true,
};
