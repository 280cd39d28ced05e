/* tables.c - see tables.h. */
#include "src/glu.h"

#include "src/results/tables/tables.h"

#include "src/results/results.h"
#include "src/util/json_help.h"

#include <string.h>

/* In the order in which they are listed, and written. */
static const struct table *const tables[] = {
    &table_perplexity, &table_throughput, &table_parity, &table_agreement,
    &table_glue,       &table_superglue,  &table_squad,  &table_translation,
    &table_scores,     &table_gated_scores, &table_pareto,
    &table_profile,    &table_primitives, &table_scaling, &table_verdict,
    &table_beside,     &table_decisions,  &table_exchange, &table_ranks,
};

const struct table *table_at(int i)
{
    for (size_t k = 0; k < LENGTH_OF(tables); k++)
        if (tables[k]->print && i-- == 0)
            return tables[k];
    return NULL;
}

const struct table *table_find(const char *name)
{
    const struct table *table;
    char all[256] = "";

    for (int i = 0; (table = table_at(i)); i++) {
        size_t length = strlen(all);

        if (strcmp(table->name, name) == 0)
            return table;
        snprintf(all + length, sizeof all - length, "%s%s", i ? ", " : "", table->name);
    }
    err_set("unknown table \"%s\"; there are: %s", name, all);
    return NULL;
}

/* Set what a path of one or two keys names. */
static int put_at(json_t *document, const char *path, json_t *value)
{
    const char *dot = strchr(path, '.');

    return dot ? json_put(value_at(document, "tables"), dot + 1, value)
               : json_put(document, path, value);
}

int tables_compute(json_t *document)
{
    json_t *made = json_object(); /* in full before any of it is set */
    struct matrix matrix;
    int bad = json_put(made, "tables", json_object());

    if (bad) {
        json_decref(made);
        return err_set("not enough memory for the results");
    }
    if (matrix_open(&matrix, document) != 0) {
        json_decref(made);
        return -1;
    }
    for (size_t i = 0; i < LENGTH_OF(tables) && !bad; i++) {
        json_t *value = tables[i]->compute ? tables[i]->compute(&matrix) : NULL;

        if (value && !json_is_null(value) && put_at(made, tables[i]->path, value) != 0)
            bad = err_set("not enough memory for the results");
        else if (!value && tables[i]->compute) /* it says why */
            bad = -1;
    }
    matrix_close(&matrix);
    if (!bad && json_object_update(document, made) != 0)
        bad = err_set("not enough memory for the results");
    json_decref(made);
    return bad ? -1 : 0;
}
