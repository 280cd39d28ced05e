/* perplexity.c - the paper's table 1, held-out log-perplexity, with ours beside it. */
#include "src/glu.h"

#include "src/results/tables/table.h"

#include "src/results/cells.h"
#include "src/results/contrasts.h"
#include "src/results/signed_rank.h"
#include "src/results/tables/beside.h"
#include "src/results/tables/quality.h"
#include "src/results/tables/throughput.h"
#include "src/util/json_help.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ==== Computing ==== */

/* A row against the baseline by ranks; nats: room for the seeds, twice.  0 or -1. */
static int rank(const struct matrix *matrix, int row, double *nats, struct signed_rank *ranks)
{
    const struct scores scores = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    double *base = nats + matrix->seeds;
    int n = matrix->baseline >= 0 && row != matrix->baseline
                ? scores_pair(&scores, row, matrix->baseline, nats, base)
                : 0;

    for (int i = 0; i < n; i++)
        nats[i] -= base[i];
    if (stats_signed_rank(nats, n, STATS_LEVEL, ranks) != 0)
        return -1;
    if (matrix->sequential) /* it holds for a fixed number of seeds */
        ranks->interval = (struct interval){NAN, NAN};
    return 0;
}

/* What is told of a row besides its own losses. */
struct against {
    struct contrast contrast;
    struct signed_rank ranks;
    struct interval bootstrap;
    struct pairing seeds, examples;
    bool best;
};

/* All that a row's runs and the baseline's together tell.  0 or -1. */
static int compare(const struct matrix *matrix, int row, double *nats, struct against *against)
{
    const struct pairing none = {NAN, NAN};
    int base = matrix->baseline;

    against->bootstrap = (struct interval){NAN, NAN};
    against->seeds = against->examples = none;
    if (rank(matrix, row, nats, &against->ranks) != 0)
        return -1;
    if (against->contrast.test.n == 0)
        return 0;
    against->examples = contrasts_pairing_of_examples(matrix, row, base);
    return contrasts_pairing_of_seeds(matrix, row, base, &against->seeds) != 0 ||
                   (!matrix->sequential &&
                    contrasts_bootstrap(matrix, row, base, &against->bootstrap) != 0)
               ? -1
               : 0;
}

static json_t *row_json(const struct matrix *matrix, int row, const struct against *against,
                        double *nats)
{
    static const struct interval none = {NAN, NAN};
    const struct scores scores = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    const struct matrix_variant *variant = &matrix->variant[row];
    const struct published_value *paper = variant->paper;
    const struct published_value *last =
        published_value(published_nats(matrix->paper, 524288), variant->name);
    const struct paired_test *test = &against->contrast.test;
    int n = scores_row(&scores, row, nats);
    const struct table1_row result = {
        .variant = variant->name,
        .n = n,
        .mean_nats = stats_mean(nats, n),
        .stddev_nats = stats_stddev(nats, n),
        .ci95_nats = matrix->sequential ? none : stats_t_interval(nats, n, STATS_LEVEL),
        .delta_nats = test->difference,
        .delta_ci95_nats = test->interval,
        .p_paired = test->p_t,
        .p_holm = against->contrast.p_holm,
        .paper_65536_nats = paper ? paper->value : NAN,
        .paper_65536_stddev_nats = paper ? paper->stddev : NAN,
        .paper_524288_nats = last ? last->value : NAN,
        .n_paired = test->n,
        .delta_stddev_nats = test->stddev,
        .delta_bootstrap_ci95_nats = against->bootstrap,
        .p_sign_flip = test->p_sign_flip,
        .detectable_nats = matrix->sequential ? NAN : against->contrast.detectable,
        .best = against->best,
        .delta_hodges_lehmann_nats = against->ranks.estimate,
        .delta_hodges_lehmann_ci95_nats = against->ranks.interval,
        .seed_correlation = against->seeds.correlation,
        .seed_variance_ratio = against->seeds.variance_ratio,
        .example_correlation = against->examples.correlation,
        .example_variance_ratio = against->examples.variance_ratio,
        .e_value = against->contrast.anytime.e_value,
        .anytime_ci95_nats = against->contrast.anytime.interval,
    };
    json_t *o = json_object();

    return json_finish(o, layout_put(&table1_layout, &result, o));
}

