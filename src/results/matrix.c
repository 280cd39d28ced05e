/* matrix.c - see matrix.h. */
#include "src/glu.h"

#include "src/results/matrix.h"

#include "src/results/document.h"
#include "src/util/json_help.h"
#include "variants/variant.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct metric matrix_metrics[METRICS] = {
    [METRIC_LOG_PERPLEXITY] = {"heldout_log_perplexity_nats", "nats", false},
};

/* ==== Variants ==== */

static const struct member variant_members[] = {
    MEMBER(struct matrix_variant, label),
    MEMBER(struct matrix_variant, gated),
    MEMBER(struct matrix_variant, d_ff),
    MEMBER(struct matrix_variant, parameters),
    MEMBER(struct matrix_variant, ffn_parameters),
    MEMBER(struct matrix_variant, train_flops_per_step),
    MEMBER(struct matrix_variant, parameter_difference_vs_baseline),
};
static const struct layout variant_layout = LAYOUT(struct matrix_variant, variant_members);

/* The paper's table 1, of which the order is. */
static const struct published_metric *table1(const struct matrix *matrix)
{
    return published_nats(matrix->paper, 65536);
}

static int add_variant(struct matrix *matrix, const char *name, const json_t *facts)
{
    struct matrix_variant *variant = &matrix->variant[matrix->variants++];

    variant->name = name;
    variant->paper = published_value(table1(matrix), name);
    return layout_get(&variant_layout, variant, facts);
}

static int read_variants(struct matrix *matrix)
{
    const struct published_metric *printed = table1(matrix);
    json_t *variants = json_object_get(matrix->document, "variants"), *facts;
    size_t count = json_object_size(variants);
    const char *name;
    int listed = 0;

    matrix->variant = calloc(count + 1, sizeof *matrix->variant);
    matrix->listed = calloc(count + 1, sizeof *matrix->listed);
    if (!matrix->variant || !matrix->listed)
        return err_system("%zu variants", count);
    /* The names are the document's own keys, which stay when the paper is closed. */
    for (int i = 0; printed && i < printed->values; i++)
        json_object_foreach (variants, name, facts)
            if (strcmp(name, printed->value[i].variant) == 0 &&
                add_variant(matrix, name, facts) != 0)
                return -1;
    json_object_foreach (variants, name, facts)
        if (!published_value(printed, name) && add_variant(matrix, name, facts) != 0)
            return -1;
    json_object_foreach (variants, name, facts) {
        matrix->listed[listed++] = matrix_find(matrix, name);
    }
    matrix->baseline = matrix_find(matrix, document_baseline(matrix->document));
    return 0;
}

/* ==== Runs ==== */

static const struct member run_members[] = {
    MEMBER(struct matrix_run, variant),
    MEMBER(struct matrix_run, error),
    MEMBER(struct matrix_run, init_checkpoint_sha256),
    MEMBER(struct matrix_run, seed),
    MEMBER(struct matrix_run, steps),
    MEMBER(struct matrix_run, tokens_seen),
    MEMBER(struct matrix_run, heldout_examples),
    MEMBER(struct matrix_run, heldout_target_tokens),
    MEMBER(struct matrix_run, train_tokens_per_s),
    MEMBER(struct matrix_run, heldout_example_nats),
};
static const struct layout run_layout = LAYOUT(struct matrix_run, run_members);

static int read_run(struct matrix *matrix, const json_t *json)
{
    struct matrix_run *run = &matrix->run[matrix->runs];

    if (layout_get(&run_layout, run, json) != 0)
        return -1;
    matrix->runs++;
    run->row = matrix_find(matrix, run->variant);
    run->status = run_status_of(text_at(json, "status"));
    if (matrix_column(matrix, run->seed) < 0)
        matrix->seed[matrix->seeds++] = run->seed;
    return run_curve_restore(&run->curve, &run->curve_count, json);
}

/* Where each run is, and what it is worth.  Of two of one variant and seed the last counts. */
static int fill_cells(struct matrix *matrix, const json_t *runs)
{
    int cells = matrix->variants * matrix->seeds;

    matrix->cell = calloc((size_t)cells + 1, sizeof *matrix->cell);
    matrix->value = calloc((size_t)(METRICS * cells) + 1, sizeof *matrix->value);
    if (!matrix->cell || !matrix->value)
        return err_system("%d runs", matrix->runs);
    for (int i = 0; i < cells; i++)
        matrix->cell[i] = -1;
    for (int i = 0; i < METRICS * cells; i++)
        matrix->value[i] = NAN;
    for (int i = 0; i < matrix->runs; i++) {
        const struct matrix_run *run = &matrix->run[i];
        int at = run->row * matrix->seeds + matrix_column(matrix, run->seed);

        if (run->row < 0)
            continue;
        matrix->cell[at] = i;
        for (int k = 0; k < METRICS; k++)
            matrix->value[k * cells + at] =
                run->status == RUN_OK
                    ? number_at(json_array_get(runs, (size_t)i), matrix_metrics[k].name)
                    : NAN;
    }
    return 0;
}

