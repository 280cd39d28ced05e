/* study.c - see study.h. */
#include "src/glu.h"

#include "src/cli/study.h"

#include "src/cli/program.h"
#include "src/cli/settings.h"
#include "src/cli/together.h"
#include "src/results/results.h"
#include "src/train/signals.h"
#include "src/util/json_help.h"
#include "src/util/progress.h"
#include "src/util/shell.h"
#include "src/util/standard.h"

#include <stdio.h>
#include <stdlib.h>

static const int exit_statuses[] = {
    [STUDY_OK] = EXIT_OK,
    [STUDY_FAILED] = EXIT_FAILED,
    [STUDY_MISFIT] = EXIT_USAGE,
    [STUDY_RUNS_FAILED] = EXIT_FAILED,
    [STUDY_INTERRUPTED] = 128, /* and the number of the signal */
};

/* Has any run scores of that table? */
static bool has_scores(const json_t *document, const char *table)
{
    const json_t *rows = value_at(document, "tables.scores");

    for (size_t i = 0; i < json_array_size(rows); i++)
        if (texts_equal(text_at(json_array_get(rows, i), "table"), table))
            return true;
    return false;
}

static bool is_printed(const struct printed *printed, const struct setting *setting,
                       const json_t *document)
{
    return (!printed->member || value_at(document, printed->member)) &&
           (!printed->without || !value_at(document, printed->without)) &&
           (!printed->scores || has_scores(document, printed->scores)) &&
           (!printed->wanted || printed->wanted(setting));
}

/* Where the tables go: beside data on standard output they would be no data any more. */
static FILE *tables_stream(const struct setting *setting, bool quiet)
{
    if (!standard_is_output(setting->output) &&
        !(setting->dump_batches && standard_is_output(setting->dump_batches)))
        return standard_data();
    return quiet ? NULL : stderr;
}

/* -1 when a table cannot be printed.  `out` NULL: none is. */
static int print_tables(FILE *out, json_t *document, const struct study_command *command,
                        const struct setting *setting)
{
    bool first = true;

    for (int i = 0; out && i < command->table_count; i++) {
        if (!is_printed(&command->tables[i], setting, document))
            continue;
        if (!first)
            putc('\n', out);
        first = false;
        if (report_print(out, document, command->tables[i].table, "terminal"))
            return -1;
    }
    return 0;
}

/* Of a study, its first table. */
static int print_outcome(FILE *out, json_t *document, const struct study_command *command,
                         const struct settings *settings)
{
    if (!settings->is_study)
        return print_tables(out, document, command, settings->setting);
    return out ? study_report_print(out, settings->setting[0].output, NULL, study_table_name(0, NULL),
                                    "terminal", NULL)
               : 0;
}

/* The command for a page of the results, where they are in a file. */
static void name_page(const char *output)
{
    struct shell_line line;
    char *word;

    if (standard_is_output(output) || shell_line_begin(&line) != 0)
        return;
    shell_print_utf8(line.out, output);
    word = shell_line_end(&line);
    if (word)
        progress_print("as a page: plots/page.py %s -o page.html", word);
    free(word);
}

int study_command(const struct invocation *invocation, const struct study_command *command)
{
    struct settings settings;
    struct study_options options;
    char *repeat = NULL;
    json_t *document = NULL;
    enum study_status outcome;
    int status = EXIT_USAGE;
    FILE *out;

    if (together_divide(&settings, settings_open(&settings, invocation) ||
                                       settings_set_output(&settings, command->output) ||
                                       (command->check && command->check(settings.setting))))
        goto out;
    program_speak(invocation);
    if (settings.is_study) {
        repeat = settings_command(&settings, invocation, shell_print_utf8);
        if (!repeat)
            goto out;
    }
    options = (struct study_options){
        .settings = settings.setting,
        .count = settings.count,
        .axes = settings.is_study ? &settings.axes : NULL,
        .directory = settings.setting[0].output,
        .file = invocation->request.study,
        .cell = settings.cell,
        .cells = settings.cells,
        .command = repeat,
        .argc = invocation->argc,
        .argv = invocation->argv,
    };
    outcome = command->study(&options, &document);
    status = exit_statuses[outcome];
    if (outcome == STUDY_INTERRUPTED)
        status += signals_stop;
    progress_clear();
    out = tables_stream(settings.setting, invocation->request.quiet);
    if (document && print_outcome(out, document, command, &settings) && status == EXIT_OK)
        status = EXIT_FAILED;
    if (document)
        progress_print("results: %s", standard_name(settings.setting[0].output));
    if (document)
        name_page(settings.setting[0].output);
out:
    json_decref(document);
    free(repeat);
    settings_close(&settings);
    return status;
}
