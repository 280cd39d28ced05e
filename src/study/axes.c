/* axes.c - see axes.h. */
#include "src/glu.h"

#include "src/study/axes.h"

#include "src/setting/setting.h"
#include "src/study/axes_build.h"
#include "src/util/json_help.h"
#include "src/util/nearest.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct setting, member)

/* ---- Options that an axis may set ------------------------------------------------------------ */

/* Rows that say nothing of a result by themselves, but bring what does. */
static const size_t bringing[] = {AT(preset), AT(corpus), AT(heldout)};

/* Why a row is none for an axis; NULL: it is one. */
static const char *objection(const struct setting_option *option)
{
    if (option->place == IN_SETTING)
        for (size_t i = 0; i < LENGTH_OF(bringing); i++)
            if (option->offset == bringing[i])
                return NULL;
    if (option->place == IN_SETTING && (option->offset == AT(variant_names) ||
                                        option->offset == AT(recipe.seeds) ||
                                        option->offset == AT(first_seed)))
        return "every setting has all variants and seeds already";
    if (option->place != IN_SETTING || !(option->commands & COMMAND_RUN) ||
        option->affects == AFFECTS_NOTHING || option->affects == AFFECTS_SPEED)
        return "it decides nothing of a result";
    return NULL;
}

/* The row of an axis' option, or -1 and a message. */
int axis_find_option(const char *name, const char *where)
{
    const char *names[SETTING_OPTIONS_MAX];
    int option = setting_option_find(name);
    const char *why;

    if (option < 0) {
        for (int i = 0; i < setting_option_count(); i++) {
            const struct setting_option *row = setting_option_at(i);

            names[i] = row->name && !objection(row) ? row->name : NULL;
        }
        return nearest_error(where, "option", name, names, setting_option_count());
    }
    why = objection(setting_option_at(option));
    if (why)
        return err_set("%s: %s is no axis of a study: %s", where, setting_option_at(option)->name,
                       why);
    return option;
}

bool axis_is_number(int option)
{
    enum option_type type = setting_option_at(option)->type;

    return type == OPTION_INT || type == OPTION_INT64 || type == OPTION_REAL;
}

bool axis_is_path(int option)
{
    return setting_option_at(option)->type == OPTION_LIST;
}

/* ---- Building -------------------------------------------------------------------------------- */

/* A name as files may have it. */
static void plain_name(const char *text, bool path, char name[AXIS_NAME_BYTES])
{
    const char *slash = path ? strrchr(text, '/') : NULL;

    snprintf(name, AXIS_NAME_BYTES, "%s", slash && slash[1] ? slash + 1 : text);
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("+-.", *c))
            *c = '-';
    if (name[0] == '.') { /* no hidden file, no way up; .5 is 0.5 */
        memmove(name + 1, name, AXIS_NAME_BYTES - 2);
        name[AXIS_NAME_BYTES - 1] = '\0';
        name[0] = '0';
    }
    if (name[0] == '\0')
        strcpy(name, "-");
}

struct axis *axes_add(struct axes *axes, const char *name, const char *where)
{
    struct axis *axis;

    if (axes->count == AXES_MAX) {
        err_set("%s: there are more than %d axes", where, AXES_MAX);
        return NULL;
    }
    for (int i = 0; i < axes->count; i++)
        if (strcmp(axes->axis[i].name, name) == 0) {
            err_set("%s: the axis %s is there twice", where, name);
            return NULL;
        }
    axis = &axes->axis[axes->count];
    if (snprintf(axis->name, sizeof axis->name, "%s", name) >= (int)sizeof axis->name) {
        err_set("%s: the name of an axis has at most %d characters", where, AXIS_NAME_BYTES - 1);
        return NULL;
    }
    axes->count++;
    return axis;
}

struct axis_value *axis_add_value(struct axis *axis, const char *text, bool path, const char *where)
{
    struct axis_value *values = realloc(axis->value, (size_t)(axis->count + 1) * sizeof *values);
    struct axis_value *value;

    if (!values) {
        err_set("out of memory");
        return NULL;
    }
    axis->value = values;
    value = &values[axis->count];
    *value = (struct axis_value){.count = 0};
    plain_name(text, path, value->name);
    for (int i = 0; i < axis->count; i++)
        if (strcmp(values[i].name, value->name) == 0) {
            err_set("%s: axis %s: the value %s is there twice%s", where, axis->name, value->name,
                    strcmp(text, value->name) == 0 ? "" : " in names of files; a study file can name "
                                                          "its values");
            return NULL;
        }
    axis->count++;
    return value;
}

