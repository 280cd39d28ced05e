/* weights.c - see weights.h. */
#include "src/glu.h"

#include "src/model/weights.h"

#include "src/model/architecture.h"
#include "src/model/weights_files.h"
#include "src/model/weights_hf.h"
#include "src/util/atomic_file.h"
#include "src/util/io.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    json_t *header = json_pack("{s:{s:s, s:s}}", SAFETENSORS_METADATA, "format", "pt", "producer",
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
    padded = malloc(SAFETENSORS_LENGTH_BYTES + *bytes);
    if (padded) {
        for (int i = 0; i < SAFETENSORS_LENGTH_BYTES; i++)
            padded[i] = (char)(*bytes >> 8 * i & 0xff);
        memcpy(padded + SAFETENSORS_LENGTH_BYTES, text, length);
        memset(padded + SAFETENSORS_LENGTH_BYTES + length, ' ', *bytes - length);
        *bytes += SAFETENSORS_LENGTH_BYTES;
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

    if (io_join(path, directory, WEIGHTS_FILE))
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
struct match {
    struct tensor *tensor;
    const char *name; /* in the file; borrowed from the tensor, the header or the table */
    struct safetensors_place place;
};

/* An open directory of weights. */
struct weights {
    struct weights_files files;
    const struct hf_tensor *others; /* what the architecture knows besides its own */
    struct match *matches;          /* (count); owned */
    int count;
    bool misfit; /* the message is of a model that is another one */
};

static void close_weights(struct weights *weights)
{
    free(weights->matches);
    weights_files_close(&weights->files);
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

/* Of an embedding, rows that are not the vocabulary's: the tokenizer is another one. */
static int say_rows(const struct safetensors *file, const char *name, int vocabulary, long long rows)
{
    char directory[PATH_MAX], model[PATH_MAX + 48] = "";
    char *slash;

    snprintf(directory, sizeof directory, "%s", file->path);
    slash = strrchr(directory, '/');
    if (slash) {
        strcpy(slash + 1, "spiece.model"); /* which is no longer than the file's own name */
        if (access(directory, F_OK) == 0)
            snprintf(model, sizeof model, ", " FIELD("tokenizer") " sentencepiece:%s", directory);
    }
    return err_set("%s: %s has %lld rows, and the vocabulary of " FIELD("tokenizer") " has %d; give the tokenizer "
                   "that the weights were trained with%s",
                   file->path, name, rows, vocabulary, model);
}

static int check_shape(struct weights *weights, const struct match *match, const struct safetensors *file,
                       const char *name, const struct model_config *config)
{
    const json_t *shape = json_object_get(safetensors_entry(file, name), "shape");
    int dims[2] = {0, 0}, rank = tensor_shape(match->tensor, dims);
    json_int_t rows = json_integer_value(json_array_get(shape, 0));
    bool fits[2] = {true, true}, ranked = json_array_size(shape) == (size_t)rank;
    char found[64], needed[64];

    for (int i = 0; ranked && i < rank; i++)
        fits[i] = json_integer_value(json_array_get(shape, (size_t)i)) == dims[i];
    if (ranked && fits[0] && fits[1])
        return 0;
    weights->misfit = true;
    if (ranked && rank == 2 && fits[1] && !match->tensor->transposed && dims[0] == config->vocabulary)
        return say_rows(file, name, config->vocabulary, (long long)rows);
    snprintf(needed, sizeof needed, rank == 1 ? "[%d]" : "[%d, %d]", dims[0], dims[1]);
    return err_set("%s: %s has the shape %s, and this model needs %s; give the sizes of the model "
                   "that was saved",
                   file->path, name, shape_text(shape, found), needed);
}

/* Where a tensor's values are under a name, checked. */
static int find_place(struct weights *weights, const struct match *match, const char *name,
                      const struct model_config *config, struct safetensors_place *place)
{
    const struct safetensors *file = weights_files_find(&weights->files, name);

    if (!file || !json_is_object(safetensors_entry(file, name))) {
        weights->misfit = true;
        return err_set("%s: there is no tensor %s; it was saved from another variant or a model "
                       "with other layers",
                       weights->files.path, name);
    }
    if (check_shape(weights, match, file, name, config))
        return -1;
    return safetensors_place(place, file, name, tensor_elements(match->tensor));
}

/* ---- Which name stands for which tensor ------------------------------------------------------ */

/* The name that a tensor of the model has in the file: its own; the one that the metadata gives in
 * its place, as safetensors' save_model() does with all but one of those that share memory; or that
 * of a copy.  Its own when there is none. */
static const char *name_in_file(const struct weights *weights, const struct tensor *tensor)
{
    const char *alias = weights_files_alias(&weights->files, tensor->name);
    const struct hf_tensor *row = weights->others;

    if (weights_files_find(&weights->files, tensor->name))
        return tensor->name;
    if (alias)
        return alias;
    for (; row && row->name; row++)
        if (row->copy_of && strcmp(row->copy_of, tensor->name) == 0 &&
            weights_files_find(&weights->files, row->name))
            return row->name;
    return tensor->name;
}

/* Every tensor of a file must have its place in the model: one that does not would be lost
 * silently. */
static int check_no_others(struct weights *weights, const struct safetensors *file)
{
    const char *name;
    json_t *entry;

    json_object_foreach (file->header, name, entry) {
        const struct hf_tensor *row = weights->others;
        bool known = !safetensors_entry(file, name);

        for (int i = 0; !known && i < weights->count; i++)
            known = strcmp(weights->matches[i].name, name) == 0;
        for (; !known && row && row->name; row++)
            known = strcmp(row->name, name) == 0;
        if (known)
            continue;
        weights->misfit = true;
        return err_set("%s: this model has no tensor %.100s; it was saved from another variant "
                       "or a model with other layers",
                       file->path, name);
    }
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const struct safetensors_place *x = &((const struct match *)a)->place;
    const struct safetensors_place *y = &((const struct match *)b)->place;

    if (x->file != y->file)
        return (x->file > y->file) - (x->file < y->file);
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* No two tensors may share bytes: a file where they do is none that a program has written. */
static int find_places(struct weights *weights, const struct model_config *config)
{
    for (int i = 0; i < weights->count; i++) {
        struct match *match = &weights->matches[i];

        if (find_place(weights, match, match->name, config, &match->place))
            return -1;
    }
    qsort(weights->matches, (size_t)weights->count, sizeof *weights->matches, by_place);
    for (int i = 1; i < weights->count; i++) {
        const struct safetensors_place *last = &weights->matches[i - 1].place;
        const struct safetensors_place *place = &weights->matches[i].place;

        if (place->file == last->file && place->begin < last->end)
            return err_set("%s: the data_offsets of two tensors overlap", place->file->path);
    }
    return 0;
}

/* Have both the same values?  0 or -1. */
static int compare_values(const struct safetensors_place *a, const struct safetensors_place *b, bool *same)
{
    enum { PIECE = 4096 };
    float one[PIECE], other[PIECE];

    *same = true;
    for (size_t done = 0; done < a->count && *same; done += PIECE) {
        size_t piece = a->count - done < PIECE ? a->count - done : PIECE;

        if (safetensors_read(a, done, piece, one) || safetensors_read(b, done, piece, other))
            return -1;
        *same = memcmp(one, other, piece * sizeof *one) == 0;
    }
    return 0;
}

/* A copy that differs is a tensor that the model does not have. */
static int check_copy(struct weights *weights, const struct hf_tensor *row, const struct match *match,
                      const struct model_config *config)
{
    struct safetensors_place copy;
    bool same = false;

    if (find_place(weights, match, row->name, config, &copy) ||
        compare_values(&copy, &match->place, &same))
        return -1;
    if (same)
        return 0;
    weights->misfit = true;
    return err_set("%s: %s is not the same as %s: %s", copy.file->path, row->name, match->name, row->why);
}

static int check_copies(struct weights *weights, const struct model_config *config)
{
    for (const struct hf_tensor *row = weights->others; row && row->name; row++) {
        if (!row->copy_of || !weights_files_find(&weights->files, row->name))
            continue;
        for (int i = 0; i < weights->count; i++)
            if (strcmp(weights->matches[i].tensor->name, row->copy_of) == 0 &&
                strcmp(weights->matches[i].name, row->name) != 0 &&
                check_copy(weights, row, &weights->matches[i], config))
                return -1;
    }
    return 0;
}

static int check_tensors(struct weights *weights, const struct model_config *config)
{
    for (int i = 0; i < weights->files.count; i++)
        if (check_no_others(weights, &weights->files.files[i]))
            return -1;
    return find_places(weights, config) || check_copies(weights, config) ? -1 : 0;
}

/* Open the files and find every tensor of the model in them.  close_weights() in any case. */
static int open_for(struct weights *weights, const char *directory, struct model *model)
{
    const struct model_options *options = model_get_options(model);
    struct tensor *tensors = model_tensors(model, &weights->count);

    weights->others = options->architecture->hf_tensors;
    weights->misfit = false;
    weights->matches = calloc((size_t)weights->count, sizeof *weights->matches);
    if (weights_files_open(&weights->files, directory))
        return -1;
    if (!weights->matches)
        return err_set("%s: out of memory", weights->files.path);
    for (int i = 0; i < weights->count; i++)
        weights->matches[i] = (struct match){.tensor = &tensors[i],
                                             .name = name_in_file(weights, &tensors[i])};
    if (check_tensors(weights, &options->model)) {
        weights_hf_explain(directory, options);
        return -1;
    }
    weights->misfit = weights_hf_check(directory, options) != 0;
    return weights->misfit ? -1 : 0;
}

/* A value that is none makes all losses none, and a model that was saved in F16 may have some. */
static int check_finite(const struct match *match, const float *values)
{
    for (size_t i = 0; i < match->place.count; i++)
        if (!isfinite(values[i]))
            return err_set("%s: %s has a value that is not finite, its number %zu; a training would diverge "
                           "at once: save the model before it diverged, or in F32 where F16 was too narrow",
                           match->place.file->path, match->name, i);
    return 0;
}

static int read_tensor(const struct match *match)
{
    struct tensor *tensor = match->tensor;
    size_t count = match->place.count;
    float *values;
    int status;

    if (!tensor->transposed || tensor->vector)
        return safetensors_read(&match->place, 0, count, tensor->value) ||
                       check_finite(match, tensor->value)
                   ? -1
                   : 0;
    values = malloc(count * sizeof *values);
    if (!values)
        return err_set("out of memory for %s", tensor->name);
    status = safetensors_read(&match->place, 0, count, values) || check_finite(match, values) ? -1 : 0;
    if (status == 0)
        transpose(tensor->value, values, tensor->cols, tensor->rows);
    free(values);
    return status;
}

int weights_check(const char *directory, const struct model_options *options)
{
    struct weights weights;
    struct model *model;
    int status;

    if (model_outline(&model, options))
        return -1;
    status = open_for(&weights, directory, model);
    if (status)
        status = weights.misfit ? WEIGHTS_MISFIT : -1;
    close_weights(&weights);
    model_destroy(model);
    return status;
}

int weights_load(const char *directory, struct model *model)
{
    struct weights weights;
    int status = open_for(&weights, directory, model);

    for (int i = 0; status == 0 && i < weights.count; i++)
        status = read_tensor(&weights.matches[i]);
    if (status == 0)
        model_refresh(model);
    close_weights(&weights);
    return status;
}

int weights_sha256(const char *directory, char hex[SHA256_HEX_BYTES])
{
    return weights_files_sha256(directory, hex);
}
