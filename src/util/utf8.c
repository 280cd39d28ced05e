/* utf8.c - see utf8.h. */
#include "src/glu.h"

#include "src/util/utf8.h"

#include <string.h>

/* The lead bytes, how many bytes follow, and what the first of them may be.  The others are
 * 80 to BF always. */
static const struct {
    unsigned char first, last, follow, low, high;
} leads[] = {
    {0xc2, 0xdf, 1, 0x80, 0xbf}, {0xe0, 0xe0, 2, 0xa0, 0xbf}, {0xe1, 0xec, 2, 0x80, 0xbf},
    {0xed, 0xed, 2, 0x80, 0x9f}, {0xee, 0xef, 2, 0x80, 0xbf}, {0xf0, 0xf0, 3, 0x90, 0xbf},
    {0xf1, 0xf3, 3, 0x80, 0xbf}, {0xf4, 0xf4, 3, 0x80, 0x8f},
};

size_t utf8_character_bytes(const char *text, size_t left)
{
    const unsigned char *p = (const unsigned char *)text;

    if (*p >= 0x01 && *p < 0x80)
        return 1;
    for (size_t i = 0; i < LENGTH_OF(leads); i++) {
        if (*p < leads[i].first || *p > leads[i].last)
            continue;
        if (left <= leads[i].follow || p[1] < leads[i].low || p[1] > leads[i].high)
            return 0;
        for (size_t j = 2; j <= leads[i].follow; j++)
            if ((p[j] & 0xc0) != 0x80)
                return 0;
        return leads[i].follow + 1u;
    }
    return 0;
}

/* True when none of the eight bytes is NUL or above 7F: the usual case, worth a short cut. */
static bool eight_plain_bytes(const unsigned char *p)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t word;

    memcpy(&word, p, sizeof word);
    return ((word | (word - ones)) & ones << 7) == 0;
}

size_t utf8_valid_bytes(const char *text, size_t bytes)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t i = 0, step;

    while (i < bytes) {
        if (bytes - i >= 8 && eight_plain_bytes(p + i)) {
            i += 8;
            continue;
        }
        step = utf8_character_bytes(text + i, bytes - i);
        if (step == 0)
            break;
        i += step;
    }
    return i;
}
