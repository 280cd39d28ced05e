/* throughput.c - tokens and FLOPs per second; see throughput.h. */
#include "src/glu.h"

#include "src/results/tables/throughput.h"

#include "src/results/cells.h"
#include "src/results/statistics.h"
#include "src/results/tables/table.h"
#include "src/util/json_help.h"

#include <math.h>
#include <stdlib.h>

static const char path[] = "tables.throughput";

static const struct member members[] = {
    MEMBER(struct throughput_row, median_s),
    MEMBER(struct throughput_row, tokens_per_s),
    MEMBER(struct throughput_row, tokens_per_s_ci95),
    MEMBER(struct throughput_row, examples_per_s),
    MEMBER(struct throughput_row, used_tokens_per_s),
    MEMBER(struct throughput_row, gflop_per_s),
    MEMBER(struct throughput_row, gemm_peak_gflop_per_s),
    MEMBER(struct throughput_row, fraction_of_gemm_peak),
    MEMBER(struct throughput_row, relative_to_baseline),
    MEMBER(struct throughput_row, relative_ci95),
};
static const struct layout layout = LAYOUT(struct throughput_row, members);

struct throughput_row *throughput_rows(const struct matrix *matrix)
{
    int count;

    return layout_rows(&layout, value_at(matrix->document, path), &count);
}

/* ==== Computing ==== */

/* The baseline's samples that were taken under the same conditions; NULL when there are none. */
static const struct matrix_throughput *baseline_of(const struct matrix *matrix,
                                                   const struct matrix_throughput *own)
{
    for (int i = 0; i < matrix->throughputs; i++) {
        const struct matrix_throughput *other = &matrix->throughput[i];

        if (matrix_is_baseline(matrix, other->variant) && texts_equal(other->pass, own->pass) &&
            texts_equal(other->precision, own->precision) && other->threads == own->threads &&
            other->batch == own->batch)
            return other;
    }
    return NULL;
}

static int compute_row(struct throughput_row *row, const struct matrix_throughput *own,
                       const struct matrix_throughput *base)
{
    double tokens = own->tokens_per_sample, flops = own->flops_per_sample;
    double median = NAN, ratio = NAN;
    struct interval seconds = {NAN, NAN}, relative = {NAN, NAN};

    if (stats_median(own->samples_s.x, own->samples_s.count, STATS_LEVEL, &median, &seconds) != 0)
        return -1;
    if (base == own) {
        ratio = relative.low = relative.high = 1.0;
    } else if (base) {
        /* Tokens per second against the baseline's: its seconds over ours. */
        double scale = tokens / base->tokens_per_sample;

        if (stats_median_ratio(base->samples_s.x, base->samples_s.count, own->samples_s.x,
                               own->samples_s.count, true, STATS_LEVEL, &ratio, &relative) != 0)
            return -1;
        ratio *= scale;
        relative.low *= scale;
        relative.high *= scale;
    }
    *row = (struct throughput_row){
        .median_s = median,
        .tokens_per_s = tokens / median,
        .tokens_per_s_ci95 = {tokens / seconds.high, tokens / seconds.low},
        .examples_per_s = own->examples_per_sample / median,
        .used_tokens_per_s = tokens * (1 - own->padding_share) / median,
        .gflop_per_s = flops / median * 1e-9,
        .gemm_peak_gflop_per_s = own->gemm_peak_gflop_per_s,
        .fraction_of_gemm_peak = flops / median * 1e-9 / own->gemm_peak_gflop_per_s,
        .relative_to_baseline = ratio,
        .relative_ci95 = relative,
    };
    return 0;
}

/* The rows hold the samples; what they give is written beside them. */
static json_t *compute(const struct matrix *matrix)
{
    json_t *rows = value_at(matrix->document, path);

    if (!json_is_array(rows))
        return json_finish(json_array(), 0);
    for (int i = 0; i < matrix->throughputs; i++) {
        const struct matrix_throughput *own = &matrix->throughput[i];
        struct throughput_row row;

        if (compute_row(&row, own, baseline_of(matrix, own)) != 0
            || layout_put(&layout, &row, json_array_get(rows, (size_t)i)) != 0)
            return NULL;
    }
    return json_incref(rows);
}

