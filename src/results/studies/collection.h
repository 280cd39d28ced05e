/* collection.h - the results of a study: its settings, each with a results file, and where each stands
 * on the axes; and what all tables of a study are computed on, the differences by setting and seed. */
#ifndef GLU_RESULTS_STUDIES_COLLECTION_H
#define GLU_RESULTS_STUDIES_COLLECTION_H

#include "src/glu.h"
#include "src/results/matrix.h"

#include <jansson.h>

struct collection_axis {
    const char *name;
    bool draw; /* settings differ in it as draws from a population do */
    const char **value; /* (values); the texts are the document's */
    double *number;     /* (values): the value as a number; NAN: it is none */
    int values;
};

struct collection_point {
    const char *name;  /* of the setting */
    int *value;        /* (axes): which value it has of each axis */
    json_t *document;
    struct matrix matrix;
};

struct collection {
    json_t *study; /* study.json */
    struct collection_axis *axis; /* (axes) */
    struct collection_point *point; /* (points): those that have results */
    int axes, points;
    int missing; /* settings of the study without a results file */

    /* What is compared: every variant but the baseline, in the order of the tables, and last the mean
     * of the gated variants less that of the others, where there are both. */
    const char **unit, **label; /* (units): names, and what tables call them */
    int units;
    bool has_gap; /* the last unit is that mean */
    const char *baseline;
    int64_t *seed; /* (seeds): of all settings */
    int seeds;
    double *nats;  /* (units, points, seeds): difference to the baseline, or the gap; NAN: none */
};

/* What the last unit is called. */
#define COLLECTION_GAP "gated - ungated"

/* Read a study's directory.  A setting without a results file is counted and left out; of one that lacks
 * runs nothing is said, as the caller knows how many the whole study lacks.  `documents`, when it is not
 * NULL, has {SETTING: results} in place of the files.  0, or -1 and a message that names the file (no
 * study, no results at all, baselines that differ, memory) and nothing to close. */
int collection_open(struct collection *collection, const char *directory, json_t *documents)
    GLU_MUST_USE;
void collection_close(struct collection *collection);

double collection_at(const struct collection *collection, int unit, int point, int seed);

/* Settings that differ in no axis which is a draw, as one: they share their seeds and data.
 * group[point] is the number of its group; returns how many there are. */
int collection_groups(const struct collection *collection, int *group);
/* Settings that differ in one axis alone, likewise. */
int collection_groups_but(const struct collection *collection, int axis, int *group);

/* Of each seed, the mean of a unit over the points for which wanted[] is true, where all of them have
 * it: x of the seeds that are left, in order, and how many. */
int collection_means(const struct collection *collection, int unit, const bool *wanted, double *x);
/* The same of two sets of points, at the seeds that both have. */
int collection_pairs(const struct collection *collection, int unit, const bool *a, const bool *b,
                     double *x, double *y);
/* The values of a unit at one point: x of the seeds that have it, in order, and how many. */
int collection_values(const struct collection *collection, int unit, int point, double *x);

/* What tables compute in; all of it begins as 0. */
struct collection_scratch {
    int *group;        /* (points) */
    bool *here, *there; /* (points) */
    double *x, *y;     /* (seeds) */
};

/* 0, or -1 and a message; to be freed in either case. */
int collection_scratch(const struct collection *collection, struct collection_scratch *scratch)
    GLU_MUST_USE;
void collection_scratch_free(struct collection_scratch *scratch);

#endif
