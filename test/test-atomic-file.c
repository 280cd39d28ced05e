/* test-atomic-file.c - old content or new, never a part. */
#include "src/glu.h"

#include "src/util/atomic_file.h"
#include "test/tap.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/glubench-test-XXXXXX";

static const char *in_directory(const char *name)
{
    static char path[4][256];
    static int turn;
    char *p = path[turn++ % 4];

    snprintf(p, sizeof path[0], "%s/%s", directory, name);
    return p;
}

static bool holds(const char *path, const char *expected)
{
    char text[64] = "";
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;

    if (file)
        fclose(file);
    return file && n == strlen(expected) && memcmp(text, expected, n) == 0;
}

static bool missing(const char *path)
{
    return access(path, F_OK) != 0 && errno == ENOENT;
}

/* Writers in several processes: the file is always one of theirs, whole. */
static void test_writers(void)
{
    enum { WRITERS = 4, ROUNDS = 25, BYTES = 100000 };
    const char *path = in_directory("shared");
    char *data = malloc(BYTES);
    bool whole = true;
    int status;

    if (!data)
        tap_bail_out("no memory");
    memset(data, 'x', BYTES);
    if (atomic_write(path, data, BYTES) != 0)
        tap_bail_out("%s", err_get());
    for (int i = 0; i < WRITERS; i++)
        if (fork() == 0) {
            memset(data, 'a' + i, BYTES);
            for (int round = 0; round < ROUNDS; round++)
                if (atomic_write(path, data, BYTES) != 0)
                    _exit(1);
            _exit(0);
        }
    for (int i = 0; i < 200; i++) {
        FILE *file = fopen(path, "r");
        size_t n = file ? fread(data, 1, BYTES, file) : 0;

        whole = whole && n == BYTES;
        for (size_t j = 1; j < n; j++)
            whole = whole && data[j] == data[0];
        if (file)
            fclose(file);
    }
    for (int i = 0; i < WRITERS; i++)
        whole = wait(&status) > 0 && status == 0 && whole;
    tap_ok(whole, "four writers at once: every reader sees one of them, whole");
    free(data);
}

static void test_limit(const char *path)
{
    struct rlimit limit, saved;
    char data[8192] = {0};

    getrlimit(RLIMIT_FSIZE, &saved);
    signal(SIGXFSZ, SIG_IGN);
    limit = saved;
    limit.rlim_cur = 4096;
    setrlimit(RLIMIT_FSIZE, &limit); /* the first write is short, the second fails */
    tap_ok(atomic_write(path, data, sizeof data) != 0 && strstr(err_get(), path),
           "a write that cannot finish fails: %s", err_get());
    setrlimit(RLIMIT_FSIZE, &saved);
}

int main(void)
{
    const char *path, *temporary, *link;
    struct atomic_file file;
    struct stat status;

    if (!mkdtemp(directory))
        tap_bail_out("mkdtemp: %s", strerror(errno));
    path = in_directory("file");
    temporary = in_directory("file.tmp");

    tap_ok(atomic_write(path, "first", 5) == 0 && holds(path, "first"), "a new file");
    chmod(path, 0640);
    tap_ok(atomic_write_hurried(path, "hurry", 5) == 0 && holds(path, "hurry") && missing(temporary),
           "replaced in a hurry");
    tap_ok(atomic_write(path, "second", 6) == 0 && holds(path, "second"), "replaced");
    tap_ok(stat(path, &status) == 0 && (status.st_mode & 0777) == 0640, "its mode is kept");
    tap_ok(missing(temporary), "nothing is left beside it");

    if (atomic_open(&file, path) != 0 || atomic_append(&file, "thi", 3) != 0)
        tap_bail_out("%s", err_get());
    tap_ok(holds(path, "second") && holds(temporary, "thi"), "half-way the old content stands");
    atomic_abandon(&file);
    tap_ok(holds(path, "second") && missing(temporary), "giving up leaves the old content");
    atomic_abandon(&file);
    tap_ok(file.fd == -1, "giving up twice is harmless");

    FILE *stale = fopen(temporary, "w");
    fputs("left behind by a crash, and longer than what follows", stale);
    fclose(stale);
    tap_ok(atomic_write(path, "fourth", 6) == 0 && holds(path, "fourth") && missing(temporary),
           "a stale temporary file is reused");
    test_limit(path);
    tap_ok(holds(path, "fourth") && missing(temporary), "... and leaves the old content");

    link = in_directory("link");
    tap_ok(symlink(path, link) == 0 && atomic_write(link, "fifth", 5) == 0 && holds(path, "fifth")
               && lstat(link, &status) == 0 && S_ISLNK(status.st_mode),
           "a symbolic link is followed");
    tap_ok(atomic_write(directory, "x", 1) != 0 && strstr(err_get(), "is a directory"), "%s",
           err_get());
    tap_ok(atomic_write(in_directory("no/such"), "x", 1) != 0 && strstr(err_get(), "no/such"), "%s",
           err_get());
    tap_ok(atomic_write("/dev/null", "x", 1) == 0, "a device is written directly");
    tap_ok(atomic_write("/dev/full", "x", 1) != 0 && strstr(err_get(), "/dev/full"), "%s", err_get());
    test_writers();

    unlink(in_directory("shared"));
    unlink(in_directory("link"));
    unlink(in_directory("file"));
    tap_ok(rmdir(directory) == 0, "nothing else was left behind");
    tap_plan(18);
    return tap_status();
}
