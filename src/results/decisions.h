/* decisions.h - seeds until decided: which variants are decided against the baseline, looked at after
 * each block of seeds.
 *
 * A block is one seed of all variants.  After each the e-value of every variant's differences is
 * looked at (sequential.h): those that e-BH rejects at 5 % are better or worse; one whose anytime
 * interval lies within the margin is equal.  What is decided stays so, and counts at later looks as it
 * did: its e-value is the one that it was decided with.  So the share of wrong ones among those that
 * are better or worse is at most 5 % in the mean, at whatever look one stops. */
#ifndef GLU_RESULTS_DECISIONS_H
#define GLU_RESULTS_DECISIONS_H

#include "src/glu.h"
#include "src/results/matrix.h"
#include "src/util/interval.h"
#include "src/util/metric.h"

struct decision {
    const char *kind; /* "better", "worse", "equal"; "undecided" */
    int n;            /* seeds that both had when it was decided, or have so far */
    double e_value;   /* then, against no difference */
    struct interval interval; /* then, of the difference: it holds at every look */
    /* Of the differences so far: */
    int pairs;
    double mean, squares;
};

bool decision_is_made(const struct decision *decision);

struct decisions {
    const struct metric *metric;
    double margin; /* a difference within it is none */
    int variants, baseline;
    struct decision *decision; /* (variants); the baseline's says nothing */
    double *e;                 /* (variants): of a look */
    bool *rejected;            /* (variants) */
    int looks;     /* how many blocks there were */
    int undecided; /* how many variants are so, the baseline not counted */
};

/* Of variants of which that one is the baseline.  0, or -1, a message and nothing to close. */
int decisions_open(struct decisions *decisions, const struct metric *metric, int variants,
                   int baseline, double margin);
/* One that is zeroed is fine. */
void decisions_close(struct decisions *decisions);

/* Look, with one block more: (variants) values, NAN where a run gave none.  Once all are decided there
 * is nothing to look at. */
void decisions_add(struct decisions *decisions, const double *values);
/* How many blocks it takes at least, be the differences ever so clear. */
int decisions_least(void);

/* All looks at a document, in the order of its seeds: at those that every variant has a run of that
 * ended.  To be closed.  0, or -1, a message and nothing to close: memory; it has no baseline. */
int decisions_replay(struct decisions *decisions, const struct matrix *matrix);

#endif
