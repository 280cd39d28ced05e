/* test-unicode.c - texts as code points: reading, lower case, what a character is. */
#include "src/glu.h"

#include "src/util/unicode.h"
#include "test/tap.h"

#include <string.h>

/* Is the text these code points, the last behind which is 0? */
static bool is(const struct unicode *text, const uint32_t *points)
{
    for (size_t i = 0; i < text->count; i++)
        if (points[i] == 0 || text->points[i] != points[i])
            return false;
    return points[text->count] == 0;
}

static void check_reading(void)
{
    static const struct {
        const char *name, *utf8;
        uint32_t points[8];
    } cases[] = {
        {"nothing", "", {0}},
        {"one to four bytes",
         "a\xc3\xa4\xe2\x80\x9e\xf0\x9f\x98\x80",
         {'a', 0xe4, 0x201e, 0x1f600}},
        {"a byte by itself", "a\x80z\xff", {'a', 0xfffd, 'z', 0xfffd}},
        {"cut short", "\xe2\x80", {0xfffd, 0xfffd}},
        {"a surrogate", "\xed\xa0\x80", {0xfffd, 0xfffd, 0xfffd}},
        {"overlong", "\xc0\xaf", {0xfffd, 0xfffd}},
    };
    struct unicode text;

    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        if (unicode_read(&text, cases[i].utf8))
            tap_bail_out("%s", err_get());
        tap_ok(is(&text, cases[i].points), "reading: %s", cases[i].name);
        unicode_free(&text);
    }
}

static void check_lower(void)
{
    static const struct {
        const char *name, *upper, *lower;
    } cases[] = {
        {"nothing", "", ""},
        {"ASCII", "The Cat!", "the cat!"},
        {"umlauts", "\xc3\x84RGER \xc3\x9f", "\xc3\xa4rger \xc3\x9f"},
        {"a capital sharp s", "\xe1\xba\x9e", "\xc3\x9f"},
        {"a sigma at a word's end", "\xce\xa3\xce\x91\xce\xa3 \xce\xa3",
         "\xcf\x83\xce\xb1\xcf\x82 \xcf\x83"},
        {"a letter that becomes two", "\xc4\xb0", "i\xcc\x87"},
    };
    struct unicode text, wanted;

    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        if (unicode_read(&text, cases[i].upper) || unicode_lower(&text) ||
            unicode_read(&wanted, cases[i].lower))
            tap_bail_out("%s", err_get());
        tap_ok(text.count == wanted.count &&
                   memcmp(text.points, wanted.points, text.count * sizeof *text.points) == 0,
               "lower case: %s", cases[i].name);
        unicode_free(&text);
        unicode_free(&wanted);
    }
}

/* How many of the code points are of a kind. */
static int count_of(bool (*kind)(uint32_t))
{
    int count = 0;

    for (uint32_t point = 0; point <= 0x10ffff; point++)
        count += kind(point);
    return count;
}

static void check_kinds(void)
{
    static const uint32_t marks[] = {'.', '_', 0xab, 0x2018, 0x201e},
                          signs[] = {'$', '+', '^', 0x20ac, 0xfffd};
    bool all = true;

    for (size_t i = 0; i < LENGTH_OF(marks); i++)
        all = all && unicode_is_punctuation(marks[i]) && !unicode_is_symbol(marks[i]) &&
              unicode_is_symbol(signs[i]) && !unicode_is_punctuation(signs[i]);
    tap_ok(all, "punctuation and symbols");
    tap_ok(unicode_is_number('7') && unicode_is_number(0xb2) && unicode_is_number(0x2167) &&
               !unicode_is_number(0x4e09),
           "numbers");
    tap_ok(unicode_is_letter('z') && unicode_is_letter(0x4e09) && !unicode_is_letter(0x301),
           "letters");
    tap_ok(count_of(unicode_is_space) == 29 && unicode_is_space(0x1c) && unicode_is_space(0xa0) &&
               unicode_is_space(0x3000) && !unicode_is_space(0x200b),
           "white space");
}

static void check_end(void)
{
    struct unicode text;

    if (unicode_read(&text, " a b \t\xc2\xa0\n"))
        tap_bail_out("%s", err_get());
    unicode_drop_space_at_end(&text);
    tap_ok(is(&text, (const uint32_t[]){' ', 'a', ' ', 'b', 0}), "white space at the end");
    unicode_free(&text);
    if (unicode_read(&text, " \n"))
        tap_bail_out("%s", err_get());
    unicode_drop_space_at_end(&text);
    tap_ok(text.count == 0, "nothing else");
    unicode_free(&text);
}

int main(void)
{
    tap_plan(18);
    check_reading();
    check_lower();
    check_kinds();
    check_end();
    return tap_status();
}
