/* format.h - what a file of a corpus is: its content tells, not its name. */
#ifndef GLU_TEXT_FORMAT_H
#define GLU_TEXT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

enum format {
    FORMAT_TEXT,
    FORMAT_JSON_LINES,
    FORMAT_FOREIGN /* it can be read when something else was done to it first */
};

enum { FORMAT_HEAD_BYTES = 1 << 16 };

struct format_verdict {
    enum format format;
    const char *what, *remedy; /* FORMAT_FOREIGN: "a tar archive", "tar -xf FILE"; constants */
};

/* Does the name end like one of JSON lines, .json, .jsonl or .ndjson, with .gz behind it or not? */
bool format_name_is_json(const char *path);

/* Is this beginning of a file within what may be an object of one line?  Then all of that line is
 * needed to judge it. */
bool format_needs_line(const char *head, size_t bytes);

/* Judge a file by its beginning, decompressed and without a byte order mark of UTF-8: all of it
 * (`whole`), or FORMAT_HEAD_BYTES and what format_needs_line() says.
 *
 * JSON LINES  when that line is a JSON object, or most lines of the beginning are; then the file is
 *     read as lines, and a line that is none is told.  A name that promises JSON lines is enough.
 * FOREIGN     when it begins as the files of another program do, or is one JSON document or lines of
 *     arrays.
 * TEXT        everything else. */
struct format_verdict format_judge(const char *head, size_t bytes, bool whole, const char *path);

#endif
