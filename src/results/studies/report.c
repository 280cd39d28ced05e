/* report.c - the tables of a study for people, and those of each of its settings. */
#include "src/glu.h"

#include "src/results/results.h"

#include "src/results/formats/format.h"
#include "src/results/studies/table.h"
#include "src/util/json_help.h"
#include "src/util/printable.h"

#include <stdlib.h>
#include <string.h>

const char *study_table_name(int i, const char **help)
{
    const struct study_table *table = study_table_at(i);

    if (table && help)
        *help = table->help;
    return table ? table->name : NULL;
}

static int fill(struct sheet *sheet, const struct collection *collection,
                const struct study_table *table)
{
    if (table->fill(sheet, collection) != 0)
        return -1;
    if (!sheet->data)
        sheet->data = json_array();
    printable(sheet->title);
    return sheet->bad || !sheet->data ? err_set("not enough memory for the table") : 0;
}

static int print_table(FILE *out, const struct collection *collection, const struct study_table *table,
                       const struct sheet_format *format)
{
    struct sheet sheet = {0};
    int rc = fill(&sheet, collection, table);

    if (rc == 0)
        rc = format->print(out, &sheet);
    sheet_free(&sheet);
    return rc;
}

json_t *study_tables_json(const char *directory)
{
    struct collection collection;
    json_t *tables;
    const struct study_table *table;
    int bad = 0;

    if (collection_open(&collection, directory, NULL) != 0)
        return NULL;
    tables = json_object();
    for (int i = 0; !bad && (table = study_table_at(i)) != NULL; i++) {
        struct sheet sheet = {0};

        bad = fill(&sheet, &collection, table) != 0
              || json_put(tables, table->name, json_incref(sheet.data)) != 0;
        sheet_free(&sheet);
    }
    collection_close(&collection);
    return json_finish(tables, bad);
}

/* Before the table of a setting: its name, in JSON as the key of what follows. */
static int print_name(FILE *out, const char *name, bool json, bool first)
{
    json_t *text = json ? json_text(name) : NULL;
    char *quoted = json ? json_dumps(text, JSON_ENCODE_ANY) : NULL;
    char plain[256];

    json_decref(text);
    if (json && !quoted)
        return err_set("not enough memory for the table");
    if (json)
        fprintf(out, "%s%s:\n", first ? "" : ",\n", quoted);
    snprintf(plain, sizeof plain, "%s", name);
    printable(plain); /* it is a file's, and must not steer a terminal */
    if (!json)
        fprintf(out, "%s%s\n\n", first ? "" : "\n", plain);
    free(quoted);
    return 0;
}

/* A table of a results file, of every setting, each under its name. */
static int print_each(FILE *out, const struct collection *collection, const char *table,
                      const char *format, json_t *beside)
{
    bool json = strcmp(format, "json") == 0;

    if (json)
        fputs("{\n", out);
    for (int i = 0; i < collection->points; i++) {
        const struct collection_point *point = &collection->point[i];

        if ((beside && results_put_beside(point->document, beside) != 0) ||
            print_name(out, point->name, json, i == 0) != 0 ||
            report_print(out, point->document, table, format) != 0)
            return -1;
    }
    if (json)
        fputs("}\n", out);
    return 0;
}

int study_report_print(FILE *out, const char *directory, json_t *documents, const char *table_name,
                       const char *format_name, json_t *beside)
{
    const struct study_table *table = study_table_find(table_name);
    const struct sheet_format *format = format_find(format_name);
    struct collection collection;
    int rc;

    if (!format || collection_open(&collection, directory, documents) != 0)
        return -1;
    rc = table ? print_table(out, &collection, table, format)
               : print_each(out, &collection, table_name, format_name, beside);
    collection_close(&collection);
    return rc;
}
