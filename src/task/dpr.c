/* dpr.c - see dpr.h.  A file is blocks of five lines: the sentence, the pronoun, two candidates with a comma
 * between them, the right one, and nothing. */
#include "src/glu.h"

#include "src/task/dpr.h"

#include "src/task/compose.h"
#include "src/task/rows.h"
#include "src/text/text_lines.h"

#include <stdlib.h>
#include <string.h>

enum { SENTENCE, PRONOUN, CANDIDATES, RIGHT, NOTHING, BLOCK_LINES };

/* Cut white space off both ends, in place. */
static char *strip(char *text)
{
    static const char white[] = " \t\r\v\f";
    size_t bytes;

    text += strspn(text, white);
    for (bytes = strlen(text); bytes && strchr(white, text[bytes - 1]);)
        text[--bytes] = '\0';
    return text;
}

/* Mark the first place where the pronoun stands between a space and a space, full stop or comma. */
static void add_marked(struct composed *input, const char *sentence, const char *pronoun)
{
    size_t bytes = strlen(pronoun);
    const char *rest = sentence;

    for (const char *at = sentence; (at = strchr(at, ' ')); at++)
        if (strncmp(at + 1, pronoun, bytes) == 0 && at[1 + bytes] && strchr(" .,", at[1 + bytes])) {
            composed_add_bytes(input, sentence, (size_t)(at + 1 - sentence));
            composed_add(input, "*");
            composed_add(input, pronoun);
            composed_add(input, "*");
            rest = at + 1 + bytes;
            break;
        }
    composed_add(input, rest);
}

/* Is it one of these, between commas? */
static bool is_candidate(char *candidates, const char *right)
{
    while (candidates)
        if (strcmp(strip(strsep(&candidates, ",")), right) == 0)
            return true;
    return false;
}

/* The next block, in new memory that block_free() frees; 1, 0 at the end, -1 and a message.  Blank lines
 * before it are skipped. */
static int next_block(struct text_lines *lines, char *block[BLOCK_LINES])
{
    static const char *const names[] = {"a sentence", "the pronoun", "the two candidates",
                                        "the right candidate", "an empty line"};
    size_t bytes;
    char *line;

    for (int i = 0; i < BLOCK_LINES; i++) {
        int got = text_lines_next(lines, &line, &bytes);

        if (got < 0)
            return -1;
        if (got == 0 && (i == SENTENCE || i == NOTHING))
            return i == NOTHING;
        if (got == 0)
            return err_set("%s:%zu: the file ends where %s should follow: get the whole file",
                           text_lines_path(lines), text_lines_number(lines), names[i]);
        line = strip(line);
        if (i == SENTENCE && !*line) {
            i--;
            continue;
        }
        if ((i == NOTHING) != !*line)
            return err_set("%s:%zu: it should be %s: the file is blocks of a sentence, the pronoun, two "
                           "candidates, the right one, and an empty line", text_lines_path(lines),
                           text_lines_number(lines), names[i]);
        block[i] = strdup(line);
        if (!block[i])
            return err_set("no memory for an example");
    }
    return 1;
}

static void block_free(char *block[BLOCK_LINES])
{
    for (int i = 0; i < BLOCK_LINES; i++) {
        free(block[i]);
        block[i] = NULL;
    }
}

static int add_block(char *block[BLOCK_LINES], struct composed *input, struct examples *examples)
{
    struct example example = {.label = -1, .group = -1, .target = block[RIGHT]};
    char excerpt[ROWS_EXCERPT_BYTES];

    if (!is_candidate(block[CANDIDATES], block[RIGHT]))
        return err_set("'%s' is none of the two candidates: correct the block",
                       rows_excerpt(block[RIGHT], excerpt));
    composed_clear(input);
    composed_add(input, "wsc: ");
    add_marked(input, block[SENTENCE], block[PRONOUN]);
    example.input = composed_text(input);
    return example.input ? examples_add(examples, &example) : -1;
}

static int read_dpr(const struct text_task *task, const char *directory, enum text_split split,
                    struct examples *examples)
{
    char *block[BLOCK_LINES] = {NULL};
    struct composed input = {NULL};
    struct text_lines *lines;
    char path[PATH_MAX];
    int got;

    (void)split; /* there is but one */
    if (rows_path(path, task, directory, "dpr/train.c.txt") || text_lines_open(&lines, path))
        return -1;
    while ((got = next_block(lines, block)) > 0) {
        if (add_block(block, &input, examples)) {
            got = err_prepend("%s: the block that ends at line %zu", path, text_lines_number(lines));
            break;
        }
        block_free(block);
    }
    block_free(block);
    composed_free(&input);
    text_lines_close(lines);
    return got;
}

const struct text_task dpr_task = {
    .name = "dpr", .train_examples = 1322, .read = read_dpr,
};
