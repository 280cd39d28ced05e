/* team.h - the threads of a model.  Each is a worker, which walks through a share of the batch into a
 * gradient of its own, or one of the crew that is a worker together (crew.h); workers meet only to sum the
 * gradients in a fixed order.
 *
 * So a step is bit-identical at a given number of workers and size of their crews, also where the runtime
 * gives fewer threads than asked for: workers of one thread then take turns. */
#ifndef GLU_NN_TEAM_H
#define GLU_NN_TEAM_H

#include "src/nn/linear.h"

/* A thread.  Those of a crew have the same nn.diff, and buffers; the first of them is what others call
 * the worker. */
struct worker {
    struct nn nn;
    struct linear_plan *plans; /* by row of the model's table of products; owned */
    void *own;                 /* of the architecture */
    double loss_nats;          /* sum over the target tokens of this worker's share; of the first thread */
};

struct team {
    int size;               /* threads */
    int crew;               /* of them in a worker: neighbours */
    struct worker *workers; /* (size) */
    struct crew *crews;     /* (size / crew) */
};

/* So many workers of `crew` threads each, without primitives; `products` rows of plans for each thread.
 * 0 or -1. */
int team_open(struct team *team, int workers, int crew, int products) GLU_MUST_USE;
/* Frees the workers, but nothing that the architecture owns; a zeroed team is fine. */
void team_close(struct team *team);

/* Inside a parallel region of at most team->size threads, which all call it: are they enough?  Threads of
 * a crew wait for each other and cannot take turns.  If not, *status is -1 and there is a message for the
 * thread that began the region. */
bool team_is_there(const struct team *team, int *status);
/* Likewise: a thread's part of some work, for every thread of the team once. */
typedef void team_work(void *context, int thread);
void team_each(const struct team *team, team_work *work, void *context);
/* Likewise: all threads wait here, and the time is booked. */
void team_wait(struct team *team);

/* The sum of all workers' gradients into the first one's: of `count` elements from `offset` on by
 * whoever has nn, or a thread's part of all `elements`.  Neighbours first, then what pairs of them have,
 * and so on: the sums of several teams, of a power of two workers each, taken likewise, are to their
 * bits that of one team of all their workers.  What the others have is not their own gradient any more. */
void team_sum_piece(const struct team *team, struct nn *nn, size_t offset, size_t count);
void team_sum(struct team *team, size_t elements, int thread);
/* Likewise of their losses, once. */
double team_loss(const struct team *team);

/* Where the time of all threads went since the profile was reset: rows is (PROFILE_KINDS). */
void team_profile(const struct team *team, struct profile_row *rows);
void team_profile_reset(struct team *team);

#endif
