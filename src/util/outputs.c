/* outputs.c - see outputs.h. */
#include "src/glu.h"

#include "src/util/outputs.h"

#include "src/util/file_identity.h"
#include "src/util/io.h"
#include "src/util/own.h"
#include "src/util/standard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64 };

struct output_place {
    const char *field;
    char *path;      /* as it was given */
    char *canonical; /* io_canonical(); "-" for standard output */
    bool is_output;
    bool is_stream;    /* standard output or standard error */
    bool is_temporary; /* of the output `path` */
    enum output_kind kind;
    bool exists;
    struct stat status; /* when it exists */
};

/* ---- The list -------------------------------------------------------------------------------- */

static struct output_place *add(struct outputs *outputs, const char *field, const char *path,
                                const char *canonical)
{
    struct output_place *place;

    if (outputs->count == outputs->capacity) {
        int capacity = outputs->capacity ? 2 * outputs->capacity : 16;

        place = realloc(outputs->places, (size_t)capacity * sizeof *place);
        if (!place)
            goto fail;
        outputs->places = place;
        outputs->capacity = capacity;
    }
    place = &outputs->places[outputs->count];
    *place = (struct output_place){.field = field, .path = strdup(path),
                                   .canonical = strdup(canonical)};
    place->exists = stat(canonical, &place->status) == 0;
    outputs->count++;
    if (place->path && place->canonical)
        return place;
fail:
    err_set("out of memory for a list of files");
    return NULL;
}

int outputs_add_input(struct outputs *outputs, const char *field, const char *path)
{
    char canonical[PATH_MAX];

    if (!realpath(path, canonical))
        return 0;
    return add(outputs, field, path, canonical) ? 0 : -1;
}

/* An open stream, when the caller's shell made it a file. */
static int add_stream(struct outputs *outputs, const char *field, const char *path,
                      const char *canonical, FILE *stream)
{
    struct output_place *place = add(outputs, field, path, canonical);

    if (!place)
        return -1;
    place->is_output = place->is_stream = true;
    place->exists = fstat(fileno(stream), &place->status) == 0;
    return 0;
}

/* A descriptor's name leads to its file also when that was removed or replaced since. */
static bool has_no_place(const struct output_place *place)
{
    struct stat status;

    return stat(place->path, &status) == 0 && S_ISREG(status.st_mode) &&
           (!place->exists || !file_status_same(&status, &place->status));
}

int outputs_add(struct outputs *outputs, const char *field, const char *path, enum output_kind kind)
{
    char canonical[PATH_MAX], temporary[PATH_MAX + 8];
    struct output_place *place;

    if (kind == OUTPUT_ANY && standard_is_output(path))
        return add_stream(outputs, field, path, "-", standard_data());
    /* One that there can be no such file of is told by who makes it, before it is written. */
    place = add(outputs, field, path, io_canonical(path, canonical) == 0 ? canonical : path);
    if (!place)
        return -1;
    if (has_no_place(place))
        return err_set("%s: %s: its file was removed or replaced; give another one", field, path);
    place->is_output = true;
    place->kind = kind;
    if (kind == OUTPUT_RUN || (place->exists && !S_ISREG(place->status.st_mode)))
        return 0;
    snprintf(temporary, sizeof temporary, "%s.tmp", place->canonical); /* as atomic_file.h has it */
    place = add(outputs, field, path, temporary);
    if (!place)
        return -1;
    place->is_output = place->is_temporary = true;
    place->kind = OUTPUT_FILE;
    return 0;
}

int outputs_add_standard(struct outputs *outputs)
{
    for (int i = 0; i < outputs->count; i++)
        if (outputs->places[i].is_stream)
            return add_stream(outputs, "standard error", "it", "standard error", stderr);
    return add_stream(outputs, "standard output", "it", "standard output", standard_data()) ||
                   add_stream(outputs, "standard error", "it", "standard error", stderr)
               ? -1
               : 0;
}

void outputs_free(struct outputs *outputs)
{
    for (int i = 0; i < outputs->count; i++) {
        free(outputs->places[i].path);
        free(outputs->places[i].canonical);
    }
    free(outputs->places);
    *outputs = (struct outputs){NULL};
}

