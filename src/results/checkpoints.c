/* checkpoints.c - see checkpoints.h. */
#include "src/glu.h"

#include "src/results/checkpoints.h"

#include <math.h>
#include <string.h>

double checkpoint_group(const struct checkpoints *checkpoints, int checkpoint, const char *group)
{
    double sum = 0;
    int columns = 0;

    for (int j = 0; j < checkpoints->columns; j++) {
        size_t at = (size_t)checkpoint * (size_t)checkpoints->columns + (size_t)j;

        if (strcmp(checkpoints->group[j], group) != 0)
            continue;
        if (checkpoints->measured && !checkpoints->measured[at])
            return NAN;
        sum += isnan(checkpoints->score[at]) ? 0 : checkpoints->score[at];
        columns++;
    }
    return columns ? sum / columns : (double)NAN;
}

int checkpoint_best(const struct checkpoints *checkpoints, const char *group)
{
    return checkpoint_best_average(checkpoints, &group, 1);
}

double checkpoint_average(const struct checkpoints *checkpoints, int checkpoint,
                          const char *const *groups, int count)
{
    double sum = 0;

    for (int i = 0; i < count; i++)
        sum += checkpoint_group(checkpoints, checkpoint, groups[i]);
    return count ? sum / count : (double)NAN;
}

int checkpoint_best_average(const struct checkpoints *checkpoints, const char *const *groups,
                            int count)
{
    double highest = NAN;
    int best = -1;

    for (int i = 0; i < checkpoints->count; i++) {
        double average = checkpoint_average(checkpoints, i, groups, count);

        if (isnan(average) || average <= highest)
            continue;
        best = i;
        highest = average;
    }
    return best;
}

double checkpoint_average_of_best(const struct checkpoints *checkpoints, const char *const *groups,
                                  int count)
{
    double sum = 0;

    for (int i = 0; i < count; i++) {
        int best = checkpoint_best(checkpoints, groups[i]);

        sum += best < 0 ? (double)NAN : checkpoint_group(checkpoints, best, groups[i]);
    }
    return count ? sum / count : (double)NAN;
}
