/* axes.c - what an axis of a study does to the gap between gated and other variants. */
#include "src/glu.h"

#include "src/results/studies/table.h"

#include "src/results/cells.h"
#include "src/results/statistics.h"

#include <math.h>
#include <stdlib.h>

struct axis_row {
    const char *axis, *value;
    int64_t n; /* seeds */
    double gap_nats;
    struct interval gap_ci95_nats;
    const char *against; /* the value that it is compared with: the axis' first */
    double change_nats;  /* the gap here less the gap there */
    struct interval change_ci95_nats;
    double p_change, p_holm; /* Holm over all changes of the table */
};

static const struct member members[] = {
    MEMBER(struct axis_row, axis),          MEMBER(struct axis_row, value),
    MEMBER(struct axis_row, n),             MEMBER(struct axis_row, gap_nats),
    MEMBER(struct axis_row, gap_ci95_nats), MEMBER(struct axis_row, against),
    MEMBER(struct axis_row, change_nats),   MEMBER(struct axis_row, change_ci95_nats),
    MEMBER(struct axis_row, p_change),      MEMBER(struct axis_row, p_holm),
};
static const struct layout layout = LAYOUT(struct axis_row, members);

/* Which points have two values of an axis and are alike in all else: only those are compared. */
static void match(const struct collection *collection, int axis, int value, int first,
                  struct collection_scratch *work)
{
    for (int p = 0; p < collection->points; p++)
        work->here[p] = work->there[p] = false;
    for (int p = 0; p < collection->points; p++)
        for (int q = 0; q < collection->points; q++)
            if (work->group[p] == work->group[q] && collection->point[p].value[axis] == value &&
                collection->point[q].value[axis] == first)
                work->here[p] = work->there[q] = true;
}

static int make_row(const struct collection *collection, int axis, int value,
                    struct collection_scratch *work, struct axis_row *row)
{
    const struct collection_axis *facts = &collection->axis[axis];
    int gap = collection->units - 1, n;
    struct paired_test test;

    *row = (struct axis_row){.axis = facts->name, .value = facts->value[value],
                             .change_nats = NAN, .change_ci95_nats = {NAN, NAN}, .p_change = NAN};
    for (int p = 0; p < collection->points; p++)
        work->here[p] = collection->point[p].value[axis] == value;
    n = collection_means(collection, gap, work->here, work->x);
    row->n = n;
    row->gap_nats = stats_mean(work->x, n);
    row->gap_ci95_nats = stats_t_interval(work->x, n, STATS_LEVEL);
    if (value == 0)
        return 0;
    row->against = facts->value[0];
    match(collection, axis, value, 0, work);
    n = collection_pairs(collection, gap, work->here, work->there, work->x, work->y);
    if (n == 0)
        return 0;
    if (stats_paired_t(work->x, work->y, n, STATS_LEVEL, &test) != 0)
        return -1;
    row->change_nats = test.difference;
    row->change_ci95_nats = test.interval;
    row->p_change = test.p_t;
    return 0;
}

static void print_row(struct sheet *sheet, const struct axis_row *row)
{
    char text[CELL_BYTES];
    bool compared = isfinite(row->change_nats);

    sheet_cell(sheet, "%s", row->axis);
    sheet_cell(sheet, "%s", row->value);
    sheet_cell(sheet, "%lld", (long long)row->n);
    cell_number(sheet, "%+.4f", row->gap_nats, "");
    cell_interval(sheet, row->gap_ci95_nats, "%+.4f", "no interval");
    if (!row->against)
        sheet_cell(sheet, "first");
    else
        cell_number(sheet, "%+.4f", row->change_nats, "no pair");
    cell_interval(sheet, row->change_ci95_nats, "%+.4f", compared ? "no interval" : "");
    sheet_cell(sheet, "%s", compared ? text_p(row->p_holm, text) : "");
}

static int fill_rows(struct sheet *sheet, const struct collection *collection,
                     struct collection_scratch *work, struct axis_row *rows, double *p, double *holm)
{
    int count = 0;

    for (int a = 0; a < collection->axes; a++) {
        collection_groups_but(collection, a, work->group);
        for (int v = 0; v < collection->axis[a].values; v++) {
            if (make_row(collection, a, v, work, &rows[count]) != 0)
                return -1;
            p[count] = rows[count].p_change;
            count++;
        }
    }
    if (stats_holm(p, holm, count) != 0)
        return -1;
    for (int i = 0; i < count; i++) {
        rows[i].p_holm = holm[i];
        print_row(sheet, &rows[i]);
        if (study_row(sheet, &layout, &rows[i]) != 0)
            return -1;
    }
    return 0;
}

static int fill(struct sheet *sheet, const struct collection *collection)
{
    static const struct sheet_heading headings[] = {
        {'l', "axis", 0},          {'l', "value", 0},  {'r', "n", 0},
        {'r', "gap", 0},           {'r', "95 % interval", 0}, {'r', "change", 0},
        {'r', "95 % interval", 0}, {'r', "p (Holm)", 0},
    };
    struct collection_scratch work;
    struct axis_row *rows;
    double *p, *holm;
    size_t most = 1;
    int rc = -1;

    for (int a = 0; a < collection->axes; a++)
        most += (size_t)collection->axis[a].values;
    rows = calloc(most, sizeof *rows);
    p = calloc(most, sizeof *p);
    holm = calloc(most, sizeof *holm);
    if (collection_scratch(collection, &work) != 0)
        goto out;
    if (!rows || !p || !holm) {
        err_set("not enough memory for the table");
        goto out;
    }
    snprintf(sheet->title, sizeof sheet->title,
             "What each axis does to the gap: gated minus other variants, in nats");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    if (!collection->has_gap)
        sheet_note(sheet, "There is no gap: it takes gated variants and others.");
    else if (fill_rows(sheet, collection, &work, rows, p, holm) != 0)
        goto out;
    study_notes(sheet, collection);
    sheet_note(sheet, "gap: the mean over all settings with the value.  change: against the axis' first "
                      "value, over settings that are alike in all else, paired by seed; p: paired t test, "
                      "Holm over the table.");
    rc = 0;
out:
    collection_scratch_free(&work);
    free(rows);
    free(p);
    free(holm);
    return rc;
}

const struct study_table study_table_axes = {
    "axes", "what each axis of a study does to the gap between gated and other variants", fill,
};
