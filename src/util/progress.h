/* progress.h - talk on stderr: lines that stay and, on a terminal only, one that is rewritten.
 *
 * There is one stderr, so there is one state; every function may be called from any thread. */
#ifndef GLU_UTIL_PROGRESS_H
#define GLU_UTIL_PROGRESS_H

#include "src/glu.h"

#include <stdio.h>

/* True when a stream is a terminal that understands escape sequences (TERM is not "dumb"). */
bool terminal_is(FILE *stream);
/* True when it also may be coloured: NO_COLOR is not set (https://no-color.org). */
bool terminal_has_color(FILE *stream);

/* quiet: print nothing at all from now on.  verbose: details too. */
void progress_start(bool quiet, bool verbose);
/* Replace the status line.  Without a terminal, or a tenth of a second after the last, nothing
 * happens. */
void progress_status(const char *format, ...) GLU_PRINTF(1, 2);
/* A line that stays. */
void progress_print(const char *format, ...) GLU_PRINTF(1, 2);
/* The same, of what is told only to those who want to know more. */
void progress_detail(const char *format, ...) GLU_PRINTF(1, 2);
/* Remove the status line; the next progress_status() brings it back. */
void progress_clear(void);

/* "7 s", "3:05" or "2:03:05" in text; "?" when it is not a time. */
void format_duration(double seconds, char *text, size_t size);
/* "512 B", "12.3 MiB" in text. */
void format_bytes(double bytes, char *text, size_t size);

#endif
