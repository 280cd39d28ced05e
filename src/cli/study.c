/* study.c - see study.h. */
#include "src/glu.h"

#include "src/cli/study.h"

#include "src/results/results.h"
#include "src/train/signals.h"
#include "src/util/progress.h"

#include <stdio.h>

static const int exit_statuses[] = {
    [STUDY_OK] = EXIT_OK,
    [STUDY_FAILED] = EXIT_FAILED,
    [STUDY_RUNS_FAILED] = EXIT_FAILED,
    [STUDY_INTERRUPTED] = 128, /* and the number of the signal */
};

static bool is_printed(const struct printed *printed, const struct setting *setting,
                       const json_t *document)
{
    return (!printed->member || json_object_get(document, printed->member)) &&
           (!printed->wanted || printed->wanted(setting));
}

/* -1 when a table cannot be printed. */
static int print_tables(json_t *document, const struct study_command *command,
                        const struct setting *setting)
{
    bool first = true;

    for (int i = 0; i < command->table_count; i++) {
        if (!is_printed(&command->tables[i], setting, document))
            continue;
        if (!first)
            putchar('\n');
        first = false;
        if (report_print(stdout, document, command->tables[i].table, "terminal"))
            return -1;
    }
    return 0;
}

int study_command(const struct invocation *invocation, const struct study_command *command)
{
    struct setting setting;
    json_t *document = NULL;
    enum study_status outcome;
    int status = EXIT_USAGE;

    if (setting_resolve(&setting, invocation->arguments, invocation->argument_count) ||
        (!setting.output && setting_set_output(&setting, command->output)))
        goto out;
    outcome = command->study(&setting, invocation->argc, invocation->argv, &document);
    status = exit_statuses[outcome];
    if (outcome == STUDY_INTERRUPTED)
        status += signals_stop;
    progress_clear();
    if (document && print_tables(document, command, &setting) && status == EXIT_OK)
        status = EXIT_FAILED;
    if (document)
        progress_print("results: %s", setting.output);
out:
    json_decref(document);
    setting_free(&setting);
    return status;
}
