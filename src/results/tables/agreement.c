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
#include <string.h>

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

/* The same contrast of a paper's printed means, of our variants. */
static double printed_contrast(const struct matrix *matrix, const struct published_metric *printed)
{
    struct gated gated = {{0.0, 0.0}, {0, 0}};

    for (int i = 0; i < matrix->variants; i++) {
        const struct published_value *theirs = published_value(printed, matrix->variant[i].name);

        if (theirs)
            gated_add(&gated, matrix->variant[i].gated, theirs->value);
    }
    return stats_difference(gated_mean(&gated, true), gated_mean(&gated, false));
}

/* Room for the means of all variants and the values of one. */
struct room {
    double *ours, *theirs; /* (variants) */
    double *nats;          /* (seeds) */
};

static void room_close(struct room *room)
{
    free(room->ours);
    free(room->theirs);
    free(room->nats);
}

static int room_open(struct room *room, const struct matrix *matrix)
{
    room->ours = calloc((size_t)matrix->variants + 1, sizeof *room->ours);
    room->theirs = calloc((size_t)matrix->variants + 1, sizeof *room->theirs);
    room->nats = calloc((size_t)matrix->seeds + 1, sizeof *room->nats);
    if (room->ours && room->theirs && room->nats)
        return 0;
    room_close(room);
    return err_set("not enough memory for the agreement");
}

/* Kendall's tau-b of our means and a paper's, over the variants that have both. */
static int compute_order(const struct matrix *matrix, const struct published_metric *printed,
                         struct room *room, struct published_agreement *agreement)
{
    const struct scores scores = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    int n = 0;

    for (int i = 0; i < matrix->variants; i++) {
        const struct published_value *theirs = published_value(printed, matrix->variant[i].name);

        if (!theirs)
            continue;
        room->theirs[n] = theirs->value;
        room->ours[n] = stats_mean(room->nats, scores_row(&scores, i, room->nats));
        n += !isnan(room->ours[n]);
    }
    agreement->variants = n;
    agreement->gated_minus_ungated_nats = printed_contrast(matrix, printed);
    if (stats_kendall(room->ours, room->theirs, n, &agreement->kendall_tau_b, &agreement->p_value))
        return -1;
    if (matrix->sequential) /* the order is of means over as many seeds as it took */
        agreement->p_value = NAN;
    return 0;
}

/* With every paper that has the metric and enough of the variants: an order of two is hardly one. */
static json_t *compute_published(const struct matrix *matrix, struct room *room)
{
    enum { ENOUGH = 3 };
    json_t *all = json_object();
    int bad = 0;

    for (int i = 0; i < matrix->published->papers && !bad; i++) {
        const struct published_paper *paper = &matrix->published->paper[i];
        const struct published_metric *printed = published_nats(paper, NAN);
        struct published_agreement agreement;
        json_t *o;

        if (!printed)
            continue;
        bad = compute_order(matrix, printed, room, &agreement) != 0;
        if (bad || agreement.variants < ENOUGH)
            continue;
        o = json_object();
        bad = layout_put(&published_agreement_layout, &agreement, o) != 0;
        bad |= json_put(all, paper->key, o) != 0;
    }
    return json_finish(all, bad);
}

static json_t *compute(const struct matrix *matrix)
{
    struct agreement agreement = {0};
    struct published_agreement order = {0};
    struct anytime anytime;
    struct paired_test gated = {0};
    struct room room;
    json_t *o;
    int bad;

    if (room_open(&room, matrix) != 0)
        return NULL;
    o = json_object();
    bad = compute_order(matrix, published_nats(matrix->paper, 65536), &room, &order) != 0
          || gated_contrast(matrix, &gated) != 0;
    anytime = contrasts_anytime(&gated, matrix->sequential);
    agreement.kendall_tau_b = order.kendall_tau_b;
    agreement.p_value = order.p_value;
    agreement.gated_minus_ungated_nats = gated.difference;
    agreement.gated_minus_ungated_ci95 = gated.interval;
    agreement.p_gated = gated.p_t;
    agreement.variants = order.variants;
    agreement.n = gated.n;
    agreement.p_gated_sign_flip = gated.p_sign_flip;
    agreement.paper_gated_minus_ungated_nats = order.gated_minus_ungated_nats;
    agreement.gated_e_value = anytime.e_value;
    agreement.gated_minus_ungated_anytime_ci95 = anytime.interval;
    bad = bad || layout_put(&agreement_layout, &agreement, o) != 0
          || json_put(o, "published", compute_published(matrix, &room)) != 0;
    room_close(&room);
    return json_finish(o, bad);
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

/* A row for the paper, and one for every other that the order was compared with. */
static json_t *data_json(json_t *agreement)
{
    json_t *list = json_array(), *first = json_object(), *others, *order;
    const char *key;
    int bad = json_put(first, "paper", json_text(PUBLISHED_PAPER));

    bad |= json_object_update(first, agreement) != 0;
    json_object_del(first, "published");
    bad |= json_push(list, first);
    others = json_object_get(agreement, "published");
    json_object_foreach (others, key, order) {
        json_t *row = json_object();

        if (strcmp(key, PUBLISHED_PAPER) == 0) {
            json_decref(row);
            continue;
        }
        bad |= json_put(row, "paper", json_text(key));
        bad |= json_put(row, "kendall_tau_b", json_incref(json_object_get(order, "kendall_tau_b")));
        bad |= json_put(row, "p_value", json_incref(json_object_get(order, "p_value")));
        bad |= json_put(row, "variants", json_incref(json_object_get(order, "variants")));
        bad |= json_put(row, "paper_gated_minus_ungated_nats",
                        json_incref(json_object_get(order, "gated_minus_ungated_nats")));
        bad |= json_push(list, row);
    }
    return json_finish(list, bad);
}

/* How our order agrees with those of the others. */
static void note_others(struct sheet *sheet, const struct matrix *matrix)
{
    for (int i = 0; i < matrix->published->papers; i++)
        note_published(sheet, matrix->document, matrix->published->paper[i].key, true);
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

    sheet->data = data_json(rows);
    if (!sheet->data)
        return -1;
    if (table1_read(&table1, matrix->document) != 0)
        return -1;
    agreement_read(&agreement, matrix->document);
    snprintf(sheet->title, sizeof sheet->title,
             "Order of the variants, ours and the paper's (1 is the lowest log-perplexity)");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    for (int i = 0; i < table1.rows; i++)
        print_row(sheet, matrix, &table1, &table1.row[i]);
    note_agreement(sheet, matrix, &agreement);
    note_others(sheet, matrix);
    note_gated(sheet, matrix, &agreement);
    note_best(sheet, matrix, &table1);
    table1_free(&table1);
    return 0;
}

const struct table table_agreement = {
    "agreement", "our order of the variants and the paper's", "agreement", compute, print, false,
};
