/* program.h - the program, whoever starts it. */
#ifndef GLU_CLI_PROGRAM_H
#define GLU_CLI_PROGRAM_H

#include "src/glu.h"

struct invocation; /* cli.h */

/* Parse, dispatch, report.  Returns the exit status.  With several ranks, every one of them is to call
 * it. */
int program_run(int argc, char **argv);

/* Let this process say how it gets on, if that is wanted: until then it is rank 0 alone of several. */
void program_speak(const struct invocation *invocation);

#endif
