/* memory.c - see memory.h. */
#include "src/glu.h"

#include "test/memory.h"
#include "test/tap.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { EACH = 200, STRIDE = 197 };

static long calls_left = -1; /* -1: memory does not run out */
static long calls;           /* how often memory was asked for */
static long live;            /* blocks that are not freed yet */
static bool failed;

static bool runs_out(void)
{
    calls++;
    if (calls_left < 0)
        return false;
    if (calls_left > 0) {
        calls_left--;
        return false;
    }
    failed = true;
    errno = ENOMEM;
    return true;
}

static void *counted(void *memory)
{
    live += memory != NULL;
    return memory;
}

/* The function that takes the place of the C library's, and that one behind it. */
#if defined BUILT_WITH_SANITIZERS
#define OWN(name) __wrap_##name
#define BEHIND(name) __real_##name
#elif defined __GLIBC__
#define OWN(name) name
#define BEHIND(name) __libc_##name
#endif

#ifdef OWN

void *BEHIND(malloc)(size_t bytes);
void *BEHIND(calloc)(size_t count, size_t bytes);
void *BEHIND(realloc)(void *memory, size_t bytes);
void *OWN(malloc)(size_t bytes);
void *OWN(calloc)(size_t count, size_t bytes);
void *OWN(realloc)(void *memory, size_t bytes);

void *OWN(malloc)(size_t bytes)
{
    return runs_out() ? NULL : counted(BEHIND(malloc)(bytes));
}

void *OWN(calloc)(size_t count, size_t bytes)
{
    return runs_out() ? NULL : counted(BEHIND(calloc)(count, bytes));
}

void *OWN(realloc)(void *memory, size_t bytes)
{
    if (runs_out())
        return NULL;
    return memory ? BEHIND(realloc)(memory, bytes) : counted(BEHIND(realloc)(NULL, bytes));
}

#ifdef BUILT_WITH_SANITIZERS

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
    return runs_out() ? NULL : __real_strdup(text);
}

static long leaked(long before)
{
    (void)before; /* others free what is allocated here, so nothing can be counted */
    return 0;
}

#else

void __libc_free(void *memory);
void free(void *memory)
{
    live -= memory != NULL;
    __libc_free(memory);
}

static long leaked(long before)
{
    return live - before;
}

#endif

bool memory_skip(void)
{
#ifdef BUILT_WITH_SANITIZERS
    json_set_alloc_funcs(__wrap_malloc, free);
#endif
    return false;
}

#else

static long leaked(long before)
{
    return live - before;
}

bool memory_skip(void)
{
    tap_skip_all("the allocator cannot be replaced in this C library");
    return true;
}

#endif

static bool speaks_of_memory(const char *message)
{
    return strstr(message, "memory") != NULL;
}

void memory_try(const char *name, int (*function)(void))
{
    long n = 0, silent = 0, leaks = 0, all;
    int rc;

    calls = 0;
    rc = function();
    all = calls;
    if (rc != 0)
        tap_bail_out("%s: with memory it fails: %s", name, err_get());
    for (;; n += n < EACH || n > all - EACH ? 1 : STRIDE) {
        long before = live;

        err_set("%s", "");
        failed = false;
        calls_left = n;
        rc = function();
        calls_left = -1;
        if (!failed)
            break;
        if (leaked(before) != 0)
            tap_diag("call %ld leaks %ld blocks", n, leaked(before));
        leaks += leaked(before) != 0;
        /* Where it can do without the memory (the buffer of a stream) it may succeed. */
        if (rc != 0 && !speaks_of_memory(err_get())) {
            tap_diag("call %ld fails with the message '%s'", n, err_get());
            silent++;
        }
    }
    tap_ok(rc == 0 && silent == 0 && leaks == 0,
           "%s: of %ld calls %ld fail without a word of memory, %ld leak%s%s", name, n, silent, leaks,
           rc ? ": " : "", rc ? err_get() : "");
}
