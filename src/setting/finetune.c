/* finetune.c - see finetune.h. */
#include "src/glu.h"

#include "src/setting/finetune.h"

#include "src/model/weights_hf.h"
#include "src/setting/training.h"
#include "src/util/io.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROW(member) setting_option_of_member(IN_SETTING, offsetof(struct setting, member))

static const double learning_rate = 0.001, dropout = 0.1;
static const char optimizer[] = "adafactor", schedule[] = "constant";

enum { SEEDS_MOST = 1000 };

/* ==== Which runs there are ==== */

/* The weights of a run, in a directory of its own. */
struct found {
    char *name; /* of the directory: "VARIANT-sSEED"; owned */
    size_t variant_bytes;
    int64_t seed;
};

struct founds {
    struct found *list; /* (count) */
    int count;
};

static void founds_free(struct founds *founds)
{
    for (int i = 0; i < founds->count; i++)
        free(founds->list[i].name);
    free(founds->list);
}

static bool has_config(const char *directory)
{
    char path[PATH_MAX];

    return io_join(path, directory, "config.json") == 0 && access(path, F_OK) == 0;
}

/* The seed that ends such a name, and the bytes before it; -1: it is another name. */
static int64_t seed_of(const char *name, size_t *variant_bytes)
{
    const char *dash = NULL;
    char *end;
    long long seed;

    for (const char *at = strstr(name, "-s"); at; at = strstr(at + 1, "-s"))
        dash = at;
    if (!dash || dash == name || dash[2] < '0' || dash[2] > '9')
        return -1;
    errno = 0;
    seed = strtoll(dash + 2, &end, 10);
    *variant_bytes = (size_t)(dash - name);
    return *end == '\0' && errno == 0 ? seed : -1;
}

static int add_found(struct founds *founds, const char *name)
{
    struct found *grown;
    size_t bytes = 0;
    int64_t seed = seed_of(name, &bytes);

    if (seed < 0)
        return 0;
    grown = realloc(founds->list, (size_t)(founds->count + 1) * sizeof *grown);
    if (!grown)
        return err_set("out of memory");
    founds->list = grown;
    grown[founds->count] = (struct found){strdup(name), bytes, seed};
    return grown[founds->count++].name ? 0 : err_set("out of memory");
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct found *)a)->name, ((const struct found *)b)->name);
}

/* The order in which a directory has its entries is nobody's. */
static int find_runs(struct founds *founds, const char *directory)
{
    DIR *stream = opendir(directory);
    struct dirent *entry;
    char path[PATH_MAX];
    int status = 0;

    if (!stream)
        return err_set(FIELD("from") ": %s: %s", directory, strerror(errno));
    while (status == 0 && (entry = readdir(stream)) != NULL)
        if (io_join(path, directory, entry->d_name) == 0 && has_config(path))
            status = add_found(founds, entry->d_name);
    closedir(stream);
    if (status == 0 && founds->count == 0)
        status = err_set(FIELD("from") ": %s has no weights, neither config.json and model.safetensors nor "
                         "directories VARIANT-sSEED with them, as 'glubench run' writes them with "
                         FIELD("save_checkpoint"),
                         directory);
    if (founds->count > 0)
        qsort(founds->list, (size_t)founds->count, sizeof *founds->list, by_name);
    return status;
}

static bool same_variant(const struct found *a, const struct found *b)
{
    return a->variant_bytes == b->variant_bytes && strncmp(a->name, b->name, a->variant_bytes) == 0;
}

/* Variants and seeds; whether every variant has every seed is asked when all is read, which may want fewer. */
static int take_runs(struct setting *setting, const struct founds *founds)
{
    int64_t first = INT64_MAX, last = -1;
    int option = ROW(variant_names);

    text_list_clear(&setting->variant_names);
    for (int i = 0; i < founds->count; i++) {
        const struct found *found = &founds->list[i];
        char name[NAME_MAX + 1];

        first = found->seed < first ? found->seed : first;
        last = found->seed > last ? found->seed : last;
        snprintf(name, sizeof name, "%.*s", (int)found->variant_bytes, found->name);
        if ((i == 0 || !same_variant(found, found - 1)) && text_list_append(&setting->variant_names, name))
            return -1;
    }
    if (last - first >= SEEDS_MOST)
        return err_set(FIELD("from") ": there are weights of the seeds %" PRId64 " to %" PRId64
                       ", which are more than %d; remove some of them",
                       first, last, SEEDS_MOST);
    setting->first_seed = first;
    setting->recipe.seeds = (int)(last - first + 1);
    setting->origin[option] = setting->origin[ROW(first_seed)] = setting->origin[ROW(recipe.seeds)] =
        ORIGIN_PRESET;
    return 0;
}

/* ==== What weights tell ==== */

static const char *name_of(const struct architecture *architecture)
{
    int i = 0;

    while (architecture_name(i) && architecture_find(architecture_name(i)) != architecture)
        i++;
    return architecture_name(i);
}

