/* files.c - see files.h. */
#include "src/glu.h"

#include "src/study/files.h"

#include "src/model/weights_files.h"
#include "src/train/card.h"
#include "src/util/io.h"
#include "src/util/outputs.h"
#include "src/util/standard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *files_of_weights(const char *directory, const char *part, const struct variant *variant,
                             uint64_t seed, int runs, char path[PATH_MAX])
{
    if (!directory || runs == 1)
        return directory;
    snprintf(path, PATH_MAX, "%s/%s%s%s-s%" PRIu64, directory, part ? part : "", part ? "/" : "",
             variant->name, seed);
    return path;
}

static bool has_weights(const char *directory)
{
    char path[PATH_MAX];

    return io_join(path, directory, "config.json") == 0 && access(path, F_OK) == 0;
}

const char *files_of_init(const char *directory, const char *part, const struct variant *variant, uint64_t seed,
                          int runs, char path[PATH_MAX])
{
    const char *usual = files_of_weights(directory, part, variant, seed, runs, path);
    char plain[PATH_MAX];

    if (!usual || has_weights(usual))
        return usual;
    files_of_weights(directory, NULL, variant, seed, 2, plain);
    if (!has_weights(plain))
        return usual;
    memcpy(path, plain, sizeof plain);
    return path;
}

static int add_list(struct outputs *outputs, const char *field, const struct text_list *list)
{
    for (int i = 0; i < list->count; i++)
        if (outputs_add_input(outputs, field, list->items[i]))
            return -1;
    return 0;
}

/* Is the file there, and has it the content that it will have?  It may be the model that is read. */
static bool is_model(const char *path, const struct setting *setting)
{
    struct io_facts facts;
    char *text;

    if (access(path, F_OK) != 0 || io_read_regular(path, TOKENIZER_FILE_MAX_BYTES, &text, &facts))
        return false;
    free(text);
    return strcmp(facts.sha256, setting->tokenizer_facts.sha256) == 0;
}

/* What a tokenizer has beside weights. */
static int add_tokenizer(struct outputs *outputs, const char *directory, const struct setting *setting)
{
    const struct tokenizer_type *type = tokenizer_type_find(setting->tokenizer);
    char path[PATH_MAX];

    for (int i = 0; type && type->files && type->files[i]; i++)
        if (io_join(path, directory, type->files[i]) ||
            ((i > 0 || !is_model(path, setting)) &&
             outputs_add(outputs, FIELD("save_checkpoint"), path, OUTPUT_FILE)))
            return -1;
    return 0;
}

/* By the field that named it. */
struct named {
    struct outputs *outputs;
    const char *field;
};

static int add_init_file(void *context, const char *path)
{
    const struct named *named = context;

    return outputs_add_input(named->outputs, named->field, path);
}

static int add_task_file(void *outputs, const char *field, const char *path)
{
    return outputs_add_input(outputs, field, path);
}

/* The files of a task of one's own, or of a translation. */
static int add_task(struct outputs *outputs, const struct setting *setting)
{
    struct text_sets_options sets = setting_text_sets(setting);

    return setting->task ? text_sets_each_file(&sets, add_task_file, outputs) : 0;
}

/* What a run begins with: weights, in one file or in several, and what they are. */
static int add_init(struct outputs *outputs, const char *field, const char *directory)
{
    struct named named = {outputs, field};
    char path[PATH_MAX];

    return weights_files_each(directory, add_init_file, &named) ||
                   io_join(path, directory, "config.json") || add_init_file(&named, path)
               ? -1
               : 0;
}

/* The files of a run's weights to be written. */
static int add_save(struct outputs *outputs, const char *directory, bool force)
{
    static const char *const names[] = {"model.safetensors", "config.json", CARD_FILE};
    size_t count = LENGTH_OF(names) - (card_is_due(directory, force) ? 0 : 1);
    char path[PATH_MAX];

    for (size_t i = 0; i < count; i++)
        if (io_join(path, directory, names[i]) ||
            outputs_add(outputs, FIELD("save_checkpoint"), path, OUTPUT_FILE))
            return -1;
    return 0;
}

