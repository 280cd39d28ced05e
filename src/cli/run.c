/* run.c - `glubench run`, `bench` and `plan`. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/results/results.h"
#include "src/run/bench.h"
#include "src/run/machine.h"
#include "src/run/plan.h"
#include "src/run/signals.h"
#include "src/run/sweep.h"
#include "src/util/progress.h"

#include <limits.h>
#include <stdlib.h>

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

static void print_plan(const struct config *config, const struct plan_row *rows)
{
    const struct recipe *recipe = &config->recipe;
    int runs = config->variant_count * recipe->seeds;
    char peak[32], has[32], time[32];
    double gflop_per_s = bench_gemm_peak(config->precision, config_threads_per_run(config));

    printf("Preset %s: d_model %d, %d+%d layers, %d heads of %d, %d token ids, %s\n",
           config->preset, recipe->d_model, recipe->layers, recipe->layers, recipe->heads,
           recipe->d_kv, config->vocabulary, precision_name(config->precision));
    printf("%lld steps of %d examples of %d/%d tokens; %d variants x %d seeds, %d job%s of %d "
           "thread%s\n\n",
           (long long)recipe->steps, recipe->batch, recipe->input_length, recipe->target_length,
           config->variant_count, recipe->seeds, recipe->jobs, recipe->jobs == 1 ? "" : "s",
           config_threads_per_run(config), config_threads_per_run(config) == 1 ? "" : "s");

    printf("%-24s %6s %12s %12s %9s %14s %11s\n", "variant", "d_ff", "parameters",
           "feed-forward", "vs. base", "GFLOP per step", "memory");
    for (int i = 0; i < config->variant_count; i++) {
        char memory[32];

        format_bytes((double)rows[i].memory.total, memory, sizeof memory);
        printf("%-24s %6d %12lld %12lld %+8.3f%% %14.3f %11s\n", rows[i].variant->name,
               rows[i].d_ff, (long long)rows[i].counts.parameters,
               (long long)rows[i].counts.ffn_parameters, 100 * rows[i].parameter_difference,
               1e-9 * (double)rows[i].counts.train_flops, memory);
    }
    printf("\nActivations: %zu bytes per token, of which any implementation keeps %zu\n",
           rows[0].memory.activations_per_token, rows[0].memory.activations_per_token_minimum);
    format_bytes((double)plan_peak_bytes(rows, config), peak, sizeof peak);
    format_bytes((double)machine_memory_bytes(), has, sizeof has);
    printf("Memory: about %s of %s\n", peak, has);
    format_duration(plan_estimate_s(rows, config, gflop_per_s), time, sizeof time);
    printf("Time: about %s for %d runs, from a matrix product of %.0f GFLOP/s per run; the first "
           "run will tell more\n",
           time, runs, gflop_per_s);
}

/* How many seeds would resolve config->detect_nats.  The spread comes from the file of --config
 * when that is a results file, else from the paper. */
static int print_detection(const struct config *config)
{
    struct detection detection;
    json_t *document = NULL;
    int status;

    if (config->detect_nats == 0)
        return 0;
    if (config->file && !(document = results_read(config->file)))
        return err_prepend("--detect takes the spread from --config");
    status = results_detection(config->detect_nats, document, config->variant_count - 1, &detection);
    json_decref(document);
    if (status)
        return -1;
    if (detection.seeds == INT_MAX)
        printf("Seeds: more than a million");
    else
        printf("Seeds: %d", detection.seeds);
    printf(" would resolve a difference of %g nats (paired t test, two-sided 5 %%, Holm over %d "
           "contrasts, power 80 %%; standard deviation %.4f, from %s)\n",
           detection.difference_nats, detection.contrasts, detection.stddev_nats,
           detection.source);
    return 0;
}

int command_plan(const struct invocation *invocation)
{
    struct config config;
    struct plan_row *rows = NULL;
    int status = EXIT_USAGE;

    if (config_resolve(&config, invocation->arguments, invocation->argument_count) ||
        plan_make(&rows, &config))
        goto out;
    print_plan(&config, rows);
    status = plan_check(rows, &config) || print_detection(&config) ? EXIT_FAILED : EXIT_OK;
out:
    free(rows);
    config_free(&config);
    return status;
}
