/* team.h - the threads of a model.  Each is a worker, or one of the crew that is a worker together (crew.h).
 * A batch has slots, one or two for each worker: a share of it and the gradient of that share.  A worker
 * begins with its own slots and, when it is done with them, takes what others have not begun, so that one
 * that another program holds up does less.
 *
 * A step is a row of stages: the slots, and what follows of sums, updates and packing, cut into parts.  A
 * stage is over when its parts are done, whoever did them, and not when all threads have come to its end:
 * a thread that is held up keeps the others waiting in the midst of a part alone.
 *
 * So a step is bit-identical at a given number of workers and size of their crews, whoever did what, also
 * where the runtime gives fewer threads than asked for. */
#ifndef GLU_NN_TEAM_H
#define GLU_NN_TEAM_H

#include "src/nn/linear.h"

#include <pthread.h>
#include <stdatomic.h>

enum { TEAM_STAGES = 16 };

/* A thread.  Those of a crew have the same nn.diff, and buffers; the first of them is what others call
 * the worker. */
struct worker {
    struct nn nn;              /* nn.diff: of the slot that it has */
    struct linear_plan *plans; /* by row of the model's table of products; owned */
    void *own;                 /* of the architecture */
    int stage;                 /* that the thread is in, from 1; 0 before the first */
    double loss_nats;          /* sum over the target tokens of its slot so far; of the first thread */
};

/* A share of a batch that one worker walks through. */
struct slot {
    float *diff;      /* its gradient of all parameters */
    double loss_nats; /* sum over its target tokens */
};

/* How far a step is.  Threads wait for the last part of a stage: at first awake, then asleep, so that the
 * core is there for the one that is late. */
struct stages {
    pthread_mutex_t lock;
    pthread_cond_t over;
    atomic_int *taken;             /* of each part: the last stage in which it was taken */
    atomic_int done[TEAM_STAGES];  /* parts of each stage */
};

struct team {
    int size;               /* threads */
    int crew;               /* of them in a worker: neighbours */
    struct worker *workers; /* (size) */
    struct crew *crews;     /* (size / crew) */
    int slot_count;         /* those of a worker are neighbours */
    struct slot *slots;     /* (slot_count) */
    int part_count;         /* parts of a stage without slots: those of a thread are neighbours */
    atomic_int next;        /* of what is taken in order: slices of an evaluation */
    struct stages stages;
};

/* So many workers of `crew` threads each, without primitives, with `slots` slots each; `products` rows of
 * plans for each thread.  0 or -1. */
int team_open(struct team *team, int workers, int crew, int slots, int products) GLU_MUST_USE;
/* Frees the workers, but nothing that the architecture owns; a zeroed team is fine. */
void team_close(struct team *team);

/* Inside a parallel region of at most team->size threads, which all call it: are they enough?  Threads of
 * a crew wait for each other and cannot take turns.  If not, *status is -1 and there is a message for the
 * thread that began the region. */
bool team_is_there(const struct team *team, int *status);
/* Likewise: a thread's part of some work, for every thread of the team once. */
typedef void team_work(void *context, int thread);
void team_each(const struct team *team, team_work *work, void *context);

/* Before a parallel region: no stage has begun and nothing is taken. */
void team_deal(struct team *team);

/* A stage, inside a parallel region: all threads call the same ones in the same order, at most TEAM_STAGES
 * after team_deal().  A thread takes parts, its own first, until none is left; it returns when all are
 * done, and sees what they have written.  Waiting is booked. */
typedef void team_part(void *context, int thread, int part);
/* Every part of part_count, each by one thread. */
void team_do(struct team *team, team_part *work, void *context);
/* Every slot, each by all threads of one worker. */
void team_do_slots(struct team *team, team_part *work, void *context);
/* One part, by the thread that began the region, or by any. */
void team_do_once(struct team *team, bool first, team_part *work, void *context);

/* What team_do_slots() gives a worker, of which `thread` is one: a slot that nobody has taken in this
 * stage, the same for all its threads; the worker's own first.  -1: none is left. */
int team_take(struct team *team, int thread);
/* Likewise, without a stage: 0, 1, 2 and so on, each once. */
int team_next(struct team *team, int thread);

/* The sum of all slots' gradients into the first one's: of `count` elements from `offset` on by
 * whoever has nn, or a part of all `elements`, of part_count.
 * Neighbours first, then what pairs of them have, and so on: the sums of several teams, of a power of two
 * slots each, taken likewise, are to their bits that of one team of all their slots.  What the others have
 * is not their own gradient any more. */
void team_sum_piece(const struct team *team, struct nn *nn, size_t offset, size_t count);
void team_sum(struct team *team, size_t elements, int thread, int part);
/* Likewise of their losses, once. */
double team_loss(const struct team *team);

/* Where the time of all threads went since the profile was reset: rows is (PROFILE_KINDS). */
void team_profile(const struct team *team, struct profile_row *rows);
void team_profile_reset(struct team *team);

#endif
