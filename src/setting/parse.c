/* parse.c - values of options: from text and JSON, and back. */
#include "src/glu.h"

#include "src/setting/option.h"

#include "src/util/json_help.h"
#include "src/util/nearest.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Texts and lists ------------------------------------------------------------------------- */

int text_set(char **text, const char *value)
{
    char *copy = value ? strdup(value) : NULL;

    if (value && !copy)
        return err_set("out of memory");
    free(*text);
    *text = copy;
    return 0;
}

void text_list_clear(struct text_list *list)
{
    for (int i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    list->items = NULL;
    list->count = 0;
}

bool text_list_equal(const struct text_list *a, const struct text_list *b)
{
    if (a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    return true;
}

int text_list_append(struct text_list *list, const char *text)
{
    char **items = realloc(list->items, (size_t)(list->count + 1) * sizeof *items);

    if (!items)
        return err_set("out of memory");
    list->items = items;
    items[list->count] = strdup(text);
    if (!items[list->count])
        return err_set("out of memory");
    list->count++;
    return 0;
}

json_t *text_list_json(const struct text_list *list)
{
    json_t *array = json_array();
    int bad = 0;

    for (int i = 0; i < list->count; i++)
        bad |= json_push(array, json_text(list->items[i]));
    return json_finish(array, bad);
}

/* ---- Setting values -------------------------------------------------------------------------- */

static void *member(const struct option_values *values, int option)
{
    return (char *)values->owner + setting_option_at(option)->offset;
}

/* An error that tells what an option would accept. */
static int number_error(const struct setting_option *row, const char *where, const char *text)
{
    if (row->type == OPTION_REAL)
        return err_set("%s: '%s' is not a number from %g to %g", where, text, row->min, row->max);
    return err_set("%s: '%s' is not a whole number from %.0f to %.0f", where, text, row->min,
                   row->max);
}

static int set_number(const struct option_values *values, int option, double real, int64_t whole)
{
    void *value = member(values, option);
    char text[32];

    switch (setting_option_at(option)->type) {
    case OPTION_INT:
        *(int *)value = (int)whole;
        return 0;
    case OPTION_INT64:
        *(int64_t *)value = whole;
        return 0;
    default:
        /* As many digits as a results file keeps: it must name the very same number. */
        snprintf(text, sizeof text, "%.15g", real);
        *(double *)value = strtod(text, NULL);
        return 0;
    }
}

/* Plain decimal notation only: what strtod also takes (hexadecimal, "inf", "nan", blanks) is more
 * often a slip than a wish. */
static bool is_decimal(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789+-.eE")] == '\0';
}

/* A whole number, however it is written: 2.0 and 1e3 are some.  False when it has a fraction, or is
 * so large that a double may have lost one. */
static bool whole_of_real(double real, int64_t *whole)
{
    static const double exact = 9007199254740992.0; /* 2^53 */

    if (!(fabs(real) <= exact) || real != floor(real))
        return false;
    *whole = (int64_t)real;
    return true;
}

/* A number of either type, which `text` is in messages. */
static int set_checked(const struct option_values *values, int option, double real, bool is_whole,
                       int64_t whole, const char *text, const char *where)
{
    const struct setting_option *row = setting_option_at(option);

    if ((row->type != OPTION_REAL && !is_whole) || !(real >= row->min && real <= row->max))
        return number_error(row, where, text);
    return set_number(values, option, real, whole);
}

static int set_number_text(const struct option_values *values, int option, const char *text,
                           const char *where)
{
    const struct setting_option *row = setting_option_at(option);
    int64_t whole = 0;
    bool is_whole;
    double real;
    char *end;

    if (!is_decimal(text))
        return number_error(row, where, text);
    errno = 0;
    real = strtod(text, &end);
    if (end == text || *end || errno == ERANGE)
        return number_error(row, where, text);
    whole = strtoll(text, &end, 10);
    is_whole = *end == '\0' ? errno == 0 : whole_of_real(real, &whole);
    return set_checked(values, option, real, is_whole, whole, text, where);
}

int option_choice_error(int option, const char *text, const char *where)
{
    const struct setting_option *row = setting_option_at(option);
    const char *names[64];
    int count = 0;

    while (count < (int)LENGTH_OF(names) && (names[count] = row->choice(count)) != NULL)
        count++;
    return nearest_error(where, row->noun ? row->noun : "choice", text, names, count);
}

static bool is_choice(const char *choice, const char *text)
{
    size_t kind = strcspn(choice, ":");

    if (choice[kind] == '\0')
        return strcmp(choice, text) == 0;
    return strcspn(text, ":") == kind && memcmp(choice, text, kind) == 0;
}

static int set_choice(const struct option_values *values, int option, const char *text,
                      const char *where)
{
    const struct setting_option *row = setting_option_at(option);
    const char *name;

    if (text[0] == '\0')
        return err_set("%s: the value is empty", where);
    if (!row->choice)
        return text_set(member(values, option), text);
    for (int i = 0; (name = row->choice(i)) != NULL; i++)
        if (is_choice(name, text))
            return text_set(member(values, option), text);
    return option_choice_error(option, text, where);
}

/* Of several of one choice the first counts. */
static int add_choice(struct text_list *list, int option, const char *text, const char *where)
{
    const struct setting_option *row = setting_option_at(option);
    const char *name;

    if (text[0] == '\0')
        return err_set("%s: the value is empty", where);
    if (!row->choice)
        return text_list_append(list, text);
    for (int i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return 0;
    for (int i = 0; (name = row->choice(i)) != NULL; i++)
        if (strcmp(name, text) == 0)
            return text_list_append(list, text);
    return option_choice_error(option, text, where);
}

/* What stands between commas, each. */
static int add_many(struct text_list *list, int option, const char *text, const char *where)
{
    char *parts = strdup(text), *rest = parts, *part;
    int status = parts ? 0 : err_set("out of memory");

    while (status == 0 && (part = strsep(&rest, ",")) != NULL)
        status = add_choice(list, option, part, where);
    free(parts);
    return status;
}

static int add_to_list(const struct option_values *values, int option, const char *text,
                       const char *where, enum origin origin)
{
    struct text_list *list = member(values, option);

    if (values->origin[option] < origin)
        text_list_clear(list);
    values->origin[option] = (unsigned char)origin;
    return setting_option_at(option)->many ? add_many(list, option, text, where)
                                           : add_choice(list, option, text, where);
}

int option_set_text(const struct option_values *values, int option, const char *text,
                    const char *where, enum origin origin)
{
    int status;

    switch (setting_option_at(option)->type) {
    case OPTION_FLAG:
        *(bool *)member(values, option) = true;
        status = 0;
        break;
    case OPTION_TEXT:
        status = set_choice(values, option, text, where);
        break;
    case OPTION_LIST:
        return add_to_list(values, option, text, where, origin);
    case OPTION_INT:
    case OPTION_INT64:
    case OPTION_REAL:
        status = set_number_text(values, option, text, where);
        break;
    default:
        return 0;
    }
    if (status == 0)
        values->origin[option] = (unsigned char)origin;
    return status;
}

static int set_number_json(const struct option_values *values, int option, const json_t *json,
                           const char *where)
{
    double real = json_number_value(json);
    int64_t whole = json_integer_value(json);
    bool is_whole = json_is_integer(json) || whole_of_real(real, &whole);
    char text[REAL_BYTES];

    if (!json_is_number(json))
        return err_set("%s: the value must be a number", where);
    if (json_is_integer(json))
        snprintf(text, sizeof text, "%" PRId64, whole);
    else
        text_of_real(real, text);
    return set_checked(values, option, real, is_whole, whole, text, where);
}

static int set_list_json(const struct option_values *values, int option, const json_t *json,
                         const char *where)
{
    const json_t *item;
    size_t i;

    if (json_is_string(json))
        return add_to_list(values, option, json_string_value(json), where, ORIGIN_FILE);
    if (!json_is_array(json))
        return err_set("%s: the value must be a text or an array of texts", where);
    json_array_foreach(json, i, item) {
        if (!json_is_string(item))
            return err_set("%s[%zu]: the value must be a text", where, i);
        if (add_to_list(values, option, json_string_value(item), where, ORIGIN_FILE))
            return -1;
    }
    return 0;
}

int option_set_json(const struct option_values *values, int option, const json_t *json,
                    const char *where)
{
    int status = 0;

    if (json_is_null(json))
        return 0;
    switch (setting_option_at(option)->type) {
    case OPTION_FLAG:
        if (!json_is_boolean(json))
            return err_set("%s: the value must be true or false", where);
        *(bool *)member(values, option) = json_is_true(json);
        break;
    case OPTION_TEXT:
        if (!json_is_string(json))
            return err_set("%s: the value must be a text", where);
        status = set_choice(values, option, json_string_value(json), where);
        break;
    case OPTION_LIST:
        return set_list_json(values, option, json, where);
    default:
        status = set_number_json(values, option, json, where);
    }
    if (status == 0)
        values->origin[option] = ORIGIN_FILE;
    return status;
}

/* ---- All of a struct ------------------------------------------------------------------------- */

int options_begin(const struct option_values *values)
{
    for (int i = 0; i < setting_option_count(); i++) {
        const struct setting_option *row = setting_option_at(i);
        char where[64];

        if (row->place != values->place || !row->initial)
            continue;
        setting_option_field(i, where, sizeof where);
        if (option_set_text(values, i, row->initial, where, ORIGIN_DEFAULT))
            return -1;
    }
    return 0;
}

int options_assign(const struct option_values *values, const struct setting_argument *arguments,
                   int count)
{
    for (int i = 0; i < count; i++) {
        int option = arguments[i].option;
        char where[64];

        if (setting_option_at(option)->place != values->place)
            continue;
        setting_option_field(option, where, sizeof where);
        if (option_set_text(values, option, arguments[i].text, where, ORIGIN_COMMAND_LINE))
            return -1;
    }
    return 0;
}

static void free_text(char **text)
{
    free(*text);
    *text = NULL;
}

void options_free(const struct option_values *values)
{
    for (int i = 0; i < setting_option_count(); i++) {
        const struct setting_option *row = setting_option_at(i);

        if (row->place != values->place)
            continue;
        if (row->type == OPTION_TEXT)
            free_text(member(values, i));
        else if (row->type == OPTION_LIST)
            text_list_clear(member(values, i));
    }
}

/* ---- Reading values -------------------------------------------------------------------------- */

const void *option_value(const void *owner, int option)
{
    return (const char *)owner + setting_option_at(option)->offset;
}

void option_value_text(const void *owner, int option, char *text, size_t size)
{
    const void *value = option_value(owner, option);

    text[0] = '\0';
    switch (setting_option_at(option)->type) {
    case OPTION_INT:
        snprintf(text, size, "%d", *(const int *)value);
        break;
    case OPTION_INT64:
        snprintf(text, size, "%" PRId64, *(const int64_t *)value);
        break;
    case OPTION_REAL:
        if (!isnan(*(const double *)value))
            snprintf(text, size, "%.15g", *(const double *)value);
        break;
    case OPTION_TEXT:
        if (*(char *const *)value)
            snprintf(text, size, "%s", *(char *const *)value);
        break;
    default:
        break;
    }
}

static json_t *whole_json(int64_t value, const struct setting_option *row)
{
    return row->automatic && value == 0 ? json_null() : json_integer(value);
}

json_t *option_value_json(const void *owner, int option)
{
    const struct setting_option *row = setting_option_at(option);
    const void *value = option_value(owner, option);

    switch (row->type) {
    case OPTION_INT:
        return whole_json(*(const int *)value, row);
    case OPTION_INT64:
        return whole_json(*(const int64_t *)value, row);
    case OPTION_REAL:
        return isnan(*(const double *)value) ? json_null() : json_real(*(const double *)value);
    case OPTION_TEXT:
        return json_text(*(char *const *)value);
    case OPTION_FLAG:
        return json_boolean(*(const bool *)value);
    default:
        return text_list_json(value);
    }
}

int option_put_path(json_t *document, const char *path, json_t *value)
{
    const char *dot = strchr(path, '.');
    char outer[64];
    json_t *object;

    if (!dot)
        return json_object_set_new(document, path, value);
    snprintf(outer, sizeof outer, "%.*s", (int)(dot - path), path);
    object = json_object_get(document, outer);
    if (!object) {
        if (json_object_set_new(document, outer, json_object())) {
            json_decref(value);
            return -1;
        }
        object = json_object_get(document, outer);
    }
    return json_object_set_new(object, dot + 1, value);
}

int option_put_json(json_t *document, const void *owner, int option)
{
    return option_put_path(document, setting_option_at(option)->json,
                           option_value_json(owner, option));
}
