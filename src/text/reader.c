/* reader.c - see reader.h. */
#include "src/glu.h"

#include "src/text/input.h"
#include "src/text/json_line.h"
#include "src/text/reader.h"
#include "src/text/utf8.h"
#include "src/util/json_bound.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    READ_BYTES = 1 << 16,
    LINE_BYTES_MAX = 64 << 20,
    LINE_VALUES_MAX = 1 << 16,
    DOCUMENT_BYTES_MIN = 2 << 10,
    DOCUMENT_BYTES_MAX = 4 << 10
};

struct format {
    const char *kind;
    int (*next)(struct reader *reader, struct document *document); /* as reader_next() */
};

struct reader {
    const struct format *format;
    char *path;
    struct input *input;
    bool at_end; /* of the input; the buffer may still hold some */

    char *buffer; /* bytes start to end are read and not used yet */
    size_t start, end, capacity;
    uint64_t position; /* of buffer[start] in the decompressed file */

    char *room; /* (room_bytes): for a line's text */
    size_t room_bytes;
    json_t *line; /* the current document's, when it took a parser */
    uint64_t line_number, lines, bad_lines, first_bad_line; /* lines: those that are not blank */
    char first_fault[JSON_ERROR_TEXT_LENGTH];
};

/* ==== The buffer ==== */

static size_t waiting(const struct reader *reader)
{
    return reader->end - reader->start;
}

static void consume(struct reader *reader, size_t bytes)
{
    reader->start += bytes;
    reader->position += bytes;
}

/* Read more behind what is waiting.  1, 0 at the end of the input, or -1. */
static int read_more(struct reader *reader)
{
    ssize_t got;

    if (reader->start) {
        memmove(reader->buffer, reader->buffer + reader->start, waiting(reader));
        reader->end = waiting(reader);
        reader->start = 0;
    }
    if (reader->capacity - reader->end < READ_BYTES) {
        size_t capacity = 2 * reader->capacity + READ_BYTES;
        char *grown = realloc(reader->buffer, capacity);

        if (!grown)
            return err_set("%s: no memory for a line of %zu bytes", reader->path, capacity);
        reader->buffer = grown;
        reader->capacity = capacity;
    }
    got = input_read(reader->input, reader->buffer + reader->end, READ_BYTES);
    if (got < 0)
        return -1;
    reader->end += (size_t)got;
    reader->at_end = got == 0;
    return got > 0;
}

