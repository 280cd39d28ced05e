/* io.c - see io.h. */
#include "src/glu.h"

#include "src/util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int too_long(const char *path)
{
    return err_set("%.100s...: the path is too long", path);
}

int io_join(char path[PATH_MAX], const char *directory, const char *name)
{
    return snprintf(path, PATH_MAX, "%s/%s", directory, name) < PATH_MAX ? 0 : too_long(directory);
}

/* ---- Names ----------------------------------------------------------------------------------- */

/* Split into the directory, with its slash, and the name behind it; "" and the name where there is
 * no directory. */
static const char *last_name(const char *path, size_t *directory)
{
    const char *slash = strrchr(path, '/');

    *directory = slash ? (size_t)(slash - path) + 1 : 0;
    return path + *directory;
}

int io_read_link(const char *path, char to[PATH_MAX])
{
    char target[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target - 1);
    size_t directory;

    if (length < 0)
        return errno == EINVAL || errno == ENOENT || errno == ENOTDIR ? 0 : err_system("%s", path);
    target[length] = '\0';
    last_name(path, &directory);
    if (target[0] == '/')
        directory = 0;
    return snprintf(to, PATH_MAX, "%.*s%s", (int)directory, path, target) < PATH_MAX ? 1
                                                                                     : too_long(path);
}

/* Add a name to a canonical path. */
static int add_name(char to[PATH_MAX], const char *name)
{
    size_t length = strlen(to), directory;

    if (!name[0] || strcmp(name, ".") == 0)
        return 0;
    if (strcmp(name, "..") == 0) { /* of a directory that is to be made, and no link */
        last_name(to, &directory);
        to[directory > 1 ? directory - 1 : 1] = '\0';
        return 0;
    }
    return snprintf(to + length, PATH_MAX - length, "%s%s", strcmp(to, "/") == 0 ? "" : "/", name) <
                   (int)(PATH_MAX - length)
               ? 0
               : too_long(to);
}

/* Put a name in front of others, with a slash between them. */
static int put_before(char names[PATH_MAX], const char *name)
{
    size_t length = strlen(name), others = strlen(names);

    if (length + 1 + others >= PATH_MAX)
        return too_long(name);
    memmove(names + length + 1, names, others + 1);
    memcpy(names, name, length);
    names[length] = '/';
    return 0;
}

int io_canonical(const char *path, char to[PATH_MAX])
{
    char at[PATH_MAX], next[PATH_MAX], rest[PATH_MAX] = "", *name, *save = NULL;
    int links = 0, is_link;

    if (strlen(path) >= sizeof at)
        return too_long(path);
    strcpy(at, path);
    /* Go up to what is there; the names below it are the rest. */
    while (!realpath(at, to)) {
        size_t directory, end = strlen(at);

        if (errno != ENOENT || strcmp(at, ".") == 0)
            return err_system("%s", path);
        while (end > 1 && at[end - 1] == '/') /* a link with a slash behind it is where it leads */
            at[--end] = '\0';
        is_link = io_read_link(at, next);
        if (is_link < 0 || (is_link > 0 && ++links > IO_LINKS_MAX))
            return is_link < 0 ? -1 : err_set("%s: too many symbolic links", path);
        if (is_link > 0) {
            strcpy(at, next);
            continue;
        }
        if (put_before(rest, last_name(at, &directory)))
            return -1;
        strcpy(at + directory, directory > 0 ? "" : ".");
    }
    for (name = strtok_r(rest, "/", &save); name; name = strtok_r(NULL, "/", &save))
        if (add_name(to, name))
            return -1;
    return 0;
}

char *io_follow(const char *path)
{
    char canonical[PATH_MAX];
    struct stat info;
    char *found;

    if (lstat(path, &info) != 0) {
        found = strdup(path);
    } else if (io_canonical(path, canonical)) {
        return NULL;
    } else {
        found = strdup(canonical);
    }
    if (!found)
        err_set("%s: out of memory", path);
    return found;
}

/* ---- Reading --------------------------------------------------------------------------------- */

int io_open_regular(const char *path, uint64_t *bytes)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return err_system("cannot open %s", path);
    if (fstat(fd, &status)) {
        err_system("cannot open %s", path);
    } else if (S_ISREG(status.st_mode)) {
        *bytes = (uint64_t)status.st_size;
        return fd;
    } else {
        err_set("%s is not a regular file", path);
    }
    close(fd);
    return -1;
}