static int take_sizes(struct setting *setting, const char *directory)
{
    struct recipe *recipe = &setting->recipe;
    struct weights_hf_model model;
    const struct model_config *sizes = &model.options.model;
    const struct variant *variant;

    if (weights_hf_read(&model, directory))
        return err_prepend(FIELD("from"));
    variant = model.options.variant;
    recipe->d_model = sizes->d_model;
    recipe->layers = sizes->layers;
    recipe->heads = sizes->heads;
    recipe->d_kv = sizes->d_kv;
    recipe->d_ff = variant->gated ? (int)((int64_t)sizes->d_ff * 3 / 2) : sizes->d_ff;
    recipe->gated_d_ff = 0;
    if (setting->variant_names.count == 0 && text_list_append(&setting->variant_names, variant->name))
        return -1;
    setting->origin[ROW(variant_names)] = ORIGIN_PRESET;
    return text_set(&setting->architecture_name, name_of(model.options.architecture));
}

/* The model that was saved beside them; without one it is bytes. */
static int take_tokenizer(struct setting *setting, const char *directory)
{
    const struct tokenizer_type *type;
    char path[PATH_MAX];

    for (size_t i = 0; (type = tokenizer_type_at(i)) != NULL; i++)
        if (type->argument && type->files && io_join(path, directory, type->files[0]) == 0 &&
            access(path, F_OK) == 0)
            return text_set(&setting->tokenizer, type->name) || text_set(&setting->tokenizer_file, path) ? -1
                                                                                                         : 0;
    return 0;
}

/* The paper's numbers of fine-tuning. */
static int take_numbers(struct setting *setting)
{
    struct recipe *recipe = &setting->recipe;

    recipe->learning_rate = learning_rate;
    recipe->warmup_steps = 1;
    recipe->decay_fraction = 0;
    setting->dropout = dropout;
    setting->origin[ROW(dropout)] = ORIGIN_PRESET;
    return training_preset(setting, optimizer, schedule);
}

int finetune_apply(struct setting *setting, const char *directory)
{
    struct founds founds = {NULL, 0};
    char path[PATH_MAX];
    int status = -1;

    if (directory[0] == '\0')
        return err_set(FIELD("from") ": the value is empty");
    if (has_config(directory)) {
        if (io_join(path, directory, "."))
            goto out;
        setting->recipe.seeds = 1;
        setting->origin[ROW(recipe.seeds)] = ORIGIN_PRESET;
    } else if (find_runs(&founds, directory) || take_runs(setting, &founds) ||
               io_join(path, directory, founds.list[0].name)) {
        goto out;
    }
    status = take_sizes(setting, path) || take_tokenizer(setting, path) || take_numbers(setting) ? -1 : 0;
out:
    founds_free(&founds);
    return status;
}

/* ==== When all is read ==== */

/* What a fine-tuning alone has. */
static int refuse_without(const struct setting *setting)
{
    static const size_t members[] = {offsetof(struct setting, control),
                                     offsetof(struct setting, train_embeddings)};
    char field[64];

    for (size_t i = 0; i < LENGTH_OF(members); i++) {
        int option = setting_option_of_member(IN_SETTING, members[i]);

        if (setting->origin[option] < ORIGIN_COMMAND_LINE)
            continue;
        setting_option_field(option, field, sizeof field);
        return err_set("%s: it goes with " FIELD("from") " alone; leave it out", field);
    }
    return 0;
}

/* Every run needs weights of its own. */
static int check_runs(const struct setting *setting)
{
    int64_t runs = (int64_t)setting->variant_count * setting->recipe.seeds;
    char name[NAME_MAX + 1], path[PATH_MAX];

    if (has_config(setting->from))
        return runs == 1 ? 0
                         : err_set(FIELD("from") ": %s has the weights of one run, and %" PRId64
                                   " runs are asked for; give the directory above it, or one " FIELD("variant")
                                   " and one of the " FIELD("seeds"),
                                   setting->from, runs);
    for (int i = 0; i < setting->variant_count; i++)
        for (int k = 0; k < setting->recipe.seeds; k++) {
            snprintf(name, sizeof name, "%.200s-s%" PRId64, setting->variants[i]->name, setting->first_seed + k);
            if (io_join(path, setting->from, name))
                return -1;
            if (!has_config(path))
                return err_set(FIELD("from") ": %s has no weights of %s; give those with " FIELD("variant") ", "
                               FIELD("seed") " and " FIELD("seeds") " that there are",
                               setting->from, name);
        }
    return 0;
}

int finetune_resolve(struct setting *setting)
{
    if (!setting->from)
        return refuse_without(setting);
    if (!setting->task)
        return err_set(FIELD("task") " is missing: glue, superglue, squad, paper, or some of their tasks");
    if (setting->origin[ROW(init_checkpoint)] >= ORIGIN_COMMAND_LINE)
        return err_set(FIELD("init_checkpoint") ": the weights are those of " FIELD("from") "; leave it out");
    if (setting->control) /* of another file, they are none of this run */
        return text_set(&setting->init_checkpoint, NULL);
    return check_runs(setting) ? -1 : text_set(&setting->init_checkpoint, setting->from);
}
