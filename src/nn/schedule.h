/* schedule.h - the learning rate of a step.  A schedule is a row of a table:
 *
 *     inverse-sqrt  lr0 sqrt(w / max(t, w))
 *     cosine        lr0 t / w up to t = w, then lr0 (0.1 + 0.45 (1 + cos(pi (t - w) / (T - w))))
 *     linear        lr0 t / w up to t = w, then lr0 (T - t) / (T - w): 0 in the last step
 *     constant      lr0 min(1, t / w) */
#ifndef GLU_NN_SCHEDULE_H
#define GLU_NN_SCHEDULE_H

#include "src/glu.h"

struct schedule_type;

struct schedule {
    const struct schedule_type *type; /* NULL: the first of the table */
    int64_t steps; /* T */
    double learning_rate; /* lr0: at the end of the warm-up */
    int64_t warmup_steps; /* w; 0 is taken for 1 */
    double decay_fraction; /* f: share of the steps, the last ones, over which it falls to zero */
};

/* The learning rate of step t, from 1, of `steps`: the type's, times
 * min(1, (steps - t + 1) / (f steps)) where f is not 0. */
double schedule_rate(const struct schedule *schedule, int64_t t);
/* How many of the first steps have the same learning rate in both. */
int64_t schedule_shared(const struct schedule *a, const struct schedule *b);

/* By name, or NULL. */
const struct schedule_type *schedule_type_find(const char *name);
/* The i-th of all schedules by its name, or NULL past the last. */
const struct schedule_type *schedule_type_at(int i, const char **name);

#endif
