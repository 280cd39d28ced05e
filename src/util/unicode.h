/* unicode.h - texts as code points, and what those are.  src/util/unicode.c alone speaks to
 * libunistring. */
#ifndef GLU_UTIL_UNICODE_H
#define GLU_UTIL_UNICODE_H

#include "src/glu.h"

struct unicode {
    uint32_t *points; /* (count), own memory; never surrogates */
    size_t count;
};

/* The code points of UTF-8; a byte that starts no character is U+FFFD.  0, or -1 and a message when
 * there is no memory; then `text` is empty. */
int unicode_read(struct unicode *text, const char *utf8) GLU_MUST_USE;
/* Put the text into lower case, with Unicode's full mappings and those that depend on what is
 * beside a letter, in no language.  It may become longer.  0, or -1 and a message. */
int unicode_lower(struct unicode *text) GLU_MUST_USE;
/* An empty one is fine. */
void unicode_free(struct unicode *text);

/* White space as Python and its likes split at: Unicode's class Z and the controls that separate.
 */
bool unicode_is_space(uint32_t point);
/* Of the general category L, N, P or S. */
bool unicode_is_letter(uint32_t point);
bool unicode_is_number(uint32_t point);
bool unicode_is_punctuation(uint32_t point);
bool unicode_is_symbol(uint32_t point);

/* Drop the white space at the text's end, in place. */
void unicode_drop_space_at_end(struct unicode *text);

#endif
