/* bench.c - `glubench bench`: time, without training to an end. */
#include "src/glu.h"

#include "src/cli/study.h"

static bool wants_throughput(const struct setting *setting)
{
    return !setting->profile && !setting->scaling;
}

int command_bench(const struct invocation *invocation)
{
    static const struct printed tables[] = {
        {.table = "throughput", .wanted = wants_throughput},
        {.table = "profile", .member = "profile"},
        {.table = "primitives", .member = "profile"},
        {.table = "scaling", .member = "scaling"},
    };
    static const struct study_command command = {study_bench, "glubench-bench.json", tables,
                                                 LENGTH_OF(tables)};

    return study_command(invocation, &command);
}
