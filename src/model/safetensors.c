/* safetensors.c - see safetensors.h. */
#include "src/glu.h"

#include "src/model/safetensors.h"

#include "src/util/io.h"
#include "src/util/json_bound.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors are little-endian; this file copies values as they are"
#endif

enum { HEADER_MAX_BYTES = 16 << 20, HEADER_MAX_VALUES = 1 << 18 };

static const struct {
    const char *name;
    size_t bytes;
} types[] = {
    [SAFETENSORS_F32] = {"F32", 4},
    [SAFETENSORS_F16] = {"F16", 2},
    [SAFETENSORS_BF16] = {"BF16", 2},
};

/* ---- The header ------------------------------------------------------------------------------ */

void safetensors_close(struct safetensors *file)
{
    json_decref(file->header);
    if (file->fd >= 0)
        close(file->fd);
    file->header = NULL;
    file->fd = -1;
}

static int parse_header(struct safetensors *file, const char *text, size_t bytes)
{
    json_error_t error;

    if (json_has_more_values(text, bytes, HEADER_MAX_VALUES))
        return err_set("%s: the header holds more than %d values", file->path, HEADER_MAX_VALUES);
    errno = 0;
    file->header = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(file->header))
        return err_set("%s: the header is not a JSON object: %s", file->path,
                       file->header ? "another type" : err_cause(error.text));
    return 0;
}

static int read_header(struct safetensors *file, uint64_t file_bytes)
{
    unsigned char length[SAFETENSORS_LENGTH_BYTES];
    uint64_t header_bytes = 0;
    char *text;
    int status;

    if (file_bytes < sizeof length)
        return err_set("%s: %llu bytes are too few for a safetensors file", file->path,
                       (unsigned long long)file_bytes);
    if (io_read_at(file->fd, file->path, length, sizeof length, 0))
        return -1;
    if (memcmp(length, "version ", sizeof length) == 0)
        return err_set("%s: a pointer of Git LFS in place of the weights; fetch them by 'git lfs pull'",
                       file->path);
    for (size_t i = 0; i < sizeof length; i++)
        header_bytes |= (uint64_t)length[i] << 8 * i;
    if (header_bytes > HEADER_MAX_BYTES || header_bytes > file_bytes - sizeof length)
        return err_set("%s: a header of %llu bytes in a file of %llu; it is no safetensors file, or "
                       "a part of one",
                       file->path, (unsigned long long)header_bytes,
                       (unsigned long long)file_bytes);
    text = malloc((size_t)header_bytes + 1);
    if (!text)
        return err_set("%s: out of memory", file->path);
    status = io_read_at(file->fd, file->path, text, (size_t)header_bytes, sizeof length) ||
                     parse_header(file, text, (size_t)header_bytes)
                 ? -1
                 : 0;
    free(text);
    file->data_start = sizeof length + header_bytes;
    file->data_bytes = file_bytes - file->data_start;
    return status;
}

int safetensors_open(struct safetensors *file, const char *path)
{
    uint64_t bytes = 0;

    *file = (struct safetensors){.fd = -1};
    snprintf(file->path, sizeof file->path, "%s", path);
    errno = 0;
    file->fd = io_open_regular(path, &bytes);
    return file->fd < 0 ? -1 : read_header(file, bytes);
}

const json_t *safetensors_entry(const struct safetensors *file, const char *name)
{
    return strcmp(name, SAFETENSORS_METADATA) == 0 ? NULL : json_object_get(file->header, name);
}

const char *safetensors_metadata(const struct safetensors *file, const char *name)
{
    return json_string_value(json_object_get(json_object_get(file->header, SAFETENSORS_METADATA), name));
}

/* ---- Values ---------------------------------------------------------------------------------- */

static int find_type(enum safetensors_type *type, const struct safetensors *file, const char *name,
                     const json_t *entry)
{
    const char *text = json_string_value(json_object_get(entry, "dtype"));

    for (size_t i = 0; text && i < LENGTH_OF(types); i++)
        if (strcmp(types[i].name, text) == 0) {
            *type = (enum safetensors_type)i;
            return 0;
        }
    return err_set("%s: %s has the type %.20s; F32, F16 and BF16 can be read: save the model in one of them, "
                   "in PyTorch after model.float()",
                   file->path, name, text ? text : "(none)");
}

int safetensors_place(struct safetensors_place *place, const struct safetensors *file, const char *name,
                      size_t count)
{
    const json_t *entry = safetensors_entry(file, name);
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const json_t *first = json_array_get(offsets, 0), *last = json_array_get(offsets, 1);
    json_int_t begin = json_integer_value(first), end = json_integer_value(last);
    enum safetensors_type type = SAFETENSORS_F32;

    if (find_type(&type, file, name, entry))
        return -1;
    if (json_array_size(offsets) != 2 || !json_is_integer(first) || !json_is_integer(last) ||
        begin < 0 || end < begin || (uint64_t)end > file->data_bytes ||
        (uint64_t)(end - begin) != count * types[type].bytes)
        return err_set("%s: the data_offsets of %s are not %zu bytes within the file's %llu",
                       file->path, name, count * types[type].bytes,
                       (unsigned long long)file->data_bytes);
    *place = (struct safetensors_place){.file = file,
                                        .type = type,
                                        .count = count,
                                        .begin = file->data_start + (uint64_t)begin,
                                        .end = file->data_start + (uint64_t)end};
    return 0;
}

static float float_of_bits(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE's binary16: 1 bit of sign, 5 of exponent, 10 behind the point; the smallest have no hidden 1. */
static float float_of_f16(uint16_t half)
{
    uint32_t sign = (uint32_t)(half >> 15) << 31, exponent = half >> 10 & 31, fraction = half & 1023;
    float small = (float)fraction / 16777216.0f;

    if (exponent == 0)
        return sign ? -small : small;
    exponent = exponent == 31 ? 255 : exponent + 127 - 15;
    return float_of_bits(sign | exponent << 23 | fraction << 13);
}

static float float_of_bf16(uint16_t bits)
{
    return float_of_bits((uint32_t)bits << 16);
}

int safetensors_read(const struct safetensors_place *place, size_t first, size_t count, float *values)
{
    enum { PIECE = 4096 };
    const struct safetensors *file = place->file;
    uint64_t at = place->begin + (uint64_t)first * types[place->type].bytes;
    float (*convert)(uint16_t) = place->type == SAFETENSORS_F16 ? float_of_f16 : float_of_bf16;
    uint16_t piece[PIECE];

    if (place->type == SAFETENSORS_F32)
        return io_read_at(file->fd, file->path, values, count * sizeof *values, at);
    for (size_t done = 0; done < count; done += PIECE) {
        size_t size = count - done < PIECE ? count - done : PIECE;

        if (io_read_at(file->fd, file->path, piece, size * sizeof *piece, at + done * sizeof *piece))
            return -1;
        for (size_t i = 0; i < size; i++)
            values[done + i] = convert(piece[i]);
    }
    return 0;
}
