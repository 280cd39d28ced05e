/* nearest.c - see nearest.h. */
#include "src/glu.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "src/util/nearest.h"

enum { NAME_MAX_BYTES = 63, FAR = 1000 };

static int minimum(int a, int b)
{
    return a < b ? a : b;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Optimal string alignment distance, over three rows of its table. */
static int edits(const char *a, const char *b)
{
    int n = (int)strnlen(a, NAME_MAX_BYTES + 1), m = (int)strnlen(b, NAME_MAX_BYTES + 1);
    int rows[3][NAME_MAX_BYTES + 1];

    if (n > NAME_MAX_BYTES || m > NAME_MAX_BYTES)
        return FAR;
    for (int j = 0; j <= m; j++)
        rows[0][j] = j;
    for (int i = 1; i <= n; i++) {
        int *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];

        row[0] = i;
        for (int j = 1; j <= m; j++) {
            row[j] = minimum(above[j], row[j - 1]) + 1;
            row[j] = minimum(row[j], above[j - 1] + !same(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                row[j] = minimum(row[j], above2[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

/* The one name that the text is the beginning of; NULL: none, or several. */
static const char *begun(const char *text, const char *const *names, int count)
{
    enum { TELLING = 4 }; /* letters; of fewer it is chance */
    const char *found = NULL;

    for (int i = 0; strlen(text) >= TELLING && i < count; i++)
        if (names[i] && strncasecmp(names[i], text, strlen(text)) == 0) {
            if (found)
                return NULL;
            found = names[i];
        }
    return found;
}

const char *nearest_name(const char *name, const char *const *names, int count)
{
    const char *nearest = NULL;
    int fewest = FAR;

    for (int i = 0; i < count; i++) {
        size_t length = strlen(name);
        int distance, limit;

        if (!names[i])
            continue;
        if (strlen(names[i]) > length)
            length = strlen(names[i]);
        limit = length < 6 ? 1 : (int)(length / 3);
        distance = edits(name, names[i]);
        if (distance <= limit && distance < fewest) {
            fewest = distance;
            nearest = names[i];
        }
    }
    return nearest ? nearest : begun(name, names, count);
}

int nearest_error(const char *where, const char *what, const char *name, const char *const *names,
                  int count)
{
    const char *nearest = nearest_name(name, names, count);
    char list[600] = "", hint[80] = "";
    size_t used = 0;

    if (nearest)
        snprintf(hint, sizeof hint, " (did you mean %s?)", nearest);
    for (int i = 0; i < count && used < sizeof list; i++)
        if (names[i])
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "",
                                     names[i]);
    return err_set("%s: there is no %s '%.200s'%s; there is: %s", where, what, name, hint, list);
}
