/* paired_bootstrap.h - is one system better than another, on the same sentences, by a score that is
 * no mean over them, such as BLEU?  Sentences are drawn again, the same for both (Koehn 2004,
 * "Statistical significance tests for machine translation evaluation"). */
#ifndef GLU_RESULTS_PAIRED_BOOTSTRAP_H
#define GLU_RESULTS_PAIRED_BOOTSTRAP_H

#include "src/glu.h"
#include "src/util/interval.h"

enum { PAIRED_BOOTSTRAP_RESAMPLES = 1000 };

struct paired_bootstrap {
    double a, b;       /* the scores of all sentences */
    double difference; /* a - b */
    struct interval interval; /* percentiles at STATS_LEVEL; none of a single sentence */
    double p; /* two-sided: how often the resampled differences, less their mean, are at least as
               * far from 0 as the one seen, which is counted among them; 1 for equal systems, NAN
               * where there is no interval */
};

/* a and b, (sentences, sums), are what each sentence gives; `score` makes a score of those of all
 * sentences together.  The same sentences are drawn whenever their number is the same.  0, or -1
 * and a message. */
int paired_bootstrap(const double *a, const double *b, int sentences, int sums,
                     double (*score)(const double *sums),
                     struct paired_bootstrap *result) GLU_MUST_USE;

#endif
