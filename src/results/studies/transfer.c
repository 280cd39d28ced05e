/* transfer.c - would the difference appear elsewhere?  Each variant over all settings of a study, and
 * what a new one would give. */
#include "src/glu.h"

#include "src/results/studies/table.h"

#include "src/results/cells.h"
#include "src/results/random_effects.h"
#include "src/results/statistics.h"

#include <math.h>
#include <stdlib.h>

struct transfer_row {
    const char *variant;
    int64_t settings; /* that have the difference */
    int64_t held;     /* of those: how many have the sign of the mean */
    int64_t k, k_held; /* the same of draws: settings that differ in no draw count as one */
    double p_sign;    /* exact sign test over the draws */
    double mean_nats; /* over the draws, random effects */
    struct interval ci95_nats, prediction_nats;
    double tau_nats, i2_percent;
};

static const struct member members[] = {
    MEMBER(struct transfer_row, variant),   MEMBER(struct transfer_row, settings),
    MEMBER(struct transfer_row, held),      MEMBER(struct transfer_row, k),
    MEMBER(struct transfer_row, k_held),    MEMBER(struct transfer_row, p_sign),
    MEMBER(struct transfer_row, mean_nats), MEMBER(struct transfer_row, ci95_nats),
    MEMBER(struct transfer_row, prediction_nats),
    MEMBER(struct transfer_row, tau_nats),  MEMBER(struct transfer_row, i2_percent),
};
static const struct layout layout = LAYOUT(struct transfer_row, members);

/* What is computed on, for one unit at a time. */
struct work {
    struct collection_scratch scratch;
    int groups;
    double *mean, *variance; /* (groups): of those that have the difference, in order */
    int *n;          /* (groups) */
    int k;
};

/* The mean difference of a draw and its variance: the pooled variance of seeds over n. */
static void measure_draws(const struct collection *collection, int unit, struct work *work)
{
    bool *here = work->scratch.here;
    double *x = work->scratch.x, squares = 0.0;
    int degrees = 0;

    work->k = 0;
    for (int g = 0; g < work->groups; g++) {
        int n;
        double stddev;

        for (int p = 0; p < collection->points; p++)
            here[p] = work->scratch.group[p] == g;
        n = collection_means(collection, unit, here, x);
        if (n == 0)
            continue;
        stddev = stats_stddev(x, n);
        work->mean[work->k] = stats_mean(x, n);
        work->n[work->k++] = n;
        if (n > 1) {
            squares += (n - 1) * stddev * stddev;
            degrees += n - 1;
        }
    }
    for (int i = 0; i < work->k; i++)
        work->variance[i] = degrees > 0 ? squares / degrees / work->n[i] : NAN;
}

static void count_signs(const struct collection *collection, int unit, struct work *work,
                        struct transfer_row *row)
{
    for (int p = 0; p < collection->points; p++) {
        int n = collection_values(collection, unit, p, work->scratch.x);

        row->settings += n > 0;
        row->held += n > 0 && stats_mean(work->scratch.x, n) * row->mean_nats > 0.0;
    }
    for (int i = 0; i < work->k; i++)
        row->k_held += work->mean[i] * row->mean_nats > 0.0;
}

static struct transfer_row make_row(const struct collection *collection, int unit, struct work *work)
{
    struct transfer_row row = {.variant = collection->unit[unit]};
    struct random_effects effects;

    measure_draws(collection, unit, work);
    stats_random_effects(work->mean, work->variance, work->k, STATS_LEVEL, &effects);
    row.k = work->k;
    /* Without a spread of seeds the mean is still there. */
    row.mean_nats = isnan(effects.mean) ? stats_mean(work->mean, work->k) : effects.mean;
    row.ci95_nats = effects.interval;
    row.prediction_nats = effects.prediction;
    row.tau_nats = sqrt(effects.tau2);
    row.i2_percent = effects.i2;
    count_signs(collection, unit, work, &row);
    row.p_sign = stats_sign_p((int)row.k_held, work->k);
    return row;
}

static void print_row(struct sheet *sheet, const struct collection *collection,
                      const struct transfer_row *row, int unit)
{
    char text[CELL_BYTES];

    sheet_cell(sheet, "%s", collection->label[unit]);
    sheet_cell(sheet, "%lld of %lld", (long long)row->held, (long long)row->settings);
    sheet_cell(sheet, "%lld of %lld", (long long)row->k_held, (long long)row->k);
    sheet_cell(sheet, "%s", text_p(row->p_sign, text));
    cell_number(sheet, "%+.4f", row->mean_nats, "");
    cell_interval(sheet, row->ci95_nats, "%+.4f", "no interval");
    cell_interval(sheet, row->prediction_nats, "%+.4f", "k < 3");
    cell_number(sheet, "%.0f %%", row->i2_percent, "");
}

static int fill(struct sheet *sheet, const struct collection *collection)
{
    static const struct sheet_heading headings[] = {
        {'l', "variant", 0},       {'r', "settings\nwith sign", 0}, {'r', "draws\nwith sign", 0},
        {'r', "p (sign)", 0},      {'r', "mean", 0},                {'r', "95 % interval", 0},
        {'r', "a new setting", 0}, {'r', "I^2", 0},
    };
    size_t points = (size_t)collection->points + 1;
    struct work work = {
        .mean = calloc(points, sizeof *work.mean),
        .variance = calloc(points, sizeof *work.variance),
        .n = calloc(points, sizeof *work.n),
    };
    int rc = -1;

    if (collection_scratch(collection, &work.scratch) != 0)
        goto out;
    if (!work.mean || !work.variance || !work.n) {
        err_set("not enough memory for the table");
        goto out;
    }
    work.groups = collection_groups(collection, work.scratch.group);
    snprintf(sheet->title, sizeof sheet->title,
             "Would it appear elsewhere?  The difference to the baseline over %d setting%s",
             collection->points, collection->points == 1 ? "" : "s");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    for (int u = 0; u < collection->units; u++) {
        struct transfer_row row = make_row(collection, u, &work);

        print_row(sheet, collection, &row, u);
        if (study_row(sheet, &layout, &row) != 0)
            goto out;
    }
    study_notes(sheet, collection);
    sheet_note(sheet, "Draws: settings that differ only in rates, steps, sizes and the like share data "
                      "and seeds and are averaged first: %d remain%s.  mean: random effects over the draws "
                      "(DerSimonian and Laird; interval of Hartung and Knapp).  a new setting: the 95 %% "
                      "prediction interval of the true difference in one more draw.  I^2: the share of "
                      "the variance that is between draws.  p: exact sign test over the draws.",
               work.groups, work.groups == 1 ? "s" : "");
    rc = 0;
out:
    collection_scratch_free(&work.scratch);
    free(work.mean);
    free(work.variance);
    free(work.n);
    return rc;
}

const struct study_table study_table_transfer = {
    "transfer", "would the difference appear elsewhere: over all settings of a study", fill,
};
