/* turns.c - see turns.h. */
#include "src/glu.h"

#include "src/bench/turns.h"

#include "src/results/statistics.h"
#include "src/util/clock.h"
#include "src/util/json_help.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { REPEATS_MAX = 10000, WARM_UP = 2 };

int turns_meet(struct comm *comm, const atomic_int *stop)
{
    double flag = *stop != 0;

    if (comm->agree(comm, &flag, 1))
        return -1;
    return flag > 0;
}

/* A way so often, in *seconds of once. */
static int repeat(struct turns *turns, struct turns_way *way, int times, double *seconds)
{
    struct comm *comm = turns->comm;
    double start_s;
    int status = turns_meet(comm, turns->stop);

    if (status)
        return status;
    start_s = clock_now_s();
    for (int i = 0; i < times && (comm->rank == 0 || !way->alone); i++)
        if (way->once(turns->context))
            return -1;
    if (way->apart)
        status = turns_meet(comm, turns->stop);
    *seconds = (clock_now_s() - start_s) / times;
    return status == 0 && way->alone ? comm->rest(comm) : status;
}

static int warm_up(struct turns *turns, int *repeats)
{
    double once_s = 0, seconds;
    int status = 0;

    for (int i = 0; i < turns->ways && status == 0; i++)
        if (turns->way[i].once)
            status = repeat(turns, &turns->way[i], WARM_UP, i == 0 ? &once_s : &seconds);
    if (status)
        return status;
    *repeats = (int)fmin(fmax(ceil(turns->sample_s / fmax(once_s, 1e-9)), 1), REPEATS_MAX);
    return turns->comm->share(turns->comm, repeats, sizeof *repeats);
}

int turns_take(struct turns *turns)
{
    int repeats = 1, status = 0;

    for (int i = 0; i < turns->ways; i++) {
        turns->way[i].samples_s = calloc((size_t)turns->samples + 1, sizeof(double));
        if (!turns->way[i].samples_s)
            return err_set("out of memory");
    }
    status = warm_up(turns, &repeats);
    for (int n = 0; n < turns->samples && status == 0; n++) {
        for (int k = 0; k < turns->ways && status == 0; k++) {
            /* There and back, so that none is always behind the same one. */
            struct turns_way *way = &turns->way[n % 2 == 0 ? k : turns->ways - 1 - k];

            if (way->once)
                status = repeat(turns, way, repeats, &way->samples_s[n]);
        }
        turns->count += status == 0;
    }
    return status;
}

void turns_free(struct turns *turns)
{
    for (int i = 0; i < turns->ways; i++) {
        free(turns->way[i].samples_s);
        turns->way[i].samples_s = NULL;
    }
}

/* ---- As JSON --------------------------------------------------------------------------------- */

static int count_of(const struct turns *turns, int i)
{
    return turns->way[i].once ? turns->count : 0;
}

double turns_median_s(const struct turns *turns, int i)
{
    struct interval interval = {NAN, NAN};
    double median_s = NAN;

    return stats_median(turns->way[i].samples_s, count_of(turns, i), 0.95, &median_s, &interval) ? NAN
                                                                                             : median_s;
}

int turns_put(const struct turns *turns, int i, json_t *row, const char *prefix)
{
    json_t *list = json_array();
    struct interval interval = {NAN, NAN};
    double median_s = NAN;
    char key[64];
    int bad = stats_median(turns->way[i].samples_s, count_of(turns, i), 0.95, &median_s, &interval);

    for (int n = 0; n < count_of(turns, i); n++)
        bad |= json_push(list, json_number(turns->way[i].samples_s[n]));
    snprintf(key, sizeof key, "%ssamples_s", prefix);
    bad |= json_put(row, key, list);
    snprintf(key, sizeof key, "%smedian_s", prefix);
    bad |= json_put(row, key, json_number(median_s));
    snprintf(key, sizeof key, "%smedian_s_ci95", prefix);
    return bad | json_put(row, key, json_interval(interval));
}

int turns_put_speed(const struct turns *turns, int i, json_t *row, const char *name)
{
    int count = count_of(turns, i);
    struct interval interval = {NAN, NAN};
    double ratio = NAN;
    char key[64];
    int bad = stats_median_ratio(turns->way[i].samples_s, count, turns->way[0].samples_s, count, true,
                                 0.95, &ratio, &interval);

    bad |= json_put(row, name, json_number(ratio));
    snprintf(key, sizeof key, "%s_ci95", name);
    return bad | json_put(row, key, json_interval(interval));
}
