/* beside.c - see beside.h. */
#include "src/glu.h"

#include "src/results/tables/table.h"

#include "src/results/cells.h"
#include "src/results/distributions.h"
#include "src/results/tables/beside.h"
#include "src/results/tables/quality.h"
#include "src/util/json_help.h"

#include <math.h>
#include <string.h>

static const struct member members[] = {
    MEMBER(struct beside_row, paper),
    MEMBER(struct beside_row, variant),
    MEMBER(struct beside_row, metric),
    MEMBER(struct beside_row, unit),
    MEMBER(struct beside_row, at_steps),
    MEMBER(struct beside_row, lower_is_better),
    MEMBER(struct beside_row, verified),
    MEMBER(struct beside_row, value),
    MEMBER(struct beside_row, stddev),
    MEMBER(struct beside_row, n),
    MEMBER(struct beside_row, delta),
    MEMBER(struct beside_row, delta_ci95),
};
static const struct layout layout = LAYOUT(struct beside_row, members);

/* ==== Computing ==== */

/* The difference of two means of runs that are not paired, after Welch. */
static struct interval welch_interval(const struct published_value *a, const struct published_value *b)
{
    double va = a->stddev * a->stddev / a->n, vb = b->stddev * b->stddev / b->n;
    double difference = a->value - b->value, half, df;

    if (!(a->n > 1.0 && b->n > 1.0 && va + vb > 0.0))
        return (struct interval){NAN, NAN};
    df = (va + vb) * (va + vb) / (va * va / (a->n - 1.0) + vb * vb / (b->n - 1.0));
    half = stats_t_quantile(0.975, df) * sqrt(va + vb);
    return (struct interval){difference - half, difference + half};
}

static json_t *row_json(const struct published_paper *paper, const struct published_value *value,
                        const struct published_value *base)
{
    const struct published_metric *metric = &paper->metric[0];
    struct beside_row row = {
        .paper = paper->key,
        .variant = value->variant,
        .metric = metric->name,
        .unit = metric->unit,
        .at_steps = metric->at_steps,
        .lower_is_better = metric->lower_is_better,
        .verified = paper->verified,
        .value = value->value,
        .stddev = value->stddev,
        .n = value->n,
        .delta = NAN,
        .delta_ci95 = {NAN, NAN},
    };
    json_t *o = json_object();

    if (base && base != value) {
        row.delta = value->value - base->value;
        row.delta_ci95 = welch_interval(value, base);
    }
    return json_finish(o, layout_put(&layout, &row, o));
}

/* The variants of the document that the paper has. */
static int add_paper(json_t *rows, const struct matrix *matrix, const struct published_paper *paper)
{
    const struct published_metric *metric = &paper->metric[0];
    const struct published_value *base =
        matrix->baseline < 0 ? NULL
                             : published_value(metric, matrix->variant[matrix->baseline].name);
    int bad = 0;

    for (int i = 0; i < matrix->variants; i++) {
        const struct published_value *value = published_value(metric, matrix->variant[i].name);

        if (value)
            bad |= json_push(rows, row_json(paper, value, base));
    }
    return bad;
}

static json_t *keys_of(const json_t *document)
{
    return value_at(document, "config.beside");
}

/* Is the i-th key also an earlier one?  A file may have been edited. */
static bool is_again(const json_t *keys, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (json_equal(json_array_get(keys, k), json_array_get(keys, i)))
            return true;
    return false;
}

/* A later program may know papers that this one does not. */
static json_t *compute(const struct matrix *matrix)
{
    const json_t *keys = keys_of(matrix->document);
    json_t *rows = json_array();
    int bad = 0;

    for (size_t i = 0; i < json_array_size(keys); i++) {
        const struct published_paper *paper =
            published_find(matrix->published, json_string_value(json_array_get(keys, i)));

        if (paper && paper->metrics && !is_again(keys, i))
            bad |= add_paper(rows, matrix, paper);
    }
    return json_finish(rows, bad);
}

const struct table table_beside = {
    "beside", "what others published", "tables.beside", compute, NULL, false,
};

int results_put_beside(json_t *document, json_t *keys)
{
    struct matrix matrix;
    json_t *rows;

    if (json_put(json_object_get(document, "config"), "beside", json_incref(keys)) != 0)
        return err_set("not enough memory for the results");
    if (matrix_open(&matrix, document) != 0)
        return -1;
    rows = compute(&matrix);
    matrix_close(&matrix);
    if (json_put(json_object_get(document, "tables"), "beside", rows) != 0)
        return err_set("not enough memory for the results");
    return 0;
}

