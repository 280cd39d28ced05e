/* cpus.h - the processors that this process may use, and where its threads run on them. */
#ifndef GLU_UTIL_CPUS_H
#define GLU_UTIL_CPUS_H

#include <stdbool.h>

enum { CPUS_TEXT_BYTES = 256 };

/* What there is, and how many threads are of use on it. */
struct cpus {
    /* Processors as the kernel writes them, "0-3,8"; "" when it cannot be told, or there is none. */
    char affinity[CPUS_TEXT_BYTES]; /* of the calling thread */
    char places[CPUS_TEXT_BYTES];   /* of all of OpenMP's places, when it binds threads to them */
    double quota;     /* of the control group, 1.5 for one and a half; NAN: none */
    int usable;       /* threads of use: at least 1 */
    const char *from; /* what decides it: "places", "affinity", "quota" or "OMP_THREAD_LIMIT" */
};

/* OpenMP's places count where there are any: they bind the calling thread to one of them, and its
 * affinity is of that alone.  A quota counts when it is less, rounded down to whole processors, one
 * at least: with more threads than that the group is stopped in the midst of a step, while those
 * that wait for others at a barrier use up the quota. */
void cpus_find(struct cpus *cpus);
/* The same of a quota that is known; for tests. */
void cpus_limit(struct cpus *cpus, double quota);

/* The threads that OMP_NUM_THREADS asks for: the first number of a list such as "4,2".  0 when it is
 * not set, or OpenMP ignores it for not being a list of positive numbers. */
int cpus_asked(const char *omp_num_threads);

/* Put the threads of a job, `threads` each, where they stay, from the thread that is to open the job's
 * parallel regions.
 *
 * Where OpenMP binds threads, each of several jobs on places of its own: it starts every one at the first
 * place.  Where it is not told whether to bind them (OMP_PROC_BIND), and all jobs together have a thread
 * for every processor, each on one of these: with another program beside them two threads of a team would
 * otherwise share one processor while that program has one to itself.  Nothing is done for threads that
 * wait for no others, of jobs of one. */
void cpus_enter_job(int job, int jobs, int threads);
/* Put them back to where OpenMP thinks they are, or to all processors. */
void cpus_leave_job(int jobs, int threads);

#endif
