/* json_bound.c - see json_bound.h. */
#include "src/glu.h"

#include "src/util/json_bound.h"

/* Every value but the outermost stands behind one of these, or behind a colon after a key that
 * does. */
static bool begins_value(char c)
{
    return c == ',' || c == '[' || c == '{';
}

bool json_has_more_values(const char *text, size_t bytes, size_t most)
{
    size_t values = 1;
    bool quoted = false;

    if (bytes <= most) /* the usual case: there are no more values than bytes */
        return false;
    for (size_t i = 0; i < bytes && values <= most; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted)
            values += begins_value(text[i]);
    }
    return values > most;
}
