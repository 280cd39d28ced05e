/* test-io.c - paths, whole files and parts of files, directories. */
#include "src/glu.h"

#include "src/util/io.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool says(const char *part)
{
    bool found = strstr(err_get(), part) != NULL;

    if (!found)
        tap_diag("the message is: %s", err_get());
    return found;
}

static void test_join(void)
{
    char path[PATH_MAX], longest[PATH_MAX - 2]; /* with "/" and "x" it is one byte below the limit */

    memset(longest, 'd', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    tap_ok(io_join(path, "a/b", "c.d") == 0 && strcmp(path, "a/b/c.d") == 0, "join: %s", path);
    tap_ok(io_join(path, longest, "x") == 0 && strlen(path) == PATH_MAX - 1, "join: the longest path");
    tap_ok(io_join(path, longest, "xx") == -1 && says("ddd...: the path is too long"),
           "join: one byte more");
}

/* ==== Whole files ==== */

/* A file of so many bytes reads as it was written when `most` may come. */
static bool reads_whole(size_t bytes, size_t most)
{
    char *written = malloc(bytes + 1), *text = NULL;
    size_t got = 0;
    bool same;

    if (!written)
        tap_bail_out("out of memory");
    for (size_t i = 0; i < bytes; i++)
        written[i] = (char)(i * 7 + i / 251);
    same = io_read_file(scratch_write("whole", written, bytes), most, &text, &got) == 0 &&
           got == bytes && memcmp(text, written, bytes) == 0 && text[bytes] == '\0';
    free(written);
    free(text);
    return same;
}

static void test_whole(void)
{
    char *text = NULL;
    size_t bytes = 1;

    tap_ok(reads_whole(0, 10), "whole: an empty file");
    tap_ok(reads_whole(5, 10), "whole: a short one");
    tap_ok(reads_whole(10, 10) && reads_whole(1 << 17, 1 << 17), "whole: as long as it may be");
    tap_ok(reads_whole(65535, 1 << 20) && reads_whole(65536, 1 << 20) &&
               reads_whole(300000, 1 << 20), "whole: memory grows with the file");
    tap_ok(!reads_whole(11, 10) && !reads_whole((1 << 17) + 1, 1 << 17) &&
               says("whole: more than 0 MiB"), "whole: a byte too many");
    tap_ok(io_read_file(scratch_path("none"), 10, &text, &bytes) == -1 && !text && bytes == 0 &&
               says("cannot read ") && says(strerror(ENOENT)), "whole: no file");
    tap_ok(io_read_file(scratch_path("."), 10, &text, &bytes) == -1 && !text &&
               says(strerror(EISDIR)), "whole: a directory");
}

static void test_pipe(void)
{
    static const char part[] = "through a pipe";
    char path[64], *text = NULL;
    size_t bytes = 0;
    int ends[2];

    if (pipe(ends) != 0 || write(ends[1], part, strlen(part)) != (ssize_t)strlen(part))
        tap_bail_out("no pipe");
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    tap_ok(io_read_file(path, 100, &text, &bytes) == 0 && strcmp(text, part) == 0, "whole: a pipe");
    free(text);
    close(ends[0]);
}

/* ==== Parts ==== */

static void test_parts(void)
{
    const char *path = scratch_text("parts", "0123456789");
    uint64_t size = 0;
    char got[8] = "";
    int fd = io_open_regular(path, &size);

    tap_ok(fd >= 0 && size == 10, "parts: a regular file and its size");
    tap_ok(io_read_at(fd, path, got, 3, 7) == 0 && memcmp(got, "789", 3) == 0, "parts: the end");
    tap_ok(io_read_at(fd, path, got, 2, 0) == 0 && memcmp(got, "01", 2) == 0, "parts: the start");
    tap_ok(io_read_at(fd, path, got, 0, 10) == 0, "parts: nothing");
    tap_ok(io_read_at(fd, path, got, 4, 7) == -1 && says("parts: the file ends too early"),
           "parts: beyond the end");
    close(fd);
    tap_ok(io_open_regular(scratch_path("none"), &size) == -1 && says("cannot open "),
           "parts: no file");
    tap_ok(io_open_regular(scratch_path("."), &size) == -1 && says("is not a regular file"),
           "parts: a directory");
    if (mkfifo(scratch_path("fifo"), 0600) != 0)
        tap_bail_out("no FIFO");
    tap_ok(io_open_regular(scratch_path("fifo"), &size) == -1 && says("is not a regular file"),
           "parts: a FIFO that nobody writes to does not block");
}

/* ==== Directories ==== */

static bool is_directory(const char *name)
{
    struct stat status;

    return stat(scratch_path(name), &status) == 0 && S_ISDIR(status.st_mode);
}

static void test_directories(void)
{
    tap_ok(io_make_directory(scratch_path("one")) == 0 && is_directory("one"), "directories: one");
    tap_ok(io_make_directory(scratch_path("one")) == 0, "directories: that is there");
    tap_ok(io_make_directory(scratch_path("two/three")) == -1 &&
               says("cannot make the directory ") && !is_directory("two"),
           "directories: one alone does not make those above it");
    tap_ok(io_make_directories(scratch_path("two/three")) == 0 && is_directory("two/three"),
           "directories: and those above it");
    tap_ok(io_make_directories(scratch_path("two//four/")) == 0 && is_directory("two/four"),
           "directories: with slashes to spare");
    scratch_text("file", "");
    tap_ok(io_make_directories(scratch_path("file/five")) == -1 && says(strerror(ENOTDIR)),
           "directories: a file is in the way");
    tap_ok(io_make_directory(scratch_path("file")) == -1 && says(strerror(ENOTDIR)),
           "directories: a file of that name");
}

int main(void)
{
    tap_plan(26);
    test_join();
    test_whole();
    test_pipe();
    test_parts();
    test_directories();
    return tap_status();
}
