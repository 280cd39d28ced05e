/* utf8.h - is it text? */
#ifndef GLU_UTIL_UTF8_H
#define GLU_UTIL_UTF8_H

#include <stddef.h>

/* How many of the bytes, from the first, are whole characters of well-formed UTF-8 (Unicode's
 * table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF) other than NUL, which no
 * text has.  `bytes` when all are. */
size_t utf8_valid_bytes(const char *text, size_t bytes);
/* Bytes of the first of these characters, of `left` bytes, 1 or more; 0 when it is none. */
size_t utf8_character_bytes(const char *text, size_t left);

#endif
