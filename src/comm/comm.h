/* comm.h - between the processes that train one model together, each a share of the batch.
 *
 * After a process has summed its own workers' gradients, the processes sum theirs; then each makes the
 * same update.  Every function is called by one thread of each process at a time, in the same order by
 * all. */
#ifndef GLU_COMM_COMM_H
#define GLU_COMM_COMM_H

#include "src/glu.h"

struct comm {
    int rank, size;
    /* x = the sum of all ranks' x, on every rank the same bits: pairwise, as a team of workers sums
     * (src/nn/team.h), so that ranks of a power of two workers each give the bits of one process of
     * all of them.  0, or -1 and a message. */
    int (*sum)(struct comm *comm, float *x, size_t n);
    /* The same by one call of each kind over all of it, in `room` of n floats; n is a multiple of size.
     * Nobody trains by it: it is what sum() is measured against. */
    int (*sum_at_once)(struct comm *comm, float *x, float *room, size_t n);
    /* The same of a few numbers: losses, counts of targets, flags. */
    int (*agree)(struct comm *comm, double *x, int n);
    /* Rank 0's bytes, to all. */
    int (*share)(struct comm *comm, void *data, size_t bytes);
    /* Go on when all have come here.  Those who wait leave their processors to others. */
    int (*rest)(struct comm *comm);
    /* A communicator of those that give the same `part`, in their order, to be closed; NULL to those that
     * give a negative one.  Called by all.  0, or -1 and a message. */
    int (*split)(struct comm *comm, int part, struct comm **made);
    void (*close)(struct comm *comm);
};

/* A kind of communicator, by its file.  get() gives the one there is of it, to be closed by its own
 * close() at the end of the program; NULL and a message where that is impossible. */
struct comm_type {
    const char *name;
    struct comm *(*get)(void);
};
/* The i-th kind, or NULL past the last; the first is the default. */
const struct comm_type *comm_type_at(int i);

/* A process by itself. */
struct comm *comm_self(void);

#endif
