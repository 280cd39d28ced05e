/* checkpoints.h - the scores of tasks at several checkpoints of a training: their averages, and the
 * best.
 *
 * Scores come in groups, one for each column of a benchmark's average: MRPC is one, with the mean
 * of F1 and accuracy.  The highest is the best. */
#ifndef GLU_RESULTS_CHECKPOINTS_H
#define GLU_RESULTS_CHECKPOINTS_H

#include <stdbool.h>

struct checkpoints {
    int count, columns;
    const char *const *group; /* (columns): the group that a column belongs to */
    const double *score;      /* (count, columns); NAN: undefined, which counts as 0 in means */
    const bool *measured;     /* (count, columns); NULL: all are */
};

/* The mean of the group's columns at a checkpoint; NAN unless all of them were measured, or when
 * there is none. */
double checkpoint_group(const struct checkpoints *checkpoints, int checkpoint, const char *group);
/* The checkpoint where that is highest, the first of equals; -1 when it is nowhere. */
int checkpoint_best(const struct checkpoints *checkpoints, const char *group);

/* The mean of so many groups at a checkpoint; NAN unless every one is there. */
double checkpoint_average(const struct checkpoints *checkpoints, int checkpoint,
                          const char *const *groups, int count);
/* The checkpoint where that is highest, the first of equals; -1 when it is nowhere. */
int checkpoint_best_average(const struct checkpoints *checkpoints, const char *const *groups,
                            int count);
/* The other average of a benchmark: of every group's mean at the checkpoint that is best for it;
 * NAN unless every one is there. */
double checkpoint_average_of_best(const struct checkpoints *checkpoints, const char *const *groups,
                                  int count);

#endif
