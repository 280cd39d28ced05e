/* bench.c - `glubench bench`: time, without training to an end. */
#include "src/glu.h"

#include "src/cli/study.h"

#include "src/comm/ranks.h"

static bool wants_throughput(const struct setting *setting)
{
    return !setting->profile && !setting->scaling && !setting->exchange;
}

static int check(const struct setting *setting)
{
    int ranks = ranks_get()->all->size;

    if (ranks == 1 || (setting->exchange && !setting->profile && !setting->scaling && !setting->ffn &&
                       !setting->decode))
        return 0;
    return err_set("there are %d ranks, of which bench measures " FIELD("exchange") " alone; start one for "
                   "anything else", ranks);
}

int command_bench(const struct invocation *invocation)
{
    static const struct printed tables[] = {
        {.table = "throughput", .wanted = wants_throughput},
        {.table = "profile", .member = "profile"},
        {.table = "primitives", .member = "profile"},
        {.table = "scaling", .member = "scaling"},
        {.table = "exchange", .member = "exchange"},
        {.table = "ranks", .member = "rank_steps"},
    };
    static const struct study_command command = {study_bench, "glubench-bench.json", tables,
                                                 LENGTH_OF(tables), check};

    return study_command(invocation, &command);
}
