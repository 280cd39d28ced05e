/* settings.c - see settings.h. */
#include "src/glu.h"

#include "src/cli/settings.h"
#include "src/util/io.h"
#include "src/util/shell.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Settings -------------------------------------------------------------------------------- */

/* Settings run side by side, so what they share of the machine must be the same. */
static int check_shares(const struct settings *settings)
{
    const struct setting *first = &settings->setting[0];

    for (int i = 1; i < settings->count; i++) {
        const struct setting *setting = &settings->setting[i];
        char names[2][SETTING_NAME_BYTES];

        axes_name(&settings->axes, 0, names[0]);
        axes_name(&settings->axes, i, names[1]);
        if (setting->ranks_per_run != first->ranks_per_run)
            return err_set("the settings %s and %s differ in " FIELD("ranks_per_run"), names[0], names[1]);
        if (setting->threads != first->threads || setting->recipe.jobs != first->recipe.jobs)
            return err_set("the settings %s and %s differ in " FIELD("jobs") " (%d, %d) or "
                           FIELD("threads") " (%d, %d); give both",
                           names[0], names[1], first->recipe.jobs, setting->recipe.jobs,
                           first->threads, setting->threads);
    }
    return 0;
}

static int check_study(struct settings *settings)
{
    for (int i = 0; i < settings->count; i++) {
        struct setting *setting = &settings->setting[i];

        if (setting->until_decided)
            return err_set(FIELD("until_decided") " is of a sweep by itself: the settings of a study "
                           "would each stop at a number of seeds of their own, and its parts do not see "
                           "each other; leave it out");
        if (setting->dump_batches)
            return err_set(FIELD("dump_batches") " is of one setting; leave it out of a study");
        if (setting->restart && settings->cells)
            return err_set(FIELD("restart") " with " FIELD("cell") " would throw away what other programs do; "
                           "remove the directory, or give another " FIELD("output"));
        /* The directory of a study is gone on with unless it is to be thrown away. */
        setting->resume = !setting->restart;
    }
    return check_shares(settings);
}

static int resolve(struct settings *settings, const struct invocation *invocation, int point)
{
    int count, status;
    char text[400];
    struct setting_argument *arguments =
        axes_arguments(&settings->axes, point, invocation->arguments, invocation->argument_count,
                       &count);

    if (!arguments)
        return -1;
    status = setting_resolve(&settings->setting[point], arguments, count);
    settings->count++; /* to be freed in either case */
    if (invocation->command->bit == COMMAND_BENCH) /* a file may tell of it */
        settings->setting[point].until_decided = false;
    free(arguments);
    if (status && settings->is_study) {
        axes_describe(&settings->axes, point, text, sizeof text);
        if (text[0]) /* a study may be of one setting */
            err_prepend("%s", text);
    }
    return status;
}

/* A whole number from 1 on, and what follows it. */
static int64_t read_count(const char *text, const char **end)
{
    char *stop;
    long long number;

    errno = 0;
    number = isdigit((unsigned char)*text) ? strtoll(text, &stop, 10) : 0;
    if (number < 1 || errno)
        return 0;
    *end = stop;
    return number;
}

static int read_cell(struct settings *settings, const char *text)
{
    const char *end = "", *all = "";

    settings->cell = read_count(text, &end);
    settings->cells = *end == '/' ? read_count(end + 1, &all) : 0;
    if (settings->cells && *all == '\0' && settings->cell <= settings->cells)
        return 0;
    return err_set(FIELD("cell") ": '%s' is not K/N, the K-th of N parts, from 1/N to N/N; 'glubench "
                   "cells' prints the command of each run", text);
}

/* Is the output the directory of a study that is there, which is gone on with? */
static bool is_entered(const struct setting *setting, const struct invocation *invocation)
{
    char path[PATH_MAX];

    return invocation->command->bit & COMMAND_RUN_ITSELF && setting->output &&
           io_join(path, setting->output, "study.json") == 0 && access(path, F_OK) == 0;
}

int settings_open(struct settings *settings, const struct invocation *invocation)
{
    const struct request *request = &invocation->request;

    *settings = (struct settings){.is_study = request->vary.count > 0 || request->study || request->cell ||
                                              invocation->command->function == command_cells};
    if ((request->cell && read_cell(settings, request->cell)) ||
        axes_open(&settings->axes, &request->vary, request->study))
        return -1;
    settings->setting = calloc((size_t)settings->axes.points, sizeof *settings->setting);
    if (!settings->setting)
        return err_set("out of memory");
    for (int i = 0; i < settings->axes.points; i++)
        if (resolve(settings, invocation, i))
            return -1;
    settings->is_study = settings->is_study || is_entered(&settings->setting[0], invocation);
    return settings->is_study ? check_study(settings) : 0;
}

void settings_close(struct settings *settings)
{
    for (int i = 0; i < settings->count; i++)
        setting_free(&settings->setting[i]);
    free(settings->setting);
    axes_free(&settings->axes);
}

int settings_set_output(struct settings *settings, const char *file)
{
    const char *output = settings->is_study ? "glubench-study" : file;

    for (int i = 0; i < settings->count; i++)
        if (!settings->setting[i].output && setting_set_output(&settings->setting[i], output))
            return -1;
    return 0;
}

/* ---- Their command line ---------------------------------------------------------------------- */

#define OF_SETTING(member) {IN_SETTING, offsetof(struct setting, member)}
#define OF_REQUEST(member) {IN_REQUEST, offsetof(struct request, member)}

/* Is an argument none of the trainings, or said in another way? */
static bool is_left_out(const struct setting_option *option)
{
    static const struct {
        enum option_place place;
        size_t offset;
    } left_out[] = {
        OF_SETTING(output), OF_SETTING(threads), OF_SETTING(recipe.jobs), OF_SETTING(resume),
        OF_SETTING(log), OF_SETTING(log_every), OF_SETTING(ranks_per_run), OF_REQUEST(cell),
    };

    for (size_t i = 0; i < LENGTH_OF(left_out); i++)
        if (option->place == left_out[i].place && option->offset == left_out[i].offset)
            return true;
    return false;
}

char *settings_command(const struct settings *settings, const struct invocation *invocation,
                       void (*print)(FILE *out, const char *word))
{
    struct shell_line line;
    FILE *out;

    if (shell_line_begin(&line))
        return NULL;
    out = line.out;
    fputs(settings->setting[0].from ? "finetune" : "run", out);
    for (int i = 0; i < invocation->argument_count; i++) {
        const struct setting_argument *argument = &invocation->arguments[i];
        const struct setting_option *option = setting_option_at(argument->option);

        if (is_left_out(option))
            continue;
        fprintf(out, " --%s", option->name);
        if (argument->text) {
            putc(' ', out);
            print(out, argument->text);
        }
    }
    /* The threads of a run decide its last bits, and another machine may have another number. */
    fprintf(out, " --threads %d --jobs 1",
            setting_threads_per_run(&settings->setting[0]) * setting_ranks_per_run(&settings->setting[0]));
    return shell_line_end(&line);
}
