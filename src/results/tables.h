/* tables.h - from a document's variants, runs and throughput samples to its tables. */
#ifndef GLU_RESULTS_TABLES_H
#define GLU_RESULTS_TABLES_H

#include "src/glu.h"
#include "src/results/statistics.h"

#include <jansson.h>

/* The losses of a document as a matrix.  Names and runs are borrowed from the document. */
struct grid {
    int variants, seeds;
    const char **name; /* (variants): the paper's in its order, then the others in the document's */
    json_int_t *seed;  /* (seeds), in order of first appearance */
    json_t **run;      /* (variants, seeds); NULL: no such run */
    double *nats;      /* (variants, seeds); NAN unless the run is ok */
};
int grid_open(struct grid *grid, const json_t *document);
void grid_close(struct grid *grid);
int grid_find(const struct grid *grid, const char *variant); /* row, or -1 */
/* The losses of two rows at the seeds that both have.  Returns how many. */
int grid_pair(const struct grid *grid, int a, int b, double *a_nats, double *b_nats);
/* One row's losses that exist. */
int grid_row(const struct grid *grid, int row, double *nats);

/* The paper's tables (results/paper.json).  New reference. */
json_t *paper_json(void);

/* Set document.tables and document.agreement (anew, but for measured fine-tuning tables). 0 or -1. */
int tables_compute(json_t *document);

/* Mean over seeds of (mean of the gated less mean of the ungated variants of the paper), over the
 * seeds that have all of them.  test->n 0: there are not both kinds. */
int tables_gated_contrast(const struct grid *grid, const json_t *document, struct paired_test *test);

#endif
