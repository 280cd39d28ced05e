/* collection.c - see collection.h. */
#include "src/glu.h"

#include "src/results/studies/collection.h"

#include "src/results/results.h"
#include "src/util/json_help.h"
#include "src/util/sealed.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int out_of_memory(void)
{
    return err_set("not enough memory for the results of a study");
}

/* ==== Axes ==== */

static double as_number(const char *text)
{
    char *end;
    double x = strtod(text, &end);

    return *text && !*end && isfinite(x) ? x : NAN;
}

static int read_axis(struct collection_axis *axis, const json_t *json)
{
    const json_t *values = json_object_get(json, "values");
    size_t count = json_array_size(values);

    axis->name = text_at(json, "name");
    axis->draw = json_is_true(json_object_get(json, "draw"));
    axis->value = calloc(count + 1, sizeof *axis->value);
    axis->number = calloc(count + 1, sizeof *axis->number);
    if (!axis->value || !axis->number)
        return out_of_memory();
    for (size_t i = 0; i < count; i++) {
        const char *value = json_string_value(json_array_get(values, i));

        if (!value)
            continue;
        axis->value[axis->values] = value;
        axis->number[axis->values++] = as_number(value);
    }
    return axis->name ? 0 : err_set("an axis has no name");
}

static int read_axes(struct collection *collection)
{
    const json_t *vary = json_object_get(collection->study, "vary");
    size_t count = json_array_size(vary);

    collection->axis = calloc(count + 1, sizeof *collection->axis);
    if (!collection->axis)
        return out_of_memory();
    for (size_t i = 0; i < count; i++) {
        collection->axes++;
        if (read_axis(&collection->axis[i], json_array_get(vary, i)) != 0)
            return -1;
    }
    return 0;
}

/* ==== Settings ==== */

static int find_value(const struct collection_axis *axis, const char *value)
{
    for (int i = 0; value && i < axis->values; i++)
        if (strcmp(axis->value[i], value) == 0)
            return i;
    return -1;
}

static int read_point(struct collection *collection, const char *directory, json_t *documents,
                      const char *name, const json_t *where)
{
    struct collection_point *point = &collection->point[collection->points];
    char path[PATH_MAX];

    if (strchr(name, '/') ||
        snprintf(path, sizeof path, "%s/%s.json", directory, name) >= (int)sizeof path)
        return err_set("the name of a setting, %.100s, is none of a file", name);
    if (documents ? !json_object_get(documents, name) : access(path, F_OK) != 0 && errno == ENOENT) {
        collection->missing++;
        return 0;
    }
    point->name = name;
    point->value = calloc((size_t)collection->axes + 1, sizeof *point->value);
    if (!point->value)
        return out_of_memory();
    collection->points++;
    for (int i = 0; i < collection->axes; i++) {
        const char *value = text_at(where, collection->axis[i].name);

        point->value[i] = find_value(&collection->axis[i], value);
        if (point->value[i] < 0)
            return err_set("the setting %s has no value of the axis %s", name,
                           collection->axis[i].name);
    }
    point->document = documents ? json_incref(json_object_get(documents, name)) : results_read(path);
    if (!point->document || results_check(point->document, path) != 0)
        return -1;
    return matrix_open(&point->matrix, point->document);
}

static int read_points(struct collection *collection, const char *directory, json_t *documents)
{
    json_t *points = json_object_get(collection->study, "points"), *where;
    const char *name;

    collection->point = calloc(json_object_size(points) + 1, sizeof *collection->point);
    if (!collection->point)
        return out_of_memory();
    json_object_foreach (points, name, where)
        if (read_point(collection, directory, documents, name, where) != 0)
            return -1;
    if (collection->points == 0)
        return err_set("no setting of it has results yet");
    return 0;
}

/* ==== Units ==== */

static bool has_text(const char *const *texts, int count, const char *text)
{
    for (int i = 0; i < count; i++)
        if (strcmp(texts[i], text) == 0)
            return true;
    return false;
}

static const char *baseline_of(const struct matrix *matrix)
{
    return matrix->baseline < 0 ? NULL : matrix->variant[matrix->baseline].name;
}

