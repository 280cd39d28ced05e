/* printable.c - see printable.h. */
#include "src/glu.h"

#include "src/util/printable.h"
#include "src/util/utf8.h"

#include <string.h>

void printable(char *text)
{
    unsigned char *c = (unsigned char *)text, *end = c + strlen(text);

    while (*c) {
        size_t bytes = utf8_character_bytes((const char *)c, (size_t)(end - c));

        if (bytes == 0 || *c < 0x20 || *c == 0x7f)
            *c = '?';
        else if (*c == 0xc2 && c[1] <= 0x9f)
            c[0] = c[1] = '?';
        c += bytes ? bytes : 1;
    }
}
