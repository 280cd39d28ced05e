/* exchange.c - the sum of a gradient over ranks. */
#include "src/glu.h"

#include "src/results/tables/table.h"

#include "src/results/cells.h"

struct exchange_row {
    const char *library;
    double ranks, bytes;
    struct numbers samples_s;
    double median_s;
    struct interval median_s_ci95;
    double gb_per_s, bare_median_s, rate_vs_bare;
    struct interval rate_vs_bare_ci95;
};
static const struct member members[] = {
    MEMBER(struct exchange_row, library),
    MEMBER(struct exchange_row, ranks),
    MEMBER(struct exchange_row, bytes),
    MEMBER(struct exchange_row, samples_s),
    MEMBER(struct exchange_row, median_s),
    MEMBER(struct exchange_row, median_s_ci95),
    MEMBER(struct exchange_row, gb_per_s),
    MEMBER(struct exchange_row, bare_median_s),
    MEMBER(struct exchange_row, rate_vs_bare),
    MEMBER(struct exchange_row, rate_vs_bare_ci95),
};
static const struct layout layout = LAYOUT(struct exchange_row, members);

static void print_row(struct sheet *sheet, const struct exchange_row *row)
{
    struct interval milliseconds = {1e3 * row->median_s_ci95.low, 1e3 * row->median_s_ci95.high};

    cell_number(sheet, "%.0f", row->ranks, "");
    cell_number(sheet, "%.1f", 1e-6 * row->bytes, "");
    sheet_cell(sheet, "%d", row->samples_s.count);
    cell_number(sheet, "%.2f", 1e3 * row->median_s, "");
    cell_interval(sheet, milliseconds, "%.2f", "no interval");
    cell_number(sheet, "%.2f", row->gb_per_s, "");
    cell_number(sheet, "%.2f", 1e3 * row->bare_median_s, "");
    cell_number(sheet, "%.3f", row->rate_vs_bare, "");
    cell_interval(sheet, row->rate_vs_bare_ci95, "%.3f", "no interval");
}

static int print(struct sheet *sheet, const struct matrix *matrix, json_t *rows)
{
    static const struct sheet_heading headings[] = {
        {'r', "ranks", 0},
        {'r', "MB", 0},
        {'r', "n", SHEET_NO_LATEX},
        {'r', "ms", 0},
        {'r', "95 % interval", 0},
        {'r', "GB/s", 0},
        {'r', "ms of\nbare calls", 0},
        {'r', "rate\nbeside them", 0},
        {'r', "95 % interval", 0},
    };
    int count;
    struct exchange_row *row = layout_rows(&layout, rows, &count);

    (void)matrix;
    if (!row)
        return -1;
    snprintf(sheet->title, sizeof sheet->title, "The exchange between ranks%s",
             !rows        ? " (not measured; see bench " FIELD("exchange") ")"
             : count == 0 ? " (there is one rank)"
                          : "");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    for (int i = 0; i < count; i++)
        print_row(sheet, &row[i]);
    sheet_note(sheet, "Bare calls: one Alltoall, a sum and one Allgather of all of it.");
    if (count > 0 && row[0].library)
        sheet_note(sheet, "By %s.", row[0].library);
    layout_free(&layout, row, count);
    return 0;
}

const struct table table_exchange = {
    "exchange", "the exchange of a gradient between ranks (of bench)", "exchange", NULL, print, true,
};
