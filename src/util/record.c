/* record.c - see record.h. */
#include "src/glu.h"

#include "src/util/record.h"

#include "src/util/atomic_file.h"
#include "src/util/io.h"
#include "src/util/sha256.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAGIC_BYTES = 8,
    HEAD_BYTES = MAGIC_BYTES + 4 + 4 + 8,
    HEADER_MAX_BYTES = 64 << 20,
    CHUNK_BYTES = 1 << 16
};

static const char magic[MAGIC_BYTES + 1] = "GLUBENCH";

static void put_number(unsigned char *to, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(number >> 8 * i);
}

static uint64_t get_number(const unsigned char *from, int bytes)
{
    uint64_t number = 0;

    for (int i = 0; i < bytes; i++)
        number |= (uint64_t)from[i] << 8 * i;
    return number;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static int append(struct atomic_file *file, struct sha256 *sha, const void *data, size_t bytes)
{
    sha256_add(sha, data, bytes);
    return atomic_append(file, data, bytes);
}

int record_write(const char *path, json_t *header, const struct record_part *parts, int count)
{
    struct atomic_file file = {.fd = -1};
    char *text = json_dumps(header, JSON_COMPACT | JSON_REAL_PRECISION(17));
    unsigned char head[HEAD_BYTES];
    uint8_t digest[SHA256_BYTES];
    struct sha256 sha;
    uint64_t bytes = 0;
    int status = -1;

    if (!text)
        return err_set("%s: out of memory for the header", path);
    for (int i = 0; i < count; i++)
        bytes += parts[i].bytes;
    memcpy(head, magic, MAGIC_BYTES);
    put_number(head + MAGIC_BYTES, RECORD_VERSION, 4);
    put_number(head + MAGIC_BYTES + 4, strlen(text), 4);
    put_number(head + MAGIC_BYTES + 8, bytes, 8);

    atomic_drop_link(path);
    sha256_start(&sha);
    if (atomic_open(&file, path) || append(&file, &sha, head, sizeof head) ||
        append(&file, &sha, text, strlen(text)))
        goto out;
    for (int i = 0; i < count; i++)
        if (append(&file, &sha, parts[i].data, parts[i].bytes))
            goto out;
    sha256_finish(&sha, digest);
    if (atomic_append(&file, digest, sizeof digest))
        goto out;
    status = atomic_commit(&file);
out:
    atomic_abandon(&file);
    free(text);
    return status;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static int read_next(struct record *record, void *data, size_t bytes)
{
    if (io_read_at(record->fd, record->path, data, bytes, record->at))
        return -1;
    record->at += bytes;
    return 0;
}

/* The checksum over all but the last bytes of the file must be what those say. */
static int verify(struct record *record, uint64_t file_bytes)
{
    unsigned char chunk[CHUNK_BYTES];
    uint8_t expected[SHA256_BYTES], found[SHA256_BYTES];
    struct sha256 sha;
    uint64_t left = file_bytes - SHA256_BYTES;

    sha256_start(&sha);
    while (left > 0) {
        size_t bytes = left < sizeof chunk ? (size_t)left : sizeof chunk;

        if (read_next(record, chunk, bytes))
            return -1;
        sha256_add(&sha, chunk, bytes);
        left -= bytes;
    }
    sha256_finish(&sha, found);
    if (read_next(record, expected, sizeof expected))
        return -1;
    if (memcmp(found, expected, sizeof found) != 0)
        return err_set("%s: the checksum is wrong; the file is damaged", record->path);
    return 0;
}

static int read_header(struct record *record, size_t bytes)
{
    json_error_t error;
    char *text = malloc(bytes + 1);
    int status;

    if (!text)
        return err_set("%s: out of memory", record->path);
    status = read_next(record, text, bytes);
    if (status == 0) {
        errno = 0;
        record->header = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
        if (!json_is_object(record->header))
            status = err_set("%s: the header is not a JSON object: %s", record->path,
                             record->header ? "another type" : err_cause(error.text));
    }
    free(text);
    return status;
}

int record_open(struct record *record, const char *path)
{
    unsigned char head[HEAD_BYTES];
    uint64_t header_bytes, size = 0;

    *record = (struct record){.path = strdup(path), .fd = -1};
    if (!record->path)
        return err_set("out of memory");
    record->fd = io_open_regular(path, &size);
    if (record->fd < 0)
        return -1;
    if (size < HEAD_BYTES + SHA256_BYTES)
        return err_set("%s: not a record of this program, or only the start of one", path);
    if (read_next(record, head, sizeof head))
        return -1;
    if (memcmp(head, magic, MAGIC_BYTES) != 0)
        return err_set("%s: not a record of this program", path);
    if (get_number(head + MAGIC_BYTES, 4) != RECORD_VERSION)
        return err_set("%s: format version %llu, and this program reads %d", path,
                       (unsigned long long)get_number(head + MAGIC_BYTES, 4), RECORD_VERSION);
    header_bytes = get_number(head + MAGIC_BYTES + 4, 4);
    record->data_bytes = get_number(head + MAGIC_BYTES + 8, 8);
    if (header_bytes > HEADER_MAX_BYTES || record->data_bytes > size ||
        HEAD_BYTES + header_bytes + record->data_bytes + SHA256_BYTES != size)
        return err_set("%s: %llu bytes are not what its head says; the file is damaged", path,
                       (unsigned long long)size);
    record->at = 0;
    if (verify(record, size))
        return -1;
    record->at = HEAD_BYTES;
    return read_header(record, (size_t)header_bytes);
}

int record_read(struct record *record, void *data, size_t bytes)
{
    if (bytes > record->data_bytes)
        return err_set("%s: holds less data than is asked of it", record->path);
    record->data_bytes -= bytes;
    return read_next(record, data, bytes);
}

void record_close(struct record *record)
{
    if (record->fd >= 0)
        close(record->fd);
    json_decref(record->header);
    free(record->path);
    *record = (struct record){.fd = -1};
}
