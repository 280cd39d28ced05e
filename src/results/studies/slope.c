/* slope.c - does the difference shrink with more steps or a larger model?  Against the logarithm of an
 * axis, with an interval. */
#include "src/glu.h"

#include "src/results/studies/table.h"

#include "src/results/cells.h"
#include "src/results/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct slope_row {
    const char *axis, *variant;
    int64_t n; /* seeds that have all values */
    double low, high; /* the axis' least and greatest value */
    double low_nats, high_nats; /* the difference there */
    double slope_nats; /* per e-fold of the axis: least squares, seed by seed */
    struct interval slope_ci95_nats;
    double p_slope;
    bool crosses; /* the difference has another sign at either end */
};

static const struct member members[] = {
    MEMBER(struct slope_row, axis),       MEMBER(struct slope_row, variant),
    MEMBER(struct slope_row, n),          MEMBER(struct slope_row, low),
    MEMBER(struct slope_row, high),       MEMBER(struct slope_row, low_nats),
    MEMBER(struct slope_row, high_nats),  MEMBER(struct slope_row, slope_nats),
    MEMBER(struct slope_row, slope_ci95_nats), MEMBER(struct slope_row, p_slope),
    MEMBER(struct slope_row, crosses),
};
static const struct layout layout = LAYOUT(struct slope_row, members);

/* An axis of sizes: all of its values are positive numbers, and it is no rate. */
static bool is_size(const struct collection_axis *axis)
{
    for (int v = 0; v < axis->values; v++)
        if (!(axis->number[v] > 0.0))
            return false;
    return axis->values > 1 && strncmp(axis->name, "learning-rate", 13) != 0;
}

struct work {
    struct collection_scratch scratch; /* here: the point's group has every value; y stays 0 */
    double *nats; /* (values, seeds), and NAN */
};

/* Only groups with all values are used: the others would mix their own level into the slope. */
static void find_whole(const struct collection *collection, int axis, struct work *work)
{
    const int *group = work->scratch.group;

    collection_groups_but(collection, axis, work->scratch.group);
    for (int p = 0; p < collection->points; p++) {
        int count = 0;

        for (int q = 0; q < collection->points; q++)
            count += group[q] == group[p];
        work->scratch.here[p] = count == collection->axis[axis].values;
    }
}

static void read_nats(const struct collection *collection, int axis, int unit, struct work *work)
{
    for (int v = 0; v < collection->axis[axis].values; v++)
        for (int s = 0; s < collection->seeds; s++) {
            double sum = 0.0;
            int n = 0;

            for (int p = 0; p < collection->points; p++)
                if (work->scratch.here[p] && collection->point[p].value[axis] == v) {
                    sum += collection_at(collection, unit, p, s);
                    n++;
                }
            work->nats[v * collection->seeds + s] = n ? sum / n : NAN;
        }
}

/* Least squares against the logarithm; NAN where a value is. */
static double fit(const struct collection_axis *axis, const double *nats, int stride)
{
    double mean = 0.0, squares = 0.0, products = 0.0;

    for (int v = 0; v < axis->values; v++)
        mean += log(axis->number[v]) / axis->values;
    for (int v = 0; v < axis->values; v++) {
        double x = log(axis->number[v]) - mean;

        squares += x * x;
        products += x * nats[v * stride];
    }
    return products / squares;
}

static int make_row(const struct collection *collection, int axis_index, int unit, struct work *work,
                    struct slope_row *row)
{
    const struct collection_axis *axis = &collection->axis[axis_index];
    int low = 0, high = 0, n = 0;
    double low_sum = 0.0, high_sum = 0.0, *slope = work->scratch.x;
    struct paired_test test;

    for (int v = 0; v < axis->values; v++) {
        low = axis->number[v] < axis->number[low] ? v : low;
        high = axis->number[v] > axis->number[high] ? v : high;
    }
    read_nats(collection, axis_index, unit, work);
    for (int s = 0; s < collection->seeds; s++) {
        slope[n] = fit(axis, work->nats + s, collection->seeds);
        if (isnan(slope[n]))
            continue;
        low_sum += work->nats[low * collection->seeds + s];
        high_sum += work->nats[high * collection->seeds + s];
        n++;
    }
    if (stats_paired_t(slope, work->scratch.y, n, STATS_LEVEL, &test) != 0)
        return -1;
    *row = (struct slope_row){
        .axis = axis->name, .variant = collection->unit[unit], .n = n,
        .low = axis->number[low], .high = axis->number[high],
        .low_nats = n ? low_sum / n : NAN, .high_nats = n ? high_sum / n : NAN,
        .slope_nats = n ? test.difference : NAN, .slope_ci95_nats = test.interval,
        .p_slope = test.p_t, .crosses = n && low_sum * high_sum < 0.0,
    };
    return 0;
}

