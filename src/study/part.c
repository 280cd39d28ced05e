/* part.c - see part.h. */
#include "src/glu.h"

#include "src/study/part.h"

#include "src/bench/throughput.h"
#include "src/comm/ranks.h"
#include "src/model/weights.h"
#include "src/nn/dnn.h"
#include "src/study/inputs.h"
#include "src/task/metrics/corpus.h"
#include "src/train/predictions.h"
#include "src/train/signals.h"
#include "src/util/atomic_file.h"
#include "src/util/io.h"
#include "src/util/json_help.h"
#include "src/util/outputs.h"
#include "src/util/standard.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Of the task's metrics that have one, as sacreBLEU writes it. */
static json_t *signatures_json(const struct text_task *task)
{
    json_t *o = json_object();
    int bad = 0;

    for (int k = 0; task->metrics && task->metrics[k]; k++) {
        const struct corpus_metric *corpus = corpus_metric_find(task->metrics[k]->metric.name);

        if (corpus)
            bad |= json_put(o, task->metrics[k]->metric.name, json_text(corpus->signature));
    }
    return json_finish(o, bad);
}

/* A task and its examples: {"task": "sst2", "train_examples": 67349, ...}. */
static json_t *set_json(const struct text_set *set)
{
    static const char *const counts[] = {
        [TEXT_TRAIN] = "train_examples", [TEXT_DEV] = "dev_examples", [TEXT_TEST] = "test_examples"};
    json_t *o = json_object(), *signatures;
    bool complete = true;
    int bad = json_put(o, "task", json_text(set->task->name));

    for (int split = 0; split < TEXT_SPLITS; split++) {
        const struct examples *examples = set->examples[split];

        complete = complete && (!examples || set->complete[split]);
        bad |= json_put(o, counts[split], examples ? json_integer((json_int_t)examples->count) : json_null());
    }
    bad |= json_put(o, "complete", json_boolean(complete));
    bad |= json_put(o, "dev_examples_in_training", json_integer((json_int_t)set->shared));
    signatures = signatures_json(set->task);
    if (signatures && json_object_size(signatures) > 0)
        bad |= json_put(o, "signatures", json_incref(signatures));
    bad |= !signatures;
    json_decref(signatures);
    return json_finish(o, bad);
}

static int put_sets(json_t *config, const struct text_sets *sets)
{
    json_t *tasks = json_array();
    int bad = 0;

    for (int i = 0; i < sets->count; i++)
        bad |= json_push(tasks, set_json(&sets->set[i]));
    return json_put(config, "tasks", json_finish(tasks, bad)) ? err_set("out of memory") : 0;
}

