/* weights.c - see weights.h.  The format: https://github.com/huggingface/safetensors */
#include "src/glu.h"

#include "src/model/weights.h"

#include "src/model/architecture.h"
#include "src/model/weights_hf.h"
#include "src/util/atomic_file.h"
#include "src/util/io.h"
#include "src/util/json_bound.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors are little-endian; this file copies floats as they are"
#endif

#define METADATA "__metadata__"

enum { LENGTH_BYTES = 8, HEADER_MAX_BYTES = 16 << 20, HEADER_MAX_VALUES = 1 << 18 };

/* The shape that Hugging Face gives a tensor, in dims; returns the number of dimensions. */
static int tensor_shape(const struct tensor *tensor, int dims[2])
{
    if (tensor->vector) {
        dims[0] = tensor->cols;
        dims[1] = 1;
        return 1;
    }
    dims[0] = tensor->transposed ? tensor->cols : tensor->rows;
    dims[1] = tensor->transposed ? tensor->rows : tensor->cols;
    return 2;
}

/* dst (cols, rows) = src (rows, cols) transposed. */
static void transpose(float *dst, const float *src, int rows, int cols)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++)
            dst[(size_t)c * (size_t)rows + (size_t)r] = src[(size_t)r * (size_t)cols + (size_t)c];
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* The beginning of the file, which is written at one stroke, so that it tells what it is from then
 * on: the header's length, and the header with its padding.  New memory, NULL when there is none. */
static char *make_header(struct tensor *tensors, int count, size_t *bytes)
{
    json_t *header = json_pack("{s:{s:s, s:s}}", METADATA, "format", "pt", "producer",
                               PACKAGE_STRING);
    char *text = NULL, *padded;
    size_t offset = 0, length;

    for (int i = 0; header && i < count; i++) {
        int dims[2], rank = tensor_shape(&tensors[i], dims);
        size_t end = offset + tensor_elements(&tensors[i]) * sizeof(float);
        json_t *shape = rank == 1 ? json_pack("[i]", dims[0]) : json_pack("[i, i]", dims[0], dims[1]);
        json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape,
                                  "data_offsets", (json_int_t)offset, (json_int_t)end);

        if (json_object_set_new(header, tensors[i].name, entry)) {
            json_decref(header);
            header = NULL;
        }
        offset = end;
    }
    if (header)
        text = json_dumps(header, JSON_COMPACT);
    json_decref(header);
    if (!text)
        return NULL;
    length = strlen(text);
    *bytes = (length + 7) / 8 * 8; /* the data that follows is then aligned */
    padded = malloc(LENGTH_BYTES + *bytes);
    if (padded) {
        for (int i = 0; i < LENGTH_BYTES; i++)
            padded[i] = (char)(*bytes >> 8 * i & 0xff);
        memcpy(padded + LENGTH_BYTES, text, length);
        memset(padded + LENGTH_BYTES + length, ' ', *bytes - length);
        *bytes += LENGTH_BYTES;
    }
    free(text);
    return padded;
}

static int write_tensor(struct atomic_file *file, const struct tensor *tensor)
{
    size_t bytes = tensor_elements(tensor) * sizeof(float);
    float *copy;
    int status;

    if (!tensor->transposed || tensor->vector)
        return atomic_append(file, tensor->value, bytes);
    copy = malloc(bytes);
    if (!copy)
        return err_set("out of memory for %s", tensor->name);
    transpose(copy, tensor->value, tensor->rows, tensor->cols);
    status = atomic_append(file, copy, bytes);
    free(copy);
    return status;
}