int io_read_at(int fd, const char *path, void *data, size_t bytes, uint64_t offset)
{
    char *to = data;

    while (bytes > 0) {
        ssize_t n = pread(fd, to, bytes, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_system("cannot read %s", path);
        if (n == 0)
            return err_set("%s: the file ends too early", path);
        to += n;
        bytes -= (size_t)n;
        offset += (uint64_t)n;
    }
    return 0;
}

/* A file being read: its bytes so far, in memory that grows as they come. */
struct contents {
    char *text;
    size_t bytes, room;
};

/* Room for more bytes and the NUL behind them. */
static int grow(struct contents *contents, size_t most)
{
    size_t room = contents->room ? 2 * contents->room : 1 << 16;
    char *text;

    if (room > most + 2) /* one byte more than it may be: there is too much when that fills */
        room = most + 2;
    text = realloc(contents->text, room);
    if (!text)
        return -1;
    contents->text = text;
    contents->room = room;
    return 0;
}

static int read_all(int fd, const char *path, size_t most, struct contents *contents)
{
    for (;;) {
        ssize_t n;

        if (contents->bytes > most)
            return err_set("%s: more than %zu MiB", path, most >> 20);
        if (contents->bytes + 1 >= contents->room && grow(contents, most))
            return err_set("%s: out of memory", path);
        n = read(fd, contents->text + contents->bytes, contents->room - contents->bytes - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_system("cannot read %s", path);
        if (n == 0)
            return 0;
        contents->bytes += (size_t)n;
    }
}

int io_read_file(const char *path, size_t most, char **text, size_t *bytes)
{
    struct contents contents = {NULL};
    int fd = open(path, O_RDONLY | O_CLOEXEC), status;

    *text = NULL;
    *bytes = 0;
    if (fd < 0)
        return err_system("cannot read %s", path);
    status = read_all(fd, path, most, &contents);
    close(fd);
    if (status || !contents.text) { /* there is some when it went well */
        free(contents.text);
        return -1;
    }
    contents.text[contents.bytes] = '\0';
    *text = contents.text;
    *bytes = contents.bytes;
    return 0;
}

static void find_facts(struct io_facts *facts, const char *text, size_t bytes)
{
    struct sha256 sha;

    sha256_start(&sha);
    sha256_add(&sha, text, bytes);
    sha256_finish_hex(&sha, facts->sha256);
    facts->bytes = bytes;
}

int io_read_json(const char *path, char **text, size_t *bytes, struct io_facts *facts)
{
    static const char mark[3] = "\xef\xbb\xbf";

    if (io_read_file(path, IO_JSON_MAX_BYTES, text, bytes))
        return -1;
    if (*bytes >= 2 && (memcmp(*text, "\xff\xfe", 2) == 0 || memcmp(*text, "\xfe\xff", 2) == 0)) {
        free(*text);
        *text = NULL;
        return err_set("%s: it is UTF-16, as PowerShell writes it; convert it by 'iconv -f UTF-16 "
                       "-t UTF-8'", path);
    }
    if (facts)
        find_facts(facts, *text, *bytes);
    if (*bytes >= sizeof mark && memcmp(*text, mark, sizeof mark) == 0) {
        *bytes -= sizeof mark;
        memmove(*text, *text + sizeof mark, *bytes + 1); /* and the NUL */
    }
    return 0;
}

int io_read_regular(const char *path, size_t most, char **text, struct io_facts *facts)
{
    uint64_t size;
    size_t bytes;
    int fd = io_open_regular(path, &size); /* which a pipe would never return from */

    *text = NULL;
    if (fd < 0)
        return -1;
    close(fd);
    if (io_read_file(path, most, text, &bytes))
        return -1;
    find_facts(facts, *text, bytes);
    return 0;
}

/* ---- Directories ----------------------------------------------------------------------------- */

int io_make_directory(const char *path)
{
    struct stat status;

    if (mkdir(path, 0777) == 0)
        return 0;
    if (errno == EEXIST && stat(path, &status) == 0 && !S_ISDIR(status.st_mode))
        errno = ENOTDIR;
    return errno == EEXIST ? 0 : err_system("cannot make the directory %s", path);
}

int io_make_directories(const char *path)
{
    char copy[PATH_MAX];

    if (strlen(path) >= sizeof copy)
        return too_long(path);
    strcpy(copy, path);
    for (char *slash = copy + 1; *slash; slash++) {
        if (*slash != '/')
            continue;
        *slash = '\0';
        if (io_make_directory(copy))
            return err_prepend("%s", path);
        *slash = '/';
    }
    return io_make_directory(copy);
}