static int skip_byte_order_mark(struct reader *reader)
{
    static const char mark[3] = "\xef\xbb\xbf";

    while (waiting(reader) < sizeof mark && !reader->at_end)
        if (read_more(reader) < 0)
            return -1;
    if (waiting(reader) >= sizeof mark &&
        memcmp(reader->buffer + reader->start, mark, sizeof mark) == 0)
        consume(reader, sizeof mark);
    return 0;
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* The document of a stretch of text; false when nothing is left of it. */
static bool make_document(struct document *document, const char *text, size_t bytes)
{
    while (bytes && is_line_end(text[bytes - 1]))
        bytes--;
    while (bytes && is_line_end(*text)) {
        text++;
        bytes--;
    }
    document->text = text;
    document->bytes = bytes;
    return bytes > 0;
}

/* ==== JSON lines ==== */

/* The next line without its end; 1, 0 at the end, -1. */
static int next_line(struct reader *reader, const char **line, size_t *bytes)
{
    size_t seen = 0;
    char *end;

    for (;;) {
        end = NULL;
        if (waiting(reader) > seen)
            end = memchr(reader->buffer + reader->start + seen, '\n', waiting(reader) - seen);
        seen = waiting(reader);
        if (end || reader->at_end)
            break;
        if (seen > LINE_BYTES_MAX)
            return err_set("%s:%" PRIu64 ": the line is longer than %d MiB: is this JSON lines, "
                           "one document a line?", reader->path, reader->line_number + 1,
                           LINE_BYTES_MAX >> 20);
        if (read_more(reader) < 0)
            return -1;
    }
    if (!end && seen == 0)
        return 0;
    *line = reader->buffer + reader->start;
    *bytes = end ? (size_t)(end - *line) : seen;
    consume(reader, *bytes + (end ? 1 : 0));
    reader->line_number++;
    return 1;
}

static bool is_blank(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
            return false;
    return true;
}

static void count_bad_line(struct reader *reader, const char *fault)
{
    if (reader->bad_lines++)
        return;
    reader->first_bad_line = reader->line_number;
    snprintf(reader->first_fault, sizeof reader->first_fault, "%s", fault);
}

/* Parse a line into reader->line; "text" in it, NULL when the line is bad, -1 in *status when
 * there is no memory. */
static json_t *parse_line(struct reader *reader, const char *line, size_t bytes, int *status)
{
    json_error_t error;
    json_t *text;

    *status = 0;
    json_decref(reader->line);
    reader->line = NULL;
    if (json_has_more_values(line, bytes, LINE_VALUES_MAX)) {
        count_bad_line(reader, "more than 65,536 values in one line");
        return NULL;
    }
    errno = 0;
    reader->line = json_loadb(line, bytes, 0, &error);
    if (!reader->line) {
        if (errno == ENOMEM) /* which jansson's own error code does not always tell */
            *status = err_set("%s:%" PRIu64 ": no memory to parse the line", reader->path,
                              reader->line_number);
        else
            count_bad_line(reader, error.text);
        return NULL;
    }
    text = json_object_get(reader->line, "text");
    if (!json_is_string(text)) {
        count_bad_line(reader, "there is no \"text\" with a string");
        return NULL;
    }
    return text;
}

static int make_line_room(struct reader *reader, size_t bytes)
{
    char *grown;

    if (bytes <= reader->room_bytes)
        return 0;
    grown = realloc(reader->room, 2 * bytes);
    if (!grown)
        return err_set("%s:%" PRIu64 ": no memory for a line of %zu bytes", reader->path,
                       reader->line_number, bytes);
    reader->room = grown;
    reader->room_bytes = 2 * bytes;
    return 0;
}

/* The text of a line: 1, 0 when it has none, or -1. */
static int find_text(struct reader *reader, const char *line, size_t bytes, const char **text,
                     size_t *text_bytes)
{
    json_t *string;
    int status;

    if (make_line_room(reader, bytes))
        return -1;
    if (json_line_text(line, bytes, reader->room, text, text_bytes))
        return 1;
    string = parse_line(reader, line, bytes, &status);
    if (!string)
        return status;
    *text = json_string_value(string);
    *text_bytes = json_string_length(string);
    return 1;
}

static int next_json(struct reader *reader, struct document *document)
{
    const char *line = NULL, *text = NULL;
    size_t bytes = 0, text_bytes = 0;
    int got;

    while ((got = next_line(reader, &line, &bytes)) > 0) {
        if (is_blank(line, bytes))
            continue;
        reader->lines++;
        got = find_text(reader, line, bytes, &text, &text_bytes);
        if (got < 0)
            return -1;
        if (got > 0 && make_document(document, text, text_bytes))
            return 1;
    }
    return got;
}

/* ==== Plain text ==== */

/* May a document end before text[i]?  Each rule is tried where the one before found no place. */
static bool after_paragraph(const char *text, size_t i)
{
    if (text[i - 1] != '\n')
        return false;
    return text[i - 2] == '\n' || (text[i - 2] == '\r' && i > 2 && text[i - 3] == '\n');
}

static bool after_line(const char *text, size_t i)
{
    return text[i - 1] == '\n';
}

static bool after_word(const char *text, size_t i)
{
    return text[i - 1] == ' ';
}

static bool after_character(const char *text, size_t i)
{
    return ((unsigned char)text[i] & 0xc0) != 0x80;
}

static size_t cut_before(const char *text, size_t bytes)
{
    static bool (*const rules[])(const char *text, size_t i) = {
        after_paragraph, after_line, after_word, after_character};

    if (bytes <= DOCUMENT_BYTES_MAX)
        return bytes;
    for (size_t rule = 0; rule < LENGTH_OF(rules); rule++)
        for (size_t i = DOCUMENT_BYTES_MAX; i >= DOCUMENT_BYTES_MIN; i--)
            if (rules[rule](text, i))
                return i;
    return DOCUMENT_BYTES_MAX; /* no UTF-8, as the check will find */
}

static int check_text(const struct reader *reader, const char *text, size_t bytes)
{
    size_t valid = utf8_valid_bytes(text, bytes);

    if (valid == bytes)
        return 0;
    return err_set("%s is not UTF-8 text: byte 0x%02x at offset %" PRIu64 " (convert it, for "
                   "example by iconv, or leave it out)", reader->path, (unsigned char)text[valid],
                   reader->position + valid);
}

static int next_text(struct reader *reader, struct document *document)
{
    const char *text;
    size_t bytes;

    do {
        while (waiting(reader) <= DOCUMENT_BYTES_MAX && !reader->at_end)
            if (read_more(reader) < 0)
                return -1;
        if (waiting(reader) == 0)
            return 0;
        text = reader->buffer + reader->start;
        bytes = cut_before(text, waiting(reader));
        if (check_text(reader, text, bytes))
            return -1;
        consume(reader, bytes);
    } while (!make_document(document, text, bytes));
    return 1;
}

/* ==== The reader ==== */

static const struct format json_lines = {"c4", next_json};
static const struct format plain_text = {"text", next_text};

static const struct {
    const char *suffix;
    const struct format *format;
} suffixes[] = {
    {".json", &json_lines},
    {".jsonl", &json_lines},
    {".ndjson", &json_lines},
};

static const struct format *format_of(const char *path)
{
    size_t length = strlen(path);

    if (length > 3 && strcasecmp(path + length - 3, ".gz") == 0)
        length -= 3;
    for (size_t i = 0; i < LENGTH_OF(suffixes); i++) {
        size_t suffix = strlen(suffixes[i].suffix);

        if (length >= suffix &&
            strncasecmp(path + length - suffix, suffixes[i].suffix, suffix) == 0)
            return suffixes[i].format;
    }
    return &plain_text;
}

const char *reader_kind(const char *path)
{
    return format_of(path)->kind;
}

int reader_open(struct reader **result, const char *path, struct sha256 *sha)
{
    struct reader *reader = calloc(1, sizeof *reader);

    *result = NULL;
    if (!reader)
        return err_set("no memory to read %s", path);
    reader->format = format_of(path);
    reader->path = strdup(path);
    if (!reader->path) {
        err_set("no memory to read %s", path);
        goto fail;
    }
    if (input_open(&reader->input, path, sha) || skip_byte_order_mark(reader))
        goto fail;
    *result = reader;
    return 0;
fail:
    reader_close(reader);
    return -1;
}

int reader_next(struct reader *reader, struct document *document)
{
    int got = reader->format->next(reader, document);

    if (got > 0)
        document->hash = document_hash(document->text, document->bytes);
    return got;
}

void reader_close(struct reader *reader)
{
    if (!reader)
        return;
    json_decref(reader->line);
    input_close(reader->input);
    free(reader->buffer);
    free(reader->room);
    free(reader->path);
    free(reader);
}

void reader_lines(const struct reader *reader, uint64_t *lines, uint64_t *bad_lines)
{
    *lines = reader->lines;
    *bad_lines = reader->bad_lines;
}

int reader_check_lines(const struct reader *reader)
{
    if (reader->bad_lines <= reader->lines / 2)
        return 0;
    return err_set("%s:%" PRIu64 ": %s; so it is with %" PRIu64 " of the file's %" PRIu64 " lines: "
                   "a file of this name holds JSON lines, each an object with a \"text\"",
                   reader->path, reader->first_bad_line, reader->first_fault, reader->bad_lines,
                   reader->lines);
}

/* FNV-1a over the bytes, then the bits mixed as in MurmurHash3, so that a share of the documents
 * can be chosen by the upper ones. */
uint64_t document_hash(const char *text, size_t bytes)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ hash >> 33;
}
