/* lines.c - see lines.h. */
#include "src/glu.h"

#include "src/train/lines.h"

#include "src/util/standard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *open_stream(const char *path, bool keep)
{
    FILE *stream;
    int fd;

    if (!standard_is_output(path))
        return fopen(path, keep ? "r+e" : "we");
    fd = standard_open();
    stream = fd < 0 ? NULL : fdopen(fd, "w");
    if (!stream && fd >= 0)
        close(fd);
    return stream;
}

int lines_open(struct lines *lines, const char *field, const char *path, bool keep)
{
    *lines = (struct lines){.field = field, .path = strdup(standard_name(path))};
    lines->file = lines->path ? open_stream(path, keep) : NULL;
    if (!lines->file) {
        err_system("%s: cannot write %s", field, path);
        free(lines->path);
        return -1;
    }
    pthread_mutex_init(&lines->lock, NULL);
    return 0;
}

int lines_close(struct lines *lines)
{
    int status = 0;

    if (fclose(lines->file) != 0 && !lines->error)
        lines->error = errno;
    if (lines->error) {
        errno = lines->error;
        status = err_system("%s: cannot write all of %s", lines->field, lines->path);
    }
    pthread_mutex_destroy(&lines->lock);
    free(lines->path);
    return status;
}

bool lines_begin(struct lines *lines)
{
    pthread_mutex_lock(&lines->lock);
    if (lines->error) {
        pthread_mutex_unlock(&lines->lock);
        return false;
    }
    errno = 0;
    return true;
}

void lines_end(struct lines *lines, bool failed)
{
    if (failed || ferror(lines->file)) {
        lines->error = errno ? errno : EIO;
        warn_add("%s: cannot write %s: %s; the training goes on without it", lines->field, lines->path,
                 strerror(lines->error));
    }
    pthread_mutex_unlock(&lines->lock);
}
