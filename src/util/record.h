/* record.h - a file that tells whether it is whole: format version, a JSON header, raw data and the
 * SHA-256 of all of it.
 *
 *     8 bytes "GLUBENCH", u32 version, u32 bytes of the header, u64 bytes of the data,
 *     header, data, 32 bytes SHA-256       (numbers little-endian) */
#ifndef GLU_UTIL_RECORD_H
#define GLU_UTIL_RECORD_H

#include "src/glu.h"

#include <jansson.h>

enum { RECORD_VERSION = 1 };

struct record_part {
    const void *data;
    size_t bytes;
};

/* Write a record atomically; a link of that name is replaced and not followed.  0, or -1 and a
 * message that names the path. */
int record_write(const char *path, json_t *header, const struct record_part *parts, int count)
    GLU_MUST_USE;

/* A record that is being read. */
struct record {
    char *path;
    int fd;
    uint64_t at; /* where the next bytes are */
    json_t *header;
    uint64_t data_bytes; /* of the data not yet read */
};

/* Open a record, verify all of it, and stand at the start of its data.  0, or -1 and a message that
 * names the path and the fault.  To be closed in either case. */
int record_open(struct record *record, const char *path) GLU_MUST_USE;
/* The next bytes of the data. */
int record_read(struct record *record, void *data, size_t bytes) GLU_MUST_USE;
void record_close(struct record *record);

#endif
