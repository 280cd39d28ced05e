/* ranks.h - the processes of this program, and how they divide into groups that train one model each.
 *
 * There is one program, so there is one state.  The program by itself is one group of one rank. */
#ifndef GLU_COMM_RANKS_H
#define GLU_COMM_RANKS_H

#include "src/comm/comm.h"

struct ranks {
    struct comm *all;
    int here;            /* how many of them are on this machine */
    const char *library; /* what carries between them; NULL: nothing does */
    struct comm *group;  /* those that train a model with this one */
    struct comm *leaders; /* rank 0 of each group; NULL unless this is one */
    int groups, number;  /* how many there are, and which this one is in, from 0 */
    bool divided; /* ranks_divide() was called */
    bool broken; /* this rank cannot go on, and others wait for it */
};
const struct ranks *ranks_get(void);

/* The program consists of these, each a group of its own until they are divided. */
void ranks_begin(struct comm *all, int here, const char *library);
/* Groups of `size` neighbours; that number divides all of them.  Called by all; once.  0 or -1. */
int ranks_divide(int size) GLU_MUST_USE;
/* Close what was made. */
void ranks_end(void);

/* This rank cannot go on, and cannot tell the others, who wait for it: the program is to end them. */
void ranks_break(void);

/* Is `text`, lines, the same on all of them?  0; -1 on every rank when not, and on rank 0 a message with
 * the first lines in which it and the first rank that differs do.  Called by all. */
int ranks_same(struct comm *comm, const char *text) GLU_MUST_USE;
/* Has something gone well on all?  `status` is 0 or -1 with a message.  0; -1 on every rank when not: the
 * first rank at which it has not keeps its message, rank 0 has that name, and the others have none. */
int ranks_all(struct comm *comm, int status) GLU_MUST_USE;

/* How many processes the launcher of this one says that it has started, and in which variable of the
 * environment: what agrees with `size` if anything does.  0: none says. */
int ranks_launched(int size, const char **variable);

#endif
