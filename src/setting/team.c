/* team.c - see team.h. */
#include "src/glu.h"

#include "src/setting/team.h"

#include "src/util/machine.h"

#include <stddef.h>

/* Beyond this share of the memory a forecast warns, too. */
static const double most_of_memory = 0.8;

/* The next size with which there are fewer workers: the largest of their number. */
static int larger(int threads, int team)
{
    int workers = threads / team;

    while (threads / team == workers)
        team++;
    return threads / (threads / team);
}

int team_choose(const struct team_need *need)
{
    int team = need->threads / need->batch;

    team = team > 1 ? team : 1;
    while (team < need->threads && need->threads / team > 1 &&
           need->takes(need->context, team) > most_of_memory * need->bytes)
        team = larger(need->threads, team);
    return team;
}

/* Of all jobs.  Only where the gradients alone are much it is worth to lay out all of a model. */
static double bytes_taken(void *context, int team)
{
    const struct setting *setting = context;
    int threads = setting_threads_per_run(setting);
    struct model_options options = setting_model(setting, setting->baseline, threads);
    double gradients, little = 0.2 * (double)machine_memory_bytes();
    struct model_counts counts;
    struct model_memory memory;

    options.batch /= setting_ranks_per_run(setting);
    options.team = team;
    if (model_counts(&options, &counts))
        return 0;
    gradients = 2.0 * setting->recipe.jobs * (threads / team) * (double)counts.parameters * 4; /* at most */
    if (gradients < little || model_memory(&options, &memory))
        return 0;
    return setting->recipe.jobs * (double)memory.total;
}

int team_resolve(struct setting *setting)
{
    int option = setting_option_of_member(IN_SETTING, offsetof(struct setting, team));
    int threads = setting_threads_per_run(setting), chosen;
    /* Of the shortest examples there are most, and the most of the batches. */
    int buckets = setting_model(setting, setting->baseline, threads).buckets;
    struct team_need need = {.threads = threads,
                             .batch = setting->recipe.batch / setting_ranks_per_run(setting) << (buckets - 1),
                             .bytes = (double)machine_memory_bytes(),
                             .takes = bytes_taken,
                             .context = setting};

    if (setting->team > threads && setting->origin[option] == ORIGIN_COMMAND_LINE)
        return err_set(FIELD("team") ": a run has %d thread%s, and a worker cannot have %d; give at most %d",
                       threads, threads == 1 ? "" : "s", setting->team, threads);
    if (setting->team > threads) /* a file's is of the machine that it was made on */
        setting->team = 0;
    if (setting->team > 0 && threads % setting->team != 0)
        warn_add(FIELD("team") " %d does not divide the %d threads of a run: %d will have nothing to do",
                 setting->team, threads, threads % setting->team);
    chosen = setting->team > 1 ? 0 : team_choose(&need);
    if (setting->team == 0 || chosen == setting->team)
        setting->team = chosen > 1 ? chosen : 0;
    return 0;
}