/* ---- What kind it is ------------------------------------------------------------------------- */

/* A file is made, the directory that it is to be in is not. */
static int check_directory(const struct output_place *place)
{
    const char *slash = strrchr(place->canonical, '/');
    char directory[PATH_MAX];
    struct stat status;

    if (!place->is_output || place->exists || place->is_stream || place->kind != OUTPUT_ANY ||
        !slash || slash == place->canonical)
        return 0;
    snprintf(directory, sizeof directory, "%.*s", (int)(slash - place->canonical),
             place->canonical);
    if (stat(directory, &status))
        return errno != ENOENT ? 0
                               : err_set("%s: %s: there is no directory %s; make it, or give "
                                         "another file", place->field, place->path, directory);
    if (!S_ISDIR(status.st_mode))
        return err_set("%s: %s: %s is no directory; give another file", place->field, place->path,
                       directory);
    return 0;
}

static int check_kind(const struct output_place *place)
{
    mode_t mode = place->status.st_mode;

    if (!place->is_output || !place->exists || (S_ISDIR(mode) && place->kind == OUTPUT_RUN))
        return 0;
    if (place->kind == OUTPUT_RUN)
        return err_set("%s: %s is in the way of the run directory; give another %s", place->field,
                       place->canonical, place->field);
    if (S_ISDIR(mode) && !place->is_stream)
        return err_set("%s: %s: is a directory; name a file in it", place->field, place->path);
    if (S_ISREG(mode) || place->is_stream ||
        (place->kind == OUTPUT_ANY && (S_ISFIFO(mode) || S_ISCHR(mode))))
        return 0;
    return err_set("%s: %s is no regular file%s", place->field, place->canonical,
                   place->kind == OUTPUT_ANY ? ", no pipe and no character device" : "");
}

/* ---- No two of them -------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    const struct output_place *x = a, *y = b;

    return strcmp(x->canonical, y->canonical);
}

static int by_identity(const void *a, const void *b)
{
    const struct output_place *x = a, *y = b;

    if (x->exists != y->exists)
        return x->exists ? -1 : 1;
    if (!x->exists)
        return by_name(a, b);
    if (x->status.st_dev != y->status.st_dev)
        return x->status.st_dev < y->status.st_dev ? -1 : 1;
    if (x->status.st_ino != y->status.st_ino)
        return x->status.st_ino < y->status.st_ino ? -1 : 1;
    return by_name(a, b);
}

static bool is_same(const struct output_place *a, const struct output_place *b)
{
    if (strcmp(a->canonical, b->canonical) == 0)
        return true;
    return a->exists && b->exists && file_status_same(&a->status, &b->status);
}

/* A device takes what it is given, from whomever.  Standard output and error may be one file. */
static bool may_be_same(const struct output_place *a, const struct output_place *b)
{
    bool is_device = a->exists && S_ISCHR(a->status.st_mode) && strcmp(a->canonical, "-") != 0;

    return is_device || (!a->is_output && !b->is_output) ||
           (a->is_stream && b->is_stream && strcmp(a->canonical, b->canonical) != 0);
}

/* Tell of an output and any other place that are one; `file` is the path by which the other is read. */
static int conflict(const struct output_place *output, const struct output_place *other,
                    const char *file)
{
    const char *what = output->is_temporary ? ", while it is written as .tmp," : "";

    if (other->is_output)
        return err_set("%s: %s%s and %s are one file%s; give another one", output->field,
                       output->path, what, other->field,
                       other->is_temporary ? " while that is written" : "");
    return err_set("%s: %s%s is read as %s %s; give another one", output->field, output->path, what,
                   other->field, file);
}

/* Neighbours in order that are the same, one of them an output. */
static int check_neighbours(const struct output_place *places, int count)
{
    for (int first = 0, last; first < count; first = last) {
        const struct output_place *output = NULL;

        for (last = first; last < count && is_same(&places[first], &places[last]); last++)
            if (!output && places[last].is_output)
                output = &places[last];
        for (int i = first; output && i < last; i++)
            if (&places[i] != output && !may_be_same(output, &places[i]))
                return conflict(output, &places[i], places[i].path);
    }
    return 0;
}

