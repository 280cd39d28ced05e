/* json_line.h - the text of a document in a line of JSON, without a tree of its values. */
#ifndef GLU_TEXT_JSON_LINE_H
#define GLU_TEXT_JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* The string "text" of a line that is what nearly all are: one object, a few members, all of them
 * strings.  True when the line is so, has one "text" and is JSON beyond doubt: *text, of
 * *text_bytes bytes, is then UTF-8 without NUL and lies in room[0 .. bytes - 1].  False when it
 * is not or might not be: a parser has to tell what the line is. */
bool json_line_text(const char *line, size_t bytes, char *room, const char **text,
                    size_t *text_bytes);

#endif
