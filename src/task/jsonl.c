/* jsonl.c - see jsonl.h. */
#include "src/glu.h"

#include "src/task/jsonl.h"

#include "src/task/rows.h"
#include "src/text/text_lines.h"
#include "src/util/json_bound.h"

#include <errno.h>

enum { VALUES_MAX = 1 << 20 }; /* of a line: far more than any task has */

/* A line as an object of new memory; NULL and a message without the place. */
static json_t *parse(const char *line, size_t bytes)
{
    json_error_t error;
    json_t *row;

    if (json_has_more_values(line, bytes, VALUES_MAX)) {
        err_set("the line has more than %d values: a row of a task has not", VALUES_MAX);
        return NULL;
    }
    errno = 0;
    row = json_loadb(line, bytes, 0, &error);
    if (!row) {
        err_set("it is not a line of JSON: %s; get the file again", err_cause(error.text));
    } else if (!json_is_object(row)) {
        err_set("it is no object of JSON: each line must be one, as the distribution has it");
        json_decref(row);
        row = NULL;
    }
    return row;
}

int jsonl_read(const struct text_task *task, const char *directory, enum text_split split,
               struct examples *examples)
{
    const struct jsonl_task *own = (const struct jsonl_task *)task;
    struct composed room = {NULL};
    struct text_lines *lines;
    char path[PATH_MAX];
    size_t bytes;
    char *line;
    int got;

    if (rows_path(path, task, directory, split == TEXT_TRAIN ? own->train : own->dev) ||
        text_lines_open(&lines, path))
        return -1;
    while ((got = text_lines_next(lines, &line, &bytes)) > 0) {
        json_t *row;
        int status;

        if (bytes == 0)
            continue;
        row = parse(line, bytes);
        status = row ? own->add(own, row, split, &room, examples) : -1;
        json_decref(row);
        if (status) {
            got = err_prepend("%s:%zu", path, text_lines_number(lines));
            break;
        }
    }
    composed_free(&room);
    text_lines_close(lines);
    return got;
}

int jsonl_text(const json_t *object, const char *name, const char **text)
{
    const json_t *value = json_object_get(object, name);

    *text = json_string_value(value);
    return *text || !value || json_is_null(value) ? 0 : err_set("'%s' must be a string", name);
}

int jsonl_label(const struct text_task *task, const json_t *object, int *label)
{
    const json_t *value = json_object_get(object, "label");
    int status;

    if (!value || json_is_null(value))
        return 0;
    if (json_is_boolean(value))
        status = rows_label_of_number(task, json_is_true(value), label);
    else if (json_is_integer(value))
        status = rows_label_of_number(task, json_integer_value(value), label);
    else if (json_is_string(value))
        status = rows_label_of_word(task, json_string_value(value), label);
    else
        status = err_set("'label' must be true, false, a number or a word");
    return status ? -1 : 1;
}