static void print_row(struct sheet *sheet, const struct collection *collection,
                      const struct slope_row *row, int unit)
{
    char text[CELL_BYTES];

    sheet_cell(sheet, "%s", row->axis);
    sheet_cell(sheet, "%s", collection->label[unit]);
    sheet_cell(sheet, "%lld", (long long)row->n);
    cell_number(sheet, "%+.4f", row->low_nats, "");
    cell_number(sheet, "%+.4f", row->high_nats, "");
    cell_number(sheet, "%+.4f", row->slope_nats, "");
    cell_interval(sheet, row->slope_ci95_nats, "%+.4f", row->n ? "no interval" : "");
    sheet_cell(sheet, "%s", row->n ? text_p(row->p_slope, text) : "");
    sheet_cell(sheet, "%s", row->crosses ? "yes" : "no");
}

/* What became of the gap, in words. */
static void note_gap(struct sheet *sheet, const struct slope_row *row)
{
    bool shrinks = row->slope_nats * row->low_nats < 0.0;

    if (row->n == 0)
        return;
    sheet_note(sheet, "%s from %g to %g: the gap goes from %+.4f to %+.4f nats: it %s%s.", row->axis,
               row->low, row->high, row->low_nats, row->high_nats, shrinks ? "shrinks" : "does not shrink",
               isnan(row->p_slope)            ? " (one seed: no test)"
               : row->p_slope >= STATS_ALPHA ? ", though no more than chance gives"
                                              : "");
}

static int fill_axis(struct sheet *sheet, const struct collection *collection, int axis,
                     struct work *work)
{
    struct slope_row row;

    find_whole(collection, axis, work);
    for (int u = 0; u < collection->units; u++) {
        if (make_row(collection, axis, u, work, &row) != 0)
            return -1;
        print_row(sheet, collection, &row, u);
        if (study_row(sheet, &layout, &row) != 0)
            return -1;
        if (collection->has_gap && u == collection->units - 1)
            note_gap(sheet, &row);
    }
    return 0;
}

static int fill(struct sheet *sheet, const struct collection *collection)
{
    static const struct sheet_heading headings[] = {
        {'l', "axis", 0},      {'l', "variant", 0},         {'r', "n", 0},
        {'r', "at least", 0},  {'r', "at most", 0},         {'r', "per e-fold", 0},
        {'r', "95 % interval", 0}, {'r', "p", 0}, {'r', "crosses", 0},
    };
    size_t values = 1;
    struct work work;
    int sizes = 0, rc = -1;

    for (int a = 0; a < collection->axes; a++)
        values = (size_t)collection->axis[a].values > values ? (size_t)collection->axis[a].values
                                                             : values;
    work.nats = calloc(values * ((size_t)collection->seeds + 1), sizeof *work.nats);
    if (collection_scratch(collection, &work.scratch) != 0)
        goto out;
    if (!work.nats) {
        err_set("not enough memory for the table");
        goto out;
    }
    snprintf(sheet->title, sizeof sheet->title,
             "Does the difference shrink?  Against the logarithm of steps and sizes, in nats");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    for (int a = 0; a < collection->axes; a++)
        if (is_size(&collection->axis[a])) {
            sizes++;
            if (fill_axis(sheet, collection, a, &work) != 0)
                goto out;
        }
    if (sizes == 0)
        sheet_note(sheet, "This study has no axis of steps or sizes with two values or more.");
    study_notes(sheet, collection);
    sheet_note(sheet, "at least, at most: the difference at the axis' least and greatest value; per "
                      "e-fold: its least-squares slope against the logarithm, fitted at each seed, with "
                      "Student's interval over the seeds.");
    rc = 0;
out:
    collection_scratch_free(&work.scratch);
    free(work.nats);
    return rc;
}

const struct study_table study_table_slope = {
    "slope", "does the difference shrink with steps or sizes of a study", fill,
};
