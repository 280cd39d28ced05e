/* settings.h - the settings that a command line asks for: one, or those of --vary and --study; and back, the
 * command line of their cells. */
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
    int64_t cell, cells; /* do that one of so many parts; 0, 0: all */
};

/* Resolve them.  0, or -1 and a message that names the axis and the value.  To be closed in either
 * case. */
int settings_open(struct settings *settings, const struct invocation *invocation) GLU_MUST_USE;
void settings_close(struct settings *settings);

/* Where the results go when nobody said: into glubench-study, or to this file.  0 or -1. */
int settings_set_output(struct settings *settings, const char *file) GLU_MUST_USE;

/* The `run` that does the same trainings with the same bits, one at a time, quoted for a shell and without the
 * program, --output and --cell: "run --preset smoke --threads 1 --jobs 1".  `print` quotes a word.  Owned by
 * the caller; NULL and a message when there is no memory. */
char *settings_command(const struct settings *settings, const struct invocation *invocation,
                       void (*print)(FILE *out, const char *word));

#endif
