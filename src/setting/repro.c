/* repro.c - a setting as others read it: the results file's `config` object, and the command line
 * of one run. */
#include "src/glu.h"

#include "src/setting/presets.h"
#include "src/setting/setting.h"
#include "src/util/json_help.h"
#include "src/util/shell.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is not known of a stream. */
static json_t *count_json(const struct data_identity *data, uint64_t count)
{
    return data->shards ? json_null() : json_integer((json_int_t)count);
}

static json_t *shards_json(const struct file_list *list)
{
    json_t *shards = json_array();
    int bad = 0;

    for (int i = 0; i < list->count; i++) {
        json_t *shard = json_object();

        bad |= json_put(shard, "name", json_text(list->files[i].name)) |
               json_put(shard, "bytes", json_integer((json_int_t)list->files[i].identity.bytes));
        bad |= json_push(shards, shard);
    }
    return json_finish(shards, bad);
}

static int put_identity(json_t *document, const char *name, const struct data_identity *data)
{
    json_t *object = json_object_get(document, name);

    if (!data)
        return 0;
    return json_object_set_new(object, "kind", json_string(data->kind)) ||
           json_object_set_new(object, "files", json_integer(data->files)) ||
           json_object_set_new(object, "bytes", json_integer((json_int_t)data->bytes)) ||
           json_object_set_new(object, "documents", count_json(data, data->documents)) ||
           json_object_set_new(object, "bad_lines", count_json(data, data->bad_lines)) ||
           json_object_set_new(object, "sha256", json_text(data->shards ? NULL : data->sha256)) ||
           (data->shards && json_object_set_new(object, "shards", shards_json(data->shards)));
}

static int put_tokenizer(json_t *document, const struct setting *setting)
{
    const char *sha256 = setting->tokenizer_facts.sha256;

    return sha256[0] ? json_object_set_new(document, "tokenizer_sha256", json_string(sha256)) : 0;
}

static json_t *seeds_json(const struct setting *setting)
{
    json_t *seeds = json_array();

    for (int i = 0; seeds && i < setting->recipe.seeds; i++)
        if (json_array_append_new(seeds, json_integer(setting->first_seed + i))) {
            json_decref(seeds);
            return NULL;
        }
    return seeds;
}

/* Those of all its processes, which decide its last bits. */
static int threads_of_run(const struct setting *setting)
{
    return setting_threads_per_run(setting) * setting_ranks_per_run(setting);
}

static bool is_left_out(const struct setting *setting, int option)
{
    const struct setting_option *row = setting_option_at(option);
    const void *value = option_value(setting, option);

    if (!row->sparse)
        return false;
    switch (row->type) {
    case OPTION_LIST:
        return ((const struct text_list *)value)->count == 0;
    case OPTION_FLAG:
        return !*(const bool *)value;
    case OPTION_INT:
        return *(const int *)value == 0;
    case OPTION_INT64:
        return *(const int64_t *)value == 0;
    default:
        return *(char *const *)value == NULL;
    }
}

json_t *setting_json(const struct setting *setting, const struct data_identity *corpus,
                    const struct data_identity *heldout)
{
    json_t *document = json_object();
    int failed = document == NULL;

    for (int i = 0; !failed && i < setting_option_count(); i++)
        if (setting_option_at(i)->json && !is_left_out(setting, i))
            failed = option_put_json(document, setting, i);
    if (failed ||
        option_put_path(document, "model.vocabulary", json_integer(setting->vocabulary)) ||
        put_tokenizer(document, setting) ||
        option_put_path(document, "training.task", json_string(setting_task_kind(setting))) ||
        option_put_path(document, "seeds", seeds_json(setting)) ||
        (setting->until_decided &&
         option_put_path(document, "seeds_max", json_integer(setting->recipe.seeds))) ||
        option_put_path(document, "threads_per_run", json_integer(threads_of_run(setting))) ||
        option_put_path(document, "threads_from",
                        setting->threads_from ? json_string(setting->threads_from)
                                              : json_null()) ||
        put_identity(document, "corpus", corpus) ||
        put_identity(document, "heldout", heldout)) {
        json_decref(document);
        err_set("out of memory");
        return NULL;
    }
    return document;
}

/* ---- Reproducing one run --------------------------------------------------------------------- */

#define AT(member) offsetof(struct setting, member)

static void print_name(FILE *out, int option)
{
    fprintf(out, " --%s", setting_option_at(option)->name);
}

/* A member's option, with a value. */
static void print_text(FILE *out, size_t offset, const char *text)
{
    print_name(out, setting_option_of_member(IN_SETTING, offset));
    putc(' ', out);
    shell_print_utf8(out, text);
}

static void print_whole(FILE *out, size_t offset, int64_t value)
{
    print_name(out, setting_option_of_member(IN_SETTING, offset));
    fprintf(out, " %" PRId64, value);
}

/* An option with the value that the setting has.  The tokenizer's is in two members. */
static void print_option(FILE *out, const struct setting *setting, int option)
{
    const struct setting_option *row = setting_option_at(option);
    const struct text_list *list = option_value(setting, option);
    char text[64], tokenizer[SETTING_TOKENIZER_BYTES];

    if (row->place == IN_SETTING && row->offset == AT(tokenizer)) {
        setting_tokenizer(setting, tokenizer);
        print_text(out, row->offset, tokenizer);
        return;
    }
    switch (row->type) {
    case OPTION_FLAG:
        if (*(const bool *)option_value(setting, option))
            print_name(out, option);
        break;
    case OPTION_LIST:
        for (int i = 0; i < list->count; i++)
            print_text(out, row->offset, list->items[i]);
        break;
    case OPTION_TEXT:
        print_text(out, row->offset, *(char *const *)option_value(setting, option));
        break;
    default:
        option_value_text(setting, option, text, sizeof text);
        print_text(out, row->offset, text);
    }
}

char *setting_repro(const struct setting *setting, const struct variant *variant, int64_t seed,
                    const char *init_directory)
{
    const int init = setting_option_of_member(IN_SETTING, AT(init_checkpoint));
    struct shell_line line;
    char file[160];
    FILE *out;

    if (shell_line_begin(&line))
        return NULL;
    out = line.out;
    fputs(setting->from ? "glubench finetune" : "glubench run", out);
    print_text(out, AT(preset), setting->preset);
    print_text(out, AT(variant_names), variant->name);
    print_whole(out, AT(first_seed), seed);
    print_whole(out, AT(recipe.seeds), 1);
    print_whole(out, AT(threads), threads_of_run(setting));
    if (setting->team)
        print_whole(out, AT(team), setting->team);
    print_whole(out, AT(recipe.jobs), 1);
    print_text(out, AT(precision_name), setting->precision_name);
    if (!preset_find(setting->preset)->recipe.no_slope)
        print_name(out, setting_option_of_member(IN_SETTING, AT(recipe.no_slope)));
    for (int i = 0; i < setting_option_count(); i++) {
        const struct setting_option *row = setting_option_at(i);

        if (row->json && row->commands && !row->own && !is_left_out(setting, i) &&
            setting->origin[i] >= ORIGIN_FILE && i != init)
            print_option(out, setting, i);
    }
    if (init_directory && !setting->from)
        print_text(out, AT(init_checkpoint), init_directory);
    print_whole(out, AT(recipe.samples), 0);
    snprintf(file, sizeof file, "%s-s%" PRId64 ".json", variant->name, seed);
    print_text(out, AT(output), file);
    return shell_line_end(&line);
}
