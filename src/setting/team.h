/* team.h - how many threads are a worker together, where nobody said. */
#ifndef GLU_SETTING_TEAM_H
#define GLU_SETTING_TEAM_H

#include "src/setting/setting.h"

/* What a run's threads in one process are there for. */
struct team_need {
    int threads;
    int batch;    /* examples of a step in this process: as many workers have something to do */
    double bytes; /* of memory that there are for it */
    /* Bytes that a run takes with teams of that size, or 0 when it cannot be told. */
    double (*takes)(void *context, int team);
    void *context;
};

/* One thread, unless there are several for each example, or a gradient for each worker would not fit: then
 * the smallest team with which it does, or all threads. */
int team_choose(const struct team_need *need);

/* Check what was asked for, or choose.  0 or -1. */
int team_resolve(struct setting *setting) GLU_MUST_USE;

#endif