/* ==== Printing ==== */

int beside_open(struct beside *beside, const json_t *document)
{
    *beside = (struct beside){.keys = keys_of(document), .published = published_all()};
    if (!beside->published)
        return -1;
    beside->row = layout_rows(&layout, value_at(document, "tables.beside"), &beside->rows);
    return beside->row ? 0 : -1;
}

void beside_close(struct beside *beside)
{
    layout_free(&layout, beside->row, beside->rows);
    *beside = (struct beside){.row = NULL};
}

/* Does a paper begin at the i-th row? */
static bool is_first(const struct beside *beside, int i)
{
    return i == 0 || !texts_equal(beside->row[i].paper, beside->row[i - 1].paper);
}

/* The row of a variant in the paper that begins at row `first`; NULL: it has none. */
static const struct beside_row *find_row(const struct matrix *matrix, const struct beside *beside,
                                         int first, const char *variant)
{
    for (int i = first; i < beside->rows && (i == first || !is_first(beside, i)); i++)
        if (matrix_find(matrix, beside->row[i].variant) == matrix_find(matrix, variant))
            return &beside->row[i];
    return NULL;
}

static bool has_baseline(const struct matrix *matrix, const struct beside *beside, int first)
{
    return matrix->baseline >= 0
           && find_row(matrix, beside, first, matrix->variant[matrix->baseline].name);
}

static bool is_nats(const struct beside_row *row)
{
    return published_is_nats(&(struct published_metric){.unit = row->unit ? row->unit : ""});
}

void beside_headings(struct sheet *sheet, const struct matrix *matrix, const struct beside *beside)
{
    for (int i = 0; i < beside->rows; i++)
        if (is_first(beside, i)) {
            const struct beside_row *row = &beside->row[i];
            char first[2 * CELL_BYTES], second[2 * CELL_BYTES];

            snprintf(first, sizeof first, "%s%s,", row->paper ? row->paper : "?",
                     row->verified ? "" : "*");
            snprintf(second, sizeof second, "%s, %s",
                     has_baseline(matrix, beside, i) ? "delta" : "value",
                     is_nats(row) ? "nats" : row->unit ? row->unit : "?");
            sheet_column(sheet, 'r', first, second);
        }
}

/* As many digits as papers print: of nats three behind the point. */
static void cell_figure(struct sheet *sheet, const struct beside_row *row, bool as_delta)
{
    double x = as_delta ? row->delta : row->value;
    char number[CELL_BYTES], spread[CELL_BYTES] = "";

    snprintf(number, sizeof number, is_nats(row) ? as_delta ? "%+.3f" : "%.3f" : as_delta ? "%+.4g" : "%.6g",
             x);
    if (isfinite(row->stddev))
        snprintf(spread, sizeof spread, is_nats(row) ? " (%.3f)" : " (%.3g)", row->stddev);
    sheet_cell(sheet, "%s%s", isfinite(x) ? number : "", isfinite(x) ? spread : "");
}

void beside_cells(struct sheet *sheet, const struct matrix *matrix, const struct beside *beside,
                  const char *variant)
{
    for (int i = 0; i < beside->rows; i++) {
        const struct beside_row *row = is_first(beside, i) ? find_row(matrix, beside, i, variant) : NULL;
        bool as_delta = row && has_baseline(matrix, beside, i);

        if (row && as_delta && matrix_is_baseline(matrix, variant))
            sheet_cell(sheet, "baseline");
        else if (row)
            cell_figure(sheet, row, as_delta);
        else if (is_first(beside, i))
            sheet_cell(sheet, "%s", "");
    }
}

/* ", after 65,536 steps, 4 runs each", as far as it is told. */
static const char *text_of_runs(const struct published_metric *metric, char text[2 * CELL_BYTES])
{
    char steps[CELL_BYTES];
    size_t used = 0;

    text[0] = '\0';
    if (isfinite(metric->at_steps))
        used = (size_t)snprintf(text, 2 * CELL_BYTES, ", after %s steps",
                                text_grouped(metric->at_steps, steps));
    if (isfinite(metric->n))
        snprintf(text + used, 2 * CELL_BYTES - used, ", %.0f run%s each", metric->n,
                 metric->n == 1.0 ? "" : "s");
    return text;
}

