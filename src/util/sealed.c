/* sealed.c - see sealed.h. */
#include "src/glu.h"

#include "src/util/sealed.h"

#include "src/util/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECKSUM "checksum"

enum { FLAGS = JSON_COMPACT | JSON_REAL_PRECISION(15) };

int sealed_checksum(const json_t *value, char hex[SHA256_HEX_BYTES])
{
    char *text = json_dumps(value, FLAGS | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    struct sha256 sha;

    if (!text)
        return err_set("out of memory");
    sha256_start(&sha);
    sha256_add(&sha, text, strlen(text));
    sha256_finish_hex(&sha, hex);
    free(text);
    return 0;
}

int sealed_write(const char *path, json_t *object)
{
    char hex[SHA256_HEX_BYTES], *text = NULL;
    int status = -1;

    json_object_del(object, CHECKSUM);
    if (sealed_checksum(object, hex) || json_object_set_new(object, CHECKSUM, json_string(hex)) ||
        !(text = json_dumps(object, FLAGS))) {
        err_set("%s: out of memory", path);
    } else {
        atomic_drop_link(path);
        status = atomic_write(path, text, strlen(text));
    }
    free(text);
    return status;
}

struct input {
    int fd;
    int error; /* of the read that failed; 0: none has */
};

static size_t read_some(void *data, size_t bytes, void *context)
{
    struct input *input = context;
    ssize_t n;

    do
        n = read(input->fd, data, bytes);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        input->error = errno;
    return (size_t)n;
}

/* What is in a file, whole or not; NULL and a message. */
static json_t *parse(const char *path)
{
    struct input input = {.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    json_error_t error;
    json_t *object;

    if (input.fd < 0) {
        err_system("cannot open %s", path);
        return NULL;
    }
    errno = 0;
    object = json_load_callback(read_some, &input, JSON_REJECT_DUPLICATES, &error);
    if (input.error) {
        errno = input.error;
        err_system("cannot read %s", path);
    } else if (!json_is_object(object)) {
        err_set("%s: %s; the file is damaged", path, object ? "no object" : err_cause(error.text));
    }
    close(input.fd);
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

/* Is the checksum that of the rest?  Takes it out. */
static bool is_whole(const char *path, json_t *object)
{
    char hex[SHA256_HEX_BYTES], found[SHA256_HEX_BYTES] = "";
    const char *text = json_string_value(json_object_get(object, CHECKSUM));

    snprintf(found, sizeof found, "%s", text ? text : "");
    json_object_del(object, CHECKSUM);
    if (sealed_checksum(object, hex)) {
        err_prepend("%s", path);
        return false;
    }
    if (strcmp(found, hex) == 0)
        return true;
    err_set("%s: the checksum is wrong; the file is damaged", path);
    return false;
}

json_t *sealed_read(const char *path)
{
    json_t *object = parse(path);

    if (object && !is_whole(path, object)) {
        json_decref(object);
        object = NULL;
    }
    return object;
}
