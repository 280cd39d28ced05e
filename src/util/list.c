/* list.c - see list.h. */
#include "src/glu.h"

#include "src/util/list.h"

#include <limits.h>
#include <stdlib.h>

enum { ROOM_FIRST = 32 };

void *list_grow(void *list, int count, int *room, size_t item_bytes)
{
    int more = *room ? 2 * (*room < INT_MAX / 2 ? *room : 0) : ROOM_FIRST;
    void *grown;

    if (count < *room)
        return list;
    grown = more > 0 && (size_t)more <= SIZE_MAX / item_bytes
                ? realloc(list, (size_t)more * item_bytes)
                : NULL;
    if (grown)
        *room = more;
    else
        err_set("out of memory");
    return grown;
}
