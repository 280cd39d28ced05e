/* shell.c - see shell.h. */
#include "src/glu.h"

#include "src/util/shell.h"

#include "src/util/utf8.h"

#include <string.h>

void shell_print(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./:=,+-@%";

    if (word[0] && word[strspn(word, plain)] == '\0') {
        fputs(word, out);
        return;
    }
    putc('\'', out);
    for (; *word; word++)
        fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, out);
    putc('\'', out);
}

static void print_octal(FILE *out, const char *word)
{
    fputs("$'", out);
    for (; *word; word++)
        if ((unsigned char)*word >= 0x80 || (unsigned char)*word < 0x20)
            fprintf(out, "\\%03o", (unsigned char)*word);
        else
            fprintf(out, *word == '\'' || *word == '\\' ? "\\%c" : "%c", *word);
    putc('\'', out);
}

void shell_print_utf8(FILE *out, const char *word)
{
    if (utf8_valid_bytes(word, strlen(word)) < strlen(word))
        print_octal(out, word);
    else
        shell_print(out, word);
}
