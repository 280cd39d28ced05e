/* crew.h - the threads that do one worker's work together (--team): one gradient, one set of activations.
 *
 * All members run the same layers.  A layer computes a member's share of the rows (tokens), of the heads or
 * of a gradient's elements, and members wait for each other where one reads what another writes:
 *
 *     rows of tokens    embedding, norms, products with weights, gates, rotary turns, dropout, cross-entropy
 *     heads             scores, softmax, values and the biases of positions
 *     rows of weights   their gradients, which sum over all tokens
 *     columns           gradients of the embedding and the norms, which sum over tokens too
 *
 * Shares depend on (member, size) alone, so a step is bit-identical at a given size.  A crew of one has all
 * of everything and never waits. */
#ifndef GLU_NN_CREW_H
#define GLU_NN_CREW_H

#include "src/util/arena.h"

#include <stdatomic.h>

struct crew {
    int size;
    atomic_int there;   /* members that wait */
    atomic_uint rounds; /* of waiting that are over */
    int taken;          /* what the first has taken for all: see team.h */
    /* What members add up over their rows, before it is summed; NULL in a crew of one. */
    float *gains;    /* (size, columns) */
    double *scalars; /* (size, CREW_SCALARS) */
};

enum { CREW_SCALARS = 8 }; /* a cache line */

/* A crew of `size` that waits for nobody yet. */
void crew_open(struct crew *crew, int size);
/* Room for sums of so many columns; with a measuring arena it is only counted. */
void crew_alloc(struct crew *crew, struct arena *arena, int columns);

/* Until all members are here; what they have written before, all can read then.  Called by all. */
void crew_wait(struct crew *crew);

/* A part of a whole. */
struct share {
    int first, count;
};
/* The part-th of so many nearly equal parts. */
struct share crew_share(int whole, int part, int parts);
/* Rows of example i, of `length` rows each, that a share of all examples' rows has: counted from the
 * example's first row; none when the share lies elsewhere. */
struct share crew_share_of_example(struct share rows, int i, int length);

#endif
