/* study.c - see study.h. */
#include "src/glu.h"

#include "src/study/study.h"

#include "src/bench/throughput.h"
#include "src/model/weights.h"
#include "src/nn/dnn.h"
#include "src/train/signals.h"
#include "src/util/atomic_file.h"
#include "src/util/json_help.h"
#include "src/util/progress.h"

#include <stdio.h>
#include <stdlib.h>

/* More than this, and the machine was not quiet. */
static const double others_share_limit = 0.05;

bool run_is_settled(const struct run *run)
{
    return run->done && cell_status_is_settled(run->result.status);
}

int study_count(const struct study *study, bool (*is)(const struct run *run))
{
    int count = 0;

    for (int i = 0; study->runs && i < study->grid.count; i++)
        count += is(&study->runs[i]);
    return count;
}

/* ---- Opening --------------------------------------------------------------------------------- */

/* An output that cannot be written must fail now, not after the first run. */
static int check_output(const char *path)
{
    struct atomic_file file = {.fd = -1};
    int status = atomic_open(&file, path);

    atomic_abandon(&file);
    return status ? err_prepend(FIELD("output")) : 0;
}

static json_t *command_json(int argc, char *const *argv)
{
    json_t *command = json_array();

    for (int i = 0; command && i < argc; i++)
        if (json_array_append_new(command, json_string(argv[i]))) {
            json_decref(command);
            return NULL; /* an argument that is not UTF-8: the file says null */
        }
    return command;
}

static const struct onednn_facts *describe_onednn(struct onednn_facts *facts)
{
    struct dnn_description description;

    dnn_describe(&description);
    snprintf(facts->version, sizeof facts->version, "%s", description.version);
    snprintf(facts->cpu_runtime, sizeof facts->cpu_runtime, "%s", description.cpu_runtime);
    snprintf(facts->isa, sizeof facts->isa, "%s", description.isa);
    return facts;
}

static int describe_variants(struct study *study)
{
    int count = study->setting->variant_count;

    study->variants = calloc((size_t)count, sizeof *study->variants);
    if (!study->variants)
        return err_set("out of memory");
    for (int i = 0; i < count; i++) {
        const struct forecast_row *row = &study->forecast[i];

        study->variants[i] = (struct variant_result){
            .variant = row->variant,
            .d_ff = row->d_ff,
            .parameters = row->counts.parameters,
            .ffn_parameters = row->counts.ffn_parameters,
            .train_flops_per_step = row->counts.train_flops,
            .parameter_difference_vs_baseline = row->parameter_difference,
        };
    }
    return 0;
}

static int describe(struct study *study, int argc, char *const *argv)
{
    const struct setting *setting = study->setting;

    machine_times(&study->start);
    study->results = (struct results){
        .environment = environment_json(),
        .onednn = describe_onednn(&study->onednn),
        .command = command_json(argc, argv),
        .config = setting_json(setting, dataset_training(study->dataset),
                               dataset_heldout(study->dataset)),
        .baseline = setting->baseline,
        .variants = study->variants,
        .variant_count = setting->variant_count,
    };
    return study->results.config && study->results.environment ? 0 : -1;
}

static int make_runs(struct study *study)
{
    if (grid_add(&study->grid, study->setting, study->results.config))
        return -1;
    study->runs = calloc((size_t)study->grid.count, sizeof *study->runs);
    if (!study->runs)
        return err_set("out of memory");
    for (int i = 0; i < study->grid.count; i++)
        study->runs[i].cell = &study->grid.cells[i];
    return 0;
}

int study_open(struct study *study, const struct setting *setting, int argc, char *const *argv)
{
    struct dataset_options text = setting_dataset(setting);
    struct task_options task = setting_task(setting);

    *study = (struct study){.setting = setting};
    if (store_open_beside(&study->store, setting->output) || check_output(setting->output) ||
        (setting->save_checkpoint && weights_prepare(setting->save_checkpoint)) ||
        forecast_make(&study->forecast, setting) || forecast_check(study->forecast, setting) ||
        describe_variants(study))
        return -1;
    progress_status("reading the corpus");
    if (dataset_open(&study->dataset, &text) ||
        tokenizer_open(&study->tokenizer, setting->tokenizer) ||
        task_open(&study->task, &task, study->dataset, study->tokenizer))
        return -1;
    dataset_forget_heldout(study->dataset);
    progress_clear();
    return describe(study, argc, argv) || make_runs(study) ? -1 : 0;
}

void study_close(struct study *study)
{
    for (int i = 0; study->runs && i < study->grid.count; i++)
        if (study->runs[i].done)
            run_result_free(&study->runs[i].result);
    store_close(study->store);
    throughput_free(study->throughput, study->results.throughput_count);
    task_close(study->task);
    tokenizer_close(study->tokenizer);
    dataset_close(study->dataset);
    json_decref(study->results.environment);
    json_decref(study->results.command);
    json_decref(study->results.config);
    json_decref(study->results.profile);
    json_decref(study->results.scaling);
    grid_free(&study->grid);
    free(study->forecast);
    free(study->runs);
    free(study->variants);
}

/* ---- The results file ------------------------------------------------------------------------ */

int study_measure_throughput(struct study *study, double sample_s)
{
    const struct setting *setting = study->setting;
    struct throughput_options options = {.setting = setting,
                                         .task = study->task,
                                         .samples = setting->recipe.samples,
                                         .sample_s = sample_s,
                                         .ffn = setting->ffn,
                                         .stop = &signals_stop};

    if (setting->recipe.samples == 0)
        return 0;
    if (throughput_run(&options, &study->throughput, &study->results.throughput_count))
        return -1;
    study->results.throughput = study->throughput;
    return 0;
}

/* How far the timings can be trusted: the share of the processors' time that others took since the
 * start.  NAN when it cannot be told. */
static double others_share(const struct study *study)
{
    struct machine_times now;

    machine_times(&now);
    return machine_others_share(&study->start, &now);
}

void study_warn_of_others(const struct study *study)
{
    double share = others_share(study);

    if (share > others_share_limit)
        warn_add("other work took %.0f %% of the processors' time: do not rely on the timings; "
                 "repeat them on a quiet machine",
                 100 * share);
}

int study_write(struct study *study, const struct run_result *runs, int count, json_t **document)
{
    struct results results = study->results;

    *document = NULL;
    results.runs = runs;
    results.run_count = count;
    if (json_put(results.environment, "others_cpu_share", json_number(others_share(study))))
        return err_set("out of memory");
    *document = results_json(&results);
    return *document ? results_write(study->setting->output, *document) : -1;
}
