/* tsv.h - tables of text: a row a line, a tab between two fields, no quoting. */
#ifndef GLU_TASK_TSV_H
#define GLU_TASK_TSV_H

#include "src/glu.h"

#include <stddef.h>

struct tsv;

/* A column that is wanted, by its name in the first line, or by its number from 0 in a table without names. */
struct tsv_column {
    const char *name; /* NULL: by number */
    int number;
};

enum { TSV_COLUMNS_MAX = 4 };

/* columns[0 .. count - 1], at most TSV_COLUMNS_MAX; all by name or all by number; copied.  0, or -1 and a
 * message: the file cannot be read, or has no such column. */
int tsv_open(struct tsv **tsv, const char *path, const struct tsv_column *columns, int count) GLU_MUST_USE;
/* 1 and the fields of the next row that has all of these columns, in their order, until the next call; 0 at
 * the end; -1.  Blank lines are no rows. */
int tsv_next(struct tsv *tsv, const char *fields[TSV_COLUMNS_MAX]) GLU_MUST_USE;
/* Rows that were left out because a field was missing. */
size_t tsv_dropped(const struct tsv *tsv);
/* Put the file and the line that came last in front of this thread's message; -1. */
int tsv_blame(const struct tsv *tsv);
/* NULL is fine. */
void tsv_close(struct tsv *tsv);

#endif
