/* parity.c - parameters and computation of each variant. */
#include "src/glu.h"

#include "src/results/tables/table.h"

#include "src/results/cells.h"
#include "src/util/json_help.h"

#include <math.h>

static void print_row(struct sheet *sheet, const struct matrix_variant *variant)
{
    sheet_cell(sheet, "%s", variant->label ? variant->label : variant->name);
    sheet_cell(sheet, "%s", variant->gated ? "yes" : "no");
    cell_grouped(sheet, variant->d_ff);
    cell_grouped(sheet, variant->parameters);
    cell_grouped(sheet, variant->ffn_parameters);
    cell_number(sheet, "%.4f", 1e-9 * variant->train_flops_per_step, "");
    cell_number(sheet, "%+.3f %%", 100.0 * variant->parameter_difference_vs_baseline, "");
}

/* The variants of the document as rows. */
static json_t *rows_json(const json_t *document)
{
    json_t *variants = json_object_get(document, "variants"), *facts, *rows = json_array();
    const char *name;
    int bad = 0;

    json_object_foreach (variants, name, facts) {
        json_t *row = json_object();

        bad |= json_put(row, "variant", json_text(name));
        bad |= json_object_update(row, facts);
        bad |= json_push(rows, row);
    }
    return json_finish(rows, bad);
}

static int print(struct sheet *sheet, const struct matrix *matrix, json_t *rows)
{
    static const struct sheet_heading headings[] = {
        {'l', "variant", 0},         {'l', "gated", 0},
        {'r', "d_ff", 0},            {'r', "parameters", 0},
        {'r', "in feed-forward", 0}, {'r', "GFLOP a\ntraining step", 0},
        {'r', "difference", 0},
    };
    double low = INFINITY, high = -INFINITY;

    (void)rows;
    sheet->data = rows_json(matrix->document);
    if (!sheet->data)
        return -1;
    snprintf(sheet->title, sizeof sheet->title,
             "Parameters and computation, counted from the tensors of each model");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    for (int i = 0; i < matrix->variants; i++) {
        const struct matrix_variant *variant = &matrix->variant[matrix->listed[i]];

        print_row(sheet, variant);
        low = fmin(low, variant->parameters);
        high = fmax(high, variant->parameters);
    }
    if (low == high)
        sheet_note(sheet, "All variants have the same number of parameters.");
    else if (high > 0.0)
        sheet_note(sheet, "The largest has %.3f %% more parameters than the smallest.",
                   100.0 * (high / low - 1.0));
    return 0;
}

const struct table table_parity = {
    "parity", "parameters and FLOPs of each variant", NULL, NULL, print, false,
};
