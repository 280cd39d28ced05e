/* team.h - the workers of a model: threads that each walk through a share of the batch into a gradient
 * of their own, and meet only to sum the gradients in a fixed order.
 *
 * So a step is bit-identical at a given number of workers, also where the runtime gives fewer threads
 * than asked for: workers then take turns. */
#ifndef GLU_NN_TEAM_H
#define GLU_NN_TEAM_H

#include "src/nn/linear.h"

struct worker {
    struct nn nn;
    struct linear_plan *plans; /* by row of the model's table of products; owned */
    void *own;                 /* of the architecture */
    double loss_nats;          /* sum over the target tokens of this worker's share */
};

struct team {
    int size;
    struct worker *workers; /* (size) */
};

/* Workers without primitives; `products` rows of plans each.  0 or -1. */
int team_open(struct team *team, int size, int products) GLU_MUST_USE;
/* Frees the workers, but nothing that the architecture owns; a zeroed team is fine. */
void team_close(struct team *team);

/* Inside a parallel region of at most team->size threads, which all call it: a worker's part of some
 * work, for every worker once. */
typedef void team_work(void *context, int worker);
void team_each(const struct team *team, team_work *work, void *context);
/* Likewise: all threads wait here, and the time is booked. */
void team_wait(struct team *team);

/* The sum of all workers' gradients into the first one's: of `count` elements from `offset` on by
 * whoever has nn, or a worker's part of all `elements`.  Neighbours first, then what pairs of them have,
 * and so on: the sums of several teams, of a power of two workers each, taken likewise, are to their
 * bits that of one team of all their workers.  What the others have is not their own gradient any more. */
void team_sum_piece(const struct team *team, struct nn *nn, size_t offset, size_t count);
void team_sum(struct team *team, size_t elements, int worker);
/* Likewise of their losses, once. */
double team_loss(const struct team *team);

/* Where the time of all workers went since the profile was reset: rows is (PROFILE_KINDS). */
void team_profile(const struct team *team, struct profile_row *rows);
void team_profile_reset(struct team *team);

#endif