int axis_add_argument(struct axis_value *value, int option, const char *text)
{
    struct setting_argument *arguments =
        realloc(value->arguments, (size_t)(value->count + 1) * sizeof *arguments);
    char *copy;

    if (!arguments)
        return err_set("out of memory");
    value->arguments = arguments;
    copy = text ? strdup(text) : NULL;
    if (text && !copy)
        return err_set("out of memory");
    arguments[value->count++] = (struct setting_argument){option, copy};
    return 0;
}

/* Do the options take these values?  What depends on others shows when the setting is resolved. */
int axis_check_value(const struct axis *axis, const struct axis_value *value, const char *where)
{
    struct setting setting = {.preset = NULL};
    struct option_values values = setting_values(&setting);
    char at[300];
    int status;

    snprintf(at, sizeof at, "%s: axis %s, value %s", where, axis->name, value->name);
    status = options_begin(&values);
    for (int i = 0; i < value->count && status == 0; i++) {
        char option[400];

        snprintf(option, sizeof option, "%s: %s", at,
                 setting_option_at(value->arguments[i].option)->name);
        status = option_set_text(&values, value->arguments[i].option, value->arguments[i].text,
                                 option, ORIGIN_COMMAND_LINE);
    }
    setting_free(&setting);
    return status;
}

/* Two values of a number may be one in other words: .5 and 0.50. */
int axis_check_numbers(const struct axis *axis, int option, const char *where)
{
    for (int i = 0; i < axis->count && axis_is_number(option); i++)
        for (int k = 0; k < i; k++)
            if (strtod(axis->value[i].arguments[0].text, NULL) ==
                strtod(axis->value[k].arguments[0].text, NULL))
                return err_set("%s: axis %s: the values %s and %s are the same", where, axis->name,
                               axis->value[k].name, axis->value[i].name);
    return 0;
}

/* ---- --vary OPTION=V1,V2 --------------------------------------------------------------------- */

int axis_vary_value(struct axis *axis, int option, const char *text, const char *where)
{
    const char *file = strchr(text, ':'); /* of a tokenizer */
    bool named = file && setting_option_at(option)->offset == AT(tokenizer);
    struct axis_value *value = axis_add_value(axis, named ? file + 1 : text,
                                              named || axis_is_path(option), where);

    if (!value)
        return -1;
    return axis_add_argument(value, option, text) || axis_check_value(axis, value, where) ? -1 : 0;
}

static int vary(struct axes *axes, const char *text)
{
    static const char where[] = FIELD("vary");
    const char *equals = strchr(text, '=');
    struct axis *axis = NULL;
    char *values, *rest, *one;
    int option, status = 0;
    char name[AXIS_NAME_BYTES];

    if (!equals || equals == text || equals[1] == '\0')
        return err_set("%s: '%s' is not of the form OPTION=V1,V2,...", where, text);
    snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
    option = axis_find_option(name, where);
    if (option < 0)
        return -1;
    if (setting_option_at(option)->type == OPTION_FLAG)
        return err_set("%s: %s takes no value; a study file can set it in a value of an axis", where,
                       name);
    axis = axes_add(axes, setting_option_at(option)->name, where);
    values = rest = strdup(equals + 1);
    if (!axis || !values) {
        free(values);
        return axis ? err_set("out of memory") : -1;
    }
    axis->draw = !axis_is_number(option);
    while (status == 0 && (one = strsep(&rest, ",")) != NULL)
        status = *one ? axis_vary_value(axis, option, one, where)
                      : err_set("%s: axis %s: there is an empty value in '%s'", where, axis->name,
                                equals + 1);
    free(values);
    return status ? -1 : axis_check_numbers(axis, option, where);
}

/* A JSON value as the command line has it, in `text`; NULL: it is none for an option. */
const char *axis_scalar_text(const json_t *json, char text[64])
{
    if (json_is_string(json))
        return json_string_value(json);
    if (json_is_integer(json))
        snprintf(text, 64, "%lld", (long long)json_integer_value(json));
    else if (json_is_real(json))
        text_of_real(json_real_value(json), text);
    else
        return NULL;
    return text;
}

/* ---- Settings -------------------------------------------------------------------------------- */

