/* gather.c - `glubench gather`: the results files of a study whose runs were done by many programs. */
#include "src/glu.h"

#include "src/cli/cli.h"

int command_gather(const struct invocation *invocation)
{
    (void)invocation;
    return EXIT_OK;
}
