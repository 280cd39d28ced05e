/* results.c - results files: checked, merged, compared, printed, restored. */
#include "src/glu.h"

#include "src/results/results.h"
#include "test/fuzz/fuzz.h"
#include "test/results-fixture.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int fuzz_results(const uint8_t *data, size_t size);
int fuzz_results_edits(const uint8_t *data, size_t size);

/* ==== What is done with a file ==== */

static void print_all(json_t *document)
{
    const char *table, *format;

    for (int i = 0; (table = report_table_name(i, NULL)); i++)
        for (int j = 0; (format = report_format_name(j, NULL)); j++)
            fuzz_check(report_print(fuzz_sink(), document, table, format) == 0,
                       "every table of a document that was read can be printed");
}

static void restore_all(const json_t *document)
{
    const json_t *run;
    size_t i;

    json_array_foreach(json_object_get(document, "runs"), i, run) {
        struct run_result result;

        if (run_result_restore(&result, run, variant_at(0)) == 0)
            run_result_free(&result);
    }
}

/* 0 when the file is valid. */
static int use_file(const char *path)
{
    const char *twice[] = {path, path};
    struct detection detection;
    json_t *document, *merged;
    bool regression;
    int faults;

    if (results_validate(path, fuzz_sink(), &faults))
        return -1;
    document = results_read(path);
    fuzz_check(document || faults, "a valid file can be read");
    if (!document)
        return -1;
    print_all(document);
    restore_all(document);
    if (results_detection(0.01, document, 7, &detection) == 0)
        fuzz_check(detection.seeds > 1, "a test takes two seeds");
    if (results_compare(fuzz_sink(), document, document, fixture_affects, "terminal", 0,
                        &regression) == 0)
        fuzz_check(!regression, "no file is worse than itself");
    merged = results_merge(twice, 2, fixture_affects);
    fuzz_check(merged || faults, "a valid file merges with itself");
    json_decref(merged);
    json_decref(document);
    return faults ? err_set("%d faults", faults) : 0;
}

int fuzz_results(const uint8_t *data, size_t size)
{
    return use_file(scratch_write("results.json", data, size));
}

/* ==== Changes of a valid file ==== */

static void keep_rows(json_t *rows, const char *const *variants, size_t count)
{
    for (size_t i = json_array_size(rows); i-- > 0;) {
        const char *name = json_string_value(json_object_get(json_array_get(rows, i), "variant"));
        bool kept = false;

        for (size_t k = 0; k < count; k++)
            kept |= strcmp(name, variants[k]) == 0;
        if (!kept)
            json_array_remove(rows, i);
    }
}

/* A document that is quickly worked on: two variants at two seeds, nothing for a bootstrap. */
static json_t *make_base(void)
{
    static const char *const kept[] = {"relu", "swiglu"};
    json_t *base = fixture_document(1, 2, FIXTURE_NO_EXAMPLES | FIXTURE_SLOPE);
    json_t *variants = json_object_get(base, "variants"), *few = json_object(), *row;
    json_t *throughput = json_object_get(json_object_get(base, "tables"), "throughput");
    size_t i;

    for (i = 0; i < LENGTH_OF(kept); i++)
        json_object_set(few, kept[i], json_object_get(variants, kept[i]));
    json_object_set_new(base, "variants", few);
    keep_rows(json_object_get(base, "runs"), kept, LENGTH_OF(kept));
    keep_rows(throughput, kept, LENGTH_OF(kept));
    json_array_foreach(throughput, i, row) {
        json_t *samples = json_object_get(row, "samples_s");

        while (json_array_size(samples) > 2)
            json_array_remove(samples, 2);
    }
    if (tables_compute(base))
        tap_bail_out("%s", err_get());
    return base;
}

/* Set or, without a value, remove the member of a document that a path like "runs.0.seed" names;
 * nothing when there is no such place.  Takes the value. */
static void change(json_t *document, char *path, json_t *value)
{
    json_t *at = document;
    char *key = strsep(&path, ".");
    size_t index;

    for (; path && at; key = strsep(&path, "."))
        at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10))
                               : json_object_get(at, key);
    index = strtoul(key, NULL, 10);
    if (json_is_object(at) && value)
        json_object_set(at, key, value);
    else if (json_is_object(at))
        json_object_del(at, key);
    else if (json_is_array(at) && value && index < json_array_size(at))
        json_array_set(at, index, value);
    else if (json_is_array(at) && value)
        json_array_append(at, value);
    else if (json_is_array(at))
        json_array_remove(at, index);
    json_decref(value);
}

int fuzz_results_edits(const uint8_t *data, size_t size)
{
    static json_t *base;
    json_t *document;
    char *text = malloc(size + 1), *rest = text, *line, *dump;
    int status;

    base = base ? base : make_base();
    document = json_deep_copy(base);
    if (!text || !document)
        tap_bail_out("no memory");
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    while ((line = strsep(&rest, "\n"))) {
        char *path = strsep(&line, " ");

        change(document, path, line ? json_loads(line, JSON_DECODE_ANY, NULL) : NULL);
    }
    dump = json_dumps(document, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(document);
    free(text);
    fuzz_check(dump != NULL, "JSON can be written");
    status = use_file(scratch_text("results.json", dump));
    free(dump);
    return status;
}