/* ==== Printing ==== */

static void print_row(struct sheet *sheet, const struct matrix *matrix,
                      const struct matrix_throughput *measured, const struct throughput_row *row)
{
    struct interval rate = row->tokens_per_s_ci95;
    double relative = row->relative_to_baseline;
    char text[2][CELL_BYTES];

    sheet_cell(sheet, "%s", matrix_label(matrix, measured->variant));
    sheet_cell(sheet, "%s", measured->pass ? measured->pass : "");
    sheet_cell(sheet, "%s", measured->precision ? measured->precision : "");
    sheet_cell(sheet, "%lld", (long long)measured->threads);
    sheet_cell(sheet, "%lld", (long long)measured->batch);
    sheet_cell(sheet, "%d", measured->samples_s.count);
    cell_number(sheet, "%.2f", 1e3 * row->median_s, "");
    cell_grouped(sheet, row->tokens_per_s);
    if (interval_exists(rate))
        sheet_cell(sheet, "[%s, %s]", text_grouped(rate.low, text[0]),
                   text_grouped(rate.high, text[1]));
    else
        sheet_cell(sheet, "no interval");
    cell_grouped(sheet, row->examples_per_s);
    cell_percent(sheet, measured->padding_share);
    cell_number(sheet, "%.1f", row->gflop_per_s, "");
    cell_percent(sheet, row->fraction_of_gemm_peak);
    if (matrix_is_baseline(matrix, measured->variant)) {
        sheet_cell(sheet, "baseline");
        sheet_cell(sheet, "%s", "");
    } else {
        cell_number(sheet, "%.3f", relative, "");
        cell_interval(sheet, row->relative_ci95, "%.3f", isfinite(relative) ? "no interval" : "");
    }
}

static int print(struct sheet *sheet, const struct matrix *matrix, json_t *rows)
{
    static const struct sheet_heading headings[] = {
        {'l', "variant", 0},
        {'l', "pass", 0},
        {'l', "precision", SHEET_NO_LATEX},
        {'r', "threads", SHEET_NO_LATEX},
        {'r', "batch", SHEET_NO_LATEX},
        {'r', "n", SHEET_NO_LATEX},
        {'r', "median ms", SHEET_NO_LATEX},
        {'r', "tokens/s", 0},
        {'r', "95 % interval", 0},
        {'r', "examples/s", SHEET_NO_LATEX},
        {'r', "of it\npadding", SHEET_NO_LATEX},
        {'r', "GFLOP/s", 0},
        {'r', "of gemm\npeak", 0},
        {'r', "relative", 0},
        {'r', "95 % interval", 0},
    };
    static const char *const passes[] = {"train",     "forward", "ffn_train",
                                         "ffn_forward", "decode",  "decode_anew"};
    struct throughput_row *row = throughput_rows(matrix);

    (void)rows;
    if (!row)
        return -1;
    snprintf(sheet->title, sizeof sheet->title,
             "Throughput: medians of n samples with 95 %% intervals; relative to %s",
             matrix_baseline_label(matrix));
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    for (size_t p = 0; p < LENGTH_OF(passes); p++)
        for (int i = 0; i < matrix->throughputs; i++)
            if (texts_equal(matrix->throughput[i].pass, passes[p]))
                print_row(sheet, matrix, &matrix->throughput[i], &row[i]);
    sheet_note(sheet, "Interval of a median: between order statistics, from 6 samples on; of a relative "
                      "speed: bootstrap over rounds.");
    sheet_note(sheet, "Tokens a second count padding, of which there is the share beside them.");
    sheet_note(sheet, "GFLOP/s count the matrix products of the model; gemm peak is oneDNN's own matmul "
                      "in the same run.");
    free(row);
    return 0;
}

const struct table table_throughput = {
    "throughput", "tokens and FLOPs per second, share of the gemm peak", path, compute, print, true,
};