static int add_point(struct axes *axes, const int *point, const char *where)
{
    size_t bytes = (size_t)axes->count * sizeof *point;
    int *points;

    if (axes->points == SETTINGS_MAX)
        return err_set("%s: there are more than %d settings", where, SETTINGS_MAX);
    for (int i = 0; i < axes->points; i++)
        if (bytes > 0 && memcmp(&axes->point[i * axes->count], point, bytes) == 0)
            return 0; /* listed twice is done once */
    points = realloc(axes->point, (size_t)(axes->points + 1) * bytes + 1);
    if (!points)
        return err_set("out of memory");
    axes->point = points;
    if (bytes > 0)
        memcpy(&points[axes->points * axes->count], point, bytes);
    axes->points++;
    return 0;
}

/* Add the combinations of the values that `wanted` has true, (axes, values) at a stride. */
static int add_product(struct axes *axes, const bool *wanted, int stride, const char *where)
{
    int point[AXES_MAX] = {0};

    for (;;) {
        bool all = true;
        int axis = axes->count - 1;

        for (int i = 0; i < axes->count; i++)
            all = all && wanted[i * stride + point[i]];
        if (all && add_point(axes, point, where))
            return -1;
        while (axis >= 0 && ++point[axis] == axes->axis[axis].count)
            point[axis--] = 0;
        if (axis < 0)
            return 0;
    }
}

static int widest(const struct axes *axes)
{
    int most = 1;

    for (int i = 0; i < axes->count; i++)
        most = axes->axis[i].count > most ? axes->axis[i].count : most;
    return most;
}

/* Mark the value, or the values, that a listed setting has on an axis. */
static int mark(const struct axis *axis, const json_t *json, bool *wanted, const char *where)
{
    const json_t *item;
    char text[64], name[AXIS_NAME_BYTES];
    const char *value;
    size_t i;

    if (json_is_array(json)) {
        json_array_foreach(json, i, item)
            if (json_is_array(item) || mark(axis, item, wanted, where))
                return json_is_array(item) ? err_set("%s: axis %s: a list in a list", where, axis->name)
                                           : -1;
        return 0;
    }
    value = axis_scalar_text(json, text);
    if (!value)
        return err_set("%s: a setting must have a value of the axis %s, or a list of them", where,
                       axis->name);
    plain_name(value, true, name);
    for (int k = 0; k < axis->count; k++)
        if (strcmp(axis->value[k].name, name) == 0) {
            wanted[k] = true;
            return 0;
        }
    return err_set("%s: the axis %s has no value '%s'", where, axis->name, value);
}

/* Add what a listed setting says; it has all values of the axes that --vary adds, from `listed` on. */
static int add_listed(struct axes *axes, int listed, const json_t *setting, const char *where)
{
    int stride = widest(axes), status = 0;
    bool *wanted = calloc((size_t)(axes->count * stride) + 1, sizeof *wanted);
    json_t *all = (json_t *)setting, *value;
    const char *key;

    if (!wanted)
        return err_set("out of memory");
    if (!json_is_object(setting))
        status = err_set("%s: each of the settings is an object, {axis: value, ...}", where);
    json_object_foreach(all, key, value) {
        bool known = false;

        for (int i = 0; i < listed; i++)
            known = known || strcmp(axes->axis[i].name, key) == 0;
        if (!known && status == 0)
            status = err_set("%s: a setting names the axis '%s', which is not there", where, key);
    }
    for (int i = listed; i < axes->count; i++)
        memset(&wanted[i * stride], true, (size_t)stride);
    for (int i = 0; i < listed && status == 0; i++)
        status = mark(&axes->axis[i], json_object_get(setting, axes->axis[i].name),
                      &wanted[i * stride], where);
    if (status == 0)
        status = add_product(axes, wanted, stride, where);
    free(wanted);
    return status;
}

static int add_all(struct axes *axes, const char *where)
{
    int stride = widest(axes), status;
    size_t size = (size_t)(axes->count * stride) + 1;
    bool *wanted = malloc(size);

    if (!wanted)
        return err_set("out of memory");
    memset(wanted, true, size);
    status = add_product(axes, wanted, stride, where);
    free(wanted);
    return status;
}

static int add_settings(struct axes *axes, int listed, const json_t *settings, const char *where)
{
    const char *word = json_string_value(settings);
    const json_t *setting;
    size_t i;

    if (!settings || (word && strcmp(word, "all") == 0))
        return add_all(axes, where);
    if (!json_is_array(settings) || json_array_size(settings) == 0)
        return err_set("%s: \"settings\" must be \"all\", or a list of {axis: value, ...}", where);
    json_array_foreach(settings, i, setting)
        if (add_listed(axes, listed, setting, where))
            return -1;
    return 0;
}

/* ---- The whole ------------------------------------------------------------------------------- */

