/* json_line.c - see json_line.h.
 *
 * A parser that keeps every value takes three times as long as all else that is done to read a
 * corpus, and it refuses a line for what nobody asks for.  This one steps over all values but one. */
#include "src/glu.h"

#include "src/text/json_line.h"
#include "src/util/utf8.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 2048, REPLACEMENT = 0xfffd };

struct cursor {
    const char *at, *end;
    const char *fault; /* what is wrong at `at` */
    bool lines;        /* there may be several, and a string ends in its own */
};

/* For `return fail(...)`. */
static bool fail(struct cursor *cursor, const char *fault)
{
    cursor->fault = fault;
    return false;
}

/* The line ends where more should come; json_begins_document() tells by `at`. */
static bool ends_early(struct cursor *cursor)
{
    cursor->at = cursor->end;
    return fail(cursor, "the JSON is cut off");
}

static bool is_at_end(const struct cursor *cursor)
{
    return cursor->at == cursor->end;
}

static void skip_space(struct cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t' ||
                                        *cursor->at == '\r' || *cursor->at == '\n'))
        cursor->at++;
}

/* Skip white space; is the next character this one?  It is skipped then. */
static bool accept(struct cursor *cursor, char c)
{
    skip_space(cursor);
    if (is_at_end(cursor) || *cursor->at != c)
        return false;
    cursor->at++;
    return true;
}

/* ==== Strings that count ==== */

/* Is one of the eight bytes a quote, a backslash or a control character?  (A byte that is zero
 * borrows from its upper bit when 1 is subtracted, one below 20 when 20 is.) */
static bool eight_have_special(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';

    return (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
            ((word - ones * 0x20) & ~word)) & tops;
}

/* Copy up to the next special byte; returns how many bytes there were before it. */
static size_t copy_plain(char *to, const char *from, const char *end)
{
    const char *at = from;
    uint64_t word;

    for (; end - at >= 8; at += 8, to += 8) {
        memcpy(&word, at, sizeof word);
        if (eight_have_special(word))
            break;
        memcpy(to, &word, sizeof word);
    }
    for (; at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20; at++)
        *to++ = *at;
    return (size_t)(at - from);
}

