/* layout.c - see layout.h. */
#include "src/glu.h"

#include "src/results/layout.h"

#include "src/util/json_help.h"

#include <stdlib.h>

/* ==== Writing ==== */

static json_t *numbers_json(const struct numbers *numbers)
{
    json_t *list = json_array();
    int bad = 0;

    for (int i = 0; i < numbers->count; i++)
        bad |= json_push(list, json_number(numbers->x[i]));
    return json_finish(list, bad);
}

static json_t *names_json(const struct names *names)
{
    json_t *list = json_array();
    int bad = 0;

    for (int i = 0; i < names->count; i++)
        bad |= json_push(list, json_text(names->name[i]));
    return json_finish(list, bad);
}

static json_t *member_json(enum member_kind kind, const void *value)
{
    switch (kind) {
    case MEMBER_TEXT:
        return json_text(*(const char *const *)value);
    case MEMBER_NUMBER:
        return json_number(*(const double *)value);
    case MEMBER_INTEGER:
        return json_integer(*(const int64_t *)value);
    case MEMBER_FLAG:
        return json_boolean(*(const bool *)value);
    case MEMBER_INTERVAL:
        return json_interval(*(const struct interval *)value);
    case MEMBER_NUMBERS:
        return numbers_json(value);
    case MEMBER_NAMES:
        return names_json(value);
    }
    return NULL;
}

int layout_put(const struct layout *layout, const void *row, json_t *object)
{
    int bad = 0;

    for (int i = 0; i < layout->count; i++) {
        const struct member *member = &layout->members[i];

        bad |= json_put(object, member->key,
                        member_json(member->kind, (const char *)row + member->offset));
    }
    return bad ? err_set("not enough memory for the results") : 0;
}

/* ==== Reading ==== */

static int get_numbers(struct numbers *numbers, const json_t *list)
{
    size_t count = json_array_size(list);

    *numbers = (struct numbers){calloc(count + 1, sizeof *numbers->x), 0};
    if (!numbers->x)
        return -1;
    for (size_t i = 0; i < count; i++)
        numbers->x[numbers->count++] = json_number_value(json_array_get(list, i));
    return 0;
}

static int get_names(struct names *names, const json_t *list)
{
    size_t count = json_array_size(list);

    *names = (struct names){calloc(count + 1, sizeof *names->name), 0};
    if (!names->name)
        return -1;
    for (size_t i = 0; i < count; i++)
        names->name[names->count++] = json_string_value(json_array_get(list, i));
    return 0;
}

static int get_member(const struct member *member, void *value, const json_t *object)
{
    const json_t *json = json_object_get(object, member->key);

    switch (member->kind) {
    case MEMBER_TEXT:
        *(const char **)value = json_string_value(json);
        return 0;
    case MEMBER_NUMBER:
        *(double *)value = number_of(json);
        return 0;
    case MEMBER_INTEGER:
        *(int64_t *)value = integer_at(object, member->key, 0);
        return 0;
    case MEMBER_FLAG:
        *(bool *)value = json_is_true(json);
        return 0;
    case MEMBER_INTERVAL:
        *(struct interval *)value = interval_at(object, member->key);
        return 0;
    case MEMBER_NUMBERS:
        return get_numbers(value, json);
    case MEMBER_NAMES:
        return get_names(value, json);
    }
    return -1;
}

static void release_first(const struct layout *layout, void *row, int count)
{
    for (int i = 0; i < count; i++) {
        const struct member *member = &layout->members[i];
        void *value = (char *)row + member->offset;

        if (member->kind == MEMBER_NUMBERS) {
            free(((struct numbers *)value)->x);
            *(struct numbers *)value = (struct numbers){NULL, 0};
        } else if (member->kind == MEMBER_NAMES) {
            free(((struct names *)value)->name);
            *(struct names *)value = (struct names){NULL, 0};
        }
    }
}

int layout_get(const struct layout *layout, void *row, const json_t *object)
{
    for (int i = 0; i < layout->count; i++)
        if (get_member(&layout->members[i], (char *)row + layout->members[i].offset, object) != 0) {
            release_first(layout, row, i);
            return err_set("not enough memory for the results");
        }
    return 0;
}

void layout_release(const struct layout *layout, void *row)
{
    release_first(layout, row, layout->count);
}

void *layout_rows(const struct layout *layout, const json_t *array, int *count)
{
    size_t rows = json_array_size(array);
    char *all = calloc(rows + 1, layout->bytes);

    *count = 0;
    if (!all) {
        err_set("not enough memory for the results");
        return NULL;
    }
    for (size_t i = 0; i < rows; i++, ++*count)
        if (layout_get(layout, all + i * layout->bytes, json_array_get(array, i)) != 0) {
            layout_free(layout, all, *count);
            *count = 0;
            return NULL;
        }
    return all;
}

void layout_free(const struct layout *layout, void *rows, int count)
{
    for (int i = 0; rows && i < count; i++)
        layout_release(layout, (char *)rows + (size_t)i * layout->bytes);
    free(rows);
}
