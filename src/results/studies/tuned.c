/* tuned.c - each variant at its own best learning rate, chosen on other seeds than those that are
 * reported. */
#include "src/glu.h"

#include "src/results/studies/table.h"

#include "src/results/cells.h"
#include "src/results/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct tuned_row {
    const char *setting; /* of those that differ in the rate alone, "*" in its place */
    const char *variant, *rate; /* the best of the axis' values; NULL: none can be chosen */
    bool at_edge;        /* it is the lowest or the highest of them */
    int64_t n_chosen, n; /* seeds that it was chosen on, and that are reported */
    double mean_nats, delta_nats; /* at the best rates of the variant and the baseline */
    struct interval delta_ci95_nats;
    double p_paired, p_holm;
};

static const struct member members[] = {
    MEMBER(struct tuned_row, setting),         MEMBER(struct tuned_row, variant),
    MEMBER(struct tuned_row, rate),            MEMBER(struct tuned_row, at_edge),
    MEMBER(struct tuned_row, n_chosen),        MEMBER(struct tuned_row, n),
    MEMBER(struct tuned_row, mean_nats),       MEMBER(struct tuned_row, delta_nats),
    MEMBER(struct tuned_row, delta_ci95_nats), MEMBER(struct tuned_row, p_paired),
    MEMBER(struct tuned_row, p_holm),
};
static const struct layout layout = LAYOUT(struct tuned_row, members);

/* One group of settings that differ in the rate alone. */
struct tuning {
    const struct collection *collection;
    int axis;
    const int *point; /* (values): the group's setting at each rate; -1: none */
    int first;        /* of the points */
    char name[256];   /* of the settings, with "*" for the rate */
    double *rest, *base; /* (seeds) */
};

/* The rate's axis, or -1. */
static int find_axis(const struct collection *collection)
{
    static const char *const names[] = {"learning-rate", "learning-rate-factor"};

    for (int a = 0; a < collection->axes; a++)
        for (size_t i = 0; i < LENGTH_OF(names); i++)
            if (strcmp(collection->axis[a].name, names[i]) == 0)
                return a;
    return -1;
}

/* Log-perplexity of a variant at a setting and seed; NAN: none. */
static double nats_at(const struct collection *collection, int point, const char *variant, int seed)
{
    const struct matrix *matrix = &collection->point[point].matrix;
    const struct scores scores = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    int row = matrix_find(matrix, variant), column = matrix_column(matrix, collection->seed[seed]);

    return row < 0 || column < 0 ? NAN : scores_at(&scores, row, column);
}

static int chosen_seeds(const struct collection *collection)
{
    return collection->seeds / 2;
}

/* The rate with the best mean over the first half of the seeds, among those that have all of them;
 * -1: none. */
static int choose(const struct tuning *tuning, const char *variant)
{
    int best = -1, half = chosen_seeds(tuning->collection);
    double least = INFINITY;

    for (int v = 0; v < tuning->collection->axis[tuning->axis].values; v++) {
        double sum = 0.0;

        if (tuning->point[v] < 0)
            continue;
        for (int s = 0; s < half; s++)
            sum += nats_at(tuning->collection, tuning->point[v], variant, s);
        if (half > 0 && sum < least) { /* false for NAN */
            least = sum;
            best = v;
        }
    }
    return best;
}

static bool is_edge(const struct tuning *tuning, int rate)
{
    const struct collection_axis *axis = &tuning->collection->axis[tuning->axis];
    bool lower = false, higher = false;

    for (int v = 0; v < axis->values; v++) {
        lower = lower || (tuning->point[v] >= 0 && axis->number[v] < axis->number[rate]);
        higher = higher || (tuning->point[v] >= 0 && axis->number[v] > axis->number[rate]);
    }
    return !lower || !higher;
}

