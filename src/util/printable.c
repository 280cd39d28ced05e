/* printable.c - see printable.h. */
#include "src/glu.h"

#include "src/util/printable.h"

void printable(char *text)
{
    unsigned char *c = (unsigned char *)text;

    for (; *c; c++) {
        if (*c < 0x20 || *c == 0x7f)
            *c = '?';
        else if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
            c[0] = c[1] = '?';
    }
}
