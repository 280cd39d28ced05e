/* json_line.h - the text of a document in a line of JSON, without a tree of its values. */
#ifndef GLU_TEXT_JSON_LINE_H
#define GLU_TEXT_JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_line_state {
    JSON_LINE_TEXT,
    JSON_LINE_NO_FIELD,  /* an object without a field of that name */
    JSON_LINE_NO_STRING, /* its value is none */
    JSON_LINE_BROKEN     /* no object, or no JSON, or the string is not one of text */
};

/* What a line has. */
struct json_line {
    enum json_line_state state;
    const char *text; /* in the caller's room; UTF-8 without NUL, not NUL-terminated */
    size_t bytes;
    /* Characters of it that were none, \u0000 and halves of surrogate pairs: each is a U+FFFD now. */
    uint64_t replaced;
    const char *fault; /* of a broken line, in a few words; a constant */
    size_t fault_at;   /* where in the line */
};

/* Find the string that an object of one line has under the name `field`, of several the last one.
 * Only that one is looked at as text.  Of all else no more is asked than that one can tell where it
 * ends: brackets, commas, names and quotes must be in order, strings may hold any bytes and escapes,
 * numbers have any size, and NaN and Infinity are two of them.  Nesting goes 2,048 deep.
 * `room` has as many bytes as the line.  True when there is a text. */
bool json_line_find(const char *line, size_t bytes, const char *field, char *room,
                    struct json_line *found);

/* Is there nothing in a line (which has no newline) but white space? */
bool json_line_is_blank(const char *line, size_t bytes);
/* Is a line one object with a member at least, or one array? */
bool json_line_is_object(const char *line, size_t bytes);
bool json_line_is_array(const char *line, size_t bytes);

/* Is this text, or a text that begins so when it is not `whole`, one object or array that does not
 * end in its first line, or an array alone?  (What begins like that and is not JSON is none.) */
bool json_begins_document(const char *text, size_t bytes, bool whole);

/* Write the names of an object's members, as they stand there, into `names`, as many as fit, and the
 * one with the longest string into `longest`, "" when there is none or it does not fit. */
void json_line_names(const char *line, size_t bytes, char *names, size_t names_size, char *longest,
                     size_t longest_size);

#endif
