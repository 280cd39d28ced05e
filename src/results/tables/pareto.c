/* pareto.c - quality at equal cost, and who is ahead of whom. */
#include "src/glu.h"

#include "src/results/tables/table.h"

#include "src/results/cells.h"
#include "src/results/contrasts.h"
#include "src/results/curves.h"
#include "src/util/json_help.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct pareto_row {
    const char *axis, *variant;
    int64_t n;
    double budget, nats_at_budget, delta_nats;
    struct interval delta_ci95_nats;
    double p_holm, final_cost, final_nats;
    bool on_front;
    struct names dominated_by;
    double e_value; /* of the difference, as the interval: they hold at every look */
    struct interval anytime_ci95_nats;
};
static const struct member members[] = {
    MEMBER(struct pareto_row, axis),
    MEMBER(struct pareto_row, variant),
    MEMBER(struct pareto_row, n),
    MEMBER(struct pareto_row, budget),
    MEMBER(struct pareto_row, nats_at_budget),
    MEMBER(struct pareto_row, delta_nats),
    MEMBER(struct pareto_row, delta_ci95_nats),
    MEMBER(struct pareto_row, p_holm),
    MEMBER(struct pareto_row, final_cost),
    MEMBER(struct pareto_row, final_nats),
    MEMBER(struct pareto_row, on_front),
    MEMBER(struct pareto_row, dominated_by),
    MEMBER(struct pareto_row, e_value),
    MEMBER(struct pareto_row, anytime_ci95_nats),
};
static const struct layout layout = LAYOUT(struct pareto_row, members);

/* ==== What training costs, at a point of a run's curve ==== */

static double cost_tokens(const struct matrix *matrix, const struct matrix_run *run,
                          const struct curve_point *point)
{
    (void)matrix;
    return (double)point->step * (double)run->tokens_seen / (double)run->steps;
}

static double cost_flops(const struct matrix *matrix, const struct matrix_run *run,
                         const struct curve_point *point)
{
    return (double)point->step * matrix->variant[run->row].train_flops_per_step;
}

static double cost_seconds(const struct matrix *matrix, const struct matrix_run *run,
                           const struct curve_point *point)
{
    (void)matrix;
    (void)run;
    return point->train_s;
}

static const struct axis {
    const char *name, *words, *format;
    double (*cost)(const struct matrix *matrix, const struct matrix_run *run,
                   const struct curve_point *point);
} axes[] = {
    {"tokens", "tokens", "%.3g", cost_tokens},
    {"train_flops", "FLOPs", "%.3g", cost_flops},
    {"train_s", "seconds", "%.1f", cost_seconds},
};

/* ==== Computing ==== */

/* Everything about one axis. */
struct pareto {
    const struct matrix *matrix;
    const struct axis *axis;
    struct curve *run;  /* (variants, seeds); count 0: no ok run */
    struct curve *mean; /* (variants) */
    double budget;      /* what every run spent at least */
};

static int curve_of(struct curve *curve, const struct matrix *matrix, const struct matrix_run *run,
                    const struct axis *axis)
{
    if (curve_open(curve, run->curve_count) != 0)
        return -1;
    for (int i = 0; i < run->curve_count; i++)
        curve_add(curve, axis->cost(matrix, run, &run->curve[i]),
                  run->curve[i].heldout_log_perplexity_nats);
    return 0;
}

static int pareto_open(struct pareto *pareto, const struct matrix *matrix, const struct axis *axis)
{
    const struct scores scores = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    int seeds = matrix->seeds, cells = matrix->variants * seeds;

    *pareto = (struct pareto){matrix, axis, calloc((size_t)cells + 1, sizeof(struct curve)),
                              calloc((size_t)matrix->variants + 1, sizeof(struct curve)), NAN};
    if (!pareto->run || !pareto->mean)
        return err_system("%d curves", cells);
    for (int i = 0; i < cells; i++) {
        if (isnan(scores.value[i]))
            continue;
        if (curve_of(&pareto->run[i], matrix, &matrix->run[matrix->cell[i]], axis) != 0)
            return -1;
        pareto->budget = fmin(pareto->budget, curve_end_cost(&pareto->run[i]));
    }
    for (int i = 0; i < matrix->variants; i++)
        if (curve_mean(&pareto->mean[i], pareto->run + i * seeds, seeds) != 0)
            return -1;
    return 0;
}

