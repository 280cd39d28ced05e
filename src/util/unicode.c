/* unicode.c - see unicode.h. */
#include "src/glu.h"

#include "src/util/unicode.h"
#include "src/util/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>

enum { REPLACEMENT = 0xfffd };

/* The code point of a well-formed character of so many bytes. */
static uint32_t point_of(const unsigned char *p, size_t bytes)
{
    static const unsigned char lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t point = p[0] & lead_bits[bytes];

    for (size_t i = 1; i < bytes; i++)
        point = point << 6 | (p[i] & 0x3f);
    return point;
}

int unicode_read(struct unicode *text, const char *utf8)
{
    size_t bytes = strlen(utf8), step;

    text->count = 0;
    text->points = malloc((bytes + 1) * sizeof *text->points);
    if (!text->points)
        return err_set("no memory for a text of %zu bytes", bytes);
    for (size_t i = 0; i < bytes; i += step) {
        step = utf8_character_bytes(utf8 + i, bytes - i);
        text->points[text->count++] = step ? point_of((const unsigned char *)utf8 + i, step)
                                           : REPLACEMENT;
        step += !step;
    }
    return 0;
}

int unicode_lower(struct unicode *text)
{
    size_t count = 0;
    uint32_t *points;

    if (text->count == 0)
        return 0;
    points = u32_tolower(text->points, text->count, NULL, NULL, NULL, &count);
    if (!points)
        return err_system("lower case of a text of %zu characters", text->count);
    free(text->points);
    *text = (struct unicode){points, count};
    return 0;
}

void unicode_free(struct unicode *text)
{
    free(text->points);
    *text = (struct unicode){NULL, 0};
}

bool unicode_is_space(uint32_t point)
{
    return (point >= 0x09 && point <= 0x0d) || (point >= 0x1c && point <= 0x20) || point == 0x85 ||
           (point >= 0xa0 && uc_is_general_category_withtable(point, UC_CATEGORY_MASK_Z));
}

bool unicode_is_letter(uint32_t point)
{
    return uc_is_general_category_withtable(point, UC_CATEGORY_MASK_L);
}

bool unicode_is_number(uint32_t point)
{
    return uc_is_general_category_withtable(point, UC_CATEGORY_MASK_N);
}

bool unicode_is_punctuation(uint32_t point)
{
    return uc_is_general_category_withtable(point, UC_CATEGORY_MASK_P);
}

bool unicode_is_symbol(uint32_t point)
{
    return uc_is_general_category_withtable(point, UC_CATEGORY_MASK_S);
}

void unicode_drop_space_at_end(struct unicode *text)
{
    while (text->count > 0 && unicode_is_space(text->points[text->count - 1]))
        text->count--;
}
