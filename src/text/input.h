/* input.h - the bytes of a file, decompressed when it is gzip, in constant memory. */
#ifndef GLU_TEXT_INPUT_H
#define GLU_TEXT_INPUT_H

#include "src/util/file_identity.h"
#include "src/util/sha256.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct input;

/* Checksums of files that are read one after the other, of their bytes as they lie on disk. */
struct input_sums {
    struct sha256 all;  /* started by the caller */
    struct sha256 file; /* of the last one; started when it is opened */
};

/* Open a regular file.  Its first bytes tell whether it is gzip.  `sums`, unless NULL, are fed with
 * all of the file once the end was reached.  `identity`, unless NULL, is what the file must be, now
 * and when its end is reached; it is borrowed.  0, or -1: not readable, another file, or named .gz
 * and empty. */
int input_open(struct input **input, const char *path, struct input_sums *sums,
               const struct file_identity *identity);
bool input_is_gzip(const struct input *input);
/* Up to `size` bytes, at least one; 0 at the end, -1 when reading fails, the gzip data are broken or
 * cut off, or the file has changed.  What follows gzip data and is none is left out, as gzip does it:
 * zeros silently, anything else with a warning. */
ssize_t input_read(struct input *input, void *buffer, size_t size);
/* Leave out that many bytes, as if they had been read; of a file that is not gzip without reading them,
 * unless there are sums.  1, 0 when there are fewer, or -1. */
int input_skip(struct input *input, uint64_t bytes);
void input_close(struct input *input);

#endif
