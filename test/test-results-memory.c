/* test-results-memory.c - memory that runs out at the n-th call: every function of src/results
 * then fails with a message, and neither crashes, nor leaks, nor writes half of a result. */
#include "src/glu.h"

#include "test/memory.h"
#include "test/results-fixture.h"
#include "test/tap.h"

#include <stdlib.h>
#include <unistd.h>

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
    json_t *merged = results_merge((const char *[]){path, path}, 2, fixture_affects);

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

    return results_compare(nowhere, document, document, fixture_affects, "terminal", 1.0,
                           &regression);
}

static const struct {
    const char *name;
    int (*function)(void);
} operations[] = {
    {"results_json", do_make},       {"results_write", do_write},       {"results_read", do_read},
    {"results_merge", do_merge},     {"report_print", do_report},       {"results_compare", do_compare},
    {"results_validate", do_validate},
};

int main(void)
{
    if (memory_skip())
        return 0;
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
        memory_try(operations[i].name, operations[i].function);
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