static int make_row(const struct tuning *tuning, const char *variant, struct tuned_row *row)
{
    const struct collection *collection = tuning->collection;
    int rate = choose(tuning, variant), base = choose(tuning, collection->baseline), n = 0, pairs = 0;
    double sum = 0.0;
    struct paired_test test;

    *row = (struct tuned_row){.setting = tuning->name, .variant = variant,
                              .n_chosen = chosen_seeds(collection), .mean_nats = NAN,
                              .delta_nats = NAN, .delta_ci95_nats = {NAN, NAN}, .p_paired = NAN};
    if (rate < 0)
        return 0;
    row->rate = collection->axis[tuning->axis].value[rate];
    row->at_edge = is_edge(tuning, rate);
    for (int s = chosen_seeds(collection); s < collection->seeds; s++) {
        double nats = nats_at(collection, tuning->point[rate], variant, s);
        double theirs = base < 0 ? NAN
                                 : nats_at(collection, tuning->point[base], collection->baseline, s);

        if (isnan(nats))
            continue;
        sum += nats;
        n++;
        tuning->rest[pairs] = nats;
        tuning->base[pairs] = theirs;
        pairs += !isnan(theirs);
    }
    row->n = n;
    row->mean_nats = n ? sum / n : NAN;
    if (strcmp(variant, collection->baseline) == 0 || pairs == 0)
        return 0;
    if (stats_paired_t(tuning->rest, tuning->base, pairs, STATS_LEVEL, &test) != 0)
        return -1;
    row->delta_nats = test.difference;
    row->delta_ci95_nats = test.interval;
    row->p_paired = test.p_t;
    return 0;
}

static void print_row(struct sheet *sheet, const struct collection *collection,
                      const struct tuned_row *row, const char *label)
{
    char text[CELL_BYTES];
    bool baseline = strcmp(row->variant, collection->baseline) == 0;

    sheet_cell(sheet, "%s", row->setting);
    sheet_cell(sheet, "%s", label);
    sheet_cell(sheet, "%s%s", row->rate ? row->rate : "none", row->at_edge ? " (edge)" : "");
    sheet_cell(sheet, "%lld", (long long)row->n);
    cell_number(sheet, "%.4f", row->mean_nats, "");
    if (baseline)
        sheet_cell(sheet, "baseline");
    else
        cell_number(sheet, "%+.4f", row->delta_nats, "");
    cell_interval(sheet, row->delta_ci95_nats, "%+.4f", isfinite(row->delta_nats) ? "no interval" : "");
    sheet_cell(sheet, "%s", isfinite(row->delta_nats) ? text_p(row->p_holm, text) : "");
}

/* Does tuning change the order?  Against the order at each rate that all have, on the same seeds. */
static int note_order(struct sheet *sheet, const struct tuning *tuning, const struct tuned_row *rows,
                      int count)
{
    const struct collection *collection = tuning->collection;
    const struct collection_axis *axis = &collection->axis[tuning->axis];
    double *tuned = calloc((size_t)count + 1, sizeof *tuned);
    double *common = calloc((size_t)count + 1, sizeof *common);
    int rc = -1;

    if (!tuned || !common) {
        err_set("not enough memory for the table");
        goto out;
    }
    for (int v = 0; v < axis->values; v++) {
        double tau, p;
        int n = 0;

        for (int i = 0; i < count && tuning->point[v] >= 0; i++) {
            double sum = 0.0;
            int seeds = 0;

            for (int s = chosen_seeds(collection); s < collection->seeds; s++, seeds++)
                sum += nats_at(collection, tuning->point[v], rows[i].variant, s);
            tuned[n] = rows[i].mean_nats;
            common[n] = seeds ? sum / seeds : NAN;
            n += !isnan(tuned[n] + common[n]);
        }
        if (n < 2)
            continue;
        if (stats_kendall(tuned, common, n, &tau, &p) != 0)
            goto out;
        sheet_note(sheet, "%s: the tuned order against that at %s %s: tau-b %.2f over %d variants.",
                   rows[0].setting, axis->name, axis->value[v], tau, n);
    }
    rc = 0;
out:
    free(tuned);
    free(common);
    return rc;
}

