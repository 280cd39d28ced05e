/* cells.c - `glubench cells`: a study as one command line for each of its runs, for batch systems, GNU parallel,
 * xargs and make.  Nothing is written but these. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/cli/settings.h"

#include "src/study/files.h"
#include "src/util/shell.h"
#include "src/util/standard.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What would be refused when it runs is refused now. */
static int check_files(const struct settings *settings, const struct invocation *invocation)
{
    const struct study_options options = {.settings = settings->setting,
                                          .count = settings->count,
                                          .axes = &settings->axes,
                                          .directory = settings->setting[0].output,
                                          .file = invocation->request.study};

    return study_files_check(&options);
}

/* A command is one line. */
static int check_line(const char *what, const char *text)
{
    return strchr(text, '\n')
               ? err_set("%s: there is a line feed in it, and a command is one line; rename it", what)
               : 0;
}

static void print_cells(const struct settings *settings, const char *program, const char *command)
{
    FILE *out = standard_data();
    int64_t cells = 0;

    for (int i = 0; i < settings->count; i++)
        cells += (int64_t)settings->setting[i].variant_count * settings->setting[i].recipe.seeds;
    for (int64_t i = 1; i <= cells; i++) {
        shell_print(out, program);
        fprintf(out, " %s -o ", command);
        shell_print(out, settings->setting[0].output);
        fprintf(out, " --cell %" PRId64 "/%" PRId64 "\n", i, cells);
    }
}

int command_cells(const struct invocation *invocation)
{
    struct settings settings;
    char *command = NULL;
    int status = EXIT_USAGE;

    if (settings_open(&settings, invocation) || settings_set_output(&settings, NULL))
        goto out;
    command = settings_command(&settings, invocation, shell_print);
    if (!command || check_line("the name of the program", invocation->argv[0]) ||
        check_line("an option", command) || check_line(FIELD("output"), settings.setting[0].output))
        goto out;
    status = EXIT_FAILED;
    if (check_files(&settings, invocation))
        goto out;
    print_cells(&settings, invocation->argv[0], command);
    status = EXIT_OK;
out:
    free(command);
    settings_close(&settings);
    return status;
}
