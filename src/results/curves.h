/* curves.h - a metric against what it cost, and which curve is ahead of another. */
#ifndef GLU_RESULTS_CURVES_H
#define GLU_RESULTS_CURVES_H

#include "src/glu.h"
#include "src/util/metric.h"

struct curve {
    double *cost, *value; /* (count), cost ascending; owned */
    int count;
};

/* Room for `most` points, none of them set.  0, or -1 and a message and nothing to free. */
int curve_open(struct curve *curve, int most);
void curve_free(struct curve *curve);
/* The next point; left out when it is not finite or costs no more than the one before it. */
void curve_add(struct curve *curve, double cost, double value);

/* By straight lines between the points; NAN outside of them. */
double curve_at(const struct curve *curve, double cost);
/* What was spent, and the value there; NAN without points. */
double curve_end_cost(const struct curve *curve);
double curve_end_value(const struct curve *curve);
/* The best that a curve reaches at no more than this cost; NAN when it begins above it. */
double curve_best(const struct curve *curve, const struct metric *metric, double cost);
/* Does it reach a better value than the other's last, at no more than that one's cost? */
bool curve_dominates(const struct curve *curve, const struct curve *other,
                     const struct metric *metric);

/* The mean of several, point by point; those with fewer points than the longest are left out.
 * 0, or -1 and a message and nothing to free. */
int curve_mean(struct curve *mean, const struct curve *curves, int count);

#endif