static json_t *config_json(const struct part *part)
{
    const struct dataset *dataset = part->dataset;
    json_t *config = setting_json(part->setting, dataset ? dataset_training(dataset) : &part->sets->training,
                                  dataset ? dataset_heldout(dataset) : &part->sets->heldout);

    if (config && part->sets && put_sets(config, part->sets)) {
        json_decref(config);
        return NULL;
    }
    return config;
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
        .config = config_json(part),
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
static int name_output(struct part *part, const struct study_options *options, int point)
{
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

int part_check(struct part *part, const struct study_options *options, int point)
{
    const struct setting *setting;

    *part = (struct part){.setting = &options->settings[point], .direct = -1};
    setting = part->setting;
    if (name_output(part, options, point) ||
        (!options->cells && open_output(part->output, &part->direct)) ||
        (setting->save_checkpoint && weights_prepare(setting->save_checkpoint)) ||
        (setting->predictions && predictions_prepare(setting->predictions)) ||
        forecast_make(&part->forecast, setting) || forecast_check(part->forecast, setting))
        return -1;
    return describe_variants(part);
}

/* An earlier part whose text is this one's, or NULL. */
static const struct part *find_text(const struct part *parts, const struct part *part)
{
    for (; parts < part; parts++) {
        const struct setting *a = parts->setting, *b = part->setting;

        if (texts_equal(a->task, b->task) && texts_equal(a->data, b->data) && texts_equal(a->test, b->test) &&
            text_list_equal(&a->corpus, &b->corpus) &&
            text_list_equal(&a->heldout, &b->heldout) &&
            a->heldout_share == b->heldout_share && a->recipe.stream == b->recipe.stream && texts_equal(a->text_field, b->text_field))
            return parts;
    }
    return NULL;
}

/* An earlier part whose tokenizer is this one's, or NULL. */
static const struct part *find_tokenizer(const struct part *parts, const struct part *part)
{
    for (; parts < part; parts++)
        if (strcmp(parts->setting->tokenizer, part->setting->tokenizer) == 0 &&
            strcmp(parts->setting->tokenizer_facts.sha256, part->setting->tokenizer_facts.sha256) == 0)
            return parts;
    return NULL;
}

static int open_tokenizer(struct part *part, const struct part *parts)
{
    const struct setting *setting = part->setting;
    const struct part *same = find_tokenizer(parts, part);
    char name[SETTING_TOKENIZER_BYTES];

    part->shares_tokenizer = same != NULL;
    if (same) {
        part->tokenizer = same->tokenizer;
        return 0;
    }
    setting_tokenizer(setting, name);
    if (tokenizer_open(&part->tokenizer, name))
        return err_prepend(FIELD("tokenizer"));
    if (strcmp(part->tokenizer->file.sha256, setting->tokenizer_facts.sha256) != 0)
        return err_set(FIELD("tokenizer") ": %s has changed since the program began",
                       setting->tokenizer_file);
    return 0;
}

/* The files of the corpus, or of the task. */
static int open_text(struct part *part, const struct part *parts)
{
    const struct part *same = find_text(parts, part);
    struct dataset_options text;
    struct text_sets_options sets;

    part->shares_dataset = same != NULL;
    if (same) {
        part->dataset = same->dataset;
        part->sets = same->sets;
        return 0;
    }
    if (!part->setting->task) {
        text = setting_dataset(part->setting);
        return dataset_open(&part->dataset, &text);
    }
    sets = setting_text_sets(part->setting);
    return text_sets_open(&part->sets, &sets);
}

static int open_slope(struct part *part)
{
    const struct dataset *dataset = part->dataset;

    return dataset ? slope_open(&part->slope, part->setting, dataset_training(dataset),
                                dataset_heldout(dataset))
                   : 0;
}

int part_open(struct part *part, const struct study_options *options, const struct part *parts)
{
    struct task_options task = setting_task(part->setting);

    if (open_text(part, parts) || open_tokenizer(part, parts))
        return -1;
    task.sets = part->sets;
    if (task_open(&part->task, &task, part->dataset, part->tokenizer) || describe(part, options) ||
        open_slope(part))
        return -1;
    return grid_add(&part->grid, part->setting, part->results.config);
}

void part_close(struct part *part)
{
    throughput_free(part->throughput, part->results.throughput_count);
    task_close(part->task);
    if (!part->shares_tokenizer)
        tokenizer_close(part->tokenizer);
    if (!part->shares_dataset) {
        dataset_close(part->dataset);
        text_sets_close(part->sets);
    }
    json_decref(part->results.environment);
    json_decref(part->results.command);
    json_decref(part->results.inputs);
    json_decref(part->results.config);
    json_decref(part->results.throughput_before);
    json_decref(part->results.profile);
    json_decref(part->results.scaling);
    json_decref(part->results.exchange);
    json_decref(part->results.rank_steps);
    grid_free(&part->grid);
    slope_close(&part->slope);
    free(part->forecast);
    free(part->variants);
    free(part->output);
    if (part->direct >= 0)
        close(part->direct);
}

/* ---- Its results file ------------------------------------------------------------------------ */

int part_measure_throughput(struct part *part, double sample_s)
{
    const struct setting *setting = part->setting;
    struct throughput_options options = {.setting = setting,
                                         .task = part->task,
                                         .samples = setting->recipe.samples,
                                         .sample_s = sample_s,
                                         .kind = setting->ffn      ? &rig_layer
                                                 : setting->decode ? &rig_decode
                                                                   : &rig_model,
                                         .stop = &signals_stop};

    if (setting->recipe.samples == 0)
        return 0;
    if (throughput_run(&options, &part->throughput, &part->results.throughput_count))
        return -1;
    part->results.throughput = part->throughput;
    return 0;
}

double part_others_share(const struct part *part)
{
    struct machine_times now;

    if (ranks_get()->here > 1) /* the other ranks' work is not others' */
        return NAN;
    machine_times(&now);
    return machine_others_share(&part->start, &now);
}

/* The configuration, with the seeds that there are to be. */
static json_t *config_now(const struct part *part)
{
    json_t *config = json_copy(part->results.config);
    json_t *seeds = json_copy(json_object_get(config, "seeds"));

    while (part->seeds > 0 && json_array_size(seeds) > (size_t)part->seeds)
        json_array_remove(seeds, json_array_size(seeds) - 1);
    if (json_put(config, "seeds", seeds) == 0)
        return config;
    json_decref(config);
    err_set("out of memory");
    return NULL;
}

int part_write(struct part *part, const struct run_result *runs, int count, int slope_count,
               json_t **document)
{
    struct results results = part->results;

    *document = NULL;
    results.runs = runs;
    results.run_count = count;
    if (runs && (slope_count > 0 || slope_is_asked(part->setting)))
        results.slope_runs = runs + count;
    results.slope_run_count = slope_count;
    if (json_put(results.environment, "others_cpu_share", json_number(part_others_share(part))))
        return err_set("out of memory");
    results.config = config_now(part);
    *document = results.config ? results_json(&results) : NULL;
    json_decref(results.config);
    if (!*document)
        return -1;
    return part->direct >= 0 ? results_write_to(part->direct, standard_name(part->output), *document)
                             : results_write(part->output, *document);
}
