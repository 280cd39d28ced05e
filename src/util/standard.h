/* standard.h - standard output, for our data and nothing else.
 *
 * A library may print (oneDNN does under ONEDNN_VERBOSE), and it knows no better place than file
 * descriptor 1.  So the program takes that for itself when it starts: the data goes to a stream of
 * its own, and whatever is printed to descriptor 1 from then on is told on standard error. */
#ifndef GLU_UTIL_STANDARD_H
#define GLU_UTIL_STANDARD_H

#include "src/glu.h"

#include <stdio.h>

/* Do it; for the beginning of the program.  A standard stream that is closed is put where writing
 * to it fails, so that no file that is opened later takes its number.  When there is no /dev/null
 * to be had all stays as it is. */
void standard_begin(void);

/* The stream of our data; `stdout` before standard_begin() and where that is not called. */
FILE *standard_data(void);

/* printf() to it. */
void standard_print(const char *format, ...) GLU_PRINTF(1, 2);

/* Does a path name standard output: "-", or /dev/stdout, /dev/fd/1 or /proc/self/fd/1, be it by a
 * symbolic link?  Descriptor 1 is not what they lead to any more. */
bool standard_is_output(const char *path);

/* What messages call a file: its path, or "standard output". */
const char *standard_name(const char *path);

/* A descriptor of standard output, to be closed, behind what is in the stream.  -1 and a message. */
int standard_open(void) GLU_MUST_USE;

#endif
