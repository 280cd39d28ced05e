/* file.c - the configuration file: JSON with options, or the results file of an earlier run. */
#include "src/glu.h"

#include "src/setting/file.h"

#include "src/setting/presets.h"
#include "src/util/io.h"
#include "src/util/nearest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The seeds of a results file, [3, 4, 5]: the first one and how many. */
static int set_seeds(struct setting *setting, const json_t *array, const char *where)
{
    struct option_values values = setting_values(setting);
    int first = setting_option_of_member(IN_SETTING, offsetof(struct setting, first_seed));
    int count = setting_option_of_member(IN_SETTING, offsetof(struct setting, recipe.seeds));
    const json_t *item;
    json_t *size = json_integer((json_int_t)json_array_size(array));
    size_t i;
    int status = size ? option_set_json(&values, count, size, where) : err_set("out of memory");

    json_array_foreach(array, i, item) {
        int64_t before = setting->first_seed;

        if (status == 0)
            status = option_set_json(&values, first, item, where);
        if (status == 0 && (json_is_null(item) || (i > 0 && setting->first_seed != before + 1)))
            status = err_set("%s: the seeds must follow each other, as in [3, 4, 5]", where);
    }
    if (status == 0)
        setting->first_seed -= (int64_t)json_array_size(array) - 1;
    json_decref(size);
    return status;
}

/* Of a results file whose seeds were added until it was decided: how many there might have been. */
static int set_most(struct setting *setting, const json_t *object, const char *path)
{
    struct option_values values = setting_values(setting);
    int count = setting_option_of_member(IN_SETTING, offsetof(struct setting, recipe.seeds));
    const json_t *most = json_object_get(object, "seeds_max");
    char where[512];

    snprintf(where, sizeof where, "%s: seeds_max", path);
    return most && setting->until_decided ? option_set_json(&values, count, most, where) : 0;
}

/* Set the option of a row from its value. */
static int set_row(struct setting *setting, int option, const json_t *json, const char *where)
{
    struct option_values values = setting_values(setting);

    if (json_is_array(json) &&
        setting_option_at(option)->offset == offsetof(struct setting, recipe.seeds))
        return set_seeds(setting, json, where);
    return option_set_json(&values, option, json, where);
}

/* What a key of the file is: a row of the table, or one of these. */
enum { KEY_UNKNOWN = -1, KEY_DERIVED = -2, KEY_OBJECT = -3 };

static int find_key(const char *path)
{
    size_t length = strlen(path);

    for (int i = 0; i < setting_option_count(); i++) {
        const char *json = setting_option_at(i)->json;

        if (!json)
            continue;
        if (strcmp(json, path) == 0)
            return i;
        if (strncmp(json, path, length) == 0 && json[length] == '.')
            return KEY_OBJECT;
    }
    return setting_is_derived(path) ? KEY_DERIVED : KEY_UNKNOWN;
}

static int key_error(const char *file, const char *prefix, const char *name)
{
    const char *keys[SETTING_OPTIONS_MAX];
    char path[128];

    for (int i = 0; i < setting_option_count(); i++)
        keys[i] = setting_option_at(i)->json;
    snprintf(path, sizeof path, "%s%s", prefix, name);
    return nearest_error(file, "key", path, keys, setting_option_count());
}

/* Apply an object of the configuration file; prefix is its path with a final dot, or "". */
static int apply_object(struct setting *setting, json_t *object, const char *file, const char *prefix)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value) {
        char path[128], where[512];
        int key = KEY_UNKNOWN;

        if (snprintf(path, sizeof path, "%s%s", prefix, name) < (int)sizeof path)
            key = find_key(path);
        snprintf(where, sizeof where, "%s: %s", file, path);
        if (key == KEY_DERIVED)
            continue;
        if (key == KEY_OBJECT && json_is_object(value)) {
            strcat(path, "."); /* fits: a known path is far shorter than the buffer */
            if (apply_object(setting, value, file, path))
                return -1;
        } else if (key == KEY_OBJECT) {
            return err_set("%s: the value must be an object", where);
        } else if (key == KEY_UNKNOWN) {
            return key_error(file, prefix, name);
        } else if (set_row(setting, key, value, where)) {
            return -1;
        }
    }
    return 0;
}

/* The `config` object of a file: the file itself, or that member of a results file.  New reference,
 * or NULL and a message. */
static json_t *read_config_file(const char *path, struct io_facts *facts)
{
    json_error_t error;
    json_t *root, *inner, *config;
    char *text;
    size_t bytes;

    if (io_read_json(path, &text, &bytes, facts)) {
        err_prepend(FIELD("config"));
        return NULL;
    }
    errno = 0;
    root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    free(text);
    if (!root) {
        err_set("%s:%d: not a JSON file: %s", path, error.line, err_cause(error.text));
        return NULL;
    }
    inner = json_object_get(root, "schema_version") ? json_object_get(root, "config") : NULL;
    config = json_incref(inner ? inner : root);
    json_decref(root);
    if (!json_is_object(config)) {
        err_set("%s: a configuration file holds one JSON object, such as {\"model\": "
                "{\"d_model\": 64}}",
                path);
        json_decref(config);
        return NULL;
    }
    return config;
}

int setting_read_file(struct setting *setting, const char *path, bool preset_is_given,
                      bool architecture_is_given)
{
    json_t *object = read_config_file(path, &setting->file_facts);
    json_t *preset = json_object_get(object, "preset");
    json_t *architecture = json_object_get(json_object_get(object, "model"), "architecture");
    char where[512];
    int status = -1;

    if (!object)
        return -1;
    snprintf(where, sizeof where, "%s: preset", path);
    if (preset && !json_is_null(preset) && !json_is_string(preset)) {
        err_set("%s: the value must be a text", where);
        goto out;
    }
    if (!preset_is_given && json_is_string(preset) &&
        preset_apply(setting, json_string_value(preset), where))
        goto out;
    if (!preset_is_given && !architecture_is_given && !json_is_string(preset) &&
        json_is_string(architecture) &&
        preset_apply(setting, preset_default(json_string_value(architecture)), where))
        goto out;
    json_object_del(object, "preset");
    status = apply_object(setting, object, path, "") || set_most(setting, object, path) ? -1 : 0;
out:
    json_decref(object);
    return status;
}
