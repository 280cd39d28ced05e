/* scratch.c - see scratch.h. */
#include "src/glu.h"

#include "test/scratch.h"
#include "test/tap.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static char directory[] = "scratch.XXXXXX";
static bool made;

static struct name {
    struct name *next;
    char path[];
} *names;

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
}

void scratch_remove(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void clean_up(void)
{
    scratch_remove(directory);
    while (names) {
        struct name *next = names->next;

        free(names);
        names = next;
    }
}

const char *scratch_path(const char *name)
{
    size_t bytes = sizeof directory + 1 + strlen(name) + 1;
    struct name *entry;

    for (entry = names; entry; entry = entry->next)
        if (strcmp(entry->path + sizeof directory, name) == 0)
            return entry->path;
    entry = malloc(sizeof *entry + bytes);
    if (!entry)
        tap_bail_out("no memory");
    if (!made) {
        if (!mkdtemp(directory))
            tap_bail_out("cannot make %s: %s", directory, strerror(errno));
        made = true;
        atexit(clean_up);
    }
    snprintf(entry->path, bytes, "%s/%s", directory, name);
    entry->next = names;
    names = entry;
    return entry->path;
}

/* A path whose directories exist. */
static const char *make_way(const char *name)
{
    const char *path = scratch_path(name);
    char *copy = strdup(path);

    for (char *slash = copy + sizeof directory; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        mkdir(copy, 0777);
    }
    free(copy);
    return path;
}

void scratch_store(const char *path, const void *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");

    if (!file || fwrite(data, 1, bytes, file) != bytes || fclose(file))
        tap_bail_out("cannot write %s: %s", path, strerror(errno));
}

const char *scratch_write(const char *name, const void *data, size_t bytes)
{
    const char *path = make_way(name);

    scratch_store(path, data, bytes);
    return path;
}

const char *scratch_gzip(const char *name, const void *data, size_t bytes)
{
    const char *path = make_way(name);
    gzFile file = gzopen(path, "wb");

    if (!file || (bytes && gzwrite(file, data, (unsigned)bytes) != (int)bytes) ||
        gzclose(file) != Z_OK)
        tap_bail_out("cannot write %s", path);
    return path;
}

const char *scratch_text(const char *name, const char *text)
{
    return scratch_write(name, text, strlen(text));
}

size_t scratch_read(const char *path, void *data, size_t capacity)
{
    FILE *file = fopen(path, "rb");
    size_t bytes;

    if (!file)
        tap_bail_out("cannot read %s: %s", path, strerror(errno));
    bytes = fread(data, 1, capacity, file);
    fclose(file);
    return bytes;
}

char *scratch_load(const char *path, size_t *bytes)
{
    struct stat status;
    char *data;

    if (stat(path, &status))
        tap_bail_out("cannot read %s: %s", path, strerror(errno));
    data = malloc((size_t)status.st_size + 1);
    if (!data)
        tap_bail_out("no memory");
    *bytes = scratch_read(path, data, (size_t)status.st_size);
    return data;
}
