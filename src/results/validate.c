/* validate.c - a results file against the schema and against itself. */
#include "src/glu.h"

#include "src/results/check.h"
#include "src/results/document.h"
#include "src/results/results.h"
#include "src/results/schema.h"
#include "src/util/printable.h"

#include <stdio.h>

enum { FAULTS_SHOWN = 50, PATH_BYTES = 256, LINE_BYTES = 512 };

struct validation {
    const char *file;
    FILE *out;
    int faults;
};

static void schema_fault(void *context, const char *at, const char *what)
{
    struct validation *validation = context;
    char line[PATH_BYTES], words[LINE_BYTES];

    if (validation->faults++ >= FAULTS_SHOWN)
        return;
    snprintf(line, sizeof line, "%s", at);
    printable(line);
    snprintf(words, sizeof words, "%s", what);
    printable(words);
    fprintf(validation->out, "%s: %s: %s\n", validation->file, line, words);
}

static void fault(void *context, enum check_kind kind, const char *at, const char *what)
{
    (void)kind;
    schema_fault(context, at, what);
}

static int validate(struct validation *validation, const json_t *document)
{
    json_t *again;
    int rc = -1;

    if (schema_check_results(document, schema_fault, validation) != 0)
        return -1;
    if (validation->faults > 0) /* the rules below rely on the form */
        return 0;
    if (document_check_size(document) != 0 || check_document(document, fault, validation) != 0)
        return -1;
    again = json_deep_copy(document);
    if (!again)
        return err_set("not enough memory for the results");
    if (tables_compute(again) == 0) {
        check_tables(document, again, fault, validation);
        rc = 0;
    }
    json_decref(again);
    return rc;
}

int results_validate(const char *path, FILE *out, int *faults)
{
    struct validation validation = {path, out, 0};
    json_t *document = results_parse(path);
    int rc = 0;

    if (document) {
        rc = validate(&validation, document);
        json_decref(document);
    } else {
        char message[2 * LINE_BYTES];

        snprintf(message, sizeof message, "%s", err_get()); /* it names the file */
        printable(message);
        fprintf(out, "%s\n", message);
        validation.faults = 1;
    }
    if (validation.faults > FAULTS_SHOWN)
        fprintf(out, "%s: and %d more\n", path, validation.faults - FAULTS_SHOWN);
    *faults = validation.faults;
    return rc;
}
