/* scores.h - what the tables of tasks share: the rows of tables.scores, and the contrast of the gates. */
#ifndef GLU_RESULTS_TABLES_SCORES_H
#define GLU_RESULTS_TABLES_SCORES_H

#include "src/results/matrix.h"
#include "src/results/sheet.h"
#include "src/results/task_scores.h"

/* A variant's score, or loss, in a task, and the difference to the baseline. */
struct score_row {
    const char *table; /* of a results file; NULL: none */
    const char *task, *metric, *unit, *variant;
    bool higher_is_better;
    int64_t n; /* ok runs that have it */
    double mean, stddev;
    struct interval ci95;
    double mean_last; /* of the last checkpoints: the best of many on the dev set is optimistic */
    int64_t n_paired; /* seeds that the baseline has too */
    double delta, delta_stddev;
    struct interval delta_ci95;
    double p_paired, p_sign_flip;
    double p_holm; /* over the scores of the table, over its losses, or over other forms of these */
    double e_value;
    struct interval anytime_ci95;
    bool best;
    bool complete; /* the files are the whole distribution */
    bool ranked;   /* the task has a signal, or no classes */
    double paper, paper_delta;
    double prior_nats, minus_prior_nats; /* of label_nats */
    struct interval minus_prior_ci95_nats;
    const char *signal;
};
extern const struct layout score_layout;

/* The rows as they stand in a document. */
struct score_rows {
    struct score_row *row;
    int rows;
};
int score_rows_read(struct score_rows *rows, const json_t *document); /* 0, or -1 and nothing to free */
void score_rows_free(struct score_rows *rows);
/* NULL: there is none. */
const struct score_row *score_rows_find(const struct score_rows *rows, const char *task, const char *metric,
                                        const char *variant);

/* "71.33 (0.42) +", losses in more digits; the spread where it is asked for, and a mark where it differs from the
 * baseline's.  `row` NULL: empty. */
void cell_score(struct sheet *sheet, const struct score_row *row, bool spread);
/* The difference, its interval and the test: three cells. */
void cells_score_difference(struct sheet *sheet, const struct matrix *matrix, const struct score_row *row);

/* A note of the differences that cells mark, or three columns tell. */
void note_scores(struct sheet *sheet, const struct matrix *matrix, bool marked);
/* Which tasks are a subset, and which have no signal: of that table (NULL: of all). */
void note_subsets(struct sheet *sheet, const struct score_rows *rows, const char *table);
void note_signal(struct sheet *sheet, const struct score_rows *rows, const char *table);
/* The gated variants against the others, of tables.gated_scores. */
void note_gated_scores(struct sheet *sheet, const json_t *document, const char *table);

#endif
