/* json_line.c - see json_line.h.
 *
 * A parser that keeps every value takes three times as long as all else that is done to read a
 * corpus.  This one looks for one string, and gives up wherever it would have to think. */
#include "src/glu.h"

#include "src/text/json_line.h"
#include "src/text/utf8.h"

#include <string.h>

enum { MEMBERS_MAX = 64 };

struct cursor {
    const char *at, *end;
    char *room; /* where the next string with escapes goes: as many bytes as are left, or more */
};

/* ==== Strings ==== */

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

/* \uXXXX, or two of them that make a character together.  `from` is behind the u; bytes read, 0
 * when it is no character. */
static size_t read_code(const char *from, const char *end, uint32_t *code)
{
    int first = read_hex(from, end), second;

    if (first <= 0 || (first >= 0xdc00 && first < 0xe000))
        return 0;
    *code = (uint32_t)first;
    if (first < 0xd800 || first >= 0xe000)
        return 4;
    if (end - from < 6 || from[4] != '\\' || from[5] != 'u')
        return 0;
    second = read_hex(from + 6, end);
    if (second < 0xdc00 || second >= 0xe000)
        return 0;
    *code = 0x10000 + ((uint32_t)(first - 0xd800) << 10) + (uint32_t)(second - 0xdc00);
    return 10;
}

/* The escape at `from`, which is behind the backslash.  Returns how many bytes it has, 0 when it is
 * none, and moves *to behind what it means, which is never longer than the escape. */
static size_t read_escape(const char *from, const char *end, char **to)
{
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *found;
    uint32_t code;
    size_t bytes;

    if (from == end)
        return 0;
    if (*from == 'u') {
        bytes = read_code(from + 1, end, &code);
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
static bool read_string(struct cursor *cursor, const char **text, size_t *bytes)
{
    char *to = cursor->room;
    const char *from = cursor->at;

    for (;;) {
        size_t plain = copy_plain(to, from, cursor->end), escape;

        from += plain;
        to += plain;
        if (from == cursor->end)
            return false;
        if (*from == '"')
            break;
        if (*from != '\\')
            return false;
        escape = read_escape(from + 1, cursor->end, &to);
        if (escape == 0)
            return false;
        from += 1 + escape;
    }
    *text = cursor->room;
    *bytes = (size_t)(to - cursor->room);
    cursor->room = to;
    cursor->at = from + 1;
    return utf8_valid_bytes(*text, *bytes) == *bytes;
}

/* ==== The object ==== */

static void skip_space(struct cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t' ||
                                        *cursor->at == '\r' || *cursor->at == '\n'))
        cursor->at++;
}

/* Skip white space and one character `c`. */
static bool expect(struct cursor *cursor, char c)
{
    skip_space(cursor);
    if (cursor->at == cursor->end || *cursor->at != c)
        return false;
    cursor->at++;
    return true;
}

/* "key": "value"; *text is set when the key is "text". */
static bool read_member(struct cursor *cursor, const char **text, size_t *text_bytes)
{
    const char *key, *value;
    size_t key_bytes, value_bytes;

    if (!expect(cursor, '"') || !read_string(cursor, &key, &key_bytes) || !expect(cursor, ':') ||
        !expect(cursor, '"') || !read_string(cursor, &value, &value_bytes))
        return false;
    if (key_bytes != 4 || memcmp(key, "text", 4) != 0)
        return true;
    if (*text)
        return false; /* which of the two counts? */
    *text = value;
    *text_bytes = value_bytes;
    return true;
}

bool json_line_text(const char *line, size_t bytes, char *room, const char **text,
                    size_t *text_bytes)
{
    struct cursor cursor = {line, line + bytes, room};
    int members = 0;

    *text = NULL;
    if (!expect(&cursor, '{'))
        return false;
    do
        if (members++ == MEMBERS_MAX || !read_member(&cursor, text, text_bytes))
            return false;
    while (expect(&cursor, ','));
    if (!expect(&cursor, '}'))
        return false;
    skip_space(&cursor);
    return *text && cursor.at == cursor.end;
}
