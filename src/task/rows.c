/* rows.c - see rows.h. */
#include "src/glu.h"

#include "src/task/rows.h"

#include "src/util/io.h"
#include "src/util/printable.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int rows_path(char path[PATH_MAX], const struct text_task *task, const char *directory, const char *name)
{
    if (io_join(path, directory, name))
        return -1;
    if (access(path, R_OK) == 0)
        return 0;
    return err_set("cannot read %s: %s; task %s needs that file: " FIELD("data") " must name the folder that "
                   "has %s in it, called as its distribution calls it", path, strerror(errno), task->name,
                   name);
}

const char *rows_excerpt(const char *text, char excerpt[ROWS_EXCERPT_BYTES])
{
    snprintf(excerpt, ROWS_EXCERPT_BYTES, "%s", text);
    printable(excerpt);
    return excerpt;
}

static int no_such_label(const struct text_task *task, const char *label)
{
    char excerpt[ROWS_EXCERPT_BYTES], words[200] = "";
    size_t used = 0;

    for (int i = 0; task->classes[i] && used < sizeof words; i++)
        used += (size_t)snprintf(words + used, sizeof words - used, "%s%d %s", i ? ", " : "", i,
                                 task->classes[i]);
    return err_set("task %s has no class '%s' (they are %s): correct the row, or leave it out", task->name,
                   rows_excerpt(label, excerpt), words);
}

int rows_label_of_word(const struct text_task *task, const char *word, int *label)
{
    for (int i = 0; task->classes[i]; i++)
        if (strcmp(task->classes[i], word) == 0) {
            *label = i;
            return 0;
        }
    return no_such_label(task, word);
}

int rows_label_of_number(const struct text_task *task, int64_t number, int *label)
{
    char text[24];

    for (int i = 0; task->classes[i]; i++)
        if (i == number) {
            *label = i;
            return 0;
        }
    snprintf(text, sizeof text, "%" PRId64, number);
    return no_such_label(task, text);
}

bool rows_whole_number(const char *text, int64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoll(text, &end, 10);
    return end != text && !*end && errno == 0;
}

bool rows_number(const char *text, double *number)
{
    char *end;

    *number = strtod(text, &end);
    return end != text && !*end && isfinite(*number);
}

int rows_two_files(const char *files, char path[2][PATH_MAX])
{
    const char *comma = strchr(files, ',');

    if (!comma || comma == files || !comma[1] || strchr(comma + 1, ','))
        return err_set("'%s': it must be two files with one comma between them, and none in their names",
                       files);
    if (comma - files >= PATH_MAX || strlen(comma + 1) >= PATH_MAX)
        return err_set("the name of a file is too long");
    memcpy(path[0], files, (size_t)(comma - files));
    path[0][comma - files] = '\0';
    strcpy(path[1], comma + 1);
    return 0;
}
