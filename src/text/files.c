/* files.c - see files.h. */
#include "src/glu.h"

#include "src/text/files.h"

#include "src/util/own.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64 };

/* ==== Looking ==== */

/* A path's files on their way into the list. */
struct walk {
    struct file_list *list;
    int directory;       /* as in struct file */
    size_t named;        /* bytes of the directory's path as it was named */
    char root[PATH_MAX]; /* without links; of a directory */
};

/* What a file is called wherever the corpus lies. */
static const char *name_of(const struct walk *walk, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (walk->directory < 0)
        return slash ? slash + 1 : path;
    path += walk->named;
    return path + strspn(path, "/");
}

/* Takes `path`, also when it fails. */
static int add_file(const struct walk *walk, char *path, const struct stat *status)
{
    struct file_list *list = walk->list;
    struct file file = {.path = path,
                        .name = name_of(walk, path),
                        .identity = file_identity(status),
                        .directory = walk->directory};

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

/* A link to a directory of the tree adds nothing to it; one that leads elsewhere might have. */
static void warn_of_link(const struct walk *walk, const char *path)
{
    size_t length = strlen(walk->root);
    char target[PATH_MAX];

    if (realpath(path, target) && strncmp(target, walk->root, length) == 0 &&
        (target[length] == '\0' || target[length] == '/'))
        return;
    warn_add("%s is a link to a directory elsewhere and is not followed: name it itself to read it",
             path);
}

static int walk_directory(const struct walk *walk, const char *directory, int depth);

/* A name found in a directory; takes `path`. */
static int add_entry(const struct walk *walk, char *path, int depth)
{
    struct stat status, own;
    int result = 0;

    if (!path)
        return -1;
    if (lstat(path, &own)) {
        result = err_system("cannot look at %s", path);
    } else if (stat(path, &status)) {
        result = errno == ENOENT ? err_set("%s is a link to a file that is not there: get that file, or "
                                           "remove the link", path)
                                 : err_system("%s", path);
    } else if (own_found(path, &status)) {
        result = 0; /* what this program wrote is no text */
    } else if (S_ISREG(status.st_mode)) {
        return add_file(walk, path, &status);
    } else if (S_ISDIR(status.st_mode)) {
        if (S_ISLNK(own.st_mode))
            warn_of_link(walk, path);
        else
            result = walk_directory(walk, path, depth + 1);
    }
    free(path);
    return result;
}

/* Do the names have a directory of this one? */
static bool has_directory(const char *directory, struct dirent **entries, int count,
                          const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(entries[i]->d_name, name) == 0) {
            char *path = join(directory, name);
            struct stat status;
            bool is = path && stat(path, &status) == 0 && S_ISDIR(status.st_mode);

            free(path);
            return is;
        }
    return false;
}

/* In the folder that the hub's programs keep of a data set, blobs/ has every file, snapshots/ links
 * to them, a directory for each revision, and refs/ names of revisions. */
static int walk_snapshot(const struct walk *walk, const char *directory, int depth)
{
    char *snapshots = join(directory, "snapshots");
    struct dirent **entries = NULL;
    int count, result;

    if (!snapshots)
        return -1;
    count = scandir(snapshots, &entries, not_hidden, by_name);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    if (count > 1)
        result = err_set("%s has %d revisions of one data set: name the directory of one of them",
                         snapshots, count);
    else
        result = walk_directory(walk, snapshots, depth + 1);
    free(snapshots);
    return result;
}

static int walk_directory(const struct walk *walk, const char *directory, int depth)
{
    struct dirent **entries = NULL;
    int count, result = 0;
    bool hub;

    if (depth > DEPTH_MAX)
        return err_set("%s: directories are nested more than %d deep", directory, DEPTH_MAX);
    count = scandir(directory, &entries, not_hidden, by_name);
    if (count < 0)
        return err_system("cannot read the directory %s", directory);
    hub = has_directory(directory, entries, count, "blobs") &&
          has_directory(directory, entries, count, "snapshots");
    for (int i = 0; i < count; i++) {
        if (result == 0 && !hub)
            result = add_entry(walk, join(directory, entries[i]->d_name), depth);
        free(entries[i]);
    }
    free(entries);
    return hub ? walk_snapshot(walk, directory, depth) : result;
}

static int add_path(struct file_list *list, const char *path, int number, const char *field)
{
    struct walk walk = {.list = list, .directory = -1};
    int before = list->count;
    struct stat status;
    char *copy;

    if (stat(path, &status))
        return err_system("%s %s", field, path);
    if (S_ISREG(status.st_mode)) {
        copy = strdup(path);
        return copy ? add_file(&walk, copy, &status) : err_set("no memory for the path %s", path);
    }
    if (!S_ISDIR(status.st_mode))
        return err_set("%s %s: neither a regular file nor a directory (a corpus is read several "
                       "times, so it cannot be a pipe)", field, path);
    walk.directory = number;
    walk.named = strlen(path);
    if (!realpath(path, walk.root))
        return err_system("%s %s", field, path);
    if (walk_directory(&walk, path, 0))
        return -1;
    if (list->count == before)
        return err_set("%s %s: there is no file in this directory", field, path);
    return 0;
}

