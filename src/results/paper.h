/* paper.h - the figures that the paper printed: results/paper.json, which is part of the program. */
#ifndef GLU_RESULTS_PAPER_H
#define GLU_RESULTS_PAPER_H

#include "src/glu.h"

#include <jansson.h>

/* A row of its table 1, held-out log-perplexity in nats. */
struct paper_row {
    const char *variant;
    double steps_65536_mean, steps_65536_stddev, steps_524288;
};

struct paper {
    json_t *document;
    struct paper_row *row; /* (rows), in the paper's order */
    int rows;
};
/* 0, or -1 and a message and nothing to close. */
int paper_open(struct paper *paper);
void paper_close(struct paper *paper);

/* NULL: the paper does not have that variant. */
const struct paper_row *paper_find(const struct paper *paper, const char *variant);
/* A cell of its tables 2 to 4: paper_score(paper, "table2_glue", "relu", "cola_mcc"), or NAN. */
double paper_score(const struct paper *paper, const char *table, const char *variant,
                   const char *column);

#endif
