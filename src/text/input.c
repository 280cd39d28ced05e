/* input.c - see input.h.
 *
 * A gzip file is one or more members, each with a checksum that inflate() verifies, and may be
 * padded with zeros; anything else after a member means that the file is damaged. */
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
    struct sha256 *sha;
    bool gzip, in_member;
    z_stream zlib; /* next_in, avail_in: the raw bytes not used yet, gzip or not */
    unsigned char raw[RAW_BYTES];
};

static const struct {
    const char *magic;
    size_t bytes;
    const char *what, *remedy;
} foreign[] = {
    {"\x28\xb5\x2f\xfd", 4, "zstd", "zstd -d"}, {"\xfd" "7zXZ\0", 6, "xz", "xz -d"},
    {"BZh", 3, "bzip2", "bzip2 -d"},            {"PK\3\4", 4, "zip", "unzip"},
    {"\x04\x22\x4d\x18", 4, "lz4", "lz4 -d"},
};

/* Get more raw bytes; 1, 0 at the end of the file, or -1. */
static int refill(struct input *input)
{
    ssize_t got;

    do
        got = read(input->fd, input->raw, sizeof input->raw);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_system("cannot read %s", input->path);
    if (input->sha)
        sha256_add(input->sha, input->raw, (size_t)got);
    input->zlib.next_in = input->raw;
    input->zlib.avail_in = (uInt)got;
    return got > 0;
}

static int detect(struct input *input)
{
    const unsigned char *raw = input->raw;
    size_t bytes = input->zlib.avail_in;

    input->gzip = bytes >= 2 && raw[0] == 0x1f && raw[1] == 0x8b;
    if (input->gzip)
        return 0;
    for (size_t i = 0; i < LENGTH_OF(foreign); i++)
        if (bytes >= foreign[i].bytes && memcmp(raw, foreign[i].magic, foreign[i].bytes) == 0)
            return err_set("%s is compressed by %s: decompress it first (%s)", input->path,
                           foreign[i].what, foreign[i].remedy);
    if (ends_with(input->path, ".gz"))
        return err_set("%s is not gzip data, in spite of its name", input->path);
    return 0;
}

int input_open(struct input **result, const char *path, struct sha256 *sha)
{
    struct input *input = calloc(1, sizeof *input);
    int status;

    *result = NULL;
    if (!input)
        return err_set("no memory to read %s", path);
    input->sha = sha;
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
    if (refill(input) < 0 || detect(input))
        goto fail;
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

/* Between members: skip padding.  1 when another member starts, 0 at the end. */
static int next_member(struct input *input)
{
    for (;;) {
        for (; input->zlib.avail_in; input->zlib.avail_in--, input->zlib.next_in++)
            if (*input->zlib.next_in)
                goto found;
        int more = refill(input);

        if (more <= 0)
            return more;
    }
found:
    if (*input->zlib.next_in != 0x1f || inflateReset(&input->zlib) != Z_OK)
        return err_set("%s: the gzip data are followed by something else: the file is damaged",
                       input->path);
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
    return (input->gzip ? read_gzip : read_plain)(input, buffer, size);
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
