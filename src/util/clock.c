/* clock.c - see clock.h. */
#include "src/glu.h"

#include "src/util/clock.h"

#include <time.h>

static double read_s(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double clock_now_s(void)
{
    return read_s(CLOCK_MONOTONIC);
}

double clock_process_s(void)
{
    return read_s(CLOCK_PROCESS_CPUTIME_ID);
}
