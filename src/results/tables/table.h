/* table.h - a table of the results: one file computes it from the matrix and prints it, and one row
 * of the registry, tables.c, names it. */
#ifndef GLU_RESULTS_TABLES_TABLE_H
#define GLU_RESULTS_TABLES_TABLE_H

#include "src/results/matrix.h"
#include "src/results/sheet.h"

struct table {
    const char *name, *help;
    const char *path; /* where it stands in a document: "tables.pareto"; NULL: nowhere */
    /* What stands there from now on: a new reference, or NULL and a message; JSON's null: such a
     * document has none.  NULL: it is measured, or all of it is in the variants. */
    json_t *(*compute)(const struct matrix *matrix);
    /* Fill the sheet from the document's `rows` (NULL: it has none); sheet->data is `rows` unless
     * this sets it.  0, or -1 and a message.  NULL: it is in the file alone. */
    int (*print)(struct sheet *sheet, const struct matrix *matrix, json_t *rows);
    bool timed; /* it has speeds or seconds, which the file may warn of */
};
extern const struct table table_agreement, table_beside, table_decisions, table_exchange, table_gated_scores,
    table_glue, table_pareto, table_parity, table_perplexity, table_primitives, table_profile, table_ranks,
    table_scaling, table_scores, table_squad, table_superglue, table_throughput, table_translation, table_verdict;

#endif
