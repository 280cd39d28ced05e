/* settings.c - the difference to the baseline in every setting of a study. */
#include "src/glu.h"

#include "src/results/studies/table.h"

#include "src/results/cells.h"
#include "src/results/statistics.h"

#include <stdlib.h>

struct setting_row {
    const char *setting, *variant;
    int64_t n;
    double difference_nats, stddev_nats;
    struct interval ci95_nats;
    double p_paired, p_holm; /* over the variants of a setting */
};

static const struct member members[] = {
    MEMBER(struct setting_row, setting),    MEMBER(struct setting_row, variant),
    MEMBER(struct setting_row, n),          MEMBER(struct setting_row, difference_nats),
    MEMBER(struct setting_row, stddev_nats), MEMBER(struct setting_row, ci95_nats),
    MEMBER(struct setting_row, p_paired),   MEMBER(struct setting_row, p_holm),
};
static const struct layout layout = LAYOUT(struct setting_row, members);

static struct setting_row make_row(const struct collection *collection, int point, int unit,
                                   double *x, const double *zero)
{
    struct setting_row row = {.setting = collection->point[point].name,
                              .variant = collection->unit[unit]};
    struct paired_test test;

    row.n = collection_values(collection, unit, point, x);
    if (stats_paired_t(x, zero, (int)row.n, STATS_LEVEL, &test) == 0) {
        row.difference_nats = test.difference;
        row.stddev_nats = test.stddev;
        row.ci95_nats = test.interval;
        row.p_paired = test.p_t;
    }
    return row;
}

static void print_row(struct sheet *sheet, const struct collection *collection,
                      const struct setting_row *row, int unit)
{
    char text[CELL_BYTES];

    sheet_cell(sheet, "%s", row->setting);
    sheet_cell(sheet, "%s", collection->label[unit]);
    sheet_cell(sheet, "%lld", (long long)row->n);
    cell_number(sheet, "%+.4f", row->difference_nats, "");
    cell_interval(sheet, row->ci95_nats, "%+.4f", row->n > 0 ? "no interval" : "");
    sheet_cell(sheet, "%s", row->n > 0 ? text_p(row->p_holm, text) : "");
}

static int fill(struct sheet *sheet, const struct collection *collection)
{
    static const struct sheet_heading headings[] = {
        {'l', "setting", 0}, {'l', "variant", 0},       {'r', "n", 0},
        {'r', "delta", 0},   {'r', "95 % interval", 0}, {'r', "p (Holm)", 0},
    };
    int units = collection->units, tested = units - collection->has_gap, rc = -1;
    struct setting_row *row = calloc((size_t)units + 1, sizeof *row);
    double *p = calloc((size_t)units + 1, sizeof *p), *holm = calloc((size_t)units + 1, sizeof *holm);
    struct collection_scratch scratch;

    if (collection_scratch(collection, &scratch) != 0)
        goto out;
    if (!row || !p || !holm) {
        err_set("not enough memory for the table");
        goto out;
    }
    snprintf(sheet->title, sizeof sheet->title, "The difference to the baseline in every setting");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    for (int i = 0; i < collection->points; i++) {
        for (int u = 0; u < units; u++) {
            row[u] = make_row(collection, i, u, scratch.x, scratch.y);
            p[u] = row[u].p_paired;
        }
        /* The contrast of the two kinds is one test of its own. */
        if (stats_holm(p, holm, tested) != 0)
            goto out;
        for (int u = 0; u < units; u++) {
            row[u].p_holm = u < tested ? holm[u] : p[u];
            print_row(sheet, collection, &row[u], u);
            if (study_row(sheet, &layout, &row[u]) != 0)
                goto out;
        }
    }
    study_notes(sheet, collection);
    sheet_note(sheet, "p: paired t test, Holm over the variants of a setting; that of " COLLECTION_GAP
                      " is one test of its own.");
    rc = 0;
out:
    collection_scratch_free(&scratch);
    free(row);
    free(p);
    free(holm);
    return rc;
}

const struct study_table study_table_settings = {
    "settings", "the difference to the baseline in every setting of a study", fill,
};
