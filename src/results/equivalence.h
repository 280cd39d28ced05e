/* equivalence.h - is a difference so small that it does not matter?  "Not significant" does not say
 * so; two one-sided tests do (Schuirmann 1987, J. Pharmacokinetics and Biopharmaceutics 15:657). */
#ifndef GLU_RESULTS_EQUIVALENCE_H
#define GLU_RESULTS_EQUIVALENCE_H

#include "src/util/interval.h"

struct equivalence {
    double p; /* the larger of the two one-sided p: below alpha, the difference lies within delta */
    struct interval interval; /* at 1 - 2 alpha: within [-delta, delta] exactly when p < alpha */
};

/* Of an estimate with its standard error (>= 0) at df degrees of freedom (> 0), against the margin
 * delta (> 0).  NAN and no interval where one of them is NAN. */
struct equivalence stats_equivalence(double mean, double standard_error, double df, double delta,
                                     double alpha);

#endif