static void pareto_close(struct pareto *pareto)
{
    for (int i = 0; pareto->run && i < pareto->matrix->variants * pareto->matrix->seeds; i++)
        curve_free(&pareto->run[i]);
    for (int i = 0; pareto->mean && i < pareto->matrix->variants; i++)
        curve_free(&pareto->mean[i]);
    free(pareto->run);
    free(pareto->mean);
}

/* Who is better than this variant's last, at no more than its cost. */
static int dominators(const struct pareto *pareto, int row, struct names *names)
{
    const struct matrix *matrix = pareto->matrix;

    *names = (struct names){calloc((size_t)matrix->variants + 1, sizeof *names->name), 0};
    if (!names->name)
        return err_system("%d variants", matrix->variants);
    for (int i = 0; i < matrix->variants; i++)
        if (i != row && curve_dominates(&pareto->mean[i], &pareto->mean[row],
                                        &matrix_metrics[METRIC_LOG_PERPLEXITY]))
            names->name[names->count++] = matrix->variant[i].name;
    return 0;
}

static json_t *row_json(const struct pareto *pareto, const struct scores *at_budget, int row,
                        const struct contrast *contrast, double *nats)
{
    const struct curve *mean = &pareto->mean[row];
    int n = scores_row(at_budget, row, nats), bad;
    struct pareto_row result = {
        .axis = pareto->axis->name,
        .variant = pareto->matrix->variant[row].name,
        .n = n,
        .budget = pareto->budget,
        .nats_at_budget = stats_mean(nats, n),
        .delta_nats = contrast->test.difference,
        .delta_ci95_nats = contrast->test.interval,
        .p_holm = contrast->p_holm,
        .e_value = contrast->anytime.e_value,
        .anytime_ci95_nats = contrast->anytime.interval,
        .final_cost = curve_end_cost(mean),
        .final_nats = curve_end_value(mean),
    };
    json_t *o = json_object();

    bad = dominators(pareto, row, &result.dominated_by) != 0;
    result.on_front = mean->count > 0 && result.dominated_by.count == 0;
    bad = bad || layout_put(&layout, &result, o) != 0;
    layout_release(&layout, &result);
    return json_finish(o, bad);
}

/* Add the rows of one axis. */
static int compute_axis(json_t *rows, const struct matrix *matrix, const struct axis *axis)
{
    int cells = matrix->variants * matrix->seeds;
    struct contrast *contrast = calloc((size_t)matrix->variants + 1, sizeof *contrast);
    double *nats = calloc((size_t)matrix->seeds + 1, sizeof *nats);
    double *value = calloc((size_t)cells + 1, sizeof *value);
    struct scores at_budget = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    struct pareto pareto;
    int bad = pareto_open(&pareto, matrix, axis) != 0 || !contrast || !nats || !value;

    at_budget.value = value;
    if (!bad) {
        for (int i = 0; i < cells; i++)
            value[i] = curve_at(&pareto.run[i], pareto.budget);
        bad = contrasts_compute(&at_budget, matrix->baseline, false, contrast) != 0;
    }
    for (int i = 0; i < matrix->variants && !bad; i++)
        bad |= json_push(rows, row_json(&pareto, &at_budget, i, &contrast[i], nats));
    free(contrast);
    free(nats);
    free(value);
    pareto_close(&pareto);
    return bad ? -1 : 0;
}

static json_t *compute(const struct matrix *matrix)
{
    json_t *rows = json_array();
    int bad = 0;

    for (size_t i = 0; i < LENGTH_OF(axes) && !bad; i++)
        bad |= compute_axis(rows, matrix, &axes[i]);
    return json_finish(rows, bad);
}

/* ==== Printing ==== */

