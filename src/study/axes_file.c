/* axes_file.c - the axes of a study file. */
#include "src/glu.h"

#include "src/study/axes_build.h"

#include "src/util/io.h"
#include "src/util/nearest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- Axes ------------------------------------------------------------------------------------ */

/* Set one option of a value: a text or a number, a list of them, or true for a flag. */
static int set_member(struct axis_value *value, int option, const json_t *json, const char *where)
{
    bool flag = setting_option_at(option)->type == OPTION_FLAG;
    const json_t *item;
    char text[64];
    size_t i;

    if (flag)
        return json_is_true(json)    ? axis_add_argument(value, option, NULL)
               : json_is_false(json) ? 0
                                     : err_set("%s: must be true or false", where);
    if (json_is_array(json) && axis_is_path(option)) {
        json_array_foreach(json, i, item) {
            if (!axis_scalar_text(item, text))
                return err_set("%s: must be a list of texts", where);
            if (axis_add_argument(value, option, axis_scalar_text(item, text)))
                return -1;
        }
        return 0;
    }
    if (!axis_scalar_text(json, text))
        return err_set("%s: must be a text or a number%s", where,
                       axis_is_path(option) ? ", or a list of texts" : "");
    return axis_add_argument(value, option, axis_scalar_text(json, text));
}

/* "name": {option: value, ...} */
static int read_value(struct axis *axis, const char *name, const json_t *options, const char *where)
{
    struct axis_value *value;
    json_t *member, *all = (json_t *)options;
    const char *key;
    char at[400];

    snprintf(at, sizeof at, "%.100s: axis %s, value %.64s", where, axis->name, name);
    if (!json_is_object(options))
        return err_set("%s: must be an object of options, such as {\"steps\": 100}", at);
    value = axis_add_value(axis, name, false, where);
    if (!value)
        return -1;
    json_object_foreach(all, key, member) {
        int option = axis_find_option(key, at);
        char where_member[500];

        snprintf(where_member, sizeof where_member, "%s: %.64s", at, key);
        if (option < 0 || set_member(value, option, member, where_member))
            return -1;
        axis->draw = axis->draw || !axis_is_number(option);
    }
    if (value->count == 0)
        return err_set("%s: sets nothing", at);
    return axis_check_value(axis, value, where);
}

/* [V1, V2]: of the option that the axis is named for. */
static int read_list(struct axis *axis, const json_t *list, const char *where)
{
    int option = axis_find_option(axis->name, where);
    const json_t *item;
    char text[64];
    size_t i;

    if (option < 0)
        return err_prepend("a list of values is for an axis that has an option's name");
    axis->draw = !axis_is_number(option);
    json_array_foreach(list, i, item) {
        if (!axis_scalar_text(item, text))
            return err_set("%s: axis %s: value %zu must be a text or a number", where, axis->name,
                           i + 1);
        if (axis_vary_value(axis, option, axis_scalar_text(item, text), where))
            return -1;
    }
    return axis_check_numbers(axis, option, where);
}

static int read_axis(struct axes *axes, const json_t *json, const char *where)
{
    static const char *const keys[] = {"name", "draw", "values"};
    const json_t *values = json_object_get(json, "values"), *draw = json_object_get(json, "draw");
    const char *name = json_string_value(json_object_get(json, "name")), *key;
    json_t *value, *all = (json_t *)values, *object = (json_t *)json;
    struct axis *axis;

    if (!json_is_object(json) || !name || !name[0])
        return err_set("%s: an axis is an object with \"name\" and \"values\"", where);
    json_object_foreach(object, key, value) {
        bool known = false;

        for (size_t i = 0; i < LENGTH_OF(keys); i++)
            known = known || strcmp(keys[i], key) == 0;
        if (!known)
            return nearest_error(where, "key of an axis", key, keys, (int)LENGTH_OF(keys));
    }
    axis = axes_add(axes, name, where);
    if (!axis)
        return -1;
    if (json_is_array(values)) {
        if (read_list(axis, values, where))
            return -1;
    } else if (json_is_object(values)) {
        json_object_foreach(all, key, value)
            if (read_value(axis, key, value, where))
                return -1;
    } else {
        return err_set("%s: axis %s: \"values\" must be a list, or an object of named values", where,
                       name);
    }
    if (axis->count == 0)
        return err_set("%s: axis %s has no values", where, name);
    if (draw && !json_is_boolean(draw))
        return err_set("%s: axis %s: \"draw\" must be true or false", where, name);
    axis->draw = draw ? json_is_true(draw) : axis->draw;
    return 0;
}

/* ---- The file -------------------------------------------------------------------------------- */

static json_t *read_file(const char *path, struct io_facts *facts)
{
    json_error_t error;
    json_t *root;
    char *text;
    size_t bytes;

    if (io_read_json(path, &text, &bytes, facts)) {
        err_prepend(FIELD("study"));
        return NULL;
    }
    errno = 0;
    root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    free(text);
    if (!root)
        err_set("%s:%d: not a JSON file: %s", path, error.line, err_cause(error.text));
    return root;
}

static int read_axes(struct axes *axes, const json_t *root, const char *path)
{
    static const char *const keys[] = {"axes", "settings"};
    const json_t *list = json_object_get(root, "axes"), *axis;
    json_t *value, *all = (json_t *)root;
    const char *key;
    size_t i;

    json_object_foreach(all, key, value)
        if (strcmp(key, keys[0]) != 0 && strcmp(key, keys[1]) != 0)
            return nearest_error(path, "key", key, keys, (int)LENGTH_OF(keys));
    if (!json_is_array(list) || json_array_size(list) == 0)
        return err_set("%s: a study file is an object with \"axes\", a list of {\"name\":, "
                       "\"values\":}",
                       path);
    json_array_foreach(list, i, axis)
        if (read_axis(axes, axis, path))
            return -1;
    return 0;
}

int axes_read_file(struct axes *axes, const char *path, json_t **root)
{
    *root = read_file(path, &axes->file_facts);
    return *root ? read_axes(axes, *root, path) : -1;
}
