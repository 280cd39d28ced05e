/* run.c - `glubench run` and `bench`. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/results/results.h"
#include "src/run/signals.h"
#include "src/run/sweep.h"
#include "src/util/progress.h"

#include <limits.h>
static const int exit_statuses[] = {
    [SWEEP_OK] = EXIT_OK,
    [SWEEP_FAILED] = EXIT_FAILED,
    [SWEEP_RUNS_FAILED] = EXIT_FAILED,
    [SWEEP_INTERRUPTED] = 128, /* and the number of the signal */
};

typedef enum sweep_status sweep_function(const struct config *config, int argc, char *const *argv,
                                         json_t **document);

/* Run a sweep and print one table of its results.  `output`: unless --output names another file. */
static int run_and_print(const struct invocation *invocation, sweep_function *sweep,
                         const char *table, const char *output)
{
    struct config config;
    json_t *document = NULL;
    enum sweep_status outcome;
    int status = EXIT_USAGE;

    if (config_resolve(&config, invocation->arguments, invocation->argument_count) ||
        (!config.output && config_set_output(&config, output)))
        goto out;
    outcome = sweep(&config, invocation->argc, invocation->argv, &document);
    status = exit_statuses[outcome];
    if (outcome == SWEEP_INTERRUPTED)
        status += signals_stop;
    progress_clear();
    if (document && report_print(stdout, document, table, "terminal") && status == EXIT_OK)
        status = EXIT_FAILED;
    if (document)
        progress_print("results: %s", config.output);
out:
    json_decref(document);
    config_free(&config);
    return status;
}

int command_run(const struct invocation *invocation)
{
    return run_and_print(invocation, sweep_run, "perplexity", "glubench.json");
}

int command_bench(const struct invocation *invocation)
{
    return run_and_print(invocation, sweep_bench, "throughput", "glubench-bench.json");
}
