/* error.c - see error.h. */
#include "src/glu.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_BYTES = 1024, FIELD_BYTES = 64 };

static _Thread_local char message[MESSAGE_BYTES];
static const char field_begin[] = "\016", field_end[] = "\017"; /* what FIELD() writes */

/* ---- Fields ---------------------------------------------------------------------------------- */

static err_namer_fn *namer;

void err_set_namer(err_namer_fn *function)
{
    namer = function;
}

/* Name the field that stands at `from`, behind its first mark; returns what comes after it.  One
 * whose end was cut off is left as it is. */
static const char *name_field(const char *from, char *text, size_t size)
{
    size_t length = strcspn(from, field_end);
    char field[FIELD_BYTES];

    if (!from[length] || length >= sizeof field) {
        text[0] = '\0';
        return from;
    }
    snprintf(field, sizeof field, "%.*s", (int)length, from);
    if (namer)
        namer(field, text, size);
    else
        snprintf(text, size, "%s", field);
    return from + length + 1;
}

void err_name_fields(char *text, size_t size)
{
    const char *from = text;
    char named[MESSAGE_BYTES] = "";
    size_t used = 0;

    if (!strpbrk(text, field_begin))
        return;
    while (*from && used + 1 < sizeof named) {
        size_t length = strcspn(from, field_begin);

        if (length == 0) {
            from = name_field(from + 1, named + used, sizeof named - used);
        } else {
            snprintf(named + used, sizeof named - used, "%.*s", (int)length, from);
            from += length;
        }
        used += strlen(named + used);
    }
    snprintf(text, size, "%s", named);
}

/* ---- Errors ---------------------------------------------------------------------------------- */

static void message_format(char *dst, const char *format, va_list args)
{
    if (vsnprintf(dst, MESSAGE_BYTES, format, args) < 0)
        dst[0] = '\0';
    err_name_fields(dst, MESSAGE_BYTES);
}

int err_set(const char *format, ...)
{
    char text[MESSAGE_BYTES];
    va_list args;

    va_start(args, format);
    message_format(text, format, args);
    va_end(args);
    memcpy(message, text, sizeof message);
    return -1;
}

int err_prepend(const char *format, ...)
{
    char before[MESSAGE_BYTES], text[2 * MESSAGE_BYTES + 2];
    va_list args;

    va_start(args, format);
    message_format(before, format, args);
    va_end(args);
    snprintf(text, sizeof text, "%s: %s", before, message);
    text[MESSAGE_BYTES - 1] = '\0';
    memcpy(message, text, sizeof message);
    return -1;
}

int err_system(const char *format, ...)
{
    int saved = errno;
    char before[MESSAGE_BYTES];
    va_list args;

    va_start(args, format);
    message_format(before, format, args);
    va_end(args);
    err_set("%s: %s", before, strerror(saved));
    errno = saved;
    return -1;
}

const char *err_cause(const char *text)
{
    return errno == ENOMEM ? "out of memory" : text;
}

const char *err_get(void)
{
    return message;
}

/* ---- Warnings -------------------------------------------------------------------------------- */

static pthread_mutex_t warn_lock = PTHREAD_MUTEX_INITIALIZER;
static void (*warn_sink)(const char *text);
static char **warnings;
static int warning_count;

void warn_add(const char *format, ...)
{
    char text[MESSAGE_BYTES];
    char *copy, **grown;
    va_list args;

    va_start(args, format);
    message_format(text, format, args);
    va_end(args);

    pthread_mutex_lock(&warn_lock);
    for (int i = 0; i < warning_count; i++)
        if (strcmp(warnings[i], text) == 0)
            goto unlock;
    if (warn_sink)
        warn_sink(text);
    copy = strdup(text);
    grown = realloc(warnings, (size_t)(warning_count + 1) * sizeof *warnings);
    if (grown)
        warnings = grown;
    if (copy && grown)
        warnings[warning_count++] = copy;
    else
        free(copy);
unlock:
    pthread_mutex_unlock(&warn_lock);
}

void warn_set_sink(void (*sink)(const char *text))
{
    pthread_mutex_lock(&warn_lock);
    warn_sink = sink;
    pthread_mutex_unlock(&warn_lock);
}

const char *warn_get(int i)
{
    const char *text;

    pthread_mutex_lock(&warn_lock);
    text = i >= 0 && i < warning_count ? warnings[i] : NULL;
    pthread_mutex_unlock(&warn_lock);
    return text;
}

void warn_clear(void)
{
    pthread_mutex_lock(&warn_lock);
    for (int i = 0; i < warning_count; i++)
        free(warnings[i]);
    free(warnings);
    warnings = NULL;
    warning_count = 0;
    pthread_mutex_unlock(&warn_lock);
}
