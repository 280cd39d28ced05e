/* published.h - figures that others published: results/published/KEY.json, a file for each paper, which
 * are part of the program.  results/published/README.md tells what stands in one. */
#ifndef GLU_RESULTS_PUBLISHED_H
#define GLU_RESULTS_PUBLISHED_H

#include "src/glu.h"

#include <jansson.h>

/* The paper that the variants are of: its figures are in every results file. */
#define PUBLISHED_PAPER "shazeer2020"

/* One metric of one variant. */
struct published_value {
    const char *variant;
    double value, stddev; /* NAN: not told */
    double n;             /* runs behind it; NAN: not told */
};

struct published_metric {
    const char *name, *unit;
    bool lower_is_better;
    double at_steps, n; /* NAN: not told, or not the same for all */
    struct published_value *value; /* (values), in the paper's order */
    int values;
};

struct published_paper {
    json_t *document;
    const char *key, *title, *source;
    int64_t year;
    bool verified; /* the figures were read in the source; false: they are from memory */
    struct published_metric *metric; /* (metrics): the first is what the paper is known for */
    int metrics;
};

struct published {
    struct published_paper *paper; /* (papers) */
    int papers;
};
/* All of them, read once and kept to the end of the program.  NULL and a message. */
const struct published *published_all(void);

/* The key of the i-th paper, by name, or NULL past the last; nothing is read for it. */
const char *published_key(int i);
/* NULL: there is no such paper. */
const struct published_paper *published_find(const struct published *published, const char *key);
/* Is it a log-perplexity in nats, of whatever its tokens are? */
bool published_is_nats(const struct published_metric *metric);
/* Its log-perplexity after so many steps, or, where that is NAN, the first that it has.  NULL: it has
 * none (or paper is NULL). */
const struct published_metric *published_nats(const struct published_paper *paper, double at_steps);
/* NULL: the paper does not have that variant (or metric is NULL). */
const struct published_value *published_value(const struct published_metric *metric,
                                              const char *variant);
/* A cell of a table that a paper has beside its metrics, or NAN:
 * published_cell(paper, "table2_glue", "relu", "cola_mcc"). */
double published_cell(const struct published_paper *paper, const char *table, const char *variant,
                      const char *column);

/* All papers, as the array of objects that `list --format json` has.  New reference, or NULL and a
 * message. */
json_t *published_json(void);

#endif
