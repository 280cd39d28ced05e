/* wrap.c - see wrap.h. */
#include "src/glu.h"

#include "src/util/wrap.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What is left of a line is so much further to the right than its beginning. */
enum { HANG = 4 };

int wrap_width(FILE *out)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    char *end = NULL;
    long asked = columns ? strtol(columns, &end, 10) : 0;

    if (!isatty(fileno(out)))
        return 0;
    if (asked > 0 && asked < INT_MAX && *end == '\0')
        return (int)asked;
    return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* Does a character begin here? */
static bool is_first_byte(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

int wrap_columns(const char *text)
{
    int columns = 0;

    for (; *text; text++)
        columns += is_first_byte(*text);
    return columns;
}

size_t wrap_line(const char *text, int width, const char **next)
{
    size_t indent = strspn(text, " "), i = 0, blank = 0, comma = 0;

    for (int columns = 0; text[i] && text[i] != '\n'; i++) {
        if (is_first_byte(text[i]) && columns++ >= width)
            break;
        if (text[i] == ' ' && i > indent)
            blank = i;
        if (text[i] == ',')
            comma = i + 1;
    }
    *next = NULL;
    if (text[i] == '\0')
        return i;
    if (text[i] == '\n' || text[i] == ' ') {
        *next = text + i + 1;
        return i;
    }
    if (blank > 0 || comma > 0)
        i = blank > 0 ? blank : comma;
    *next = text + i;
    if (blank > 0)
        *next += strspn(*next, " ");
    while (i > 0 && text[i - 1] == ' ')
        i--;
    return i;
}

/* A line without its newline. */
static void print_line(FILE *out, const char *line, int width)
{
    int indent = (int)strspn(line, " ") + HANG;
    const char *next;
    size_t bytes = wrap_line(line, width, &next);

    fprintf(out, "%.*s\n", (int)bytes, line);
    if (indent > width / 2)
        indent = width / 2;
    while (next && *(line = next + strspn(next, " "))) {
        bytes = wrap_line(line, width - indent, &next);
        fprintf(out, "%*s%.*s\n", indent, "", (int)bytes, line);
    }
}

void wrap_print(FILE *out, const char *format, ...)
{
    int width = wrap_width(out), length;
    char *text = NULL, *line;
    va_list args;

    va_start(args, format);
    length = width > 0 ? vasprintf(&text, format, args) : vfprintf(out, format, args);
    va_end(args);
    if (width == 0)
        return;
    if (length < 0) { /* no memory: as it is is better than not at all */
        va_start(args, format);
        vfprintf(out, format, args);
        va_end(args);
        return;
    }
    for (char *rest = text; (line = strsep(&rest, "\n")) != NULL && (rest || *line);)
        print_line(out, line, width);
    free(text);
}
