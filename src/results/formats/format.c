/* format.c - see format.h. */
#include "src/glu.h"

#include "src/results/formats/format.h"

#include <string.h>

static const struct sheet_format *const formats[] = {
    &format_terminal, &format_markdown, &format_csv, &format_latex, &format_json,
};

const struct sheet_format *format_at(int i)
{
    return i >= 0 && i < (int)LENGTH_OF(formats) ? formats[i] : NULL;
}

const struct sheet_format *format_find(const char *name)
{
    char all[128] = "";

    for (size_t i = 0; i < LENGTH_OF(formats); i++) {
        size_t length = strlen(all);

        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
        snprintf(all + length, sizeof all - length, "%s%s", i ? ", " : "", formats[i]->name);
    }
    err_set("unknown format \"%s\"; there are: %s", name, all);
    return NULL;
}