static const struct axis *axis_of(const struct pareto_row *row)
{
    for (size_t i = 0; row->axis && i < LENGTH_OF(axes); i++)
        if (strcmp(axes[i].name, row->axis) == 0)
            return &axes[i];
    return &axes[0];
}

/* Whether a variant is on the front, and up to three of those that are better. */
static void cells_front(struct sheet *sheet, const struct matrix *matrix,
                        const struct pareto_row *row)
{
    enum { NAMED = 3 };
    int count = row->dominated_by.count;
    char text[256] = "", more[CELL_BYTES] = "";

    for (int i = 0; i < count && i < NAMED; i++) {
        size_t length = strlen(text);

        snprintf(text + length, sizeof text - length, "%s%s", i ? ", " : "",
                 matrix_label(matrix, row->dominated_by.name[i]));
    }
    if (count > NAMED)
        snprintf(more, sizeof more, " and %d more", count - NAMED);
    /* A variant without a curve is neither on the front nor behind it. */
    sheet_cell(sheet, "%s", row->on_front ? "yes" : count ? "no" : "");
    sheet_cell(sheet, "%s%s", text, more);
}

static void print_row(struct sheet *sheet, const struct matrix *matrix,
                      const struct pareto_row *row)
{
    const struct axis *axis = axis_of(row);

    sheet_cell(sheet, "%s", axis->words);
    sheet_cell(sheet, "%s", matrix_label(matrix, row->variant));
    sheet_cell(sheet, "%lld", (long long)row->n);
    cell_number(sheet, "%.4f", row->nats_at_budget, "");
    cells_difference(sheet, matrix_is_baseline(matrix, row->variant), matrix->sequential,
                     &(struct difference){row->delta_nats, row->delta_ci95_nats, row->p_holm,
                                          row->anytime_ci95_nats, row->e_value});
    cell_number(sheet, axis->format, row->final_cost, "");
    cell_number(sheet, "%.4f", row->final_nats, "");
    cells_front(sheet, matrix, row);
}

static int print(struct sheet *sheet, const struct matrix *matrix, json_t *rows)
{
    const struct sheet_heading headings[] = {
        {'l', "cost", 0},
        {'l', "variant", 0},
        {'r', "n", SHEET_NO_LATEX},
        {'r', "at equal\ncost", 0},
        {'r', "delta", 0},
        {'r', HEADING_INTERVAL(matrix->sequential), 0},
        {'r', HEADING_TEST(matrix->sequential), 0},
        {'r', "whole\ncost", 0},
        {'r', "at the\nend", 0},
        {'l', "on the\nfront", 0},
        {'l', "lower at no more cost", SHEET_NO_LATEX},
    };
    const struct axis *noted = NULL;
    int count;
    struct pareto_row *row = layout_rows(&layout, rows, &count);

    if (!row)
        return -1;
    snprintf(sheet->title, sizeof sheet->title,
             "Held-out log-perplexity at equal cost, in nats per target token, from the curves");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    for (int i = 0; i < count; i++) {
        const struct axis *axis = axis_of(&row[i]);

        print_row(sheet, matrix, &row[i]);
        if (axis != noted && isfinite(row[i].budget)) {
            char text[CELL_BYTES];

            snprintf(text, sizeof text, axis->format, row[i].budget);
            sheet_note(sheet, "Equal %s: %s, the most that every run reached.", axis->words, text);
            noted = axis;
        }
    }
    if (isfinite(number_at(value_at(matrix->document, "config.heldout"), "curve_examples")))
        sheet_note(sheet, "Curves are of the first %.0f held-out examples, so that their ends are not the losses of "
                          "the table perplexity.",
                   number_at(value_at(matrix->document, "config.heldout"), "curve_examples"));
    sheet_note(sheet, "On the Pareto front: no other variant's mean curve is lower at the same cost "
                      "or less; means only, see the intervals.");
    if (matrix->sequential)
        sheet_note(sheet, "Seeds were added until it was decided: the intervals and e-values hold at "
                          "every look.");
    layout_free(&layout, row, count);
    return 0;
}

const struct table table_pareto = {
    "pareto", "quality at equal tokens, FLOPs and seconds", "tables.pareto", compute, print, true,
};
