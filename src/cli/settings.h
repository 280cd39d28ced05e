/* settings.h - the settings that a command line asks for: one, or those of --vary and --study. */
#ifndef GLU_CLI_SETTINGS_H
#define GLU_CLI_SETTINGS_H

#include "src/cli/cli.h"
#include "src/setting/setting.h"
#include "src/study/axes.h"

struct settings {
    struct axes axes;
    bool is_study; /* there are axes; --output is a directory */
    struct setting *setting; /* (count) */
    int count;
};

/* Resolve them.  0, or -1 and a message that names the axis and the value.  To be closed in either
 * case. */
int settings_open(struct settings *settings, const struct invocation *invocation) GLU_MUST_USE;
void settings_close(struct settings *settings);

#endif
