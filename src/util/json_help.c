/* json_help.c - see json_help.h. */
#include "src/glu.h"

#include "src/util/json_help.h"
#include "src/util/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MARGIN = 100,
    INDENT = 2,
    /* 15 digits give every decimal back as it was written. */
    TEXT_FLAGS = JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)
};

double json_rounded(double x)
{
    char text[32];

    snprintf(text, sizeof text, "%.15g", x);
    return isfinite(x) ? strtod(text, NULL) : x;
}

void text_of_real(double x, char text[REAL_BYTES])
{
    int digits = 15; /* always told apart; 17 tell everything */

    do
        snprintf(text, REAL_BYTES, "%.*g", digits, x + 0.0);
    while (strtod(text, NULL) != x && ++digits <= 17);
}

json_t *json_number(double x)
{
    return isfinite(x) ? json_real(json_rounded(x)) : json_null();
}

json_t *json_interval(struct interval interval)
{
    return interval_exists(interval) ? json_pack("[f, f]", interval.low, interval.high) : json_null();
}

json_t *json_text(const char *text)
{
    json_t *value;
    char *escaped, *to;

    if (!text)
        return json_null();
    value = json_string(text);
    if (value)
        return value;
    to = escaped = malloc(4 * strlen(text) + 1); /* not UTF-8 (or no memory, which fails again) */
    if (!escaped)
        return NULL;
    while (*text) {
        size_t bytes = utf8_character_bytes(text, strlen(text));

        if (bytes == 0) {
            to += sprintf(to, "\\x%02x", (unsigned char)*text++);
        } else {
            memcpy(to, text, bytes);
            to += bytes;
            text += bytes;
        }
    }
    *to = '\0';
    value = json_string(escaped);
    free(escaped);
    return value;
}

int json_put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value);
}

int json_push(json_t *array, json_t *value)
{
    return json_array_append_new(array, value);
}

json_t *json_finish(json_t *value, int bad)
{
    if (value && !bad)
        return value;
    json_decref(value);
    err_set("not enough memory for the results");
    return NULL;
}

double number_of(const json_t *value)
{
    return json_is_number(value) ? json_number_value(value) : NAN;
}

double number_at(const json_t *object, const char *key)
{
    return number_of(json_object_get(object, key));
}

const char *text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

bool is_whole(const json_t *value)
{
    const double end = 9223372036854775808.0; /* of int64_t */
    double x = json_is_real(value) ? json_real_value(value) : NAN;

    return json_is_integer(value) || (x >= -end && x < end && floor(x) == x);
}

int64_t integer_of(const json_t *value, int64_t other)
{
    if (!is_whole(value))
        return other;
    return json_is_integer(value) ? (int64_t)json_integer_value(value)
                                  : (int64_t)json_real_value(value);
}

int64_t integer_at(const json_t *object, const char *key, int64_t other)
{
    return integer_of(json_object_get(object, key), other);
}

struct interval interval_at(const json_t *object, const char *key)
{
    json_t *pair = json_object_get(object, key);

    return (struct interval){number_of(json_array_get(pair, 0)),
                             number_of(json_array_get(pair, 1))};
}

json_t *value_at(const json_t *object, const char *path)
{
    const json_t *value = object;
    char key[64];

    for (const char *at = path; *at && value;) {
        size_t length = strcspn(at, ".");

        if (length >= sizeof key)
            return NULL;
        memcpy(key, at, length);
        key[length] = '\0';
        value = json_object_get(value, key);
        at += length + (at[length] == '.');
    }
    return (json_t *)value;
}

bool texts_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* ==== Differences ==== */

static bool same_members(const json_t *a, const json_t *b)
{
    json_t *value, *all = (json_t *)a;
    const char *key;

    if (json_object_size(a) != json_object_size(b))
        return false;
    json_object_foreach (all, key, value)
        if (!json_same(value, json_object_get(b, key)))
            return false;
    return true;
}

static bool same_elements(const json_t *a, const json_t *b)
{
    if (json_array_size(a) != json_array_size(b))
        return false;
    for (size_t i = 0; i < json_array_size(a); i++)
        if (!json_same(json_array_get(a, i), json_array_get(b, i)))
            return false;
    return true;
}

bool json_same(const json_t *a, const json_t *b)
{
    if (a == b || !a || !b)
        return a == b;
    if (json_is_object(a) && json_is_object(b))
        return same_members(a, b);
    if (json_is_array(a) && json_is_array(b))
        return same_elements(a, b);
    if (json_is_number(a) && json_is_number(b) && json_typeof(a) != json_typeof(b))
        return json_number_value(a) == json_number_value(b);
    return json_equal(a, b); /* two integers to their last digit, which a double may not hold */
}

