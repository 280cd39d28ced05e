/* cpus.c - see cpus.h. */
#include "src/glu.h"

#include "src/util/cpus.h"

#include "src/util/cgroup.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CPUS_MAX = 8192 };

/* ---- Sets of processors ---------------------------------------------------------------------- */

struct set {
    cpu_set_t *cpus;
    size_t bytes;
};

static bool set_open(struct set *set)
{
    *set = (struct set){CPU_ALLOC(CPUS_MAX), CPU_ALLOC_SIZE(CPUS_MAX)};
    if (set->cpus)
        CPU_ZERO_S(set->bytes, set->cpus);
    return set->cpus != NULL;
}

static void set_close(struct set *set)
{
    CPU_FREE(set->cpus);
}

static bool set_has(const struct set *set, int cpu)
{
    return CPU_ISSET_S((size_t)cpu, set->bytes, set->cpus);
}

/* "0-3,8" */
static void set_text(const struct set *set, char text[CPUS_TEXT_BYTES])
{
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0, end; i < CPUS_MAX && used < CPUS_TEXT_BYTES; i = end + 1) {
        for (end = i; end < CPUS_MAX && set_has(set, end); end++)
            ;
        if (end > i)
            used += (size_t)snprintf(text + used, CPUS_TEXT_BYTES - used, "%s%d", used ? "," : "", i);
        if (end > i + 1 && used < CPUS_TEXT_BYTES)
            used += (size_t)snprintf(text + used, CPUS_TEXT_BYTES - used, "-%d", end - 1);
    }
}

/* ---- OpenMP's places ------------------------------------------------------------------------- */

/* Are threads bound to places, each to its own? */
static bool places_count(void)
{
    omp_proc_bind_t bind = omp_get_proc_bind();

    return omp_get_num_places() > 0 && bind != omp_proc_bind_false && bind != omp_proc_bind_master;
}

/* False when memory ran out. */
static bool add_place(struct set *set, int place)
{
    int count = omp_get_place_num_procs(place);
    int *ids = calloc((size_t)count + 1, sizeof *ids);

    if (!ids)
        return false;
    omp_get_place_proc_ids(place, ids);
    for (int i = 0; i < count; i++)
        if (ids[i] >= 0 && ids[i] < CPUS_MAX)
            CPU_SET_S((size_t)ids[i], set->bytes, set->cpus);
    free(ids);
    return true;
}

/* The calling thread alone; where it runs matters to its speed alone, so a failure is nothing. */
static void move_to(int place)
{
    struct set set;

    if (set_open(&set) && place >= 0 && add_place(&set, place))
        (void)sched_setaffinity(0, set.bytes, set.cpus);
    set_close(&set);
}

/* ---- One thread for every processor ---------------------------------------------------------- */

/* What the process may use, as its first job found it. */
static struct set allowed;
static pthread_once_t allowed_once = PTHREAD_ONCE_INIT;

static void find_allowed(void)
{
    if (set_open(&allowed) && sched_getaffinity(0, allowed.bytes, allowed.cpus))
        CPU_ZERO_S(allowed.bytes, allowed.cpus);
}

/* Do `threads` threads of teams, of so many each, have all processors, and is it for us to bind them? */
static bool processors_count(int threads, int team)
{
    pthread_once(&allowed_once, find_allowed);
    return team > 1 && allowed.cpus && CPU_COUNT_S(allowed.bytes, allowed.cpus) == threads &&
           omp_get_num_places() == 0 && !getenv("OMP_PROC_BIND") && !getenv("GOMP_CPU_AFFINITY");
}

/* The calling thread to the i-th of all. */
static void move_to_processor(int i)
{
    struct set set;
    int cpu = 0;

    while (cpu < CPUS_MAX && (!set_has(&allowed, cpu) || i-- > 0))
        cpu++;
    if (set_open(&set) && cpu < CPUS_MAX) {
        CPU_SET_S((size_t)cpu, set.bytes, set.cpus);
        (void)sched_setaffinity(0, set.bytes, set.cpus);
    }
    set_close(&set);
}

/* ---- Jobs ------------------------------------------------------------------------------------ */

/* Of `threads` threads in all, where the i-th goes: one after the other, or spread over all. */
static int place_of(int i, int threads)
{
    int places = omp_get_num_places();

    if (threads <= places && omp_get_proc_bind() != omp_proc_bind_spread)
        return i;
    return (int)((long long)i * places / threads);
}

void cpus_enter_job(int job, int jobs, int threads)
{
    if (jobs > 1 && places_count()) {
#pragma omp parallel num_threads(threads)
        move_to(place_of(job * threads + omp_get_thread_num(), jobs * threads));
    } else if (processors_count(jobs * threads, threads)) {
#pragma omp parallel num_threads(threads)
        move_to_processor(job * threads + omp_get_thread_num());
    }
}

void cpus_leave_job(int jobs, int threads)
{
    if (jobs > 1 && places_count()) {
#pragma omp parallel num_threads(threads)
        move_to(omp_get_place_num());
    } else if (processors_count(jobs * threads, threads)) {
#pragma omp parallel num_threads(threads)
        (void)sched_setaffinity(0, allowed.bytes, allowed.cpus);
    }
}

/* ---- What there is --------------------------------------------------------------------------- */

static int count_online(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);

    return online > 0 && online < INT_MAX ? (int)online : 1;
}

/* OpenMP makes no more threads, whatever is asked for. */
static void limit_threads(struct cpus *cpus, int most)
{
    if (most < 1 || most >= cpus->usable)
        return;
    cpus->usable = most;
    cpus->from = "OMP_THREAD_LIMIT";
}

void cpus_limit(struct cpus *cpus, double quota)
{
    int whole = quota >= 1 ? (int)fmin(quota, INT_MAX) : 1;

    cpus->quota = quota;
    if (isnan(quota) || whole >= cpus->usable)
        return;
    cpus->usable = whole;
    cpus->from = "quota";
}

void cpus_find(struct cpus *cpus)
{
    struct set affinity, places;
    int all;

    *cpus = (struct cpus){.usable = count_online(), .from = "affinity"};
    if (set_open(&affinity) && sched_getaffinity(0, affinity.bytes, affinity.cpus) == 0) {
        set_text(&affinity, cpus->affinity);
        cpus->usable = CPU_COUNT_S(affinity.bytes, affinity.cpus);
    }
    if (set_open(&places) && places_count()) {
        for (int i = 0; i < omp_get_num_places(); i++)
            (void)add_place(&places, i);
        all = CPU_COUNT_S(places.bytes, places.cpus);
        if (all > 0) {
            set_text(&places, cpus->places);
            cpus->usable = all;
            cpus->from = "places";
        }
    }
    set_close(&affinity);
    set_close(&places);
    cpus_limit(cpus, cgroup_cpu_quota(""));
    limit_threads(cpus, omp_get_thread_limit());
}

/* A positive number with blanks around it, as OpenMP reads them; 0 when it is none. */
static long read_positive(const char **text)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(*text, &end, 10);
    if (end == *text || errno || number <= 0)
        return 0;
    while (isspace((unsigned char)*end))
        end++;
    *text = end;
    return number;
}

int cpus_asked(const char *omp_num_threads)
{
    const char *text = omp_num_threads;
    long first = text ? read_positive(&text) : 0;

    if (first == 0)
        return 0;
    while (*text == ',') {
        text++;
        if (read_positive(&text) == 0)
            return 0;
    }
    return *text ? 0 : (int)(first < INT_MAX ? first : INT_MAX);
}
