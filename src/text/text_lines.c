/* text_lines.c - see text_lines.h. */
#include "src/glu.h"

#include "src/text/text_lines.h"

#include "src/text/input.h"
#include "src/util/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { READ_BYTES = 1 << 16, LINE_BYTES_MAX = 64 << 20 };

struct text_lines {
    char *path;
    struct input *input;
    bool at_end;    /* of the input; the buffer may still hold some */
    char *buffer;   /* bytes start to end are read and not used yet; one more always fits behind them */
    size_t start, end, capacity;
    size_t number;
};

int text_lines_open(struct text_lines **result, const char *path)
{
    struct text_lines *lines = calloc(1, sizeof *lines);

    *result = NULL;
    if (!lines)
        return err_set("no memory to read %s", path);
    lines->path = strdup(path);
    if (!lines->path) {
        err_set("no memory to read %s", path);
        goto fail;
    }
    if (input_open(&lines->input, path, NULL, NULL))
        goto fail;
    *result = lines;
    return 0;
fail:
    text_lines_close(lines);
    return -1;
}

/* Read more behind what is there.  0 or -1. */
static int read_more(struct text_lines *lines)
{
    ssize_t got;

    if (lines->start) {
        memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
        lines->end -= lines->start;
        lines->start = 0;
    }
    if (lines->capacity - lines->end < READ_BYTES + 1) {
        size_t capacity = 2 * lines->capacity + READ_BYTES + 1;
        char *grown = realloc(lines->buffer, capacity);

        if (!grown)
            return err_set("%s: no memory for a line of %zu bytes", lines->path, capacity);
        lines->buffer = grown;
        lines->capacity = capacity;
    }
    got = input_read(lines->input, lines->buffer + lines->end, READ_BYTES);
    if (got < 0)
        return -1;
    lines->end += (size_t)got;
    lines->at_end = got == 0;
    return 0;
}

/* Find where the line ends that starts the buffer; *stop is NULL when the text ends before it does. */
static int find_end(struct text_lines *lines, char **stop)
{
    size_t seen = 0;

    for (;;) {
        size_t waiting = lines->end - lines->start;

        *stop = waiting > seen ? memchr(lines->buffer + lines->start + seen, '\n', waiting - seen) : NULL;
        if (*stop || lines->at_end)
            return 0;
        if (waiting > LINE_BYTES_MAX)
            return err_set("%s:%zu: the line is longer than %d MiB: is this the right file?", lines->path,
                           lines->number + 1, LINE_BYTES_MAX >> 20);
        seen = waiting;
        if (read_more(lines))
            return -1;
    }
}

int text_lines_next(struct text_lines *lines, char **line, size_t *bytes)
{
    static const char mark[3] = "\xef\xbb\xbf";
    size_t valid;
    char *stop;

    if (find_end(lines, &stop))
        return -1;
    if (!stop && lines->start == lines->end)
        return 0;
    *line = lines->buffer + lines->start;
    *bytes = stop ? (size_t)(stop - *line) : lines->end - lines->start;
    lines->start += *bytes + (stop != NULL);
    lines->number++;
    if (*bytes && (*line)[*bytes - 1] == '\r')
        --*bytes;
    (*line)[*bytes] = '\0';
    if (lines->number == 1 && *bytes >= sizeof mark && memcmp(*line, mark, sizeof mark) == 0) {
        *line += sizeof mark;
        *bytes -= sizeof mark;
    }
    valid = utf8_valid_bytes(*line, *bytes);
    if (valid < *bytes)
        return err_set("%s:%zu: byte %zu of the line is not UTF-8 text: convert the file by 'iconv -t UTF-8'",
                       lines->path, lines->number, valid + 1);
    return 1;
}

size_t text_lines_number(const struct text_lines *lines)
{
    return lines->number;
}

const char *text_lines_path(const struct text_lines *lines)
{
    return lines->path;
}

void text_lines_close(struct text_lines *lines)
{
    if (!lines)
        return;
    input_close(lines->input);
    free(lines->buffer);
    free(lines->path);
    free(lines);
}