static bool is_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    return strncmp(path, directory, length) == 0 && path[length] == '/';
}

/* What is in a run directory goes when the sweep is done. */
static int check_below_runs(const struct outputs *outputs)
{
    for (int i = 0; i < outputs->count; i++) {
        const struct output_place *run = &outputs->places[i];

        for (int k = 0; run->kind == OUTPUT_RUN && k < outputs->count; k++)
            if (is_below(outputs->places[k].canonical, run->canonical))
                return err_set("%s: %s is in the run directory of %s; give another one",
                               outputs->places[k].field, outputs->places[k].path, run->field);
    }
    return 0;
}

/* ---- None that is not ours ------------------------------------------------------------------- */

static bool is_foreign(const struct output_place *place)
{
    if (!place->is_output || place->is_stream || !place->exists)
        return false;
    if (place->kind == OUTPUT_RUN)
        return !own_run_directory(place->canonical);
    return S_ISREG(place->status.st_mode) && place->status.st_size > 0 &&
           !own_file(place->canonical);
}

/* Is the file one of those below a directory that is read?  What cannot be looked at is for who
 * reads it to tell. */
static int check_below(const struct output_place *output, const struct output_place *input,
                       const char *directory, int depth)
{
    DIR *stream = depth > DEPTH_MAX ? NULL : opendir(directory);
    struct dirent *entry;
    int status = 0;

    while (status == 0 && stream && (entry = readdir(stream)) != NULL) {
        char path[PATH_MAX];
        struct stat info;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            io_join(path, directory, entry->d_name) || lstat(path, &info))
            continue;
        if (S_ISDIR(info.st_mode))
            status = check_below(output, input, path, depth + 1);
        else if (stat(path, &info) == 0 && file_status_same(&info, &output->status))
            status = conflict(output, input, path);
    }
    if (stream)
        closedir(stream);
    return status;
}

static int check_foreign(const struct outputs *outputs, const struct output_place *place, bool force)
{
    for (int i = 0; i < outputs->count && place->kind != OUTPUT_RUN; i++) {
        const struct output_place *input = &outputs->places[i];

        if (!input->is_output && S_ISDIR(input->status.st_mode) &&
            check_below(place, input, input->path, 0))
            return -1;
    }
    if (force)
        return 0;
    return err_set("%s: %s is there, and " PACKAGE_NAME " did not write it; give another one, or "
                   "replace it by " FIELD("force"),
                   place->field, place->is_temporary ? place->canonical : place->path);
}

int outputs_check(struct outputs *outputs, bool force)
{
    struct output_place *places = outputs->places;
    size_t count = (size_t)outputs->count;

    for (int i = 0; i < outputs->count; i++)
        if (check_kind(&places[i]))
            return -1;
    if (count > 0)
        qsort(places, count, sizeof *places, by_name);
    if (check_neighbours(places, outputs->count))
        return -1;
    if (count > 0)
        qsort(places, count, sizeof *places, by_identity);
    if (check_neighbours(places, outputs->count) || check_below_runs(outputs))
        return -1;
    for (int i = 0; i < outputs->count; i++)
        if (check_directory(&places[i]))
            return -1;
    for (int i = 0; i < outputs->count; i++)
        if (is_foreign(&places[i]) && check_foreign(outputs, &places[i], force))
            return -1;
    for (int i = 0; i < outputs->count; i++)
        if (places[i].is_output && places[i].exists && S_ISREG(places[i].status.st_mode) &&
            own_note(&places[i].status))
            return -1;
    return 0;
}

/* ---- What is written directly ---------------------------------------------------------------- */

int output_open_direct(const char *path, int *fd)
{
    struct stat info;

    *fd = -1;
    if (standard_is_output(path)) {
        *fd = standard_open();
    } else if (stat(path, &info) != 0 || S_ISREG(info.st_mode)) {
        return 0;
    } else {
        *fd = open(path, O_WRONLY | O_CLOEXEC);
        if (*fd < 0)
            err_system("cannot write %s", path);
    }
    return *fd < 0 ? -1 : 0;
}