/* The four digits of \uXXXX, or -1. */
static int read_hex(const char *from, const char *end)
{
    int value = 0;

    if (end - from < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = from[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (digit < 0)
            return -1;
        value = 16 * value + digit;
    }
    return value;
}

static size_t write_utf8(char *to, uint32_t code)
{
    static const unsigned char lead[5] = {0, 0x00, 0xc0, 0xe0, 0xf0};
    size_t bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    for (size_t i = bytes - 1; i > 0; i--, code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)(lead[bytes] | code);
    return bytes;
}

/* \uXXXX, or two of them that make a character together.  `from` is behind the u; bytes read, 0 when
 * it is no escape.  What is no character, or NUL, is a replacement character and counted. */
static size_t read_code(const char *from, const char *end, uint32_t *code, uint64_t *replaced)
{
    int first = read_hex(from, end), second = -1;

    if (first < 0)
        return 0;
    *code = (uint32_t)first;
    if (first > 0 && (first < 0xd800 || first >= 0xe000))
        return 4;
    if (first >= 0xd800 && first < 0xdc00 && end - from >= 6 && from[4] == '\\' && from[5] == 'u')
        second = read_hex(from + 6, end);
    if (second >= 0xdc00 && second < 0xe000) {
        *code = 0x10000 + ((uint32_t)(first - 0xd800) << 10) + (uint32_t)(second - 0xdc00);
        return 10;
    }
    *code = REPLACEMENT;
    ++*replaced;
    return 4;
}

/* The escape at `from`, which is behind the backslash.  Returns how many bytes it has, 0 when it is
 * none, and moves *to behind what it means, which is never longer than the escape. */
static size_t read_escape(const char *from, const char *end, char **to, uint64_t *replaced)
{
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *found;
    uint32_t code;
    size_t bytes;

    if (from == end)
        return 0;
    if (*from == 'u') {
        bytes = read_code(from + 1, end, &code, replaced);
        if (bytes == 0)
            return 0;
        *to += write_utf8(*to, code);
        return bytes + 1;
    }
    found = memchr(escapes, *from, sizeof escapes - 1);
    if (!found)
        return 0;
    *(*to)++ = meanings[found - escapes];
    return 1;
}

/* A string; the cursor is behind its first quote and comes behind its last. */
static bool read_string(struct cursor *cursor, char *room, size_t *bytes, uint64_t *replaced)
{
    char *to = room;
    size_t plain, escape, valid;

    for (;;) {
        plain = copy_plain(to, cursor->at, cursor->end);
        cursor->at += plain;
        to += plain;
        if (is_at_end(cursor))
            return ends_early(cursor);
        if (*cursor->at == '"')
            break;
        if (*cursor->at != '\\')
            return fail(cursor, "a control character in the text");
        escape = read_escape(cursor->at + 1, cursor->end, &to, replaced);
        if (escape == 0)
            return fail(cursor, "an escape in the text that JSON does not have");
        cursor->at += 1 + escape;
    }
    *bytes = (size_t)(to - room);
    valid = utf8_valid_bytes(room, *bytes);
    if (valid != *bytes)
        return fail(cursor, "the text is not UTF-8");
    cursor->at++;
    return true;
}

/* ==== Values that do not ==== */

/* Which of the brackets around a value are an object's. */
struct nesting {
    uint64_t objects[DEPTH_MAX / 64];
    unsigned depth;
};

static bool is_in_object(const struct nesting *nesting)
{
    unsigned last = nesting->depth - 1;

    return nesting->objects[last / 64] >> last % 64 & 1;
}

static bool enter(struct cursor *cursor, struct nesting *nesting, bool object)
{
    unsigned last = nesting->depth;

    if (last == DEPTH_MAX)
        return fail(cursor, "values are nested more than 2,048 deep");
    if (last % 64 == 0)
        nesting->objects[last / 64] = 0;
    nesting->objects[last / 64] &= ~(UINT64_C(1) << last % 64);
    nesting->objects[last / 64] |= (uint64_t)object << last % 64;
    nesting->depth++;
    cursor->at++;
    return true;
}

/* Behind its first quote, to behind its last.  A quote that has an odd number of backslashes before
 * it is none. */
static bool skip_string(struct cursor *cursor)
{
    const char *start = cursor->at, *quote, *back;

    for (const char *from = start;; from = quote + 1) {
        quote = from < cursor->end ? memchr(from, '"', (size_t)(cursor->end - from)) : NULL;
        if (cursor->lines && memchr(from, '\n', (size_t)((quote ? quote : cursor->end) - from)))
            return fail(cursor, "a string should end in its line");
        if (!quote)
            return ends_early(cursor);
        for (back = quote; back > start && back[-1] == '\\'; back--)
            ;
        if ((quote - back) % 2 == 0)
            break;
    }
    cursor->at = quote + 1;
    return true;
}

/* A member's name as it stands between its quotes. */
struct name {
    const char *at;
    size_t bytes;
};

/* White space, a name and its colon. */
static bool skip_name(struct cursor *cursor, struct name *name)
{
    skip_space(cursor);
    if (is_at_end(cursor))
        return ends_early(cursor);
    if (!accept(cursor, '"'))
        return fail(cursor, "a name in quotes should stand here");
    name->at = cursor->at;
    if (!skip_string(cursor))
        return false;
    name->bytes = (size_t)(cursor->at - 1 - name->at);
    skip_space(cursor);
    if (is_at_end(cursor))
        return ends_early(cursor);
    return accept(cursor, ':') || fail(cursor, "a colon should stand here");
}

static bool skip_word(struct cursor *cursor)
{
    static const char *const words[] = {"true", "false", "null", "NaN", "Infinity"};
    size_t left = (size_t)(cursor->end - cursor->at);

    for (size_t i = 0; i < LENGTH_OF(words); i++) {
        size_t length = strlen(words[i]);

        if (left < length && memcmp(cursor->at, words[i], left) == 0)
            return ends_early(cursor);
        if (left >= length && memcmp(cursor->at, words[i], length) == 0) {
            cursor->at += length;
            return true;
        }
    }
    return fail(cursor, "this is no JSON value");
}

static bool skip_digits(struct cursor *cursor)
{
    const char *start = cursor->at;

    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9')
        cursor->at++;
    if (cursor->at > start)
        return true;
    return is_at_end(cursor) ? ends_early(cursor) : fail(cursor, "this is no number of JSON");
}

static bool skip_number(struct cursor *cursor)
{
    if (*cursor->at == '-') {
        cursor->at++;
        if (cursor->at < cursor->end && (*cursor->at == 'I' || *cursor->at == 'N'))
            return skip_word(cursor);
    }
    if (!skip_digits(cursor))
        return false;
    if (cursor->at < cursor->end && *cursor->at == '.') {
        cursor->at++;
        if (!skip_digits(cursor))
            return false;
    }
    if (cursor->at < cursor->end && (*cursor->at == 'e' || *cursor->at == 'E')) {
        cursor->at++;
        if (cursor->at < cursor->end && (*cursor->at == '+' || *cursor->at == '-'))
            cursor->at++;
        return skip_digits(cursor);
    }
    return true;
}

/* From the beginning of a value into it, up to one that holds no other, which is skipped, or to
 * where an empty one ends. */
static bool skip_first(struct cursor *cursor, struct nesting *nesting)
{
    for (;;) {
        struct name name;
        char c;

        skip_space(cursor);
        if (is_at_end(cursor))
            return ends_early(cursor);
        c = *cursor->at;
        if (c == '"') {
            cursor->at++;
            return skip_string(cursor);
        }
        if (c == '-' || (c >= '0' && c <= '9'))
            return skip_number(cursor);
        if (c != '[' && c != '{')
            return skip_word(cursor);
        if (!enter(cursor, nesting, c == '{'))
            return false;
        skip_space(cursor);
        if (!is_at_end(cursor) && *cursor->at == (c == '{' ? '}' : ']'))
            return true;
        if (c == '{' && !skip_name(cursor, &name))
            return false;
    }
}

/* From behind a value out of all that end with it; *more: not all do, and another value follows. */
static bool skip_ends(struct cursor *cursor, struct nesting *nesting, bool *more)
{
    *more = false;
    while (nesting->depth > 0) {
        bool object = is_in_object(nesting);
        struct name name;

        if (accept(cursor, ',')) {
            *more = true;
            return !object || skip_name(cursor, &name);
        }
        if (is_at_end(cursor))
            return ends_early(cursor);
        if (!accept(cursor, object ? '}' : ']'))
            return fail(cursor, "a comma or a bracket should stand here");
        nesting->depth--;
    }
    return true;
}

static bool skip_value(struct cursor *cursor)
{
    struct nesting nesting;
    bool more;

    nesting.depth = 0;
    do
        if (!skip_first(cursor, &nesting) || !skip_ends(cursor, &nesting, &more))
            return false;
    while (more);
    return true;
}

/* ==== Members ==== */

/* Is it the field's?  `room` is for what its escapes mean. */
static bool is_field(const struct name *name, const char *field, size_t field_bytes, char *room)
{
    struct cursor cursor = {.at = name->at, .end = name->at + name->bytes + 1};
    uint64_t replaced = 0;
    size_t bytes;

    if (!memchr(name->at, '\\', name->bytes))
        return name->bytes == field_bytes && memcmp(name->at, field, field_bytes) == 0;
    return read_string(&cursor, room, &bytes, &replaced) && bytes == field_bytes &&
           memcmp(room, field, bytes) == 0;
}

/* The value of the field. */
static bool read_text(struct cursor *cursor, char *room, struct json_line *found)
{
    *found = (struct json_line){.state = JSON_LINE_TEXT};
    if (accept(cursor, '"')) {
        found->text = room;
        return read_string(cursor, room, &found->bytes, &found->replaced);
    }
    found->state = JSON_LINE_NO_STRING;
    return skip_value(cursor);
}

/* What read_object() hands the members to. */
struct member_reader {
    const char *field;
    size_t field_bytes;
    char *room;
    struct json_line *found;
};

static bool read_member(struct cursor *cursor, const struct member_reader *reader)
{
    char *room = reader->room + (reader->found->text ? reader->found->bytes : 0);
    struct name name;

    if (!skip_name(cursor, &name))
        return false;
    return is_field(&name, reader->field, reader->field_bytes, room)
               ? read_text(cursor, reader->room, reader->found)
               : skip_value(cursor);
}

static bool read_object(struct cursor *cursor, const struct member_reader *reader)
{
    if (!accept(cursor, '{'))
        return fail(cursor, "this is no JSON object");
    if (!accept(cursor, '}')) {
        do
            if (!read_member(cursor, reader))
                return false;
        while (accept(cursor, ','));
        if (is_at_end(cursor))
            return ends_early(cursor);
        if (!accept(cursor, '}'))
            return fail(cursor, "a comma or a bracket should stand here");
    }
    skip_space(cursor);
    return is_at_end(cursor) || fail(cursor, "something follows the object");
}

bool json_line_find(const char *line, size_t bytes, const char *field, char *room,
                    struct json_line *found)
{
    struct cursor cursor = {.at = line, .end = line + bytes};
    const struct member_reader reader = {field, strlen(field), room, found};

    *found = (struct json_line){.state = JSON_LINE_NO_FIELD};
    if (!read_object(&cursor, &reader))
        *found = (struct json_line){.state = JSON_LINE_BROKEN,
                                    .fault = cursor.fault,
                                    .fault_at = (size_t)(cursor.at - line)};
    return found->state == JSON_LINE_TEXT;
}

/* ==== What it looks like ==== */

bool json_line_is_blank(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
            return false;
    return true;
}

static bool is_one_value(const char *text, size_t bytes, char bracket)
{
    struct cursor cursor = {.at = text, .end = text + bytes};

    skip_space(&cursor);
    if (is_at_end(&cursor) || *cursor.at != bracket || !skip_value(&cursor))
        return false;
    skip_space(&cursor);
    return is_at_end(&cursor);
}

bool json_line_is_object(const char *line, size_t bytes)
{
    return is_one_value(line, bytes, '{') && memchr(line, '"', bytes);
}

bool json_line_is_array(const char *line, size_t bytes)
{
    return is_one_value(line, bytes, '[');
}

bool json_begins_document(const char *text, size_t bytes, bool whole)
{
    struct cursor cursor = {.at = text, .end = text + bytes, .lines = true};
    const char *start;
    bool array;

    skip_space(&cursor);
    if (is_at_end(&cursor) || (*cursor.at != '{' && *cursor.at != '['))
        return false;
    start = cursor.at;
    array = *start == '[';
    if (!skip_value(&cursor))
        return !whole && is_at_end(&cursor);
    if (memchr(start, '\n', (size_t)(cursor.at - start)))
        return true;
    skip_space(&cursor);
    return array && whole && is_at_end(&cursor);
}

void json_line_names(const char *line, size_t bytes, char *names, size_t names_size, char *longest,
                     size_t longest_size)
{
    struct cursor cursor = {.at = line, .end = line + bytes};
    size_t used = 0, most = 0;

    names[0] = longest[0] = '\0';
    if (!accept(&cursor, '{'))
        return;
    do {
        const char *value;
        struct name name;
        int length;

        if (!skip_name(&cursor, &name))
            return;
        length = (int)name.bytes;
        skip_space(&cursor);
        value = cursor.at;
        if (!skip_value(&cursor))
            return;
        if (*value == '"' && (size_t)(cursor.at - value) > most && (size_t)length < longest_size) {
            most = (size_t)(cursor.at - value);
            snprintf(longest, longest_size, "%.*s", length, name.at);
        }
        if (used + (size_t)length + sizeof ", , ..." < names_size)
            used += (size_t)snprintf(names + used, names_size - used, "%s%.*s", used ? ", " : "",
                                     length, name.at);
        else if (used && names[used - 1] != '.')
            used += (size_t)snprintf(names + used, names_size - used, ", ...");
    } while (accept(&cursor, ','));
}
