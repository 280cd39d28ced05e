/* json_bound.h - how much memory a JSON text would take as a tree, told before it is one.
 *
 * A parsed value takes some 100 bytes, and two bytes of text can hold one, so a file of a few
 * megabytes, or of a few kilobytes compressed, could fill the memory of a machine. */
#ifndef GLU_UTIL_JSON_BOUND_H
#define GLU_UTIL_JSON_BOUND_H

#include <stdbool.h>
#include <stddef.h>

/* True when the text holds more than `most` values; keys do not count, and an empty list or object
 * counts as two.  Of a text that is no JSON: when a parser could meet that many before it finds
 * out. */
bool json_has_more_values(const char *text, size_t bytes, size_t most);

#endif
