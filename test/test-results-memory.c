/* test-results-memory.c - memory that runs out at the n-th call: every function of src/results
 * then fails with a message, and neither crashes, nor leaks, nor writes half of a result. */
#include "src/glu.h"

#include "test/results-fixture.h"
#include "test/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined BUILT_WITH_SANITIZERS || !defined __GLIBC__

int main(void)
{
    tap_skip_all("the allocator cannot be replaced in this build");
    return 0;
}

#else

/* The C library's own, behind the ones here. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
void __libc_free(void *memory);

static long calls_left = -1; /* -1: memory does not run out */
static long live;            /* blocks that are not freed yet */
static bool failed;

static bool runs_out(void)
{
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

void *malloc(size_t bytes)
{
    return runs_out() ? NULL : counted(__libc_malloc(bytes));
}

void *calloc(size_t count, size_t bytes)
{
    return runs_out() ? NULL : counted(__libc_calloc(count, bytes));
}

void *realloc(void *memory, size_t bytes)
{
    if (runs_out())
        return NULL;
    return memory ? __libc_realloc(memory, bytes) : counted(__libc_realloc(NULL, bytes));
}

void free(void *memory)
{
    live -= memory != NULL;
    __libc_free(memory);
}

static char directory[] = "/tmp/glubench-test-XXXXXX", path[256];
static struct fixture fixture;
static json_t *document;
static FILE *nowhere;

static int do_make(void)
{
    json_t *made = results_json(&fixture.results);

    json_decref(made);
    return made ? 0 : -1;
}

static int do_write(void)
{
    return results_write(path, document);
}

static int do_read(void)
{
    json_t *read = results_read(path);

    json_decref(read);
    return read ? 0 : -1;
}

static int do_merge(void)
{
    json_t *merged = results_merge((const char *[]){path, path}, 2);

    json_decref(merged);
    return merged ? 0 : -1;
}

static int do_report(void)
{
    const char *table, *format;

    for (int i = 0; (table = report_table_name(i, NULL)); i++)
        for (int j = 0; (format = report_format_name(j, NULL)); j++)
            if (report_print(nowhere, document, table, format) != 0)
                return -1;
    return 0;
}

static int do_validate(void)
{
    int faults;

    return results_validate(path, nowhere, &faults) != 0 || faults != 0 ? -1 : 0;
}

static int do_compare(void)
{
    bool regression;

    return results_compare(nowhere, document, document, "terminal", 1.0, &regression);
}

static const struct {
    const char *name;
    int (*function)(void);
} operations[] = {
    {"results_json", do_make},       {"results_write", do_write},       {"results_read", do_read},
    {"results_merge", do_merge},     {"report_print", do_report},       {"results_compare", do_compare},
    {"results_validate", do_validate},
};

/* Every call of the first 200 fails once, then every 197th: the thousands that follow are alike. */
static void test_operation(const char *name, int (*function)(void))
{
    long n = 0, silent = 0, leaks = 0;
    int rc;

    for (;; n += n < 200 ? 1 : 197) {
        long before = live;

        err_set("%s", "");
        failed = false;
        calls_left = n;
        rc = function();
        calls_left = -1;
        if (!failed)
            break;
        if (live != before)
            tap_diag("call %ld leaks %ld blocks", n, live - before);
        leaks += live != before;
        /* Where it can do without the memory (the buffer of a stream) it may succeed. */
        silent += rc != 0 && err_get()[0] == '\0';
    }
    tap_ok(rc == 0 && silent == 0 && leaks == 0,
           "%s: of %ld calls %ld fail without a message, %ld leak%s%s", name, n, silent, leaks,
           rc ? ": " : "", rc ? err_get() : "");
}

int main(void)
{
    nowhere = fopen("/dev/null", "w");
    if (!nowhere || !mkdtemp(directory))
        tap_bail_out("no directory");
    setvbuf(nowhere, NULL, _IONBF, 0); /* no buffer that only the first print allocates */
    snprintf(path, sizeof path, "%s/file.json", directory);
    fixture_open(&fixture, 1, 2, FIXTURE_NO_EXAMPLES | FIXTURE_DIVERGED);
    fixture.results.environment = environment_json(); /* once: it may keep a warning each time */
    document = results_json(&fixture.results);
    if (!document || results_write(path, document) != 0)
        tap_bail_out("%s", err_get());
    for (size_t i = 0; i < LENGTH_OF(operations); i++)
        test_operation(operations[i].name, operations[i].function);
    tap_ok(do_validate() == 0, "the file is whole after all of it");
    json_decref(document);
    json_decref(fixture.results.environment);
    fixture_close(&fixture);
    fclose(nowhere);
    unlink(path);
    tap_ok(rmdir(directory) == 0, "nothing is left behind");
    tap_plan((int)LENGTH_OF(operations) + 2);
    return tap_status();
}

#endif
