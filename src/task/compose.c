/* compose.c - see compose.h. */
#include "src/glu.h"

#include "src/task/compose.h"

#include <stdlib.h>
#include <string.h>

void composed_clear(struct composed *composed)
{
    composed->bytes = 0;
    if (composed->text)
        composed->text[0] = '\0';
}

void composed_add_bytes(struct composed *composed, const char *text, size_t bytes)
{
    if (composed->failed)
        return;
    if (composed->room - composed->bytes <= bytes) {
        size_t room = 2 * composed->room + bytes + 64;
        char *grown = realloc(composed->text, room);

        if (!grown) {
            composed->failed = true;
            return;
        }
        composed->text = grown;
        composed->room = room;
    }
    memcpy(composed->text + composed->bytes, text, bytes);
    composed->bytes += bytes;
    composed->text[composed->bytes] = '\0';
}

void composed_add(struct composed *composed, const char *text)
{
    composed_add_bytes(composed, text, strlen(text));
}

void composed_join(struct composed *composed, const char *text)
{
    composed_add_bytes(composed, " ", 1);
    composed_add(composed, text);
}

const char *composed_text(const struct composed *composed)
{
    if (composed->failed) {
        err_set("no memory for the text of an example");
        return NULL;
    }
    return composed->text ? composed->text : "";
}

void composed_free(struct composed *composed)
{
    free(composed->text);
    *composed = (struct composed){NULL};
}
