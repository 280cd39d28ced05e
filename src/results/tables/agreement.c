/* agreement.c - our order of the variants and the paper's. */
#include "src/glu.h"

#include "src/results/tables/table.h"

#include "src/results/cells.h"
#include "src/results/contrasts.h"
#include "src/results/statistics.h"
#include "src/results/tables/quality.h"
#include "src/util/json_help.h"

#include <math.h>
#include <stdlib.h>

/* ==== Computing ==== */

/* The mean of the gated variants less that of the others. */
struct gated {
    double sum[2];
    int count[2];
};

static void gated_add(struct gated *gated, bool is_gated, double nats)
{
    gated->sum[is_gated] += nats;
    gated->count[is_gated]++;
}

static double gated_mean(const struct gated *gated, bool is_gated)
{
    return gated->count[is_gated] ? gated->sum[is_gated] / gated->count[is_gated] : NAN;
}

/* Over the seeds that have all of the paper's variants.  test->n 0: there are not both kinds. */
static int gated_contrast(const struct matrix *matrix, struct paired_test *test)
{
    const struct scores scores = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    double *gated = calloc((size_t)matrix->seeds + 1, sizeof *gated);
    double *others = calloc((size_t)matrix->seeds + 1, sizeof *others);
    int n = 0, rc = -1;

    if (!gated || !others) {
        err_system("%d seeds", matrix->seeds);
        goto done;
    }
    for (int i = 0; i < matrix->seeds; i++) {
        struct gated seed = {{0.0, 0.0}, {0, 0}};

        for (int j = 0; j < matrix->variants; j++)
            if (matrix->variant[j].paper)
                gated_add(&seed, matrix->variant[j].gated, scores_at(&scores, j, i));
        gated[n] = gated_mean(&seed, true);
        others[n] = gated_mean(&seed, false);
        n += !isnan(gated[n] + others[n]); /* a NAN of one run spoils the seed */
    }
    rc = stats_paired(gated, others, n, STATS_LEVEL, test);
done:
    free(gated);
    free(others);
    return rc;
}

/* The same contrast of the paper's printed means. */
static double paper_gated_contrast(const struct matrix *matrix)
{
    struct gated printed = {{0.0, 0.0}, {0, 0}};

    for (int i = 0; i < matrix->variants; i++) {
        const struct matrix_variant *variant = &matrix->variant[i];

        if (variant->paper)
            gated_add(&printed, variant->gated, variant->paper->steps_65536_mean);
    }
    return gated_mean(&printed, true) - gated_mean(&printed, false);
}

/* Our means and the paper's, of the variants that have both: (variants) each. */
static int both_means(const struct matrix *matrix, double *ours, double *theirs, double *nats)
{
    const struct scores scores = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    int n = 0;

    for (int i = 0; i < matrix->variants; i++) {
        if (!matrix->variant[i].paper)
            continue;
        theirs[n] = matrix->variant[i].paper->steps_65536_mean;
        ours[n] = stats_mean(nats, scores_row(&scores, i, nats));
        n += !isnan(ours[n]);
    }
    return n;
}

static json_t *compute(const struct matrix *matrix)
{
    double *ours = calloc((size_t)matrix->variants + 1, sizeof *ours);
    double *theirs = calloc((size_t)matrix->variants + 1, sizeof *theirs);
    double *nats = calloc((size_t)matrix->seeds + 1, sizeof *nats);
    struct agreement agreement = {0};
    struct anytime anytime;
    struct paired_test gated = {0};
    json_t *o = json_object();
    int n, bad = !ours || !theirs || !nats;

    if (!bad) {
        n = both_means(matrix, ours, theirs, nats);
        bad = stats_kendall(ours, theirs, n, &agreement.kendall_tau_b, &agreement.p_value) != 0
              || gated_contrast(matrix, &gated) != 0;
        anytime = contrasts_anytime(&gated, matrix->sequential);
        if (matrix->sequential) /* the order is of means over as many seeds as it took */
            agreement.p_value = NAN;
        agreement.gated_minus_ungated_nats = gated.difference;
        agreement.gated_minus_ungated_ci95 = gated.interval;
        agreement.p_gated = gated.p_t;
        agreement.variants = n;
        agreement.n = gated.n;
        agreement.p_gated_sign_flip = gated.p_sign_flip;
        agreement.paper_gated_minus_ungated_nats = paper_gated_contrast(matrix);
        agreement.gated_e_value = anytime.e_value;
        agreement.gated_minus_ungated_anytime_ci95 = anytime.interval;
    }
    free(ours);
    free(theirs);
    free(nats);
    return json_finish(o, bad || layout_put(&agreement_layout, &agreement, o) != 0);
}

/* ==== Printing ==== */

static bool has_both(const struct table1_row *row)
{
    return isfinite(row->mean_nats) && isfinite(row->paper_65536_nats);
}

/* 1 is the best of the rows that have both values. */
static int rank_of(const struct table1 *table1, const struct table1_row *own, bool paper)
{
    const struct metric *metric = &matrix_metrics[METRIC_LOG_PERPLEXITY];
    int rank = 1;

    for (int i = 0; i < table1->rows; i++) {
        const struct table1_row *row = &table1->row[i];

        rank += has_both(row)
                && (paper ? metric_is_better(metric, row->paper_65536_nats, own->paper_65536_nats)
                          : metric_is_better(metric, row->mean_nats, own->mean_nats));
    }
    return rank;
}

static void print_row(struct sheet *sheet, const struct matrix *matrix, const struct table1 *table1,
                      const struct table1_row *row)
{
    bool both = has_both(row);

    sheet_cell(sheet, "%s", matrix_label(matrix, row->variant));
    cell_mean(sheet, row->mean_nats, row->stddev_nats);
    cell_number(sheet, "%.0f", both ? rank_of(table1, row, false) : NAN, "");
    cell_mean(sheet, row->paper_65536_nats, row->paper_65536_stddev_nats);
    cell_number(sheet, "%.0f", both ? rank_of(table1, row, true) : NAN, "");
}

static int print(struct sheet *sheet, const struct matrix *matrix, json_t *rows)
{
    static const struct sheet_heading headings[] = {
        {'l', "variant", 0}, {'r', "ours", 0},
        {'r', "rank", 0},    {'r', "paper, 65,536 steps", 0},
        {'r', "rank", 0},
    };
    struct agreement agreement;
    struct table1 table1;

    sheet->data = json_array();
    if (json_push(sheet->data, json_incref(rows)) != 0)
        return err_set("not enough memory for the table");
    if (table1_read(&table1, matrix->document) != 0)
        return -1;
    agreement_read(&agreement, matrix->document);
    snprintf(sheet->title, sizeof sheet->title,
             "Order of the variants, ours and the paper's (1 is the lowest log-perplexity)");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    for (int i = 0; i < table1.rows; i++)
        print_row(sheet, matrix, &table1, &table1.row[i]);
    note_agreement(sheet, &agreement);
    note_gated(sheet, matrix, &agreement);
    note_best(sheet, matrix, &table1);
    table1_free(&table1);
    return 0;
}

const struct table table_agreement = {
    "agreement", "our order of the variants and the paper's", "agreement", compute, print,
};
