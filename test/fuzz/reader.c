/* reader.c - the files of a corpus. */
#include "src/glu.h"

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
    uint64_t lines;
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
    reader_lines(reader, &lines, &reading.bad_lines);
    fuzz_check(reading.bad_lines <= lines, "no more lines are bad than there are");
    reading.status = got == 0 ? reader_check_lines(reader) : -1;
    reader_close(reader);
    return reading;
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* The documents of lines as jansson finds them, without any short way. */
static void read_lines(const char *at, const char *end, uint64_t *documents, uint64_t *digest)
{
    if (end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    for (const char *next; at < end; at = next) {
        const char *stop = memchr(at, '\n', (size_t)(end - at)), *text;
        size_t bytes;
        json_t *line;

        next = stop ? stop + 1 : end;
        if (json_has_more_values(at, (size_t)((stop ? stop : end) - at), 1 << 16))
            continue;
        line = json_loadb(at, (size_t)((stop ? stop : end) - at), 0, NULL);
        text = json_string_value(json_object_get(line, "text"));
        bytes = json_string_length(json_object_get(line, "text"));
        while (text && bytes && is_line_end(text[bytes - 1]))
            bytes--;
        for (; text && bytes && is_line_end(*text); text++)
            bytes--;
        if (text && bytes) {
            ++*documents;
            *digest = 31 * *digest + document_hash(text, bytes);
        }
        json_decref(line);
    }
}

int fuzz_json_lines(const uint8_t *data, size_t size)
{
    struct reading reading = read_file(scratch_write("lines.json", data, size));
    uint64_t documents = 0, digest = 0;

    if (size >= 2 && data[0] == 0x1f && data[1] == 0x8b)
        return reading.status;
    read_lines((const char *)data, (const char *)data + size, &documents, &digest);
    fuzz_check(reading.status < 0 || (reading.documents == documents && reading.digest == digest),
               "the documents are those that a parser finds");
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