static json_t *compute(const struct matrix *matrix)
{
    const struct scores scores = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    struct contrast *contrast = calloc((size_t)matrix->variants + 1, sizeof *contrast);
    double *nats = calloc(2 * (size_t)matrix->seeds + 1, sizeof *nats);
    json_t *rows = json_array();
    int best, bad = !contrast || !nats;

    bad = bad || contrasts_compute(&scores, matrix->baseline, !matrix->sequential, contrast) != 0
          || contrasts_best(&scores, &best) != 0;
    if (!bad)
        contrasts_detect(contrast, matrix->variants);
    for (int i = 0; i < matrix->variants && !bad; i++) {
        struct against against = {.contrast = contrast[i], .best = i == best};

        bad = compare(matrix, i, nats, &against) != 0 ||
              json_push(rows, row_json(matrix, i, &against, nats));
    }
    free(contrast);
    free(nats);
    return json_finish(rows, bad);
}

/* ==== Printing ==== */

/* From the throughput samples, or, where there are none, the mean over the runs. */
static double train_tokens_per_s(const struct matrix *matrix,
                                 const struct throughput_row *throughput, const char *variant)
{
    double sum = 0.0;
    int n = 0;

    for (int i = 0; i < matrix->throughputs; i++) {
        const struct matrix_throughput *measured = &matrix->throughput[i];

        if (measured->variant && measured->pass && strcmp(measured->variant, variant) == 0 &&
            strcmp(measured->pass, "train") == 0)
            return throughput[i].tokens_per_s;
    }
    for (int i = 0; i < matrix->runs; i++) {
        const struct matrix_run *run = &matrix->run[i];

        if (run->variant && strcmp(run->variant, variant) == 0 && run->train_tokens_per_s > 0.0) {
            sum += run->train_tokens_per_s;
            n++;
        }
    }
    return n ? sum / n : NAN;
}

/* "2" when all runs are ok, else "2 of 3". */
static void cell_runs(struct sheet *sheet, const struct matrix *matrix,
                      const struct table1_row *row)
{
    long long n = row->n, all = 0;

    for (int i = 0; i < matrix->runs; i++) {
        const char *variant = matrix->run[i].variant;

        all += variant && row->variant && strcmp(variant, row->variant) == 0;
    }
    if (all == n)
        sheet_cell(sheet, "%lld", n);
    else
        sheet_cell(sheet, "%lld of %lld", n, all);
}

/* What this many seeds could have found. */
static void note_detectable(struct sheet *sheet, const struct table1 *table1)
{
    double low = INFINITY, high = 0.0;

    for (int i = 0; i < table1->rows; i++) {
        double x = table1->row[i].detectable_nats;

        if (isfinite(x)) {
            low = fmin(low, x);
            high = fmax(high, x);
        }
    }
    if (high > 0.0)
        sheet_note(sheet, "Resolution: a true difference of %.4f to %.4f nats (by variant) is found with "
                          "power 80 %%; smaller ones take more seeds.",
                   low, high);
}

/* A difference is over the seeds that the baseline has too; say so where that is not all. */
static void note_unpaired(struct sheet *sheet, const struct matrix *matrix,
                          const struct table1 *table1)
{
    for (int i = 0; i < table1->rows && matrix->baseline >= 0; i++) {
        const struct table1_row *row = &table1->row[i];

        if (row->n_paired < row->n && !matrix_is_baseline(matrix, row->variant))
            sheet_note(sheet, "%s: delta over the %lld of %lld seeds that %s has too.",
                       matrix_label(matrix, row->variant), (long long)row->n_paired,
                       (long long)row->n, matrix_baseline_label(matrix));
    }
}

/* Every run that is not ok is named. */
static void note_failures(struct sheet *sheet, const struct matrix *matrix)
{
    for (int i = 0; i < matrix->runs; i++) {
        const struct matrix_run *run = &matrix->run[i];

        if (run->status != RUN_OK)
            sheet_note(sheet, "%s, seed %lld: %s%s%s", matrix_label(matrix, run->variant),
                       (long long)run->seed, run_status_name(run->status), run->error ? ": " : "",
                       run->error ? run->error : "");
    }
}

