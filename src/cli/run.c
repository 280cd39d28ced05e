/* run.c - `glubench run`: train, evaluate and time. */
#include "src/glu.h"

#include "src/cli/study.h"

static bool looks(const struct setting *setting)
{
    return setting->until_decided;
}

int command_run(const struct invocation *invocation)
{
    static const struct printed tables[] = {{.table = "perplexity"},
                                            PRINTED_SCORES,
                                            {.table = "verdict", .wanted = looks}};
    static const struct study_command command = {study_run, "glubench.json", tables,
                                                 LENGTH_OF(tables), NULL};

    return study_command(invocation, &command);
}
