/* wrap.h - text in lines that are no wider than the terminal they go to. */
#ifndef GLU_UTIL_WRAP_H
#define GLU_UTIL_WRAP_H

#include "src/glu.h"

#include <stdio.h>

/* Columns of a stream's lines: what COLUMNS in the environment says, or else the terminal.  0 when
 * the stream is no terminal: its lines are as long as they are. */
int wrap_width(FILE *out);

/* Columns that a text takes: its characters in UTF-8. */
int wrap_columns(const char *text);

/* The bytes of the first line of a text that is broken into lines of `width` columns (at least 1)
 * between words, or within one that is longer, after a comma where there is one.  A newline ends a
 * line too.  *next is where the next line begins, NULL when there is none. */
size_t wrap_line(const char *text, int width, const char **next);

/* Print a text of whole lines, broken between words where they are wider than the stream; what is
 * left of a line goes below it, further to the right. */
void wrap_print(FILE *out, const char *format, ...) GLU_PRINTF(2, 3);

#endif
