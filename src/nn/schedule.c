/* schedule.c - see schedule.h. */
#include "src/glu.h"

#include "src/nn/schedule.h"

#include <math.h>
#include <string.h>

struct schedule_type {
    const char *name;
    double (*share)(const struct schedule *schedule, double t, double warmup); /* of lr0 */
};

/* lr0 sqrt(w / max(t, w)): constant while it warms up, as in T5 (Raffel et al. 2019, section 3.1.2). */
static double inverse_sqrt(const struct schedule *schedule, double t, double warmup)
{
    (void)schedule;
    return sqrt(warmup / fmax(t, warmup));
}

/* Where between the end of the warm-up, 0, and the last step, 1. */
static double progress(const struct schedule *schedule, double t, double warmup)
{
    return (t - warmup) / ((double)schedule->steps - warmup);
}

/* Half a cosine from 1 to 0.1 (Loshchilov and Hutter 2017, equation 5; the floor is that of Hoffmann et
 * al. 2022). */
static double cosine(const struct schedule *schedule, double t, double warmup)
{
    const double pi = 3.14159265358979323846;

    if (t <= warmup)
        return t / warmup;
    return 0.1 + 0.45 * (1 + cos(pi * progress(schedule, t, warmup)));
}

/* A straight line from 1 to 0. */
static double linear(const struct schedule *schedule, double t, double warmup)
{
    return t <= warmup ? t / warmup : 1 - progress(schedule, t, warmup);
}

static double constant(const struct schedule *schedule, double t, double warmup)
{
    (void)schedule;
    return fmin(1, t / warmup);
}

static const struct schedule_type types[] = {
    {"inverse-sqrt", inverse_sqrt},
    {"cosine", cosine},
    {"linear", linear},
    {"constant", constant},
};

const struct schedule_type *schedule_type_at(int i, const char **name)
{
    if (i < 0 || i >= (int)LENGTH_OF(types))
        return NULL;
    *name = types[i].name;
    return &types[i];
}

const struct schedule_type *schedule_type_find(const char *name)
{
    for (size_t i = 0; i < LENGTH_OF(types); i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

double schedule_rate(const struct schedule *schedule, int64_t t)
{
    const struct schedule_type *type = schedule->type ? schedule->type : &types[0];
    double warmup = schedule->warmup_steps > 0 ? (double)schedule->warmup_steps : 1;
    double steps = (double)schedule->steps, f = schedule->decay_fraction;
    double left = f > 0 ? (double)(schedule->steps - t + 1) / (f * steps) : 1;

    return schedule->learning_rate * type->share(schedule, (double)t, warmup) * fmin(1, left);
}

int64_t schedule_shared(const struct schedule *a, const struct schedule *b)
{
    int64_t steps = a->steps < b->steps ? a->steps : b->steps, t = 0;

    while (t < steps && schedule_rate(a, t + 1) == schedule_rate(b, t + 1))
        t++;
    return t;
}
