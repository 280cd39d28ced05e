/* tables.h - all tables of a results document. */
#ifndef GLU_RESULTS_TABLES_TABLES_H
#define GLU_RESULTS_TABLES_TABLES_H

#include "src/results/tables/table.h"

/* The i-th of those that are printed, or NULL past the last. */
const struct table *table_at(int i);
/* One that is printed, by name; or NULL and a message that lists them. */
const struct table *table_find(const char *name);

#endif
