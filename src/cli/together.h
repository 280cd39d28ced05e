/* together.h - the ranks of one program, at the command line: may they begin, and which does what. */
#ifndef GLU_CLI_TOGETHER_H
#define GLU_CLI_TOGETHER_H

#include "src/cli/cli.h"
#include "src/cli/settings.h"

/* Before the command line is read: are all the same program, on the same kind of processor, with the same
 * arguments?  0 or -1, on all ranks. */
int together_check(int argc, char *const *argv) GLU_MUST_USE;

/* Is the command for as many processes as there are?  *idle: another rank does it alone.  0 or -1, on
 * all ranks. */
int together_command(const struct invocation *invocation, bool *idle) GLU_MUST_USE;

/* When the settings are read, with their status: have all read the same?  Then they are divided into
 * groups.  0 or -1, on all ranks. */
int together_divide(const struct settings *settings, int status) GLU_MUST_USE;

#endif
