/* turns.h - ways of doing the same, by all ranks of the program, timed in turn. */
#ifndef GLU_BENCH_TURNS_H
#define GLU_BENCH_TURNS_H

#include "src/comm/comm.h"

#include <jansson.h>
#include <stdatomic.h>

enum { TURNS_WAYS_MAX = 3 };

struct turns_way {
    int (*once)(void *context); /* 0 or -1; NULL: this way is not gone */
    bool alone; /* by rank 0, while the others leave it their processors */
    bool apart; /* by each rank by itself: it lasts until the last one is done */
    double *samples_s; /* (samples) of doing it once, as rank 0 saw them; owned */
};

struct turns {
    struct comm *comm;
    void *context;
    int ways; /* the first one is gone, by all */
    struct turns_way way[TURNS_WAYS_MAX];
    int samples;  /* that are wanted of each */
    double sample_s; /* a sample repeats its way until the first one lasts about so long */
    const atomic_int *stop;
    int count; /* samples that there are of each */
};

/* Called by all ranks, which agree in all but the context.  0, 1: a rank is to stop; or -1.  To be freed in
 * each case. */
int turns_take(struct turns *turns) GLU_MUST_USE;
void turns_free(struct turns *turns);

/* 0, 1 or -1: likewise, is a rank to stop? */
int turns_meet(struct comm *comm, const atomic_int *stop) GLU_MUST_USE;

/* Seconds of way i: the samples, their median and its 95 % interval, under PREFIX and "samples_s",
 * "median_s" and "median_s_ci95".  No samples and null where it was not gone.  -1 when memory ran out. */
int turns_put(const struct turns *turns, int i, json_t *row, const char *prefix) GLU_MUST_USE;
double turns_median_s(const struct turns *turns, int i); /* NAN where it was not gone */
/* How fast the first way is beside way i, in pairs, and its 95 % interval, under NAME and NAME_ci95. */
int turns_put_speed(const struct turns *turns, int i, json_t *row, const char *name) GLU_MUST_USE;

#endif