/* A setting's name is a file's. */
static int check_names(const struct axes *axes, const char *where)
{
    size_t most = 0;

    for (int i = 0; i < axes->count; i++) {
        size_t longest = 0;

        for (int k = 0; k < axes->axis[i].count; k++) {
            size_t length = strlen(axes->axis[i].value[k].name);

            longest = length > longest ? length : longest;
        }
        most += longest + 1;
    }
    return most < SETTING_NAME_BYTES
               ? 0
               : err_set("%s: the names of the values, joined, are longer than %d characters; a study "
                         "file can give shorter ones",
                         where, SETTING_NAME_BYTES - 1);
}

int axes_open(struct axes *axes, const struct text_list *vary_texts, const char *file)
{
    const char *where = file ? file : FIELD("vary");
    json_t *root = NULL;
    int status = 0, listed;

    *axes = (struct axes){.count = 0};
    if (file)
        status = axes_read_file(axes, file, &root);
    listed = axes->count;
    for (int i = 0; i < vary_texts->count && status == 0; i++)
        status = vary(axes, vary_texts->items[i]);
    if (status == 0)
        status = add_settings(axes, listed, json_object_get(root, "settings"), where);
    if (status == 0)
        status = check_names(axes, where);
    json_decref(root);
    return status;
}

void axes_free(struct axes *axes)
{
    for (int i = 0; i < axes->count; i++) {
        for (int k = 0; k < axes->axis[i].count; k++) {
            struct axis_value *value = &axes->axis[i].value[k];

            for (int n = 0; n < value->count; n++)
                free((char *)value->arguments[n].text);
            free(value->arguments);
        }
        free(axes->axis[i].value);
    }
    free(axes->point);
    *axes = (struct axes){.count = 0};
}

static const struct axis_value *value_at_point(const struct axes *axes, int point, int axis)
{
    return &axes->axis[axis].value[axes->point[point * axes->count + axis]];
}

void axes_name(const struct axes *axes, int point, char name[SETTING_NAME_BYTES])
{
    size_t length = 0;

    snprintf(name, SETTING_NAME_BYTES, "main");
    for (int i = 0; i < axes->count && length < SETTING_NAME_BYTES; i++)
        length += (size_t)snprintf(name + length, SETTING_NAME_BYTES - length, "%s%s", i ? "_" : "",
                                   value_at_point(axes, point, i)->name);
}

void axes_describe(const struct axes *axes, int point, char *text, size_t bytes)
{
    size_t length = 0;

    text[0] = '\0';
    for (int i = 0; i < axes->count && length < bytes; i++)
        length += (size_t)snprintf(text + length, bytes - length, "%s%s %s", i ? ", " : "",
                                   axes->axis[i].name, value_at_point(axes, point, i)->name);
}

struct setting_argument *axes_arguments(const struct axes *axes, int point,
                                        const struct setting_argument *given, int given_count,
                                        int *count)
{
    struct setting_argument *all;
    int n = given_count;

    for (int i = 0; i < axes->count; i++)
        n += value_at_point(axes, point, i)->count;
    all = calloc((size_t)n + 1, sizeof *all);
    *count = 0;
    if (!all) {
        err_set("out of memory");
        return NULL;
    }
    for (int i = 0; i < given_count; i++)
        all[(*count)++] = given[i];
    for (int i = 0; i < axes->count; i++) {
        const struct axis_value *value = value_at_point(axes, point, i);

        for (int k = 0; k < value->count; k++)
            all[(*count)++] = value->arguments[k];
    }
    return all;
}

/* ---- As JSON --------------------------------------------------------------------------------- */

json_t *axes_json(const struct axes *axes)
{
    json_t *made = json_array();
    int bad = !made;

    for (int i = 0; i < axes->count && !bad; i++) {
        json_t *values = json_array();

        for (int k = 0; k < axes->axis[i].count; k++)
            bad |= json_array_append_new(values, json_string(axes->axis[i].value[k].name));
        bad |= json_array_append_new(made, json_pack("{s:s, s:b, s:o}", "name", axes->axis[i].name,
                                                     "draw", (int)axes->axis[i].draw, "values",
                                                     values));
    }
    if (!bad)
        return made;
    json_decref(made);
    err_set("out of memory");
    return NULL;
}

json_t *axes_point_json(const struct axes *axes, int point)
{
    json_t *made = json_object();
    int bad = !made;

    for (int i = 0; i < axes->count && !bad; i++)
        bad = json_object_set_new(made, axes->axis[i].name,
                                  json_string(value_at_point(axes, point, i)->name));
    if (!bad)
        return made;
    json_decref(made);
    err_set("out of memory");
    return NULL;
}