static int name_units(struct collection *collection)
{
    int most = 1;
    bool kinds[2] = {false, false};

    for (int p = 0; p < collection->points; p++)
        most += collection->point[p].matrix.variants;
    collection->unit = calloc((size_t)most + 1, sizeof *collection->unit);
    collection->label = calloc((size_t)most + 1, sizeof *collection->label);
    if (!collection->unit || !collection->label)
        return out_of_memory();
    collection->baseline = baseline_of(&collection->point[0].matrix);
    for (int p = 0; p < collection->points; p++) {
        const struct matrix *matrix = &collection->point[p].matrix;

        if (!texts_equal(baseline_of(matrix), collection->baseline))
            return err_set("the settings %s and %s have different baselines", collection->point[0].name,
                           collection->point[p].name);
        for (int v = 0; v < matrix->variants; v++) {
            kinds[matrix->variant[v].gated] = true;
            if (v == matrix->baseline ||
                has_text(collection->unit, collection->units, matrix->variant[v].name))
                continue;
            collection->label[collection->units] = matrix_label(matrix, matrix->variant[v].name);
            collection->unit[collection->units++] = matrix->variant[v].name;
        }
    }
    collection->has_gap = kinds[0] && kinds[1];
    if (collection->has_gap) {
        collection->label[collection->units] = COLLECTION_GAP;
        collection->unit[collection->units++] = COLLECTION_GAP;
    }
    return 0;
}

static int name_seeds(struct collection *collection)
{
    size_t most = 0;

    for (int p = 0; p < collection->points; p++)
        most += (size_t)collection->point[p].matrix.seeds;
    collection->seed = calloc(most + 1, sizeof *collection->seed);
    if (!collection->seed)
        return out_of_memory();
    for (int p = 0; p < collection->points; p++) {
        const struct matrix *matrix = &collection->point[p].matrix;

        for (int s = 0; s < matrix->seeds; s++) {
            bool known = false;

            for (int i = 0; i < collection->seeds; i++)
                known = known || collection->seed[i] == matrix->seed[s];
            if (!known)
                collection->seed[collection->seeds++] = matrix->seed[s];
        }
    }
    return 0;
}

/* Mean of the gated variants less that of the others at a seed; NAN where one of them has none. */
static double gap_at(const struct matrix *matrix, const struct scores *scores, int column)
{
    double sum[2] = {0.0, 0.0};
    int count[2] = {0, 0};

    for (int v = 0; v < matrix->variants; v++) {
        bool gated = matrix->variant[v].gated;

        sum[gated] += scores_at(scores, v, column);
        count[gated]++;
    }
    return count[0] && count[1] ? sum[1] / count[1] - sum[0] / count[0] : NAN;
}

static double difference(const struct collection *collection, int unit, int point, int seed)
{
    const struct matrix *matrix = &collection->point[point].matrix;
    const struct scores scores = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    int column = matrix_column(matrix, collection->seed[seed]), row;

    if (column < 0)
        return NAN;
    if (collection->has_gap && unit == collection->units - 1)
        return gap_at(matrix, &scores, column);
    row = matrix_find(matrix, collection->unit[unit]);
    return row < 0 || matrix->baseline < 0
               ? NAN
               : scores_at(&scores, row, column) - scores_at(&scores, matrix->baseline, column);
}

static int fill(struct collection *collection)
{
    size_t at = 0;

    collection->nats = calloc((size_t)collection->units * (size_t)collection->points *
                                      (size_t)collection->seeds +
                                  1,
                              sizeof *collection->nats);
    if (!collection->nats)
        return out_of_memory();
    for (int u = 0; u < collection->units; u++)
        for (int p = 0; p < collection->points; p++)
            for (int s = 0; s < collection->seeds; s++)
                collection->nats[at++] = difference(collection, u, p, s);
    return 0;
}

/* ==== The whole ==== */

int collection_open(struct collection *collection, const char *directory, json_t *documents)
{
    char path[PATH_MAX];

    *collection = (struct collection){.axes = 0};
    if (snprintf(path, sizeof path, "%s/study.json", directory) >= (int)sizeof path)
        return err_set("%.100s...: the path is too long", directory);
    collection->study = sealed_read(path);
    if (!collection->study)
        return err_prepend("%s: not the directory of a study", directory);
    if (read_axes(collection) != 0 || read_points(collection, directory, documents) != 0 ||
        name_units(collection) != 0 || name_seeds(collection) != 0 || fill(collection) != 0) {
        collection_close(collection);
        return err_prepend("%s", directory);
    }
    return 0;
}