/* Of the runs of a setting, of `all` runs. */
static int add_all_weights(struct outputs *outputs, const struct setting *setting, const char *part,
                           int all)
{
    const struct recipe *recipe = &setting->recipe;
    char path[PATH_MAX];

    for (int i = 0; i < setting->variant_count * recipe->seeds; i++) {
        const struct variant *variant = setting->variants[i / recipe->seeds];
        uint64_t seed = (uint64_t)(setting->first_seed + i % recipe->seeds);
        const char *init = files_of_init(setting->init_checkpoint, part, variant, seed, all, path);
        const char *save;

        if (init && add_init(outputs, setting_init_field(setting), init))
            return -1;
        if (!setting->save_checkpoint)
            continue;
        save = files_of_weights(setting->save_checkpoint, part, variant, seed, all, path);
        if (add_save(outputs, save, setting->force) ||
            add_tokenizer(outputs, save, setting))
            return -1;
    }
    return 0;
}

/* The results file, and the run directory beside it, which others than regular files have not. */
static int add_output(struct outputs *outputs, const char *output)
{
    char canonical[PATH_MAX], run[PATH_MAX + 8];
    struct stat info;

    if (outputs_add(outputs, FIELD("output"), output, OUTPUT_ANY))
        return -1;
    if (standard_is_output(output) || (stat(output, &info) == 0 && !S_ISREG(info.st_mode)) ||
        io_canonical(output, canonical))
        return 0;
    snprintf(run, sizeof run, "%s.run", canonical);
    return outputs_add(outputs, FIELD("output"), run, OUTPUT_RUN);
}

/* A file in the directory of a study. */
static int add_in_directory(struct outputs *outputs, const char *directory, const char *name)
{
    char path[PATH_MAX], file[SETTING_NAME_BYTES + 8];

    snprintf(file, sizeof file, "%s.json", name);
    return io_join(path, directory, file) || outputs_add(outputs, FIELD("output"), path, OUTPUT_FILE)
               ? -1
               : 0;
}

/* A study is a directory, whose files are JSON each. */
static int check_directory(const struct study_options *options)
{
    if (!options->axes || !options->settings[0].output ||
        !standard_is_output(options->settings[0].output))
        return 0;
    return err_set(FIELD("output") ": %s is standard output, and a study is a directory; give the "
                   "name of one", options->settings[0].output);
}

/* What one setting reads and writes. */
static int add_setting(struct outputs *outputs, const struct study_options *options, int i, int runs)
{
    const struct setting *setting = &options->settings[i];
    char name[SETTING_NAME_BYTES] = "";

    if (options->axes)
        axes_name(options->axes, i, name);
    if (add_list(outputs, FIELD("corpus"), &setting->corpus) ||
        (!setting->task && add_list(outputs, FIELD("heldout"), &setting->heldout)) ||
        add_task(outputs, setting) ||
        (setting->tokenizer_file &&
         outputs_add_input(outputs, FIELD("tokenizer"), setting->tokenizer_file)) ||
        add_all_weights(outputs, setting, options->count > 1 ? name : NULL, runs))
        return -1;
    if (!setting->output)
        return 0;
    return options->axes ? add_in_directory(outputs, options->directory, name)
                         : add_output(outputs, setting->output);
}

static int add_all(struct outputs *outputs, const struct study_options *options)
{
    const struct setting *first = &options->settings[0];
    int runs = 0;

    /* A sweep that goes on takes all that is in its results: they may be its configuration too. */
    if ((first->file && !first->resume &&
         outputs_add_input(outputs, FIELD("config"), first->file)) ||
        (options->file && outputs_add_input(outputs, FIELD("study"), options->file)))
        return -1;
    for (int i = 0; i < options->count; i++)
        runs += options->settings[i].variant_count * options->settings[i].recipe.seeds;
    for (int i = 0; i < options->count; i++)
        if (add_setting(outputs, options, i, runs))
            return -1;
    if ((options->axes && first->output && add_in_directory(outputs, options->directory, "study")) ||
        (first->dump_batches &&
         outputs_add(outputs, FIELD("dump_batches"), first->dump_batches, OUTPUT_ANY)) ||
        (first->log && outputs_add(outputs, FIELD("log"), first->log, OUTPUT_ANY)))
        return -1;
    return outputs_add_standard(outputs);
}

int study_files_check(const struct study_options *options)
{
    struct outputs outputs = {NULL};
    int status = check_directory(options) || add_all(&outputs, options) ||
                         outputs_check(&outputs, options->settings[0].force)
                     ? -1
                     : 0;

    outputs_free(&outputs);
    return status;
}
