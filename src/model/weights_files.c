/* weights_files.c - see weights_files.h. */
#include "src/glu.h"

#include "src/model/weights_files.h"

#include "src/util/ends_with.h"
#include "src/util/io.h"
#include "src/util/json_bound.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INDEX_MAX_BYTES = 16 << 20, INDEX_MAX_VALUES = 1 << 18, SHARDS_MAX = 200 };

/* ---- The index ------------------------------------------------------------------------------- */

/* An index, and the names of its files. */
struct index {
    char path[PATH_MAX];
    char sha256[SHA256_HEX_BYTES];
    json_t *root;
    json_t *map;              /* borrowed from it */
    const char **names;       /* (count), each once, by name; borrowed from it */
    int count;
};

static void close_index(struct index *index)
{
    free(index->names);
    json_decref(index->root);
}

/* A name that leads out of the directory is none that a program has written. */
static int check_name(const struct index *index, const char *tensor, const json_t *value)
{
    const char *name = json_string_value(value);

    if (!name)
        return err_set("%s: the file of %.100s is no text", index->path, tensor);
    if (!name[0] || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return err_set("%s: the file of %.100s is '%.100s', which is no name of a file beside it; files of "
                       "weights lie in the directory of their index",
                       index->path, tensor, name);
    if (!ends_with(name, ".safetensors"))
        return err_set("%s: the file of %.100s is '%.100s', which is no safetensors file; save the model as "
                       "one, in transformers by save_pretrained(DIR, safe_serialization=True)",
                       index->path, tensor, name);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int list_names(struct index *index)
{
    const char *tensor;
    json_t *value;
    int kept = 0;

    index->names = calloc(json_object_size(index->map) + 1, sizeof *index->names);
    if (!index->names)
        return err_set("%s: out of memory", index->path);
    json_object_foreach (index->map, tensor, value) {
        if (check_name(index, tensor, value))
            return -1;
        index->names[index->count++] = json_string_value(value);
    }
    if (index->count == 0)
        return err_set("%s: it names no tensor", index->path);
    qsort(index->names, (size_t)index->count, sizeof *index->names, by_name);
    for (int i = 0; i < index->count; i++)
        if (kept == 0 || strcmp(index->names[kept - 1], index->names[i]) != 0)
            index->names[kept++] = index->names[i];
    index->count = kept;
    if (kept > SHARDS_MAX)
        return err_set("%s: it names %d files; at most %d can be read", index->path, kept, SHARDS_MAX);
    return 0;
}

static int parse_index(struct index *index, const char *text, size_t bytes)
{
    json_error_t error;

    if (json_has_more_values(text, bytes, INDEX_MAX_VALUES))
        return err_set("%s: it holds more than %d values", index->path, INDEX_MAX_VALUES);
    errno = 0;
    index->root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (!index->root)
        return err_set("%s: line %d: it is no JSON: %s", index->path, error.line, err_cause(error.text));
    index->map = json_object_get(index->root, "weight_map");
    if (!json_is_object(index->map))
        return err_set("%s: there is no object \"weight_map\", which tells the file of each tensor",
                       index->path);
    return list_names(index);
}

/* close_index() in any case. */
static int open_index(struct index *index, const char *directory)
{
    struct io_facts facts;
    char *text;
    int status;

    *index = (struct index){.root = NULL};
    if (io_join(index->path, directory, WEIGHTS_INDEX) ||
        io_read_regular(index->path, INDEX_MAX_BYTES, &text, &facts))
        return -1;
    memcpy(index->sha256, facts.sha256, sizeof index->sha256);
    status = parse_index(index, text, (size_t)facts.bytes);
    free(text);
    return status;
}

/* ---- Which files there are ------------------------------------------------------------------- */

/* What is there in place of weights that can be read, and what helps. */
static const struct {
    const char *name, *remedy;
} instead[] = {
    {"pytorch_model.bin", "the weights are in another format there; save them as safetensors, in "
                          "transformers by save_pretrained(DIR, safe_serialization=True)"},
    {"pytorch_model.bin.index.json", "the weights are in another format there; save them as safetensors, "
                                     "in transformers by save_pretrained(DIR, safe_serialization=True)"},
};

/* Say what is wrong with model.safetensors, which could not be opened, with errno. */
static int explain_missing(const char *path, const char *directory)
{
    char other[PATH_MAX];
    int error = errno;

    if (error == ENOTDIR)
        return err_set("%s is no directory; name the one that has " WEIGHTS_FILE " and config.json",
                       directory);
    for (size_t i = 0; error == ENOENT && i < LENGTH_OF(instead); i++)
        if (io_join(other, directory, instead[i].name) == 0 && access(other, F_OK) == 0)
            return err_set("there is no %s, but %s: %s", path, instead[i].name, instead[i].remedy);
    return -1;
}

/* Is there an index, and no file that goes before it? */
static bool has_index(const char *directory)
{
    char path[PATH_MAX];

    return io_join(path, directory, WEIGHTS_FILE) == 0 && access(path, F_OK) != 0 && errno == ENOENT &&
           io_join(path, directory, WEIGHTS_INDEX) == 0 && access(path, F_OK) == 0;
}

const char *weights_files_name(const char *directory)
{
    return has_index(directory) ? WEIGHTS_INDEX ", or a file that it names," : WEIGHTS_FILE;
}

/* ---- Opening --------------------------------------------------------------------------------- */

void weights_files_close(struct weights_files *files)
{
    for (int i = 0; i < files->count; i++)
        safetensors_close(&files->files[i]);
    free(files->files);
    json_decref(files->map);
    *files = (struct weights_files){.count = 0};
}

static int find_file(const struct index *index, const char *name)
{
    const char **found = bsearch(&name, index->names, (size_t)index->count, sizeof *index->names, by_name);

    return (int)(found - index->names); /* every name of the map is among them */
}

/* Does the index tell where every tensor is, and is it there? */
static int check_index(const struct weights_files *files, const struct index *index)
{
    const char *name;
    json_t *value;

    json_object_foreach (index->map, name, value) {
        const struct safetensors *file = &files->files[find_file(index, json_string_value(value))];

        if (!safetensors_entry(file, name))
            return err_set("%s: there is no tensor %.100s, which " WEIGHTS_INDEX " says is there; the files "
                           "are of two models, or one was not saved whole: fetch or save all of them again",
                           file->path, name);
    }
    for (int i = 0; i < files->count; i++)
        json_object_foreach (files->files[i].header, name, value) {
            const char *where = json_string_value(json_object_get(index->map, name));

            if (!safetensors_entry(&files->files[i], name))
                continue;
            if (!where)
                return err_set("%s: " WEIGHTS_INDEX " does not tell of its tensor %.100s; the files are of two "
                               "models: fetch or save all of them again",
                               files->files[i].path, name);
            if (find_file(index, where) != i)
                return err_set("%s: its tensor %.100s is in %.100s too, where " WEIGHTS_INDEX " says it is; "
                               "the files are of two models: fetch or save all of them again",
                               files->files[i].path, name, where);
        }
    return 0;
}

static int say_missing(const struct index *index, const char *path)
{
    return err_set("%s is not there, where " WEIGHTS_INDEX " says that some of the weights are; fetch all %d "
                   "files that it names", path, index->count);
}

/* A file of the index, which must be there. */
static int open_shard(struct safetensors *file, const struct index *index, const char *directory,
                      const char *name)
{
    char path[PATH_MAX];

    if (io_join(path, directory, name))
        return -1;
    if (safetensors_open(file, path) == 0)
        return 0;
    return file->fd < 0 && errno == ENOENT ? say_missing(index, path) : -1;
}

static int open_shards(struct weights_files *files, const struct index *index, const char *directory)
{
    files->map = json_incref(index->map);
    files->files = calloc((size_t)index->count, sizeof *files->files);
    if (!files->files)
        return err_set("%s: out of memory", index->path);
    for (int i = 0; i < index->count; i++) {
        files->count = i + 1;
        files->files[i].fd = -1;
        if (open_shard(&files->files[i], index, directory, index->names[i]))
            return -1;
    }
    return check_index(files, index);
}

static int open_one(struct weights_files *files, const char *directory)
{
    files->files = calloc(1, sizeof *files->files);
    if (!files->files)
        return err_set("%s: out of memory", files->path);
    files->count = 1;
    if (safetensors_open(files->files, files->path) == 0)
        return 0;
    return files->files->fd < 0 ? explain_missing(files->path, directory) : -1;
}

int weights_files_open(struct weights_files *files, const char *directory)
{
    struct index index;
    int status;

    *files = (struct weights_files){.count = 0};
    if (!has_index(directory))
        return io_join(files->path, directory, WEIGHTS_FILE) ? -1 : open_one(files, directory);
    status = open_index(&index, directory);
    snprintf(files->path, sizeof files->path, "%s", index.path);
    if (status == 0)
        status = open_shards(files, &index, directory);
    close_index(&index);
    return status;
}

const struct safetensors *weights_files_find(const struct weights_files *files, const char *name)
{
    for (int i = 0; i < files->count; i++)
        if (safetensors_entry(&files->files[i], name))
            return &files->files[i];
    return NULL;
}

const char *weights_files_alias(const struct weights_files *files, const char *name)
{
    for (int i = 0; i < files->count; i++) {
        const char *alias = safetensors_metadata(&files->files[i], name);

        if (alias && weights_files_find(files, alias))
            return alias;
    }
    return NULL;
}

/* ---- Identity -------------------------------------------------------------------------------- */

static int hash_file(const char *path, char hex[SHA256_HEX_BYTES])
{
    enum { PIECE_BYTES = 1 << 16 };
    uint64_t bytes = 0;
    struct sha256 sha;
    char *piece;
    int fd, status;

    errno = 0;
    fd = io_open_regular(path, &bytes);
    if (fd < 0)
        return -1;
    piece = malloc(PIECE_BYTES);
    status = piece ? 0 : err_set("%s: out of memory", path);
    sha256_start(&sha);
    for (uint64_t done = 0; done < bytes && status == 0; done += PIECE_BYTES) {
        size_t size = bytes - done < PIECE_BYTES ? (size_t)(bytes - done) : PIECE_BYTES;

        status = io_read_at(fd, path, piece, size, done);
        if (status == 0)
            sha256_add(&sha, piece, size);
    }
    sha256_finish_hex(&sha, hex);
    free(piece);
    close(fd);
    return status;
}

/* As sha256sum prints it. */
static void add_line(struct sha256 *sha, const char *hex, const char *name)
{
    sha256_add(sha, hex, strlen(hex));
    sha256_add(sha, "  ", 2);
    sha256_add(sha, name, strlen(name));
    sha256_add(sha, "\n", 1);
}

static int hash_shards(const struct index *index, const char *directory, char hex[SHA256_HEX_BYTES])
{
    char path[PATH_MAX], of_file[SHA256_HEX_BYTES];
    struct sha256 sha;
    int status = 0;

    sha256_start(&sha);
    add_line(&sha, index->sha256, WEIGHTS_INDEX);
    for (int i = 0; i < index->count && status == 0; i++) {
        status = io_join(path, directory, index->names[i]) || hash_file(path, of_file) ? -1 : 0;
        if (status == 0)
            add_line(&sha, of_file, index->names[i]);
        else if (errno == ENOENT)
            say_missing(index, path);
    }
    sha256_finish_hex(&sha, hex);
    return status;
}

int weights_files_sha256(const char *directory, char hex[SHA256_HEX_BYTES])
{
    struct index index;
    char path[PATH_MAX];
    int status;

    if (!has_index(directory)) {
        if (io_join(path, directory, WEIGHTS_FILE))
            return -1;
        return hash_file(path, hex) ? explain_missing(path, directory) : 0;
    }
    status = open_index(&index, directory) || hash_shards(&index, directory, hex) ? -1 : 0;
    close_index(&index);
    return status;
}

int weights_files_each(const char *directory, int (*each)(void *context, const char *path),
                       void *context)
{
    struct index index;
    char path[PATH_MAX];
    int status;

    if (!has_index(directory))
        return io_join(path, directory, WEIGHTS_FILE) ? 0 : each(context, path);
    if (open_index(&index, directory)) {
        close_index(&index);
        return 0;
    }
    status = each(context, index.path);
    for (int i = 0; i < index.count && status == 0; i++)
        if (io_join(path, directory, index.names[i]) == 0)
            status = each(context, path);
    close_index(&index);
    return status;
}