static int read_runs(struct matrix *matrix)
{
    const json_t *runs = json_object_get(matrix->document, "runs");
    size_t count = json_array_size(runs);

    matrix->run = calloc(count + 1, sizeof *matrix->run);
    matrix->seed = calloc(count + 1, sizeof *matrix->seed);
    if (!matrix->run || !matrix->seed)
        return err_system("%zu runs", count);
    for (size_t i = 0; i < count; i++)
        if (read_run(matrix, json_array_get(runs, i)) != 0)
            return -1;
    return fill_cells(matrix, runs);
}

/* ==== Throughput ==== */

static const struct member throughput_members[] = {
    MEMBER(struct matrix_throughput, variant),
    MEMBER(struct matrix_throughput, pass),
    MEMBER(struct matrix_throughput, precision),
    MEMBER(struct matrix_throughput, threads),
    MEMBER(struct matrix_throughput, batch),
    MEMBER(struct matrix_throughput, tokens_per_sample),
    MEMBER(struct matrix_throughput, examples_per_sample),
    MEMBER(struct matrix_throughput, padding_share),
    MEMBER(struct matrix_throughput, flops_per_sample),
    MEMBER(struct matrix_throughput, gemm_peak_gflop_per_s),
    MEMBER(struct matrix_throughput, samples_s),
};
static const struct layout throughput_layout = LAYOUT(struct matrix_throughput, throughput_members);

static int read_throughput(struct matrix *matrix)
{
    matrix->throughput = layout_rows(&throughput_layout,
                                     value_at(matrix->document, "tables.throughput"),
                                     &matrix->throughputs);
    return matrix->throughput ? 0 : -1;
}

/* ==== The whole ==== */

/* A difference below this is none, unless the configuration says otherwise. */
static const double equivalence_default_nats = 0.005;

static void read_config(struct matrix *matrix)
{
    const json_t *config = json_object_get(matrix->document, "config");
    double asked = number_at(config, "equivalence_nats");

    matrix->sequential = json_is_true(json_object_get(config, "until_decided"));
    matrix->equivalence_nats = asked > 0.0 ? asked : equivalence_default_nats;
}

int matrix_open(struct matrix *matrix, const json_t *document)
{
    *matrix = (struct matrix){.document = document, .published = published_all(), .baseline = -1};
    read_config(matrix);
    if (!matrix->published || document_check_size(document) != 0)
        return -1;
    matrix->paper = published_find(matrix->published, PUBLISHED_PAPER);
    if (read_variants(matrix) != 0 || read_runs(matrix) != 0 || read_throughput(matrix) != 0) {
        matrix_close(matrix);
        return -1;
    }
    return 0;
}

void matrix_close(struct matrix *matrix)
{
    for (int i = 0; i < matrix->runs; i++) {
        layout_release(&run_layout, &matrix->run[i]);
        free(matrix->run[i].curve);
    }
    layout_free(&throughput_layout, matrix->throughput, matrix->throughputs);
    free(matrix->variant);
    free(matrix->listed);
    free(matrix->seed);
    free(matrix->run);
    free(matrix->cell);
    free(matrix->value);
    *matrix = (struct matrix){.baseline = -1};
}

/* ==== Asking ==== */

int matrix_find(const struct matrix *matrix, const char *variant)
{
    for (int i = 0; variant && i < matrix->variants; i++)
        if (strcmp(matrix->variant[i].name, variant) == 0)
            return i;
    for (int i = 0; variant && i < matrix->variants; i++)
        if (variant_same(matrix->variant[i].name, variant))
            return i;
    return -1;
}

int matrix_column(const struct matrix *matrix, int64_t seed)
{
    for (int i = 0; i < matrix->seeds; i++)
        if (matrix->seed[i] == seed)
            return i;
    return -1;
}

bool matrix_is_baseline(const struct matrix *matrix, const char *variant)
{
    return matrix->baseline >= 0 && matrix_find(matrix, variant) == matrix->baseline;
}

const struct matrix_run *matrix_run_at(const struct matrix *matrix, int row, int column)
{
    int run = matrix->cell[row * matrix->seeds + column];

    return run < 0 ? NULL : &matrix->run[run];
}

const char *matrix_label(const struct matrix *matrix, const char *variant)
{
    int row = matrix_find(matrix, variant);

    if (row >= 0 && matrix->variant[row].label)
        return matrix->variant[row].label;
    return variant ? variant : "?";
}

const char *matrix_baseline_label(const struct matrix *matrix)
{
    return matrix_label(matrix,
                        matrix->baseline < 0 ? NULL : matrix->variant[matrix->baseline].name);
}

struct scores matrix_scores(const struct matrix *matrix, int metric)
{
    return (struct scores){&matrix_metrics[metric], matrix->variants, matrix->seeds,
                           matrix->value + metric * matrix->variants * matrix->seeds, matrix->sequential};
}

double scores_at(const struct scores *scores, int row, int column)
{
    return scores->value[row * scores->seeds + column];
}

int scores_pair(const struct scores *scores, int a, int b, double *a_values, double *b_values)
{
    int n = 0;

    for (int i = 0; i < scores->seeds; i++) {
        double x = scores_at(scores, a, i), y = scores_at(scores, b, i);

        if (isnan(x) || isnan(y))
            continue;
        a_values[n] = x;
        b_values[n++] = y;
    }
    return n;
}

int scores_row(const struct scores *scores, int row, double *values)
{
    return scores_pair(scores, row, row, values, values);
}
