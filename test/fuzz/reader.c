/* reader.c - the files of a corpus. */
#include "src/glu.h"

#include "src/text/json_line.h"
#include "src/text/reader.h"
#include "src/util/utf8.h"
#include "src/util/json_bound.h"
#include "test/fuzz/fuzz.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int fuzz_json_lines(const uint8_t *data, size_t size);
int fuzz_gzip_lines(const uint8_t *data, size_t size);
int fuzz_gzip(const uint8_t *data, size_t size);
int fuzz_text(const uint8_t *data, size_t size);

/* What a reader gave, to be compared. */
struct reading {
    int status;
    uint64_t documents, bytes, digest, bad_lines;
};

static struct reading read_file(const char *path)
{
    struct reading reading = {.status = -1};
    struct reader *reader;
    struct document document;
    int got;

    if (reader_open(&reader, path, NULL))
        return reading;
    while ((got = reader_next(reader, &document)) > 0) {
        fuzz_check(document.bytes > 0, "no document is empty");
        fuzz_check(utf8_valid_bytes(document.text, document.bytes) == document.bytes,
                   "a document is UTF-8 without NUL");
        reading.documents++;
        reading.bytes += document.bytes;
        reading.digest = 31 * reading.digest + document.hash;
    }
    reading.bad_lines = reader_lines(reader)->bad;
    fuzz_check(reading.bad_lines <= reader_lines(reader)->all,
               "no more lines are bad than there are");
    reading.status = got == 0 ? reader_check_lines(reader) : -1;
    reader_close(reader);
    return reading;
}

/* A line as jansson finds it: when that has a text, we must have the same. */
static void compare_line(const char *line, size_t bytes)
{
    char *copy = malloc(bytes + 1), *room = malloc(bytes + 1);
    struct json_line found;
    json_t *tree, *string;
    bool is;

    if (!copy || !room)
        tap_bail_out("no memory");
    memcpy(copy, line, bytes);
    is = json_line_find(copy, bytes, "text", room, &found);
    fuzz_check(!is || (found.bytes <= bytes &&
                       utf8_valid_bytes(found.text, found.bytes) == found.bytes),
               "a text is UTF-8 and no longer than its line");
    /* A parser of trees is slow for many values, and steps over a NUL behind a number. */
    if (!json_has_more_values(line, bytes, 1 << 16) && !memchr(line, '\0', bytes)) {
        tree = json_loadb(line, bytes, 0, NULL);
        string = json_object_get(tree, "text");
        fuzz_check(!tree || (is == json_is_string(string) &&
                             (!is || (found.bytes == json_string_length(string) &&
                                      memcmp(found.text, json_string_value(string), found.bytes) == 0))),
                   "the text is the one that a parser finds");
        json_decref(tree);
    }
    free(copy);
    free(room);
}

int fuzz_json_lines(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;
    struct reading reading = read_file(scratch_write("lines.json", data, size));

    for (const char *next; at < end; at = next) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        next = stop ? stop + 1 : end;
        compare_line(at, (size_t)((stop ? stop : end) - at));
    }
    return reading.status;
}

int fuzz_gzip_lines(const uint8_t *data, size_t size)
{
    struct reading plain, compressed;
    char *lines = malloc(size + 1);

    if (!lines)
        tap_bail_out("no memory");
    lines[0] = '\n'; /* so that the plain file does not begin like a compressed one */
    if (size)
        memcpy(lines + 1, data, size);
    plain = read_file(scratch_write("lines.json", lines, size + 1));
    compressed = read_file(scratch_gzip("lines.json.gz", lines, size + 1));
    free(lines);
    fuzz_check(plain.status == compressed.status && plain.documents == compressed.documents &&
                   plain.digest == compressed.digest && plain.bad_lines == compressed.bad_lines,
               "a compressed file reads as it does plain");
    return compressed.status;
}

int fuzz_gzip(const uint8_t *data, size_t size)
{
    return read_file(scratch_write("text.gz", data, size)).status;
}

int fuzz_text(const uint8_t *data, size_t size)
{
    struct reading reading = read_file(scratch_write("plain.txt", data, size));
    bool compressed = size >= 2 && data[0] == 0x1f && data[1] == 0x8b;

    fuzz_check(compressed || reading.bytes <= size, "no text is read twice");
    return reading.status;
}
