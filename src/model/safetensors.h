/* safetensors.h - one file of tensors, read: an 8-byte little-endian length, a JSON header of names, types,
 * shapes and places, and the values, raw and little-endian.
 * The format: https://github.com/huggingface/safetensors */
#ifndef GLU_MODEL_SAFETENSORS_H
#define GLU_MODEL_SAFETENSORS_H

#include "src/glu.h"

#include <jansson.h>
#include <limits.h>

#define SAFETENSORS_METADATA "__metadata__"

enum { SAFETENSORS_LENGTH_BYTES = 8 };

/* An open file. */
struct safetensors {
    char path[PATH_MAX];
    int fd;
    json_t *header; /* an object; its members are objects, or none that safetensors_place() finds */
    uint64_t data_start, data_bytes;
};

/* Open a file and read its header.  0, or -1 and a message that names it, with errno when it could not be
 * opened.  safetensors_close() in either case. */
int safetensors_open(struct safetensors *file, const char *path) GLU_MUST_USE;
/* One that is zeroed and has fd -1 is fine. */
void safetensors_close(struct safetensors *file);

/* The entry of a tensor, or NULL. */
const json_t *safetensors_entry(const struct safetensors *file, const char *name);
/* What the metadata says of a name, or NULL. */
const char *safetensors_metadata(const struct safetensors *file, const char *name);

enum safetensors_type { SAFETENSORS_F32, SAFETENSORS_F16, SAFETENSORS_BF16 };

/* Where so many values are. */
struct safetensors_place {
    const struct safetensors *file;
    enum safetensors_type type;
    size_t count;
    uint64_t begin, end; /* bytes of the file */
};

/* Where the values of a tensor are, which is in the file, and has so many of them.  0, or -1 and a message:
 * the type is none of those above, or the place is not in the file, or has not the size. */
int safetensors_place(struct safetensors_place *place, const struct safetensors *file, const char *name,
                      size_t count) GLU_MUST_USE;

/* Values first .. first + count - 1 in f32, which has all of the other types exactly. */
int safetensors_read(const struct safetensors_place *place, size_t first, size_t count, float *values)
    GLU_MUST_USE;

#endif
