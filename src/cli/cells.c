/* cells.c - `glubench cells`: a study as one command line for each of its runs, for batch systems, GNU parallel,
 * xargs and make.  Nothing is written but these. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/cli/settings.h"

#include "src/study/files.h"
#include "src/study/slope.h"
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

/* Those of half of the steps too, as far as is known without the texts: a part too many is an empty one.
 * -1 and a message (memory). */
static int64_t count_cells(const struct settings *settings)
{
    int64_t cells = 0;

    for (int i = 0; i < settings->count; i++) {
        const struct setting *setting = &settings->setting[i];
        int slopes = slope_count(settings->setting, settings->count, i);

        if (slopes < 0)
            return -1;
        cells += (int64_t)setting->variant_count * setting->recipe.seeds + slopes;
    }
    return cells;
}

static void print_cells(const struct settings *settings, const char *program, const char *command, int64_t cells)
{
    FILE *out = standard_data();

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
    int64_t cells;

    if (settings_open(&settings, invocation) || settings_set_output(&settings, NULL))
        goto out;
    command = settings_command(&settings, invocation, shell_print);
    if (!command || check_line("the name of the program", invocation->argv[0]) ||
        check_line("an option", command) || check_line(FIELD("output"), settings.setting[0].output))
        goto out;
    status = EXIT_FAILED;
    cells = count_cells(&settings);
    if (cells < 0 || check_files(&settings, invocation))
        goto out;
    print_cells(&settings, invocation->argv[0], command, cells);
    status = EXIT_OK;
out:
    free(command);
    settings_close(&settings);
    return status;
}