/* A value in few words, for a message. */
static void describe(const json_t *value, char text[32])
{
    char *dump = value ? json_dumps(value, TEXT_FLAGS) : NULL;

    snprintf(text, 32, "%.31s", dump ? dump : "missing");
    if (dump && strlen(dump) > 31)
        memcpy(text + 28, "...", 4);
    free(dump);
}

int json_differences(const json_t *a, const json_t *b, const char *path, json_skip_fn *skip,
                     const void *context, char *text, size_t bytes)
{
    const json_t *sides[] = {a, b};
    char member[160], words[2][32];
    size_t length = strlen(text);
    int count = 0;

    if (!json_is_object(a) || !json_is_object(b)) {
        if (json_same(a, b) || (skip && skip(context, path)))
            return 0;
        describe(a, words[0]);
        describe(b, words[1]);
        snprintf(text + length, bytes - length, "%s%s (%s, %s)", length ? ", " : "", path, words[0],
                 words[1]);
        return 1;
    }
    for (int side = 0; side < 2; side++) {
        json_t *value, *object = (json_t *)sides[side];
        const char *key;

        json_object_foreach (object, key, value) {
            if (side == 1 && json_object_get(a, key))
                continue;
            snprintf(member, sizeof member, "%s.%s", path, key);
            count += json_differences(json_object_get(a, key), json_object_get(b, key), member, skip,
                                      context, text, bytes);
        }
    }
    return count;
}

/* ==== Printing ==== */

static void print_indent(FILE *out, int indent)
{
    fprintf(out, "\n%*s", indent, "");
}

static int print_text(FILE *out, const char *text)
{
    json_t *string = json_string(text);
    char *quoted = string ? json_dumps(string, TEXT_FLAGS) : NULL;
    int rc = quoted ? 0 : -1;

    if (quoted)
        fprintf(out, "%s: ", quoted);
    free(quoted);
    json_decref(string);
    return rc;
}

static int print_value(FILE *out, const json_t *value, int indent, int column);

static int print_object(FILE *out, const json_t *object, int indent)
{
    json_t *member, *all = (json_t *)object;
    const char *key, *before = "{";
    int bad = 0;

    json_object_foreach (all, key, member) {
        fputs(before, out);
        print_indent(out, indent + INDENT);
        bad |= print_text(out, key);
        bad |= print_value(out, member, indent + INDENT, indent + INDENT + (int)strlen(key) + 4);
        before = ",";
    }
    print_indent(out, indent);
    fputc('}', out);
    return bad;
}

static int print_array(FILE *out, const json_t *array, int indent)
{
    const char *before = "[";
    int column = MARGIN, bad = 0;

    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *element = json_array_get(array, i);
        bool scalar = !json_is_object(element) && !json_is_array(element);
        char *text = scalar ? json_dumps(element, TEXT_FLAGS) : NULL;

        fputs(before, out);
        before = ",";
        if (text && column + (int)strlen(text) + 2 <= MARGIN) {
            /* Long lists of numbers are most of a file. */
            column += fprintf(out, json_is_number(element) ? "%s" : " %s", text);
        } else {
            print_indent(out, indent + INDENT);
            column = indent + INDENT;
            if (text)
                column += fprintf(out, "%s", text);
            else {
                bad |= scalar ? -1 : print_value(out, element, indent + INDENT, column);
                column = MARGIN;
            }
        }
        column++; /* the comma */
        free(text);
    }
    print_indent(out, indent);
    fputc(']', out);
    return bad;
}

/* `column`: where the value begins on its line. */
static int print_value(FILE *out, const json_t *value, int indent, int column)
{
    char *line = json_dumps(value, TEXT_FLAGS);
    bool scalar = !json_is_object(value) && !json_is_array(value);
    int rc = 0;

    if (!line)
        return -1;
    if (scalar || column + strlen(line) < MARGIN)
        fputs(line, out);
    else
        rc = json_is_object(value) ? print_object(out, value, indent) : print_array(out, value, indent);
    free(line);
    return rc;
}

int json_print(FILE *out, const json_t *value)
{
    int rc = print_value(out, value, 0, 0);

    fputc('\n', out);
    return rc == 0 ? 0 : err_set("not enough memory to print the results");
}
