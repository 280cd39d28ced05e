/* schedule.c - see schedule.h. */
#include "src/glu.h"

#include "src/nn/schedule.h"

#include <math.h>

struct schedule_type {
    const char *name;
    double (*rate)(const struct schedule *schedule, double t, double warmup);
};

/* lr0 sqrt(w / max(t, w)): constant while it warms up, as in T5 (Raffel et al. 2019, section 3.1.2). */
static double inverse_sqrt(const struct schedule *schedule, double t, double warmup)
{
    return schedule->learning_rate * sqrt(warmup / fmax(t, warmup));
}

static const struct schedule_type types[] = {
    {"inverse-sqrt", inverse_sqrt},
};

const struct schedule_type *schedule_type_at(int i, const char **name)
{
    if (i < 0 || i >= (int)LENGTH_OF(types))
        return NULL;
    *name = types[i].name;
    return &types[i];
}

double schedule_rate(const struct schedule *schedule, int64_t t)
{
    const struct schedule_type *type = schedule->type ? schedule->type : &types[0];
    double warmup = schedule->warmup_steps > 0 ? (double)schedule->warmup_steps : 1;
    double steps = (double)schedule->steps, f = schedule->decay_fraction;
    double left = f > 0 ? (double)(schedule->steps - t + 1) / (f * steps) : 1;

    return type->rate(schedule, (double)t, warmup) * fmin(1, left);
}
