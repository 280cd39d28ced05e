/* main.c - the program: options, command, exit status. */
#include "src/glu.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "Usage: glubench [COMMAND] [OPTION]...\n"
    "Train the feed-forward variants of \"GLU Variants Improve Transformer\" and compare them.\n"
    "\n"
    "      --help     print this help and exit\n"
    "      --version  print the version and exit\n";

static int print(const char *text)
{
    if (fputs(text, stdout) == EOF || fflush(stdout) == EOF) {
        perror("glubench: cannot write to standard output");
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return print(help);
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return print(PACKAGE_STRING "\n");
    fprintf(stderr, "glubench: try 'glubench --help'\n");
    return 2;
}
