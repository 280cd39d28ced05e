/* tokenise.c - see tokenise.h.
 *
 * A tokenisation is a list of rules that are applied to the whole text one after the other, each
 * from left to right without overlap. */
#include "src/glu.h"

#include "src/task/metrics/tokenise.h"

#include <stdlib.h>
#include <string.h>

/* Two characters in a row (or one), and where a space is put. */
struct rule {
    bool (*first)(uint32_t), (*second)(uint32_t); /* second NULL: one alone */
    bool before, between, after;
};

struct tokenisation {
    const char *name;
    void (*clean)(struct unicode *); /* what is undone or deleted before; NULL: nothing */
    bool padded;                     /* with a space at both ends */
    struct rule rules[4];            /* the first without a function is behind the last */
};

/* The most that a text grows: a character is put apart by two rules at most, and the ends. */
enum { GROWTH = 5, ENDS = 2 };

static bool is_digit(uint32_t point)
{
    return point >= '0' && point <= '9';
}

static bool is_no_digit(uint32_t point)
{
    return !is_digit(point);
}

static bool is_hyphen(uint32_t point)
{
    return point == '-';
}

/* A mark that a number may have inside. */
static bool is_number_mark(uint32_t point)
{
    return point == '.' || point == ',';
}

static bool is_other_mark(uint32_t point)
{
    return point < 0x80 && point != 0 && strchr("!\"#$%&()*+/:;<=>?@[\\]^_`{|}~", (int)point);
}

static bool is_no_number(uint32_t point)
{
    return !unicode_is_number(point);
}

/* Replace an ASCII text by another, which is not longer, wherever it is. */
static void replace(struct unicode *text, const char *from, const char *to)
{
    size_t from_count = strlen(from), kept = 0, i = 0, same;

    while (i < text->count) {
        for (same = 0; same < from_count && i + same < text->count; same++)
            if (text->points[i + same] != (unsigned char)from[same])
                break;
        if (same < from_count) {
            text->points[kept++] = text->points[i++];
            continue;
        }
        for (const char *p = to; *p; p++)
            text->points[kept++] = (unsigned char)*p;
        i += from_count;
    }
    text->count = kept;
}

static void clean_13a(struct unicode *text)
{
    static const char *const replaced[][2] = {
        {"<skipped>", ""}, {"-\n", ""},   {"\n", " "},   {"&quot;", "\""},
        {"&amp;", "&"},    {"&lt;", "<"}, {"&gt;", ">"},
    };

    for (size_t i = 0; i < LENGTH_OF(replaced); i++)
        replace(text, replaced[i][0], replaced[i][1]);
}

const struct tokenisation tokenise_13a = {
    "13a",
    clean_13a,
    true,
    {
        {is_other_mark, NULL, true, false, true},
        {is_no_digit, is_number_mark, false, true, true},
        {is_number_mark, is_no_digit, true, true, false},
        {is_digit, is_hyphen, false, true, true},
    },
};

const struct tokenisation tokenise_intl = {
    "intl",
    NULL,
    false,
    {
        {is_no_number, unicode_is_punctuation, false, true, true},
        {unicode_is_punctuation, is_no_number, true, true, false},
        {unicode_is_symbol, NULL, true, false, true},
    },
};

/* The text `from`, of `count` characters, into `to`.  How many those are. */
static size_t apply(const struct rule *rule, const uint32_t *from, size_t count, uint32_t *to)
{
    size_t written = 0, i = 0;

    while (i < count) {
        bool two = rule->second != NULL;

        if (!rule->first(from[i]) || (two && (i + 1 == count || !rule->second(from[i + 1])))) {
            to[written++] = from[i++];
            continue;
        }
        if (rule->before)
            to[written++] = ' ';
        to[written++] = from[i++];
        if (rule->between)
            to[written++] = ' ';
        if (two)
            to[written++] = from[i++];
        if (rule->after)
            to[written++] = ' ';
    }
    return written;
}

const char *tokenise_name(const struct tokenisation *tokenisation)
{
    return tokenisation->name;
}

int tokenise(const struct tokenisation *tokenisation, struct unicode *text)
{
    size_t count = 0, room;
    uint32_t *from, *to, *swap;

    unicode_drop_space_at_end(text);
    if (tokenisation->clean)
        tokenisation->clean(text);
    room = GROWTH * text->count + ENDS;
    from = malloc(room * sizeof *from);
    to = malloc(room * sizeof *to);
    if (!from || !to) {
        free(from);
        free(to);
        return err_set("no memory for the tokens of %zu characters", text->count);
    }
    if (tokenisation->padded)
        from[count++] = ' ';
    if (text->count)
        memcpy(from + count, text->points, text->count * sizeof *from);
    count += text->count;
    if (tokenisation->padded)
        from[count++] = ' ';
    for (size_t i = 0; i < LENGTH_OF(tokenisation->rules) && tokenisation->rules[i].first; i++) {
        count = apply(&tokenisation->rules[i], from, count, to);
        swap = from;
        from = to;
        to = swap;
    }
    free(to);
    free(text->points);
    *text = (struct unicode){from, count};
    return 0;
}
