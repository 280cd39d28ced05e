/* list.h - arrays that grow at their end. */
#ifndef GLU_UTIL_LIST_H
#define GLU_UTIL_LIST_H

#include "src/glu.h"

/* `list`, of `count` items (NULL: none yet) in memory for *room, with room for one more: the same
 * memory, or larger that takes its place.  NULL and a message when there is none; `list` is then as
 * it was. */
void *list_grow(void *list, int count, int *room, size_t item_bytes) GLU_MUST_USE;

#endif
