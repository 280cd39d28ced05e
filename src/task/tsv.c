/* tsv.c - see tsv.h. */
#include "src/glu.h"

#include "src/task/tsv.h"

#include "src/task/rows.h"
#include "src/text/text_lines.h"

#include <stdlib.h>
#include <string.h>

struct tsv {
    struct text_lines *lines;
    int count, numbers[TSV_COLUMNS_MAX];
    size_t dropped;
};

/* Find the names in the first line, which is cut up.  0 or -1. */
static int read_names(struct tsv *tsv, const struct tsv_column *columns)
{
    char excerpt[ROWS_EXCERPT_BYTES];
    char *line, *rest;
    size_t bytes;
    int got = text_lines_next(tsv->lines, &line, &bytes);

    if (got < 0)
        return -1;
    if (got == 0)
        return err_set("%s: it is empty; its first line must name the columns", text_lines_path(tsv->lines));
    rows_excerpt(line, excerpt);
    for (int i = 0; i < tsv->count; i++)
        tsv->numbers[i] = -1;
    rest = line;
    for (int number = 0; rest; number++) {
        const char *name = strsep(&rest, "\t");

        for (int i = 0; i < tsv->count; i++)
            if (strcmp(name, columns[i].name) == 0)
                tsv->numbers[i] = number;
    }
    for (int i = 0; i < tsv->count; i++)
        if (tsv->numbers[i] < 0)
            return err_set("%s:1: there is no column '%s': the first line must name it, with tabs between the "
                           "names (it is '%s')", text_lines_path(tsv->lines), columns[i].name, excerpt);
    return 0;
}

int tsv_open(struct tsv **result, const char *path, const struct tsv_column *columns, int count)
{
    struct tsv *tsv = calloc(1, sizeof *tsv);

    *result = NULL;
    if (!tsv)
        return err_set("no memory to read %s", path);
    tsv->count = count;
    for (int i = 0; i < count; i++)
        tsv->numbers[i] = columns[i].number;
    if (text_lines_open(&tsv->lines, path) || (columns[0].name && read_names(tsv, columns))) {
        tsv_close(tsv);
        return -1;
    }
    *result = tsv;
    return 0;
}

/* Cut up a line; whether it has all of the fields. */
static bool find_fields(const struct tsv *tsv, char *line, const char *fields[TSV_COLUMNS_MAX])
{
    int found = 0;

    for (int number = 0; line; number++) {
        const char *field = strsep(&line, "\t");

        for (int i = 0; i < tsv->count; i++)
            if (tsv->numbers[i] == number) {
                fields[i] = field;
                found++;
            }
    }
    return found == tsv->count;
}

int tsv_next(struct tsv *tsv, const char *fields[TSV_COLUMNS_MAX])
{
    char *line;
    size_t bytes;
    int got;

    while ((got = text_lines_next(tsv->lines, &line, &bytes)) > 0) {
        if (bytes == 0)
            continue;
        if (find_fields(tsv, line, fields))
            return 1;
        tsv->dropped++;
    }
    return got;
}

size_t tsv_dropped(const struct tsv *tsv)
{
    return tsv->dropped;
}

int tsv_blame(const struct tsv *tsv)
{
    return err_prepend("%s:%zu", text_lines_path(tsv->lines), text_lines_number(tsv->lines));
}

void tsv_close(struct tsv *tsv)
{
    if (!tsv)
        return;
    text_lines_close(tsv->lines);
    free(tsv);
}
