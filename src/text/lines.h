/* lines.h - the lines of a text file, plain or gzip, one after the other. */
#ifndef GLU_TEXT_LINES_H
#define GLU_TEXT_LINES_H

#include "src/glu.h"

#include <stddef.h>

struct lines;

/* 0, or -1 and a message. */
int lines_open(struct lines **lines, const char *path) GLU_MUST_USE;
/* 1 and the next line, UTF-8 with a NUL in place of its line end ("\n" or "\r\n"), the caller's to change
 * until the next call; 0 at the end; -1 when the file is broken or is not UTF-8 text, with the line in the
 * message.  The mark that some programs put before UTF-8 is no part of the first line. */
int lines_next(struct lines *lines, char **line, size_t *bytes) GLU_MUST_USE;
/* The number of the line that came last, from 1, and the file, for messages: "%s:%zu: ...". */
size_t lines_number(const struct lines *lines);
const char *lines_path(const struct lines *lines);
/* NULL is fine. */
void lines_close(struct lines *lines);

#endif
