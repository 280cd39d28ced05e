/* beside.h - what others published, beside ours: the rows that a document has for the papers that its
 * configuration names, and the columns that tables make of them. */
#ifndef GLU_RESULTS_TABLES_BESIDE_H
#define GLU_RESULTS_TABLES_BESIDE_H

#include "src/results/matrix.h"
#include "src/results/sheet.h"

/* A variant of a paper, in the first metric of that paper. */
struct beside_row {
    const char *paper, *variant;
    const char *metric, *unit;
    double at_steps; /* NAN: not told */
    bool lower_is_better, verified;
    double value, stddev, n; /* stddev: of the n runs; NAN: not told */
    double delta;            /* to the paper's figure of our baseline; NAN: it has none */
    struct interval delta_ci95; /* Welch's, from both spreads: single runs are rarely printed */
};

struct beside {
    const json_t *keys; /* of the papers, as the configuration has them; the document's */
    const struct published *published;
    struct beside_row *row; /* as they stand in the document, a paper behind the other */
    int rows;
};
/* 0, or -1 and a message and nothing to close. */
int beside_open(struct beside *beside, const json_t *document);
void beside_close(struct beside *beside);

/* A column for each paper that has some of the variants, to the right of the others. */
void beside_headings(struct sheet *sheet, const struct matrix *matrix, const struct beside *beside);
/* The cells of a row there. */
void beside_cells(struct sheet *sheet, const struct matrix *matrix, const struct beside *beside,
                  const char *variant);
/* A note for each paper: what its figures are of, where they stand, and how its order agrees. */
void beside_notes(struct sheet *sheet, const struct matrix *matrix, const struct beside *beside);
/* For machines: sheet->data is `rows`, each with the figures of its variant as beside_PAPER_value and so
 * on.  0, or -1 and a message. */
int beside_data(struct sheet *sheet, const struct beside *beside, const json_t *rows);

#endif
