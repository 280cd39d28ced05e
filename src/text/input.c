/* input.c - see input.h.
 *
 * A gzip file is one or more members, each with a checksum that inflate() verifies.  What follows
 * the last one is left out, as gzip does it. */
#include "src/glu.h"

#include "src/text/input.h"

#include "src/util/ends_with.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { RAW_BYTES = 1 << 16, GZIP_WINDOW = 15 + 16 };

struct input {
    int fd;
    char *path;
    struct input_sums *sums;
    const struct file_identity *identity;
    bool gzip, in_member;
    z_stream zlib; /* next_in, avail_in: the raw bytes not used yet, gzip or not */
    unsigned char raw[RAW_BYTES];
};

/* Get more raw bytes behind those that are not used yet; 1, 0 at the end of the file, or -1. */
static int refill(struct input *input)
{
    z_stream *zlib = &input->zlib;
    size_t kept = zlib->avail_in;
    ssize_t got;

    if (kept)
        memmove(input->raw, zlib->next_in, kept);
    do
        got = read(input->fd, input->raw + kept, sizeof input->raw - kept);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_system("cannot read %s", input->path);
    if (input->sums) {
        sha256_add(&input->sums->all, input->raw + kept, (size_t)got);
        sha256_add(&input->sums->file, input->raw + kept, (size_t)got);
    }
    zlib->next_in = input->raw;
    zlib->avail_in = (uInt)(kept + (size_t)got);
    return got > 0;
}

static bool starts_member(const unsigned char *raw, size_t bytes)
{
    return bytes >= 2 && raw[0] == 0x1f && raw[1] == 0x8b;
}

int input_open(struct input **result, const char *path, struct input_sums *sums,
               const struct file_identity *identity)
{
    struct input *input = calloc(1, sizeof *input);
    int status;

    *result = NULL;
    if (!input)
        return err_set("no memory to read %s", path);
    input->sums = sums;
    if (sums)
        sha256_start(&sums->file);
    input->identity = identity;
    input->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (input->fd < 0) {
        err_system("cannot open %s", path);
        goto fail;
    }
    input->path = strdup(path);
    if (!input->path) {
        err_set("no memory to read %s", path);
        goto fail;
    }
    if ((identity && file_identity_check(identity, input->fd, path)) || refill(input) < 0)
        goto fail;
    if (input->zlib.avail_in == 0 && ends_with(path, ".gz")) {
        err_set("%s is not gzip data, in spite of its name: it is empty", path);
        goto fail;
    }
    input->gzip = starts_member(input->raw, input->zlib.avail_in);
    if (input->gzip) {
        status = inflateInit2(&input->zlib, GZIP_WINDOW);
        if (status != Z_OK) {
            input->gzip = false; /* there is no state to end */
            err_set("no memory to decompress %s", path);
            goto fail;
        }
        input->in_member = true;
    }
    *result = input;
    return 0;
fail:
    input_close(input);
    return -1;
}

bool input_is_gzip(const struct input *input)
{
    return input->gzip;
}

/* Skip zeros.  1 when something else follows, 0 at the end. */
static int skip_padding(struct input *input)
{
    for (;;) {
        int more;

        for (; input->zlib.avail_in; input->zlib.avail_in--, input->zlib.next_in++)
            if (*input->zlib.next_in)
                return 1;
        more = refill(input);
        if (more <= 0)
            return more;
    }
}

/* Read on to the end, for the checksum, and use nothing of it.  0 or -1. */
static int skip_rest(struct input *input)
{
    int more;

    do {
        input->zlib.avail_in = 0;
        more = refill(input);
    } while (more > 0);
    return more;
}

