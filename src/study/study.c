/* study.c - see study.h. */
#include "src/glu.h"

#include "src/study/study.h"

#include "src/bench/throughput.h"
#include "src/model/weights.h"
#include "src/nn/dnn.h"
#include "src/study/files.h"
#include "src/study/inputs.h"
#include "src/train/signals.h"
#include "src/util/atomic_file.h"
#include "src/util/io.h"
#include "src/util/json_help.h"
#include "src/util/outputs.h"
#include "src/util/own.h"
#include "src/util/progress.h"
#include "src/util/standard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than this, and the machine was not quiet. */
static const double others_share_limit = 0.05;

bool run_is_settled(const struct run *run)
{
    return run->done && cell_status_is_settled(run->result.status);
}

int study_count(const struct study *study, bool (*is)(const struct run *run))
{
    int count = 0;

    for (int i = 0; study->runs && i < study->run_count; i++)
        count += is(&study->runs[i]);
    return count;
}

bool study_is_directory(const struct study *study)
{
    return study->options->axes != NULL;
}

const char *study_output(const struct study *study)
{
    return study_is_directory(study) ? study->options->directory
                                     : standard_name(study->setting->output);
}

/* ---- Opening --------------------------------------------------------------------------------- */

/* An output that cannot be written must fail now, not after the first run.  A pipe is opened now, and
 * stays open, so that its reader sees one document and its end. */
static int open_output(const char *path, int *direct)
{
    struct atomic_file file = {.fd = -1};
    int status = output_open_direct(path, direct);

    if (status == 0 && *direct < 0) {
        status = atomic_open(&file, path);
        atomic_abandon(&file);
    }
    return status ? err_prepend(FIELD("output")) : 0;
}

