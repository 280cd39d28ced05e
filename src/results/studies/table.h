/* table.h - a table of a study: one file computes it from the collection and prints it, and one row of
 * the registry, tables.c, names it. */
#ifndef GLU_RESULTS_STUDIES_TABLE_H
#define GLU_RESULTS_STUDIES_TABLE_H

#include "src/results/sheet.h"
#include "src/results/studies/collection.h"

struct study_table {
    const char *name, *help;
    /* Fill the sheet, sheet->data too: rows with all values.  0, or -1 and a message. */
    int (*fill)(struct sheet *sheet, const struct collection *collection);
};
extern const struct study_table study_table_settings, study_table_transfer, study_table_axes,
    study_table_tuned, study_table_slope;

/* The i-th, or NULL past the last; the one of that name, or NULL. */
const struct study_table *study_table_at(int i);
const struct study_table *study_table_find(const char *name);

/* A new object of a row's members is added to sheet->data, which is made as needed.  0 or -1. */
int study_row(struct sheet *sheet, const struct layout *layout, const void *row);
/* Notes that all tables have: what is missing, what a difference is. */
void study_notes(struct sheet *sheet, const struct collection *collection);

#endif