/* What a difference is, and what is said of it. */
static void note_delta(struct sheet *sheet, const struct matrix *matrix)
{
    const char *baseline = matrix_baseline_label(matrix);

    if (matrix->sequential)
        sheet_note(sheet, "delta: to %s, paired by seed.  Seeds were added until it was decided: the "
                          "interval, each by itself, and the e-value, which counts from 20 on, hold at "
                          "every look, and no p does.  What is decided tells the table verdict.",
                   baseline);
    else
        sheet_note(sheet, "delta: to %s, paired by seed, with the 95 %% interval of the mean difference "
                          "(Student's t, each by itself); p: paired t test, Holm over the variants.",
                   baseline);
}

/* Every figure of the paper is of one architecture. */
static void note_architecture(struct sheet *sheet, const struct matrix *matrix)
{
    const json_t *config = json_object_get(matrix->document, "config");
    const char *name =
        json_string_value(json_object_get(json_object_get(config, "model"), "architecture"));

    if (json_object_get(config, "tasks"))
        sheet_note(sheet, "The paper's figures are of spans filled in, ours of the targets of tasks: none compares.");
    else if (name && strcmp(name, "t5") != 0)
        sheet_note(sheet, "The paper's figures are of a T5 that fills in spans, ours of the architecture "
                          "%.32s: differences compare in sign and order, the rest does not.", name);
}

static void print_row(struct sheet *sheet, const struct matrix *matrix,
                      const struct table1_row *row, const struct throughput_row *throughput,
                      const struct beside *beside)
{
    sheet_cell(sheet, "%s", matrix_label(matrix, row->variant));
    cell_runs(sheet, matrix, row);
    cell_mean(sheet, row->mean_nats, row->stddev_nats);
    if (row->best)
        sheet_bold(sheet);
    cell_mean(sheet, row->paper_65536_nats, row->paper_65536_stddev_nats);
    cell_number(sheet, "%.3f", row->paper_524288_nats, "");
    cells_difference(sheet, matrix_is_baseline(matrix, row->variant), matrix->sequential,
                     &(struct difference){row->delta_nats, row->delta_ci95_nats, row->p_holm,
                                          row->anytime_ci95_nats, row->e_value});
    cell_grouped(sheet, train_tokens_per_s(matrix, throughput, row->variant ? row->variant : ""));
    beside_cells(sheet, matrix, beside, row->variant);
}

static int print(struct sheet *sheet, const struct matrix *matrix, json_t *rows)
{
    const struct sheet_heading headings[] = {
        {'l', "variant", 0},
        {'r', "n", 0},
        {'r', "ours", 0},
        {'r', "paper,\n65,536 steps", 0},
        {'r', "paper,\n524,288", SHEET_NO_TERMINAL},
        {'r', "delta", 0},
        {'r', HEADING_INTERVAL(matrix->sequential), 0},
        {'r', HEADING_TEST(matrix->sequential), 0},
        {'r', "tokens/s", SHEET_NO_LATEX},
    };
    struct throughput_row *throughput = throughput_rows(matrix);
    struct agreement agreement;
    struct beside beside;
    struct table1 table1;
    int rc = -1;

    if (!throughput || beside_open(&beside, matrix->document) != 0)
        goto done;
    if (table1_read(&table1, matrix->document) != 0)
        goto close;
    agreement_read(&agreement, matrix->document);
    snprintf(sheet->title, sizeof sheet->title,
             "Held-out log-perplexity in nats per target token: mean (standard deviation of the n "
             "runs)");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    beside_headings(sheet, matrix, &beside);
    for (int i = 0; i < table1.rows; i++)
        print_row(sheet, matrix, &table1.row[i], throughput, &beside);
    note_delta(sheet, matrix);
    note_architecture(sheet, matrix);
    note_gated(sheet, matrix, &agreement);
    note_agreement(sheet, matrix, &agreement);
    beside_notes(sheet, matrix, &beside);
    note_best(sheet, matrix, &table1);
    note_pairing(sheet, &table1);
    note_detectable(sheet, &table1);
    note_unpaired(sheet, matrix, &table1);
    note_failures(sheet, matrix);
    table1_free(&table1);
    rc = rows ? beside_data(sheet, &beside, rows) : 0;
close:
    beside_close(&beside);
done:
    free(throughput);
    return rc;
}

const struct table table_perplexity = {
    "perplexity", "the paper's table 1 with ours beside it", "tables.table1", compute, print, true,
};
