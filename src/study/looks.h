/* looks.h - seeds until decided: after each whole block of a sweep, all variants at one seed, is there
 * anything left to find out?
 *
 * The runs of a block begin when there was a look at all blocks before it, whatever the number of jobs,
 * so that how many seeds there are depends on the losses alone.  The first blocks, which cannot decide
 * anything, do not wait for each other.  All functions are called under the lock of the runs. */
#ifndef GLU_STUDY_LOOKS_H
#define GLU_STUDY_LOOKS_H

#include "src/results/decisions.h"
#include "src/study/study.h"

struct looks {
    const struct study *study; /* NULL: nobody looks, and all seeds are due */
    struct decisions decisions;
    double *values; /* (variants) */
    bool *told;     /* (variants) */
    int least;      /* blocks that are due at once */
};

/* Look at what is done already.  0, or -1 and a message and nothing to close. */
int looks_open(struct looks *looks, const struct study *study) GLU_MUST_USE;
void looks_close(struct looks *looks);

/* A run has ended: look at the blocks that are whole now, and say what that decides. */
void looks_update(struct looks *looks);
/* May that run of the study begin?  It may never, when all is decided. */
bool looks_are_due(const struct looks *looks, int run);
bool looks_are_over(const struct looks *looks);

/* How many seeds have begun, or are to: those that results are of.  0: all. */
int looks_seeds(const struct looks *looks);
/* At the end: what is decided, and what is not. */
void looks_tell(const struct looks *looks);

#endif