static void note_paper(struct sheet *sheet, const struct matrix *matrix, const struct beside *beside,
                       const struct published_paper *paper)
{
    const struct published_metric *metric = paper->metrics ? &paper->metric[0] : NULL;
    bool tells = metric && strstr(metric->name, metric->unit); /* its unit */
    char runs[2 * CELL_BYTES];
    int first = 0;

    while (first < beside->rows && !texts_equal(beside->row[first].paper, paper->key))
        first++;
    if (!metric || first == beside->rows) {
        sheet_note(sheet, "%s (%lld): it has no figure of any of these variants.", paper->key,
                   (long long)paper->year);
        return;
    }
    sheet_note(sheet, "%s%s (%lld%s): %s%s%s%s%s, %s is better; from %s.%s", paper->key,
               paper->verified ? "" : "*", (long long)paper->year,
               paper->verified ? "" : ", not verified", metric->name, tells ? "" : " (",
               tells ? "" : metric->unit, tells ? "" : ")", text_of_runs(metric, runs),
               metric->lower_is_better ? "lower" : "higher", paper->source,
               published_is_nats(metric) ? "" : " It is no log-perplexity: not to be compared in size.");
    if (!has_baseline(matrix, beside, first))
        sheet_note(sheet, "%s has no %s to take differences to: its figures stand as they are.",
                   paper->key, matrix_baseline_label(matrix));
}

void beside_notes(struct sheet *sheet, const struct matrix *matrix, const struct beside *beside)
{
    bool spread = false;

    for (size_t i = 0; i < json_array_size(beside->keys); i++) {
        const char *key = json_string_value(json_array_get(beside->keys, i));
        const struct published_paper *paper = published_find(beside->published, key);

        if (paper && !is_again(beside->keys, i)) {
            note_paper(sheet, matrix, beside, paper);
            note_published(sheet, matrix->document, key, false);
        } else if (!paper) {
            sheet_note(sheet, "%s: a paper that this program does not know.", key ? key : "?");
        }
    }
    for (int i = 0; i < beside->rows; i++)
        spread |= isfinite(beside->row[i].stddev);
    if (spread)
        sheet_note(sheet, "In the columns of papers, in parentheses: the standard deviation of a "
                          "variant's runs, not that of the difference.");
}

/* ==== For machines ==== */

static int put_figures(json_t *object, const struct beside_row *row)
{
    const struct {
        const char *name;
        json_t *value;
    } figures[] = {
        {"value", json_number(row->value)},   {"stddev", json_number(row->stddev)},
        {"n", json_number(row->n)},           {"delta", json_number(row->delta)},
        {"delta_ci95", json_interval(row->delta_ci95)}, {"unit", json_text(row->unit)},
        {"verified", json_boolean(row->verified)},
    };
    char key[160];
    int bad = 0;

    for (size_t i = 0; i < LENGTH_OF(figures); i++) {
        snprintf(key, sizeof key, "beside_%.100s_%s", row->paper ? row->paper : "", figures[i].name);
        bad |= json_put(object, key, figures[i].value);
    }
    return bad;
}

int beside_data(struct sheet *sheet, const struct beside *beside, const json_t *rows)
{
    int bad;

    sheet->data = json_deep_copy(rows);
    bad = !sheet->data;
    for (size_t i = 0; i < json_array_size(sheet->data) && !bad; i++) {
        json_t *row = json_array_get(sheet->data, i);
        const char *variant = text_at(row, "variant");

        /* Every row has all columns: what the paper lacks is null. */
        for (int k = 0; k < beside->rows; k++) {
            struct beside_row blank = {.paper = beside->row[k].paper, .unit = beside->row[k].unit,
                                       .verified = beside->row[k].verified, .value = NAN,
                                       .stddev = NAN, .n = NAN, .delta = NAN,
                                       .delta_ci95 = {NAN, NAN}};

            if (is_first(beside, k))
                bad |= put_figures(row, &blank) != 0;
        }
        for (int k = 0; k < beside->rows; k++)
            if (texts_equal(variant, beside->row[k].variant))
                bad |= put_figures(row, &beside->row[k]) != 0;
    }
    return bad ? err_set("not enough memory for the table") : 0;
}
