/* compose.h - a text put together of parts, in memory that is used again for the next one. */
#ifndef GLU_TASK_COMPOSE_H
#define GLU_TASK_COMPOSE_H

#include "src/glu.h"

#include <stddef.h>

/* All zero at the start. */
struct composed {
    char *text; /* NUL-terminated once anything was added */
    size_t bytes, room;
    bool failed; /* there was no memory; asked once, by composed_text() */
};

void composed_clear(struct composed *composed);
/* Add bytes, or a text as it is, or behind one space. */
void composed_add_bytes(struct composed *composed, const char *text, size_t bytes);
void composed_add(struct composed *composed, const char *text);
void composed_join(struct composed *composed, const char *text);
/* The text, until the next change; NULL and a message when there was no memory. */
const char *composed_text(const struct composed *composed);
void composed_free(struct composed *composed);

#endif
