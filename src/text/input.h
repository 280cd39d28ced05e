/* input.h - the bytes of a file, decompressed when it is gzip, in constant memory. */
#ifndef GLU_TEXT_INPUT_H
#define GLU_TEXT_INPUT_H

#include "src/util/sha256.h"

#include <stddef.h>
#include <sys/types.h>

struct input;

/* Open a regular file.  Its first bytes tell whether it is gzip.  `sha`, unless NULL, is fed with
 * the file's bytes as they lie on disk, all of them once the end was reached.
 * 0, or -1: not readable, compressed by something else, or named .gz and not gzip. */
int input_open(struct input **input, const char *path, struct sha256 *sha);
/* Up to `size` bytes, at least one; 0 at the end, -1 when reading fails or the gzip data are
 * broken or cut off. */
ssize_t input_read(struct input *input, void *buffer, size_t size);
void input_close(struct input *input);

#endif
