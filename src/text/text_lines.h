/* text_lines.h - the lines of a text file, plain or gzip, one after the other. */
#ifndef GLU_TEXT_TEXT_LINES_H
#define GLU_TEXT_TEXT_LINES_H

#include "src/glu.h"

#include <stddef.h>

struct text_lines;

/* 0, or -1 and a message. */
int text_lines_open(struct text_lines **lines, const char *path) GLU_MUST_USE;
/* 1 and the next line, UTF-8 with a NUL in place of its line end ("\n" or "\r\n"), the caller's to change
 * until the next call; 0 at the end; -1 when the file is broken or is not UTF-8 text, with the line in the
 * message.  The mark that some programs put before UTF-8 is no part of the first line. */
int text_lines_next(struct text_lines *lines, char **line, size_t *bytes) GLU_MUST_USE;
/* The number of the line that came last, from 1, and the file, for messages: "%s:%zu: ...". */
size_t text_lines_number(const struct text_lines *lines);
const char *text_lines_path(const struct text_lines *lines);
/* NULL is fine. */
void text_lines_close(struct text_lines *lines);

#endif