/* Between members.  1 when another one starts, 0 at the end of the file, or -1. */
static int next_member(struct input *input)
{
    z_stream *zlib = &input->zlib;
    int more = skip_padding(input);

    if (more > 0 && zlib->avail_in == 1 && refill(input) < 0)
        more = -1;
    if (more <= 0)
        return more;
    if (!starts_member(zlib->next_in, zlib->avail_in)) {
        warn_add("%s: what follows the gzip data is none and is left out", input->path);
        return skip_rest(input);
    }
    if (inflateReset(zlib) != Z_OK)
        return err_set("%s: the gzip data cannot be read on", input->path);
    input->in_member = true;
    return 1;
}

static ssize_t read_gzip(struct input *input, void *buffer, size_t size)
{
    z_stream *zlib = &input->zlib;
    uInt space = size < RAW_BYTES ? (uInt)size : RAW_BYTES;

    zlib->next_out = buffer;
    zlib->avail_out = space;
    while (zlib->avail_out == space) {
        int more = 1, status;

        if (!input->in_member)
            more = next_member(input);
        else if (zlib->avail_in == 0) {
            more = refill(input);
            if (more == 0)
                return err_set("%s: the gzip data are cut off: get the whole file", input->path);
        }
        if (more <= 0)
            return more;
        status = inflate(zlib, Z_NO_FLUSH);
        if (status == Z_STREAM_END)
            input->in_member = false;
        else if (status == Z_MEM_ERROR)
            return err_set("no memory to decompress %s", input->path);
        else if (status != Z_OK && status != Z_BUF_ERROR)
            return err_set("%s: the gzip data are damaged (%s): get the file again", input->path,
                           zlib->msg ? zlib->msg : "no details");
    }
    return (ssize_t)(space - zlib->avail_out);
}

static ssize_t read_plain(struct input *input, void *buffer, size_t size)
{
    z_stream *zlib = &input->zlib;

    if (zlib->avail_in == 0) {
        int more = refill(input);

        if (more <= 0)
            return more;
    }
    if (size > zlib->avail_in)
        size = zlib->avail_in;
    memcpy(buffer, zlib->next_in, size);
    zlib->next_in += size;
    zlib->avail_in -= (uInt)size;
    return (ssize_t)size;
}

ssize_t input_read(struct input *input, void *buffer, size_t size)
{
    ssize_t got = (input->gzip ? read_gzip : read_plain)(input, buffer, size);

    if (got == 0 && input->identity &&
        file_identity_check(input->identity, input->fd, input->path))
        return -1;
    return got;
}

/* By the size of the file, what is behind it is seen at once. */
static int seek(struct input *input, uint64_t bytes)
{
    struct stat status;
    off_t at;

    if (fstat(input->fd, &status))
        return err_system("cannot look at %s", input->path);
    at = lseek(input->fd, 0, SEEK_CUR);
    if (at >= 0 && bytes > (uint64_t)(status.st_size > at ? status.st_size - at : 0))
        return 0;
    if (at < 0 || lseek(input->fd, (off_t)bytes, SEEK_CUR) < 0)
        return err_system("cannot read %s", input->path);
    return 1;
}

int input_skip(struct input *input, uint64_t bytes)
{
    const bool seeks = !input->gzip && !input->sums;
    char *waste = seeks ? NULL : malloc(RAW_BYTES);
    uint64_t waiting = bytes < input->zlib.avail_in ? bytes : input->zlib.avail_in;
    ssize_t got = 1;

    if (seeks) {
        input->zlib.next_in += waiting;
        input->zlib.avail_in -= (uInt)waiting;
        return seek(input, bytes - waiting);
    }
    if (!waste)
        return err_set("no memory to read %s", input->path);
    while (bytes > 0 && got > 0) {
        got = input_read(input, waste, bytes < RAW_BYTES ? (size_t)bytes : RAW_BYTES);
        bytes -= got > 0 ? (uint64_t)got : 0;
    }
    free(waste);
    return got < 0 ? -1 : got > 0;
}

void input_close(struct input *input)
{
    if (!input)
        return;
    if (input->gzip)
        inflateEnd(&input->zlib);
    if (input->fd >= 0)
        close(input->fd);
    free(input->path);
    free(input);
}
