/* spaces.c - see spaces.h. */
#include "src/glu.h"

#include "src/text/spaces.h"

size_t spaces_fold(const char *text, size_t bytes, char *room)
{
    size_t used = 0;

    for (size_t i = 0; i < bytes; i++)
        if (text[i] != ' ' || (used && room[used - 1] != ' '))
            room[used++] = text[i];
    return used && room[used - 1] == ' ' ? used - 1 : used;
}