static int fill_group(struct sheet *sheet, const struct tuning *tuning)
{
    const struct matrix *matrix = &tuning->collection->point[tuning->first].matrix;
    size_t count = (size_t)matrix->variants;
    struct tuned_row *rows = calloc(count + 1, sizeof *rows);
    double *p = calloc(count + 1, sizeof *p), *holm = calloc(count + 1, sizeof *holm);
    int rc = -1;

    if (!rows || !p || !holm) {
        err_set("not enough memory for the table");
        goto out;
    }
    for (int i = 0; i < matrix->variants; i++) {
        if (make_row(tuning, matrix->variant[i].name, &rows[i]) != 0)
            goto out;
        p[i] = rows[i].p_paired;
    }
    if (stats_holm(p, holm, matrix->variants) != 0)
        goto out;
    for (int i = 0; i < matrix->variants; i++) {
        rows[i].p_holm = holm[i];
        print_row(sheet, tuning->collection, &rows[i], matrix_label(matrix, rows[i].variant));
        if (study_row(sheet, &layout, &rows[i]) != 0)
            goto out;
    }
    rc = note_order(sheet, tuning, rows, matrix->variants);
out:
    free(rows);
    free(p);
    free(holm);
    return rc;
}

/* The values of the group's settings joined by "_", as their names are. */
static void name_group(struct tuning *tuning)
{
    const struct collection *collection = tuning->collection;
    size_t length = 0;

    tuning->name[0] = '\0';
    for (int a = 0; a < collection->axes && length < sizeof tuning->name; a++) {
        int value = collection->point[tuning->first].value[a];

        length += (size_t)snprintf(tuning->name + length, sizeof tuning->name - length, "%s%s",
                                   a ? "_" : "",
                                   a == tuning->axis ? "*" : collection->axis[a].value[value]);
    }
}

static int fill_groups(struct sheet *sheet, const struct collection *collection, int axis)
{
    int values = collection->axis[axis].values, groups, rc = -1;
    int *point = calloc((size_t)values + 1, sizeof *point);
    struct collection_scratch scratch;
    struct tuning tuning = {.collection = collection, .axis = axis, .point = point};

    if (collection_scratch(collection, &scratch) != 0)
        goto out;
    if (!point) {
        err_set("not enough memory for the table");
        goto out;
    }
    tuning.rest = scratch.x;
    tuning.base = scratch.y;
    groups = collection_groups_but(collection, axis, scratch.group);
    for (int g = 0; g < groups; g++) {
        for (int v = 0; v < values; v++)
            point[v] = -1;
        tuning.first = -1;
        for (int p = collection->points - 1; p >= 0; p--)
            if (scratch.group[p] == g)
                point[collection->point[p].value[axis]] = tuning.first = p;
        name_group(&tuning);
        if (fill_group(sheet, &tuning) != 0)
            goto out;
    }
    rc = 0;
out:
    collection_scratch_free(&scratch);
    free(point);
    return rc;
}

static int fill(struct sheet *sheet, const struct collection *collection)
{
    static const struct sheet_heading headings[] = {
        {'l', "setting", 0}, {'l', "variant", 0}, {'r', "best rate", 0},       {'r', "n", 0},
        {'r', "mean", 0},    {'r', "delta", 0},   {'r', "95 % interval", 0}, {'r', "p (Holm)", 0},
    };
    int axis = find_axis(collection);

    snprintf(sheet->title, sizeof sheet->title,
             "Each variant at its own best learning rate, chosen on other seeds");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    if (axis < 0)
        sheet_note(sheet, "This study does not vary learning-rate or learning-rate-factor.");
    else if (!collection->baseline)
        sheet_note(sheet, "There is no baseline.");
    else if (fill_groups(sheet, collection, axis) != 0)
        return -1;
    sheet_note(sheet, "best rate: of the lowest mean over the first %d of %d seeds; all else is of the "
                      "others.  (edge): the lowest or the highest that was tried, so a better one may lie "
                      "beyond.  delta: to the baseline at its own best rate, paired by seed.",
               chosen_seeds(collection), collection->seeds);
    return 0;
}

const struct study_table study_table_tuned = {
    "tuned", "each variant of a study at its own best learning rate", fill,
};
