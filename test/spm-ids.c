/* spm-ids.c - what a SentencePiece tokenizer of the program makes of standard input, as spm_encode and
 * spm_decode would print it:
 *
 *     spm-ids MODEL          the ids of each line
 *     spm-ids -w MODEL       the ids of the whole, line feeds and all
 *     spm-ids -d MODEL       the text of each line of ids
 *     spm-ids -s MODEL       its sizes: rows, pieces, first sentinel; and its checksum */
#include "src/glu.h"

#include "src/text/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *why)
{
    fprintf(stderr, "spm-ids: %s\n", why);
    exit(1);
}

static void *need(void *memory)
{
    if (!memory)
        fail("no memory");
    return memory;
}

/* First into no room at all, as one who asks how much it takes. */
static void print_ids(const struct tokenizer *tokenizer, const char *text, size_t bytes)
{
    size_t count = tokenizer->encode(tokenizer, text, bytes, NULL, 0);
    int32_t *ids;

    if (count == SIZE_MAX)
        fail(err_get());
    ids = need(malloc((count + 1) * sizeof *ids));
    if (tokenizer->encode(tokenizer, text, bytes, ids, count) != count)
        fail("another count the second time");
    for (size_t i = 0; i < count; i++)
        printf("%s%d", i ? " " : "", (int)ids[i]);
    putchar('\n');
    free(ids);
}

static void print_text(const struct tokenizer *tokenizer, char *line)
{
    int32_t *ids = need(malloc((strlen(line) + 1) * sizeof *ids));
    size_t count = 0, bytes;
    char *text;

    for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n"))
        ids[count++] = (int32_t)strtol(word, NULL, 10);
    bytes = tokenizer->decode(tokenizer, ids, count, NULL, 0);
    if (bytes == SIZE_MAX)
        fail(err_get());
    text = need(malloc(bytes + 1));
    if (tokenizer->decode(tokenizer, ids, count, text, bytes) != bytes)
        fail("another length the second time");
    fwrite(text, 1, bytes, stdout);
    putchar('\n');
    free(text);
    free(ids);
}

int main(int argc, char **argv)
{
    const char *how = argc > 2 ? argv[1] : "", *model = argc > 1 ? argv[argc - 1] : "";
    char name[4096], *line = NULL;
    struct tokenizer *tokenizer;
    size_t room = 0;
    ssize_t bytes;

    snprintf(name, sizeof name, "sentencepiece:%s", model);
    if (tokenizer_open(&tokenizer, name))
        fail(err_get());
    if (strcmp(how, "-s") == 0)
        printf("%d %d %d %s\n", tokenizer->vocabulary, tokenizer->pieces, tokenizer->first_sentinel,
               tokenizer->file.sha256);
    while (strcmp(how, "-s") != 0 &&
           (bytes = getdelim(&line, &room, strcmp(how, "-w") == 0 ? EOF : '\n', stdin)) >= 0) {
        if (strcmp(how, "-d") == 0) {
            print_text(tokenizer, line);
            continue;
        }
        if (*how == '\0' && bytes && line[bytes - 1] == '\n')
            bytes--;
        print_ids(tokenizer, line, (size_t)bytes);
    }
    free(line);
    tokenizer_close(tokenizer);
    return 0;
}
