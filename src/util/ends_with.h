/* ends_with.h - a test of names. */
#ifndef GLU_UTIL_ENDS_WITH_H
#define GLU_UTIL_ENDS_WITH_H

#include <stdbool.h>
#include <string.h>

static inline bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

#endif
