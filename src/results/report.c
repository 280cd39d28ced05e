/* report.c - the tables of a results file for people. */
#include "src/glu.h"

#include "src/results/results.h"

#include "src/results/formats/format.h"
#include "src/results/tables/tables.h"
#include "src/util/json_help.h"
#include "src/util/printable.h"

#include <string.h>

const char *report_table_name(int i, const char **help)
{
    const struct table *table = table_at(i);

    if (table && help)
        *help = table->help;
    return table ? table->name : NULL;
}

const char *report_format_name(int i, const char **help)
{
    const struct sheet_format *format = format_at(i);

    if (format && help)
        *help = format->help;
    return format ? format->name : NULL;
}

/* Of warnings some spoil timings, and say so. */
static void note_timings(struct sheet *sheet, const json_t *document)
{
    const json_t *warnings = json_object_get(document, "warnings"), *warning;
    size_t i;

    json_array_foreach (warnings, i, warning)
        if (json_is_string(warning) && strstr(json_string_value(warning), "timings")) {
            sheet_note(sheet, "Of speeds and seconds the file warns: %s.", json_string_value(warning));
            return;
        }
}

/* Fill a sheet with a table of the document. */
static int fill(struct sheet *sheet, const json_t *document, const struct table *table)
{
    json_t *rows = table->path ? value_at(document, table->path) : NULL;
    struct matrix matrix;
    int rc;

    if (matrix_open(&matrix, document) != 0)
        return -1;
    rc = table->print(sheet, &matrix, rows);
    if (table->timed)
        note_timings(sheet, document);
    matrix_close(&matrix);
    if (!sheet->data)
        sheet->data = rows ? json_incref(rows) : json_array();
    err_name_fields(sheet->title, sizeof sheet->title);
    printable(sheet->title);
    if (rc == 0 && (sheet->bad || !sheet->data))
        return err_set("not enough memory for the table");
    return rc;
}

int report_print(FILE *out, json_t *document, const char *table_name, const char *format_name)
{
    const struct table *table = table_find(table_name);
    const struct sheet_format *format = table ? format_find(format_name) : NULL;
    struct sheet sheet = {0};
    int rc;

    if (!format)
        return -1;
    rc = fill(&sheet, document, table);
    if (rc == 0)
        rc = format->print(out, &sheet);
    sheet_free(&sheet);
    return rc;
}
