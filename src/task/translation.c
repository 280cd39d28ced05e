/* translation.c - see translation.h. */
#include "src/glu.h"

#include "src/task/translation.h"

#include "src/task/compose.h"
#include "src/task/rows.h"
#include "src/text/text_lines.h"
#include "src/util/ends_with.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *suffix, *name;
} languages[] = {{"en", "English"}, {"de", "German"}, {"fr", "French"}, {"ro", "Romanian"}};

/* The language that a file's name ends in; NULL: none that is known. */
static const char *language_of(const char *path)
{
    size_t bytes = strlen(path) - (ends_with(path, ".gz") ? 3 : 0);

    for (size_t i = 0; i < LENGTH_OF(languages); i++) {
        size_t suffix = strlen(languages[i].suffix);

        if (bytes > suffix && path[bytes - suffix - 1] == '.' &&
            strncmp(path + bytes - suffix, languages[i].suffix, suffix) == 0)
            return languages[i].name;
    }
    return NULL;
}

static bool is_blank(const char *line)
{
    return line[strspn(line, " \t\r\v\f")] == '\0';
}

/* The next pair of lines; 1, 0 when both files end, or -1. */
static int next_pair(struct text_lines *const side[2], char *line[2])
{
    size_t bytes;
    int got[2];

    for (int i = 0; i < 2; i++) {
        got[i] = text_lines_next(side[i], &line[i], &bytes);
        if (got[i] < 0)
            return -1;
    }
    if (got[0] != got[1]) {
        int ended = got[0] ? 1 : 0;

        return err_set("%s ends after line %zu, but %s goes on: the two must go together line by line",
                       text_lines_path(side[ended]), text_lines_number(side[ended]),
                       text_lines_path(side[!ended]));
    }
    return got[0];
}

static int add_pair(struct text_lines *const side[2], char *const line[2], const char *prefix,
                    struct composed *input, struct examples *examples)
{
    struct example example = {.label = -1, .group = -1, .target = line[1]};
    bool blank[2] = {is_blank(line[0]), is_blank(line[1])};
    int empty = blank[0] ? 0 : 1;

    if (blank[0] && blank[1]) {
        examples->dropped++;
        return 0;
    }
    if (blank[empty])
        return err_set("%s:%zu: the line is empty, but that of %s is not: fill in the sentence, or leave the "
                       "line out of both", text_lines_path(side[empty]), text_lines_number(side[empty]),
                       text_lines_path(side[!empty]));
    composed_clear(input);
    composed_add(input, prefix);
    composed_add(input, line[0]);
    example.input = composed_text(input);
    return example.input ? examples_add(examples, &example) : -1;
}

int translation_read(const char *files, struct examples *examples)
{
    char path[2][PATH_MAX], prefix[64] = "";
    struct text_lines *side[2] = {NULL, NULL};
    struct composed input = {NULL};
    const char *from, *to;
    size_t before = examples->count;
    char *line[2];
    int got = -1;

    if (rows_two_files(files, path) || text_lines_open(&side[0], path[0]) || text_lines_open(&side[1], path[1]))
        goto done;
    from = language_of(path[0]);
    to = language_of(path[1]);
    if (from && to)
        snprintf(prefix, sizeof prefix, "translate %s to %s: ", from, to);
    while ((got = next_pair(side, line)) > 0)
        if (add_pair(side, line, prefix, &input, examples)) {
            got = -1;
            break;
        }
    if (got == 0 && examples->count == before)
        got = err_set("%s and %s have no sentences", path[0], path[1]);
done:
    composed_free(&input);
    text_lines_close(side[0]);
    text_lines_close(side[1]);
    return got;
}
