/* run.c - `glubench run` and `bench`. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/results/results.h"
#include "src/train/signals.h"
#include "src/study/run.h"
#include "src/util/progress.h"

#include <string.h>

static const int exit_statuses[] = {
    [STUDY_OK] = EXIT_OK,
    [STUDY_FAILED] = EXIT_FAILED,
    [STUDY_RUNS_FAILED] = EXIT_FAILED,
    [STUDY_INTERRUPTED] = 128, /* and the number of the signal */
};

typedef enum study_status sweep_function(const struct setting *setting, int argc, char *const *argv,
                                         json_t **document);

/* A table that is printed, and the member of the document that it is made from, if it is one that
 * not every document has. */
struct printed {
    const char *table, *member;
};

/* Print the tables (of `count`) that the document has; -1 when one of them cannot be printed. */
static int print_tables(json_t *document, const struct printed *tables, int count)
{
    bool first = true;

    for (int i = 0; i < count; i++) {
        if (tables[i].member && !json_object_get(document, tables[i].member))
            continue;
        if (!first)
            putchar('\n');
        first = false;
        if (report_print(stdout, document, tables[i].table, "terminal"))
            return -1;
    }
    return 0;
}

/* Run a sweep and print tables of its results.  `output`: unless --output names another file. */
static int run_and_print(const struct invocation *invocation, sweep_function *sweep,
                         const struct printed *tables, int count, const char *output)
{
    struct setting setting;
    json_t *document = NULL;
    enum study_status outcome;
    int status = EXIT_USAGE;

    if (setting_resolve(&setting, invocation->arguments, invocation->argument_count) ||
        (!setting.output && setting_set_output(&setting, output)))
        goto out;
    outcome = sweep(&setting, invocation->argc, invocation->argv, &document);
    status = exit_statuses[outcome];
    if (outcome == STUDY_INTERRUPTED)
        status += signals_stop;
    progress_clear();
    if (document && print_tables(document, tables, count) && status == EXIT_OK)
        status = EXIT_FAILED;
    if (document)
        progress_print("results: %s", setting.output);
out:
    json_decref(document);
    setting_free(&setting);
    return status;
}

int command_run(const struct invocation *invocation)
{
    static const struct printed tables[] = {{"perplexity", NULL}};

    return run_and_print(invocation, study_run, tables, LENGTH_OF(tables), "glubench.json");
}

static bool has_option(const struct invocation *invocation, const char *name)
{
    for (int i = 0; i < invocation->argument_count; i++)
        if (strcmp(setting_option_at(invocation->arguments[i].option)->name, name) == 0)
            return true;
    return false;
}

int command_bench(const struct invocation *invocation)
{
    static const struct printed measured[] = {
        {"profile", "profile"}, {"primitives", "profile"}, {"scaling", "scaling"}};
    static const struct printed throughput[] = {{"throughput", NULL}};
    static const char output[] = "glubench-bench.json";
    bool other = has_option(invocation, "profile") || has_option(invocation, "sweep");

    return other ? run_and_print(invocation, study_bench, measured, LENGTH_OF(measured), output)
                 : run_and_print(invocation, study_bench, throughput, LENGTH_OF(throughput), output);
}