static int write_weights(const char *directory, struct model *model)
{
    int count, status = -1;
    struct tensor *tensors = model_tensors(model, &count);
    struct atomic_file file = {.fd = -1};
    char path[PATH_MAX], *header = NULL;
    size_t header_bytes = 0;

    if (io_join(path, directory, "model.safetensors"))
        return -1;
    header = make_header(tensors, count, &header_bytes);
    if (!header)
        return err_set("%s: out of memory for the header", path);
    if (atomic_open(&file, path) || atomic_append(&file, header, header_bytes))
        goto out;
    for (int i = 0; i < count; i++)
        if (write_tensor(&file, &tensors[i]))
            goto out;
    status = atomic_commit(&file);
out:
    atomic_abandon(&file);
    free(header);
    return status;
}

int weights_prepare(const char *directory)
{
    if (io_make_directories(directory) ||
        (access(directory, W_OK | X_OK) != 0 && err_system("cannot write to %s", directory)))
        return err_prepend(FIELD("save_checkpoint"));
    return 0;
}

int weights_save(const char *directory, struct model *model)
{
    if (weights_prepare(directory))
        return -1;
    if (write_weights(directory, model) ||
        weights_hf_write(directory, model))
        return err_prepend(FIELD("save_checkpoint"));
    return 0;
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* Where a tensor of the model is. */
struct place {
    struct tensor *tensor;
    const char *name; /* in the file; borrowed from the tensor, the header or the table */
    uint64_t begin, end; /* bytes of the file */
};

/* An open model.safetensors. */
struct weights {
    char path[PATH_MAX];
    int fd;
    json_t *header;
    uint64_t data_start, data_bytes;
    const struct hf_tensor *others; /* what the architecture knows besides its own */
    struct place *places;           /* (count); owned */
    int count;
};

static void close_weights(struct weights *file)
{
    free(file->places);
    json_decref(file->header);
    if (file->fd >= 0)
        close(file->fd);
}

static int read_header(struct weights *file, uint64_t file_bytes)
{
    unsigned char length[LENGTH_BYTES];
    uint64_t header_bytes = 0;
    json_error_t error;
    char *text;

    if (file_bytes < LENGTH_BYTES)
        return err_set("%s: %llu bytes are too few for a safetensors file", file->path,
                       (unsigned long long)file_bytes);
    if (io_read_at(file->fd, file->path, length, sizeof length, 0))
        return -1;
    if (memcmp(length, "version ", sizeof length) == 0)
        return err_set("%s: a pointer of Git LFS in place of the weights; fetch them by 'git lfs pull'",
                       file->path);
    for (int i = 0; i < LENGTH_BYTES; i++)
        header_bytes |= (uint64_t)length[i] << 8 * i;
    if (header_bytes > HEADER_MAX_BYTES || header_bytes > file_bytes - LENGTH_BYTES)
        return err_set("%s: a header of %llu bytes in a file of %llu; it is no safetensors file, or "
                       "a part of one",
                       file->path, (unsigned long long)header_bytes,
                       (unsigned long long)file_bytes);
    text = malloc((size_t)header_bytes + 1);
    if (!text)
        return err_set("%s: out of memory", file->path);
    if (io_read_at(file->fd, file->path, text, (size_t)header_bytes, LENGTH_BYTES)) {
        free(text);
        return -1;
    }
    if (json_has_more_values(text, (size_t)header_bytes, HEADER_MAX_VALUES)) {
        free(text);
        return err_set("%s: the header holds more than %d values", file->path, HEADER_MAX_VALUES);
    }
    errno = 0;
    file->header = json_loadb(text, (size_t)header_bytes, JSON_REJECT_DUPLICATES, &error);
    free(text);
    if (!json_is_object(file->header))
        return err_set("%s: the header is not a JSON object: %s", file->path,
                       file->header ? "another type" : err_cause(error.text));
    file->data_start = LENGTH_BYTES + header_bytes;
    file->data_bytes = file_bytes - file->data_start;
    return 0;
}

/* What is there in place of weights that can be read, and what helps. */
static const struct {
    const char *name, *remedy;
} instead[] = {
    {"model.safetensors.index.json", "the weights are in several files there; save them in one, in "
                                     "transformers by save_pretrained(DIR, max_shard_size=\"1TB\")"},
    {"pytorch_model.bin", "the weights are in another format there; save them as safetensors, in "
                          "transformers by save_pretrained(DIR, safe_serialization=True)"},
    {"pytorch_model.bin.index.json", "the weights are in another format there; save them in one file, in "
                                     "transformers by save_pretrained(DIR, safe_serialization=True, "
                                     "max_shard_size=\"1TB\")"},
};

/* Open the weights of a directory; -1 and a message. */
static int open_file(char path[PATH_MAX], const char *directory, uint64_t *bytes)
{
    char other[PATH_MAX];
    int fd;

    if (io_join(path, directory, "model.safetensors"))
        return -1;
    errno = 0;
    fd = io_open_regular(path, bytes);
    if (fd >= 0)
        return fd;
    if (errno == ENOTDIR)
        return err_set("%s is no directory; name the one that has model.safetensors and config.json",
                       directory);
    for (size_t i = 0; errno == ENOENT && i < LENGTH_OF(instead); i++) {
        if (io_join(other, directory, instead[i].name) == 0 && access(other, F_OK) == 0)
            return err_set("there is no %s, but %s: %s", path, instead[i].name, instead[i].remedy);
        errno = ENOENT;
    }
    return -1;
}

static int open_weights(struct weights *file, const char *directory)
{
    uint64_t bytes = 0;

    file->fd = -1;
    file->header = NULL;
    file->places = NULL;
    file->fd = open_file(file->path, directory, &bytes);
    return file->fd < 0 ? -1 : read_header(file, bytes);
}

/* "[64, 384]" of a JSON shape. */
static const char *shape_text(const json_t *shape, char text[64])
{
    size_t used = 1;

    strcpy(text, "[");
    for (size_t i = 0; i < json_array_size(shape) && used < 40; i++)
        used += (size_t)snprintf(text + used, 64 - used, "%s%lld", i > 0 ? ", " : "",
                                 (long long)json_integer_value(json_array_get(shape, i)));
    strcpy(text + used, "]");
    return text;
}

static int check_shape(const struct weights *file, const struct tensor *tensor, const char *name,
                       const json_t *shape)
{
    int dims[2] = {0, 0}, rank = tensor_shape(tensor, dims);
    bool same = json_array_size(shape) == (size_t)rank;
    char found[64], needed[64];

    for (int i = 0; same && i < rank; i++)
        same = json_integer_value(json_array_get(shape, (size_t)i)) == dims[i];
    if (same)
        return 0;
    snprintf(needed, sizeof needed, rank == 1 ? "[%d]" : "[%d, %d]", dims[0], dims[1]);
    return err_set("%s: %s has the shape %s, and this model needs %s; give the sizes of the model "
                   "that was saved",
                   file->path, name, shape_text(shape, found), needed);
}

/* Where a tensor's data lies in the file under a name, checked. */
static int find_data(const struct weights *file, const struct tensor *tensor, const char *name,
                     uint64_t *offset)
{
    const json_t *entry = json_object_get(file->header, name);
    const json_t *dtype = json_object_get(entry, "dtype");
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const json_t *first = json_array_get(offsets, 0), *last = json_array_get(offsets, 1);
    json_int_t begin = json_integer_value(first), end = json_integer_value(last);

    if (!json_is_object(entry))
        return err_set("%s: there is no tensor %s; it was saved from another variant or a model "
                       "with other layers",
                       file->path, name);
    if (!json_is_string(dtype) || strcmp(json_string_value(dtype), "F32") != 0)
        return err_set("%s: %s has the type %s; only F32 can be read: save the model as float32, in "
                       "PyTorch after model.float()",
                       file->path, name,
                       json_is_string(dtype) ? json_string_value(dtype) : "(none)");
    if (check_shape(file, tensor, name, json_object_get(entry, "shape")))
        return -1;
    if (json_array_size(offsets) != 2 || !json_is_integer(first) || !json_is_integer(last) ||
        begin < 0 || end < begin || (uint64_t)end > file->data_bytes ||
        (uint64_t)(end - begin) != tensor_elements(tensor) * sizeof(float))
        return err_set("%s: the data_offsets of %s are not %zu bytes within the file's %llu",
                       file->path, name, tensor_elements(tensor) * sizeof(float),
                       (unsigned long long)file->data_bytes);
    *offset = file->data_start + (uint64_t)begin;
    return 0;
}

/* ---- Which name stands for which tensor ------------------------------------------------------ */

/* The name that a tensor of the model has in the file: its own; the one that the metadata gives in
 * its place, as safetensors' save_model() does with all but one of those that share memory; or that
 * of a copy.  Its own when there is none. */
static const char *name_in_file(const struct weights *file, const struct tensor *tensor)
{
    const json_t *metadata = json_object_get(file->header, METADATA);
    const char *alias = json_string_value(json_object_get(metadata, tensor->name));
    const struct hf_tensor *row = file->others;

    if (json_object_get(file->header, tensor->name))
        return tensor->name;
    if (alias && strcmp(alias, METADATA) != 0 && json_object_get(file->header, alias))
        return alias;
    for (; row && row->name; row++)
        if (row->copy_of && strcmp(row->copy_of, tensor->name) == 0 &&
            json_object_get(file->header, row->name))
            return row->name;
    return tensor->name;
}

/* Every tensor of the file must have its place in the model: one that does not would be lost
 * silently. */
static int check_no_others(const struct weights *file)
{
    const char *name;
    json_t *entry;

    json_object_foreach (file->header, name, entry) {
        const struct hf_tensor *row = file->others;
        bool known = strcmp(name, METADATA) == 0;

        for (int i = 0; !known && i < file->count; i++)
            known = strcmp(file->places[i].name, name) == 0;
        for (; !known && row && row->name; row++)
            known = strcmp(row->name, name) == 0;
        if (!known)
            return err_set("%s: this model has no tensor %.100s; it was saved from another variant "
                           "or a model with other layers",
                           file->path, name);
    }
    return 0;
}

static int by_begin(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* No two tensors may share bytes: a file where they do is none that a program has written. */
static int find_places(struct weights *file)
{
    for (int i = 0; i < file->count; i++) {
        struct place *place = &file->places[i];

        if (find_data(file, place->tensor, place->name, &place->begin))
            return -1;
        place->end = place->begin + tensor_elements(place->tensor) * sizeof(float);
    }
    qsort(file->places, (size_t)file->count, sizeof *file->places, by_begin);
    for (int i = 1; i < file->count; i++)
        if (file->places[i].begin < file->places[i - 1].end)
            return err_set("%s: the data_offsets of two tensors overlap", file->path);
    return 0;
}

/* Are so many bytes the same at two places of the file?  0 or -1. */
static int compare_bytes(const struct weights *file, uint64_t a, uint64_t b, uint64_t bytes,
                         bool *same)
{
    enum { PIECE_BYTES = 16384 };
    char one[PIECE_BYTES], other[PIECE_BYTES];

    *same = true;
    for (uint64_t done = 0; done < bytes && *same; done += PIECE_BYTES) {
        size_t piece = bytes - done < PIECE_BYTES ? (size_t)(bytes - done) : PIECE_BYTES;

        if (io_read_at(file->fd, file->path, one, piece, a + done) ||
            io_read_at(file->fd, file->path, other, piece, b + done))
            return -1;
        *same = memcmp(one, other, piece) == 0;
    }
    return 0;
}

/* A copy that differs is a tensor that the model does not have. */
static int check_copy(const struct weights *file, const struct hf_tensor *row,
                      const struct place *place)
{
    uint64_t begin = 0;
    bool same = false;

    if (find_data(file, place->tensor, row->name, &begin) ||
        compare_bytes(file, begin, place->begin, place->end - place->begin, &same))
        return -1;
    return same ? 0
                : err_set("%s: %s is not the same as %s: %s", file->path, row->name, place->name,
                          row->why);
}

static int check_copies(const struct weights *file)
{
    for (const struct hf_tensor *row = file->others; row && row->name; row++) {
        if (!row->copy_of || !json_object_get(file->header, row->name))
            continue;
        for (int i = 0; i < file->count; i++)
            if (strcmp(file->places[i].tensor->name, row->copy_of) == 0 &&
                strcmp(file->places[i].name, row->name) != 0 &&
                check_copy(file, row, &file->places[i]))
                return -1;
    }
    return 0;
}

/* Open the file and find every tensor of the model in it.  close_weights() in any case. */
static int open_for(struct weights *file, const char *directory, struct model *model)
{
    const struct model_options *options = model_get_options(model);
    struct tensor *tensors;

    if (open_weights(file, directory))
        return -1;
    tensors = model_tensors(model, &file->count);
    file->others = options->architecture->hf_tensors;
    file->places = calloc((size_t)file->count, sizeof *file->places);
    if (!file->places)
        return err_set("%s: out of memory", file->path);
    for (int i = 0; i < file->count; i++)
        file->places[i] = (struct place){.tensor = &tensors[i],
                                         .name = name_in_file(file, &tensors[i])};
    if (check_no_others(file) || find_places(file) || check_copies(file)) {
        weights_hf_explain(directory, options);
        return -1;
    }
    return weights_hf_check(directory, options);
}

static int read_tensor(const struct weights *file, const struct place *place)
{
    struct tensor *tensor = place->tensor;
    size_t bytes = tensor_elements(tensor) * sizeof(float);
    float *copy;
    int status;

    if (!tensor->transposed || tensor->vector)
        return io_read_at(file->fd, file->path, tensor->value, bytes, place->begin);
    copy = malloc(bytes);
    if (!copy)
        return err_set("out of memory for %s", tensor->name);
    status = io_read_at(file->fd, file->path, copy, bytes, place->begin);
    if (status == 0)
        transpose(tensor->value, copy, tensor->cols, tensor->rows);
    free(copy);
    return status;
}

int weights_check(const char *directory, const struct model_options *options)
{
    struct weights file;
    struct model *model;
    int status;

    if (model_outline(&model, options))
        return -1;
    status = open_for(&file, directory, model);
    close_weights(&file);
    model_destroy(model);
    return status ? err_prepend(FIELD("init_checkpoint")) : 0;
}

int weights_load(const char *directory, struct model *model)
{
    struct weights file;
    int status = open_for(&file, directory, model);

    for (int i = 0; status == 0 && i < file.count; i++)
        status = read_tensor(&file, &file.places[i]);
    if (status == 0)
        model_refresh(model);
    close_weights(&file);
    return status ? err_prepend(FIELD("init_checkpoint")) : 0;
}

static int hash_file(int fd, const char *path, uint64_t bytes, struct sha256 *sha)
{
    enum { PIECE_BYTES = 1 << 16 };
    char *piece = malloc(PIECE_BYTES);
    int status = piece ? 0 : err_set("%s: out of memory", path);

    for (uint64_t done = 0; done < bytes && status == 0; done += PIECE_BYTES) {
        size_t size = bytes - done < PIECE_BYTES ? (size_t)(bytes - done) : PIECE_BYTES;

        status = io_read_at(fd, path, piece, size, done);
        if (status == 0)
            sha256_add(sha, piece, size);
    }
    free(piece);
    return status;
}

int weights_sha256(const char *directory, char hex[SHA256_HEX_BYTES])
{
    struct sha256 sha;
    char path[PATH_MAX];
    uint64_t bytes = 0;
    int fd = open_file(path, directory, &bytes), status;

    sha256_start(&sha);
    status = fd < 0 ? -1 : hash_file(fd, path, bytes, &sha);
    if (fd >= 0)
        close(fd);
    sha256_finish_hex(&sha, hex);
    return status ? err_prepend(FIELD("init_checkpoint")) : 0;
}