void collection_close(struct collection *collection)
{
    for (int i = 0; i < collection->axes; i++) {
        free(collection->axis[i].value);
        free(collection->axis[i].number);
    }
    for (int i = 0; i < collection->points; i++) {
        struct collection_point *point = &collection->point[i];

        if (point->matrix.document)
            matrix_close(&point->matrix);
        json_decref(point->document);
        free(point->value);
    }
    free(collection->axis);
    free(collection->point);
    free(collection->unit);
    free(collection->label);
    free(collection->seed);
    free(collection->nats);
    json_decref(collection->study);
    *collection = (struct collection){.axes = 0};
}

/* ==== Asking ==== */

double collection_at(const struct collection *collection, int unit, int point, int seed)
{
    return collection->nats[((size_t)unit * (size_t)collection->points + (size_t)point) *
                                (size_t)collection->seeds +
                            (size_t)seed];
}

/* Does an axis tell groups apart?  Draws do, or with `but` >= 0 all axes other than that one. */
static bool counts(const struct collection *collection, int axis, int but)
{
    return but < 0 ? collection->axis[axis].draw : axis != but;
}

/* Points that agree on all axes that count. */
static int group_points(const struct collection *collection, int but, int *group)
{
    int groups = 0;

    for (int p = 0; p < collection->points; p++) {
        group[p] = -1;
        for (int q = 0; q < p && group[p] < 0; q++) {
            bool same = true;

            for (int a = 0; a < collection->axes; a++)
                same = same && (!counts(collection, a, but) ||
                                collection->point[p].value[a] == collection->point[q].value[a]);
            if (same)
                group[p] = group[q];
        }
        if (group[p] < 0)
            group[p] = groups++;
    }
    return groups;
}

int collection_groups(const struct collection *collection, int *group)
{
    return group_points(collection, -1, group);
}

int collection_groups_but(const struct collection *collection, int axis, int *group)
{
    return group_points(collection, axis, group);
}

/* Mean over the wanted points at a seed; NAN where one has none, or where none is wanted. */
static double mean_at(const struct collection *collection, int unit, const bool *wanted, int seed)
{
    double sum = 0.0;
    int n = 0;

    for (int p = 0; p < collection->points; p++)
        if (wanted[p]) {
            sum += collection_at(collection, unit, p, seed);
            n++;
        }
    return n ? sum / n : NAN;
}

int collection_means(const struct collection *collection, int unit, const bool *wanted, double *x)
{
    int n = 0;

    for (int s = 0; s < collection->seeds; s++) {
        x[n] = mean_at(collection, unit, wanted, s);
        n += !isnan(x[n]);
    }
    return n;
}

int collection_pairs(const struct collection *collection, int unit, const bool *a, const bool *b,
                     double *x, double *y)
{
    int n = 0;

    for (int s = 0; s < collection->seeds; s++) {
        x[n] = mean_at(collection, unit, a, s);
        y[n] = mean_at(collection, unit, b, s);
        n += !isnan(x[n] + y[n]);
    }
    return n;
}

int collection_values(const struct collection *collection, int unit, int point, double *x)
{
    int n = 0;

    for (int s = 0; s < collection->seeds; s++) {
        x[n] = collection_at(collection, unit, point, s);
        n += !isnan(x[n]);
    }
    return n;
}

int collection_scratch(const struct collection *collection, struct collection_scratch *scratch)
{
    size_t points = (size_t)collection->points + 1, seeds = (size_t)collection->seeds + 1;

    *scratch = (struct collection_scratch){
        .group = calloc(points, sizeof *scratch->group),
        .here = calloc(points, sizeof *scratch->here),
        .there = calloc(points, sizeof *scratch->there),
        .x = calloc(seeds, sizeof *scratch->x),
        .y = calloc(seeds, sizeof *scratch->y),
    };
    return scratch->group && scratch->here && scratch->there && scratch->x && scratch->y
               ? 0
               : out_of_memory();
}

void collection_scratch_free(struct collection_scratch *scratch)
{
    free(scratch->group);
    free(scratch->here);
    free(scratch->there);
    free(scratch->x);
    free(scratch->y);
}
