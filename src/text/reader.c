/* reader.c - see reader.h. */
#include "src/glu.h"

#include "src/text/input.h"
#include "src/text/json_line.h"
#include "src/text/reader.h"
#include "src/util/utf8.h"
#include "src/util/printable.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ_BYTES = 1 << 16,
    LINE_BYTES_MAX = 64 << 20,
    DOCUMENT_BYTES_MIN = 2 << 10,
    DOCUMENT_BYTES_MAX = 4 << 10,
    NAMES_BYTES = 200,
    NAME_BYTES = 64
};

struct reader {
    enum format format;
    char *path;
    const char *field; /* of JSON lines */
    struct input *input;
    bool at_end; /* of the input; the buffer may still hold some */

    char *buffer; /* bytes start to end are read and not used yet */
    size_t start, end, capacity;
    uint64_t position; /* of buffer[start] in the decompressed file */

    char *room; /* (room_bytes): for a line's text */
    size_t room_bytes;
    uint64_t line_number;
    struct reader_lines lines;
    struct reader_place begun; /* what reader_next() gave last */
    char fields[NAMES_BYTES], field_instead[NAME_BYTES]; /* of the first line that was skipped */
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

static void describe_fault(struct reader *reader, const char *line, size_t bytes,
                           const struct json_line *found)
{
    char *text = reader->lines.first_fault;
    size_t size = sizeof reader->lines.first_fault;

    switch (found->state) {
    case JSON_LINE_NO_FIELD:
        json_line_names(line, bytes, reader->fields, sizeof reader->fields, reader->field_instead,
                        sizeof reader->field_instead);
        if (reader->fields[0])
            snprintf(text, size, "has no \"%s\"; its fields are %s", reader->field, reader->fields);
        else
            snprintf(text, size, "has no \"%s\", and no field at all", reader->field);
        break;
    case JSON_LINE_NO_STRING:
        snprintf(text, size, "\"%s\" is not a string", reader->field);
        break;
    default:
        snprintf(text, size, "%s (byte %zu of the line)", found->fault, found->fault_at + 1);
    }
    printable(text);
    printable(reader->field_instead);
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

static int next_json(struct reader *reader, struct document *document)
{
    const char *line = NULL;
    struct json_line found;
    size_t bytes = 0;
    int got;

    while ((got = next_line(reader, &line, &bytes)) > 0) {
        if (json_line_is_blank(line, bytes))
            continue;
        reader->lines.all++;
        if (make_line_room(reader, bytes))
            return -1;
        if (!json_line_find(line, bytes, reader->field, reader->room, &found)) {
            reader->lines.bad++;
            if (reader->lines.first_bad == 0) {
                reader->lines.first_bad = reader->line_number;
                describe_fault(reader, line, bytes, &found);
            }
            continue;
        }
        reader->lines.replaced += found.replaced;
        if (make_document(document, found.text, found.bytes))
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
    if (text[valid] == '\0')
        return err_set("%s is not text: byte 0x00 at offset %" PRIu64 " (convert it when it "
                       "is UTF-16 or UTF-32, for example by iconv; otherwise leave it out)",
                       reader->path, reader->position + valid);
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

static const struct {
    const char *kind;
    int (*next)(struct reader *reader, struct document *document); /* as reader_next() */
} formats[] = {
    [FORMAT_TEXT] = {"text", next_text},
    [FORMAT_JSON_LINES] = {"c4", next_json},
};

/* Read as much as it takes to judge the file, and judge it. */
static int judge(struct reader *reader, struct format_verdict *verdict)
{
    if (skip_byte_order_mark(reader))
        return -1;
    while (waiting(reader) < FORMAT_HEAD_BYTES && !reader->at_end)
        if (read_more(reader) < 0)
            return -1;
    if (format_needs_line(reader->buffer + reader->start, waiting(reader))) {
        size_t seen = waiting(reader);

        while (!reader->at_end && seen <= LINE_BYTES_MAX) {
            if (read_more(reader) < 0)
                return -1;
            if (memchr(reader->buffer + reader->start + seen, '\n', waiting(reader) - seen))
                break;
            seen = waiting(reader);
        }
    }
    *verdict = format_judge(reader->buffer + reader->start, waiting(reader), reader->at_end,
                            reader->path);
    return 0;
}

static int open_and_judge(struct reader **result, const char *path,
                          const struct reader_options *options, struct format_verdict *verdict)
{
    struct reader *reader = calloc(1, sizeof *reader);

    *result = NULL;
    if (!reader)
        return err_set("no memory to read %s", path);
    reader->field = options->field ? options->field : "text";
    reader->path = strdup(path);
    if (!reader->path) {
        err_set("no memory to read %s", path);
        goto fail;
    }
    if (input_open(&reader->input, path, options->sums, options->identity) ||
        judge(reader, verdict))
        goto fail;
    reader->format = verdict->format;
    *result = reader;
    return 0;
fail:
    reader_close(reader);
    return -1;
}

int reader_look(const char *path, const struct file_identity *identity, enum format *format)
{
    const struct reader_options options = {.identity = identity};
    struct format_verdict verdict = {.format = FORMAT_TEXT};
    struct reader *reader;

    if (open_and_judge(&reader, path, &options, &verdict))
        return -1;
    reader_close(reader);
    *format = verdict.format;
    return 0;
}

int reader_open(struct reader **result, const char *path, const struct reader_options *options)
{
    static const struct reader_options none = {0};
    struct format_verdict verdict = {.format = FORMAT_TEXT};

    if (open_and_judge(result, path, options ? options : &none, &verdict))
        return -1;
    if (verdict.format != FORMAT_FOREIGN)
        return 0;
    err_set("%s is %s%s, and neither text nor JSON lines: %s", path,
            input_is_gzip((*result)->input) ? "inside gzip, " : "", verdict.what, verdict.remedy);
    reader_close(*result);
    *result = NULL;
    return -1;
}

const char *reader_kind(const struct reader *reader)
{
    return formats[reader->format].kind;
}

int reader_next(struct reader *reader, struct document *document)
{
    int got;

    reader->begun = (struct reader_place){reader->position, reader->line_number, reader->lines.all,
                                          reader->lines.bad};
    got = formats[reader->format].next(reader, document);
    if (got > 0)
        document->hash = document_hash(document->text, document->bytes);
    return got;
}

void reader_place(const struct reader *reader, struct reader_place *place)
{
    *place = reader->begun;
}

int reader_go(struct reader *reader, const struct reader_place *place)
{
    uint64_t ahead = place->position - reader->position;
    int got = 1;

    if (place->position < reader->position || place->bad > place->all || place->all > place->line)
        return err_set("%s: no document begins at byte %" PRIu64, reader->path, place->position);
    if (ahead > waiting(reader)) {
        got = input_skip(reader->input, ahead - waiting(reader));
        reader->start = reader->end = 0;
        reader->position = place->position;
    } else {
        consume(reader, (size_t)ahead);
    }
    if (got == 0)
        return err_set("%s: it ends before byte %" PRIu64 ", where a document was: get the file again, as "
                       "it was", reader->path, place->position);
    reader->line_number = place->line;
    reader->lines.all = place->all;
    reader->lines.bad = place->bad;
    return got < 0 ? -1 : 0;
}

void reader_close(struct reader *reader)
{
    if (!reader)
        return;
    input_close(reader->input);
    free(reader->buffer);
    free(reader->room);
    free(reader->path);
    free(reader);
}

const struct reader_lines *reader_lines(const struct reader *reader)
{
    return &reader->lines;
}

int reader_check_lines(const struct reader *reader)
{
    const struct reader_lines *lines = &reader->lines;

    if (lines->bad <= lines->all / 2)
        return 0;
    if (lines->first_bad == 0)
        return err_set("%s: %" PRIu64 " of the file's %" PRIu64 " lines have no text: it is to be JSON "
                       "lines, each an object with a \"%s\"",
                       reader->path, lines->bad, lines->all, reader->field);
    if (reader->field_instead[0])
        return err_set("%s:%" PRIu64 ": %s: " FIELD("text_field") " %s (%" PRIu64 " of the file's %"
                       PRIu64 " lines have no \"%s\")", reader->path, lines->first_bad,
                       lines->first_fault, reader->field_instead, lines->bad, lines->all,
                       reader->field);
    return err_set("%s:%" PRIu64 ": %s; %" PRIu64 " of the file's %" PRIu64 " lines have no text: "
                   "by its content or its name it holds JSON lines, each an object with a \"%s\"",
                   reader->path, lines->first_bad, lines->first_fault, lines->bad, lines->all,
                   reader->field);
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
