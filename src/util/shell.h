/* shell.h - words as a POSIX shell reads them. */
#ifndef GLU_UTIL_SHELL_H
#define GLU_UTIL_SHELL_H

#include "src/glu.h"

#include <stdio.h>

/* Print a word so that a shell gives it back, byte by byte: as it is where nothing in it means more, else in
 * quotes. */
void shell_print(FILE *out, const char *word);
/* The same for what will be JSON, which holds no other bytes than UTF-8: a word that is none is written in the
 * $'...' of bash and its like. */
void shell_print_utf8(FILE *out, const char *word);

#endif