static json_t *command_json(int argc, char *const *argv)
{
    json_t *command = json_array();

    for (int i = 0; command && i < argc; i++)
        if (json_array_append_new(command, json_text(argv[i]))) {
            json_decref(command);
            return NULL;
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

static int describe_variants(struct part *part)
{
    int count = part->setting->variant_count;

    part->variants = calloc((size_t)count, sizeof *part->variants);
    if (!part->variants)
        return err_set("out of memory");
    for (int i = 0; i < count; i++) {
        const struct forecast_row *row = &part->forecast[i];

        part->variants[i] = (struct variant_result){
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

static int describe(struct part *part, const struct study_options *options)
{
    const struct setting *setting = part->setting;

    machine_times(&part->start);
    part->results = (struct results){
        .environment = environment_json(),
        .onednn = describe_onednn(&part->onednn),
        .command = command_json(options->argc, options->argv),
        .inputs = inputs_json(options, setting, part->dataset),
        .config = setting_json(setting, dataset_training(part->dataset),
                               dataset_heldout(part->dataset)),
        .baseline = setting->baseline,
        .variants = part->variants,
        .variant_count = setting->variant_count,
    };
    return part->results.config && part->results.environment && part->results.inputs ? 0 : -1;
}

/* A link is followed once: a descriptor's, /dev/fd/7, leads nowhere once its file is replaced. */
static char *output_place(const char *path)
{
    struct stat link, file;
    char *place;

    if (!standard_is_output(path) && lstat(path, &link) == 0 && S_ISLNK(link.st_mode) &&
        stat(path, &file) == 0 && S_ISREG(file.st_mode))
        return io_follow(path);
    place = strdup(path);
    if (!place)
        err_set("out of memory");
    return place;
}

/* The results file of a setting. */
static int name_output(struct study *study, struct part *part, int point)
{
    const struct study_options *options = study->options;
    char path[PATH_MAX];

    if (!options->axes) {
        snprintf(part->name, sizeof part->name, "main");
        part->output = output_place(part->setting->output);
        return part->output ? 0 : -1;
    }
    axes_name(options->axes, point, part->name);
    if (snprintf(path, sizeof path, "%s/%s.json", options->directory, part->name) >= PATH_MAX)
        return err_set("%.100s...: the path is too long", options->directory);
    part->output = strdup(path);
    return part->output ? 0 : err_set("out of memory");
}

/* What fails fast. */
static int check_part(struct study *study, struct part *part, int point)
{
    const struct setting *setting = part->setting;

    if (name_output(study, part, point) || open_output(part->output, &part->direct) ||
        (setting->save_checkpoint && weights_prepare(setting->save_checkpoint)) ||
        forecast_make(&part->forecast, setting) || forecast_check(part->forecast, setting))
        return -1;
    return describe_variants(part);
}

static bool same_texts(const struct text_list *a, const struct text_list *b)
{
    if (a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    return true;
}

/* An earlier part whose text is this one's, or NULL. */
static const struct part *find_text(const struct study *study, const struct part *part)
{
    for (int i = 0; &study->parts[i] < part; i++) {
        const struct setting *a = study->parts[i].setting, *b = part->setting;

        if (same_texts(&a->corpus, &b->corpus) && same_texts(&a->heldout, &b->heldout) &&
            a->heldout_share == b->heldout_share && texts_equal(a->text_field, b->text_field))
            return &study->parts[i];
    }
    return NULL;
}

static int open_part(struct study *study, struct part *part)
{
    struct dataset_options text = setting_dataset(part->setting);
    struct task_options task = setting_task(part->setting);
    const struct part *same = find_text(study, part);

    part->shares_dataset = same != NULL;
    if (same)
        part->dataset = same->dataset;
    else if (dataset_open(&part->dataset, &text))
        return -1;
    if (tokenizer_open(&part->tokenizer, part->setting->tokenizer) ||
        task_open(&part->task, &task, part->dataset, part->tokenizer) ||
        describe(part, study->options))
        return -1;
    return grid_add(&part->grid, part->setting, part->results.config);
}

/* Is a message about one of several settings?  Then it says of which. */
static int blame(const struct study *study, int point)
{
    char text[400];

    if (!study->options->axes || study->options->axes->count == 0)
        return -1;
    axes_describe(study->options->axes, point, text, sizeof text);
    return err_prepend("%s", text);
}

static int open_parts(struct study *study)
{
    const struct study_options *options = study->options;

    study->parts = calloc((size_t)options->count, sizeof *study->parts);
    if (!study->parts)
        return err_set("out of memory");
    for (int i = 0; i < options->count; i++) {
        study->parts[i].setting = &options->settings[i];
        study->parts[i].direct = -1;
        study->count++;
        if (check_part(study, &study->parts[i], i))
            return blame(study, i);
    }
    progress_status("reading the corpus");
    for (int i = 0; i < study->count; i++)
        if (open_part(study, &study->parts[i]))
            return blame(study, i);
    /* Parts that share a text have all taken their examples of it. */
    for (int i = 0; i < study->count; i++)
        dataset_forget_heldout(study->parts[i].dataset);
    progress_clear();
    return 0;
}

/* Two settings of one cell are one: an axis decides nothing. */
static int check_distinct(const struct study *study)
{
    for (int i = 1; i < study->count; i++)
        for (int k = 0; k < i; k++)
            if (strcmp(study->parts[i].grid.cells[0].key, study->parts[k].grid.cells[0].key) == 0)
                return err_set("the settings %s and %s are the same trainings; an axis has values that "
                               "decide nothing",
                               study->parts[k].name, study->parts[i].name);
    return 0;
}

/* All runs: seed by seed, each through all settings and their variants, so that a drift of the
 * machine hits all alike. */
static int make_runs(struct study *study)
{
    int most = 0, count = 0;

    for (int i = 0; i < study->count; i++) {
        int seeds = study->parts[i].setting->recipe.seeds;

        most = seeds > most ? seeds : most;
        count += study->parts[i].grid.count;
    }
    study->runs = calloc((size_t)count, sizeof *study->runs);
    if (!study->runs)
        return err_set("out of memory");
    for (int seed = 0; seed < most; seed++)
        for (int i = 0; i < study->count; i++) {
            const struct part *part = &study->parts[i];
            int variants = part->setting->variant_count;

            for (int k = 0; k < variants && seed < part->setting->recipe.seeds; k++)
                study->runs[study->run_count++] =
                    (struct run){.part = part, .cell = &part->grid.cells[seed * variants + k]};
        }
    return 0;
}

const char *study_weights(const struct study *study, const struct part *part, const struct cell *cell,
                          const char *directory, char path[PATH_MAX])
{
    return files_of_weights(directory, study->count > 1 ? part->name : NULL, cell->variant, cell->seed,
                            study->run_count, path);
}

/* Where several runs look for their weights is not where one does. */
static void explain_weights(const struct study *study, const char *directory)
{
    char why[1200];

    if (study->run_count < 2 || access(directory, F_OK) == 0)
        return;
    snprintf(why, sizeof why, "%s", err_get());
    err_set("%s; each of several runs begins from a directory of its own, DIR/VARIANT-sSEED, as "
            FIELD("save_checkpoint") " writes them; a link will do",
            why);
}

/* What the runs start from is part of their keys.  When all runs are made. */
static int add_weights(const struct study *study)
{
    char path[PATH_MAX];

    for (int i = 0; i < study->count; i++) {
        const struct part *part = &study->parts[i];
        const char *init = part->setting->init_checkpoint;

        for (int k = 0; init && k < part->grid.count; k++) {
            struct cell *cell = &part->grid.cells[k];
            const char *from = study_weights(study, part, cell, init, path);

            if (cell_add_weights(cell, from)) {
                explain_weights(study, from);
                return blame(study, i);
            }
        }
    }
    return 0;
}

/* The directory is ours from the start, before it has a file that tells. */
static int note_store(const struct store *store)
{
    struct stat info;

    return store && stat(store_path(store), &info) == 0 ? own_note(&info) : 0;
}

int study_open(struct study *study, const struct study_options *options)
{
    *study = (struct study){.options = options, .setting = &options->settings[0]};
    if (study_files_check(options))
        return -1;
    if (options->axes ? store_open_locked(&study->store, options->directory)
                      : store_open_beside(&study->store, study->setting->output))
        return -1;
    return note_store(study->store) || open_parts(study) || check_distinct(study) ||
                   make_runs(study) || add_weights(study)
               ? -1
               : 0;
}

static void close_part(struct part *part)
{
    throughput_free(part->throughput, part->results.throughput_count);
    task_close(part->task);
    tokenizer_close(part->tokenizer);
    if (!part->shares_dataset)
        dataset_close(part->dataset);
    json_decref(part->results.environment);
    json_decref(part->results.command);
    json_decref(part->results.inputs);
    json_decref(part->results.config);
    json_decref(part->results.profile);
    json_decref(part->results.scaling);
    grid_free(&part->grid);
    free(part->forecast);
    free(part->variants);
    free(part->output);
    if (part->direct >= 0)
        close(part->direct);
}

void study_close(struct study *study)
{
    for (int i = 0; i < study->run_count; i++)
        if (study->runs[i].done)
            run_result_free(&study->runs[i].result);
    free(study->runs);
    store_close(study->store);
    /* Backwards: a text is closed by the part that opened it, after those that share it. */
    for (int i = study->count - 1; i >= 0; i--)
        close_part(&study->parts[i]);
    free(study->parts);
}

/* ---- The results file ------------------------------------------------------------------------ */

int part_measure_throughput(struct part *part, double sample_s)
{
    const struct setting *setting = part->setting;
    struct throughput_options options = {.setting = setting,
                                         .task = part->task,
                                         .samples = setting->recipe.samples,
                                         .sample_s = sample_s,
                                         .ffn = setting->ffn,
                                         .stop = &signals_stop};

    if (setting->recipe.samples == 0)
        return 0;
    if (throughput_run(&options, &part->throughput, &part->results.throughput_count))
        return -1;
    part->results.throughput = part->throughput;
    return 0;
}

/* How far the timings can be trusted: the share of the processors' time that others took since the
 * start.  NAN when it cannot be told. */
static double others_share(const struct part *part)
{
    struct machine_times now;

    machine_times(&now);
    return machine_others_share(&part->start, &now);
}

void study_warn_of_others(const struct study *study)
{
    double share = others_share(&study->parts[0]);

    if (share > others_share_limit)
        warn_add("other work took %.0f %% of the processors' time: do not rely on the timings; "
                 "repeat them on a quiet machine",
                 100 * share);
}

int part_write(struct part *part, const struct run_result *runs, int count, json_t **document)
{
    struct results results = part->results;

    *document = NULL;
    results.runs = runs;
    results.run_count = count;
    if (json_put(results.environment, "others_cpu_share", json_number(others_share(part))))
        return err_set("out of memory");
    *document = results_json(&results);
    if (!*document)
        return -1;
    return part->direct >= 0 ? results_write_to(part->direct, standard_name(part->output), *document)
                             : results_write(part->output, *document);
}