/* ==== Leaving out ==== */

/* An entry of the list, to be sorted by file. */
struct place {
    struct file_identity identity;
    int index;
};

static int by_identity(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->identity.device != y->identity.device)
        return x->identity.device < y->identity.device ? -1 : 1;
    if (x->identity.inode != y->identity.inode)
        return x->identity.inode < y->identity.inode ? -1 : 1;
    return x->index - y->index;
}

static void drop(struct file *file)
{
    free(file->path);
    file->path = NULL;
}

/* Close the gaps of what was dropped. */
static void compact(struct file_list *list)
{
    int kept = 0;

    for (int i = 0; i < list->count; i++)
        if (list->files[i].path)
            list->files[kept++] = list->files[i];
    list->count = kept;
}

/* Keep the first of the entries that are the same file. */
static int drop_repeated(struct file_list *list)
{
    struct place *sorted = malloc((size_t)list->count * sizeof *sorted);

    if (!sorted)
        return err_set("no memory for a list of %d files", list->count);
    for (int i = 0; i < list->count; i++)
        sorted[i] = (struct place){list->files[i].identity, i};
    qsort(sorted, (size_t)list->count, sizeof *sorted, by_identity);
    for (int i = 1, first = 0; i < list->count; i++) {
        struct file *file = &list->files[sorted[i].index];

        if (!file_identity_same(&sorted[i].identity, &sorted[i - 1].identity)) {
            first = i;
            continue;
        }
        /* Of one directory, it is a link to what is there too. */
        if (file->directory < 0 || file->directory != list->files[sorted[first].index].directory)
            warn_add("%s is named twice and is read once", file->path);
        drop(file);
    }
    free(sorted);
    compact(list);
    return 0;
}

/* Of the files of a directory, keep the JSON lines when there are some. */
static int drop_others(struct file_list *list, int directory, const char *path)
{
    bool *others = calloc((size_t)list->count, sizeof *others);
    int lines = 0, left_out = 0, result = 0;
    enum format format;

    if (!others)
        return err_set("no memory for a list of %d files", list->count);
    for (int i = 0; result == 0 && i < list->count; i++) {
        const struct file *file = &list->files[i];

        if (file->directory != directory)
            continue;
        result = reader_look(file->path, &file->identity, &format);
        others[i] = result == 0 && format != FORMAT_JSON_LINES;
        lines += result == 0 && format == FORMAT_JSON_LINES;
    }
    for (int i = 0; result == 0 && lines && i < list->count; i++)
        left_out += others[i];
    if (left_out) {
        int first = 0;

        while (!others[first])
            first++;
        warn_add("%s: %d file%s beside JSON lines %s left out; the first: %s", path, left_out,
                 left_out == 1 ? "" : "s", left_out == 1 ? "is" : "are", list->files[first].path);
        for (int i = 0; i < list->count; i++)
            if (others[i])
                drop(&list->files[i]);
        compact(list);
    }
    free(others);
    return result;
}

int files_find(struct file_list *list, const char *const *paths, int count, const char *field)
{
    memset(list, 0, sizeof *list);
    for (int i = 0; i < count; i++)
        if (add_path(list, paths[i], i, field))
            goto fail;
    if (list->count && drop_repeated(list))
        goto fail;
    for (int i = 0; i < count; i++)
        if (drop_others(list, i, paths[i]))
            goto fail;
    return 0;
fail:
    files_free(list);
    return -1;
}

int files_open(struct reader **reader, const struct file *file, const char *field,
               struct input_sums *sums)
{
    const struct reader_options options = {field, sums, &file->identity};

    return reader_open(reader, file->path, &options);
}

int files_check_left(const struct file_list *list)
{
    for (int i = 0; i < list->count; i++)
        if ((access(list->files[i].path, F_OK) == 0 || errno != ENOENT) &&
            file_identity_check_path(&list->files[i].identity, list->files[i].path))
            return -1;
    return 0;
}

int files_check(const struct file_list *list)
{
    for (int i = 0; i < list->count; i++)
        if (file_identity_check_path(&list->files[i].identity, list->files[i].path))
            return -1;
    return 0;
}

void files_free(struct file_list *list)
{
    for (int i = 0; i < list->count; i++)
        free(list->files[i].path);
    free(list->files);
    memset(list, 0, sizeof *list);
}
