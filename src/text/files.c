/* files.c - see files.h. */
#include "src/glu.h"

#include "src/text/files.h"

#include "src/util/own.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64 };

bool file_same(const struct file *a, const struct file *b)
{
    return a->device == b->device && a->inode == b->inode;
}

/* Takes `path`, also when it fails. */
static int add_file(struct file_list *list, char *path, const struct stat *status)
{
    struct file file = {path, status->st_dev, status->st_ino, (uint64_t)status->st_size};

    if (list->count == list->capacity) {
        int capacity = list->capacity ? 2 * list->capacity : 16;
        struct file *grown = NULL;

        if (capacity > list->capacity)
            grown = realloc(list->files, (size_t)capacity * sizeof *grown);
        if (!grown) {
            free(path);
            return err_set("no memory for a list of %d files", capacity);
        }
        list->files = grown;
        list->capacity = capacity;
    }
    list->files[list->count++] = file;
    return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static char *join(const char *directory, const char *name)
{
    size_t length = strlen(directory);
    const char *slash = length && directory[length - 1] == '/' ? "" : "/";
    char *path;

    if (asprintf(&path, "%s%s%s", directory, slash, name) < 0) {
        err_set("no memory for the path of %s in %s", name, directory);
        return NULL;
    }
    return path;
}

static int walk(struct file_list *list, const char *directory, int depth);

/* A name found in a directory; takes `path`. */
static int add_entry(struct file_list *list, char *path, int depth)
{
    struct stat status;
    int result = 0;

    if (!path)
        return -1;
    if (lstat(path, &status)) {
        result = err_system("cannot look at %s", path);
    } else if (own_found(path, &status)) {
        result = 0; /* what this program wrote is no text */
    } else if (S_ISREG(status.st_mode)) {
        return add_file(list, path, &status);
    } else if (S_ISDIR(status.st_mode)) {
        result = walk(list, path, depth + 1);
    } else if (S_ISLNK(status.st_mode)) {
        warn_add("%s is a symbolic link inside a directory and is not followed: name it itself to "
                 "read it", path);
    }
    free(path);
    return result;
}

static int walk(struct file_list *list, const char *directory, int depth)
{
    struct dirent **entries = NULL;
    int count, result = 0;

    if (depth > DEPTH_MAX)
        return err_set("%s: directories are nested more than %d deep", directory, DEPTH_MAX);
    count = scandir(directory, &entries, not_hidden, by_name);
    if (count < 0)
        return err_system("cannot read the directory %s", directory);
    for (int i = 0; i < count; i++) {
        if (result == 0)
            result = add_entry(list, join(directory, entries[i]->d_name), depth);
        free(entries[i]);
    }
    free(entries);
    return result;
}

static int add_path(struct file_list *list, const char *path, const char *field)
{
    int before = list->count;
    struct stat status;
    char *copy;

    if (stat(path, &status))
        return err_system("%s %s", field, path);
    if (S_ISREG(status.st_mode)) {
        copy = strdup(path);
        return copy ? add_file(list, copy, &status) : err_set("no memory for the path %s", path);
    }
    if (!S_ISDIR(status.st_mode))
        return err_set("%s %s: neither a regular file nor a directory (a corpus is read several "
                       "times, so it cannot be a pipe)", field, path);
    if (walk(list, path, 0))
        return -1;
    if (list->count == before)
        return err_set("%s %s: there is no file in this directory", field, path);
    return 0;
}

struct identity {
    dev_t device;
    ino_t inode;
    int index;
};

static int by_identity(const void *a, const void *b)
{
    const struct identity *x = a, *y = b;

    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    if (x->inode != y->inode)
        return x->inode < y->inode ? -1 : 1;
    return x->index - y->index;
}

/* Keep the first of the entries that are the same file. */
static int drop_repeated(struct file_list *list)
{
    struct identity *sorted = malloc((size_t)list->count * sizeof *sorted);
    int kept = 0;

    if (!sorted)
        return err_set("no memory for a list of %d files", list->count);
    for (int i = 0; i < list->count; i++)
        sorted[i] = (struct identity){list->files[i].device, list->files[i].inode, i};
    qsort(sorted, (size_t)list->count, sizeof *sorted, by_identity);
    for (int i = 1; i < list->count; i++) {
        struct file *file = &list->files[sorted[i].index];

        if (sorted[i].device != sorted[i - 1].device || sorted[i].inode != sorted[i - 1].inode)
            continue;
        warn_add("%s is named twice and is read once", file->path);
        free(file->path);
        file->path = NULL;
    }
    for (int i = 0; i < list->count; i++)
        if (list->files[i].path)
            list->files[kept++] = list->files[i];
    list->count = kept;
    free(sorted);
    return 0;
}

int files_find(struct file_list *list, const char *const *paths, int count, const char *field)
{
    memset(list, 0, sizeof *list);
    for (int i = 0; i < count; i++)
        if (add_path(list, paths[i], field))
            goto fail;
    if (list->count && drop_repeated(list))
        goto fail;
    return 0;
fail:
    files_free(list);
    return -1;
}

void files_free(struct file_list *list)
{
    for (int i = 0; i < list->count; i++)
        free(list->files[i].path);
    free(list->files);
    memset(list, 0, sizeof *list);
}
