/* quality.h - what the tables of quality share: the rows of table 1, the agreement with the paper,
 * and the notes about both. */
#ifndef GLU_RESULTS_TABLES_QUALITY_H
#define GLU_RESULTS_TABLES_QUALITY_H

#include "src/results/matrix.h"
#include "src/results/sheet.h"

/* A variant's log-perplexity, the paper's, and the difference to the baseline. */
struct table1_row {
    const char *variant;
    int64_t n; /* ok runs */
    double mean_nats, stddev_nats;
    struct interval ci95_nats;
    double delta_nats;
    struct interval delta_ci95_nats;
    double p_paired, p_holm;
    double paper_65536_nats, paper_65536_stddev_nats, paper_524288_nats;
    int64_t n_paired; /* seeds that both have */
    double delta_stddev_nats;
    struct interval delta_bootstrap_ci95_nats;
    double p_sign_flip, detectable_nats;
    bool best;
    double delta_hodges_lehmann_nats; /* by ranks: one odd seed does not carry it away */
    struct interval delta_hodges_lehmann_ci95_nats;
    /* What pairing with the baseline buys, by seed and by held-out example. */
    double seed_correlation, seed_variance_ratio, example_correlation, example_variance_ratio;
    double e_value; /* of the difference, as the interval: they hold at every look */
    struct interval anytime_ci95_nats;
};
extern const struct layout table1_layout;

/* The rows as they stand in a document. */
struct table1 {
    struct table1_row *row;
    int rows;
};
int table1_read(struct table1 *table1, const json_t *document); /* 0, or -1 and nothing to free */
void table1_free(struct table1 *table1);

struct agreement {
    double kendall_tau_b, p_value; /* our order of the variants and the paper's */
    double gated_minus_ungated_nats;
    struct interval gated_minus_ungated_ci95;
    double p_gated;
    int64_t variants, n;
    double p_gated_sign_flip, paper_gated_minus_ungated_nats;
    double gated_e_value; /* this and the interval hold at every look */
    struct interval gated_minus_ungated_anytime_ci95;
};
extern const struct layout agreement_layout;
void agreement_read(struct agreement *agreement, const json_t *document);

/* The same with any paper that has log-perplexities: agreement.published.KEY. */
struct published_agreement {
    double kendall_tau_b, p_value;
    int64_t variants; /* that both have */
    double gated_minus_ungated_nats; /* the paper's, of these variants */
};
extern const struct layout published_agreement_layout;

void note_agreement(struct sheet *sheet, const struct matrix *matrix, const struct agreement *agreement);
/* With the paper of that key; nothing where there is no such agreement, or it is PUBLISHED_PAPER, of which
 * the note above tells.  `gated`: the paper's contrast too. */
void note_published(struct sheet *sheet, const json_t *document, const char *key, bool gated);
void note_pairing(struct sheet *sheet, const struct table1 *table1);
void note_gated(struct sheet *sheet, const struct matrix *matrix, const struct agreement *agreement);
void note_best(struct sheet *sheet, const struct matrix *matrix, const struct table1 *table1);

#endif
