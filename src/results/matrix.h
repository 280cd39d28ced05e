/* matrix.h - a results document as C's own types: read once, and all tables are computed on it.
 *
 * Rows are variants and columns are seeds.  Texts are the document's, which must outlive the
 * matrix. */
#ifndef GLU_RESULTS_MATRIX_H
#define GLU_RESULTS_MATRIX_H

#include "src/glu.h"
#include "src/results/layout.h"
#include "src/results/published.h"
#include "src/results/results.h"
#include "src/util/metric.h"

/* What runs are judged by; a metric's name is its key in a run. */
enum { METRIC_LOG_PERPLEXITY, METRICS };
extern const struct metric matrix_metrics[METRICS];

/* One metric of all runs, which is what the statistics are done on. */
struct scores {
    const struct metric *metric;
    int variants, seeds;
    const double *value; /* (variants, seeds); NAN: none */
    bool sequential; /* how many seeds there are was chosen by looking at them */
};

struct matrix_variant {
    const char *name, *label;
    const struct published_value *paper; /* after 65,536 steps; NULL: not in its table 1 */
    bool gated;
    double d_ff, parameters, ffn_parameters, train_flops_per_step, parameter_difference_vs_baseline;
};

struct matrix_run {
    const char *variant, *error;
    const char *init_checkpoint_sha256; /* of the weights that it began from; NULL: drawn, or not told */
    int row; /* of its variant; -1: the document does not describe it */
    enum run_status status;
    int64_t seed, steps, tokens_seen, heldout_examples, heldout_target_tokens;
    double train_tokens_per_s;
    struct numbers heldout_example_nats;
    struct curve_point *curve; /* (curve_count); owned */
    int curve_count;
};

/* Throughput samples of one variant and pass. */
struct matrix_throughput {
    const char *variant, *pass, *precision;
    int64_t threads, batch;
    double tokens_per_sample, examples_per_sample, padding_share, flops_per_sample, gemm_peak_gflop_per_s;
    struct numbers samples_s;
};

struct matrix {
    const json_t *document; /* borrowed */
    const struct published *published;
    const struct published_paper *paper; /* PUBLISHED_PAPER */
    struct matrix_variant *variant; /* (variants): the paper's in its order, then the document's */
    int *listed;                    /* (variants): the rows in the document's order */
    int64_t *seed;                  /* (seeds), in order of first appearance */
    struct matrix_run *run;         /* (runs), in the document's order */
    int *cell;                      /* (variants, seeds): its run; -1: none */
    double *value;                  /* (METRICS, variants, seeds); NAN unless the run is ok */
    struct matrix_throughput *throughput; /* (throughputs), in the document's order */
    int variants, seeds, runs, throughputs;
    int baseline; /* row; -1: none */
    bool sequential; /* seeds were added until it was decided: nothing that holds for a fixed number does */
    double equivalence_nats; /* a difference within it is none */
};

/* 0, or -1 and a message and nothing to close: memory, or the document is too large for it. */
int matrix_open(struct matrix *matrix, const json_t *document);
void matrix_close(struct matrix *matrix);

int matrix_find(const struct matrix *matrix, const char *variant);  /* row, or -1 (of NULL too) */
int matrix_column(const struct matrix *matrix, int64_t seed);       /* or -1 */
bool matrix_is_baseline(const struct matrix *matrix, const char *variant);
/* NULL: no such run. */
const struct matrix_run *matrix_run_at(const struct matrix *matrix, int row, int column);
/* What a variant is called in tables: "FFN_ReLU", its name when the document has no label for it,
 * "?" for NULL. */
const char *matrix_label(const struct matrix *matrix, const char *variant);
const char *matrix_baseline_label(const struct matrix *matrix);

struct scores matrix_scores(const struct matrix *matrix, int metric);
double scores_at(const struct scores *scores, int row, int column);
/* The values of two rows at the seeds that both have.  Returns how many. */
int scores_pair(const struct scores *scores, int a, int b, double *a_values, double *b_values);
/* One row's values that exist. */
int scores_row(const struct scores *scores, int row, double *values);

#endif
