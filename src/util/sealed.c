/* sealed.c - see sealed.h. */
#include "src/glu.h"

#include "src/util/sealed.h"

#include "src/util/atomic_file.h"
#include "src/util/io.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int write_by(int (*write)(const char *, const void *, size_t), const char *path, json_t *object)
{
    char hex[SHA256_HEX_BYTES], *text = NULL;
    int status = -1;

    json_object_del(object, CHECKSUM);
    if (sealed_checksum(object, hex) || json_object_set_new(object, CHECKSUM, json_string(hex)) ||
        !(text = json_dumps(object, FLAGS))) {
        err_set("%s: out of memory", path);
    } else {
        atomic_drop_link(path);
        status = write(path, text, strlen(text));
    }
    free(text);
    return status;
}

int sealed_write(const char *path, json_t *object)
{
    return write_by(atomic_write, path, object);
}

int sealed_write_hurried(const char *path, json_t *object)
{
    return write_by(atomic_write_hurried, path, object);
}

/* What is in a file, whole or not; NULL and a message. */
static json_t *parse(const char *path)
{
    json_error_t error;
    json_t *object;
    size_t bytes;
    char *text;

    if (io_read_file(path, IO_JSON_MAX_BYTES, &text, &bytes))
        return NULL;
    errno = 0;
    object = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    free(text);
    if (json_is_object(object))
        return object;
    err_set("%s: %s; the file is damaged", path, object ? "no object" : err_cause(error.text));
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
