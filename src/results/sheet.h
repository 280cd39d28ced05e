/* sheet.h - a table for people: columns, rows of text, notes below.  formats/ prints one. */
#ifndef GLU_RESULTS_SHEET_H
#define GLU_RESULTS_SHEET_H

#include "src/glu.h"

#include <jansson.h>
#include <stdio.h>

enum { SHEET_COLUMNS = 48, SHEET_TITLE_BYTES = 160 };

/* Where a column is left out, because lines are short there. */
enum { SHEET_NO_TERMINAL = 1, SHEET_NO_LATEX = 2 };

struct sheet_heading {
    char align; /* 'l' or 'r' */
    const char *heading;
    int hidden; /* SHEET_NO_... */
};

struct sheet {
    char title[SHEET_TITLE_BYTES];
    int columns;
    struct sheet_heading column[SHEET_COLUMNS];
    char **cell; /* (cells), row by row; owned */
    bool *bold;  /* (cells) */
    int cells;
    char **note; /* (notes); owned */
    int notes;
    char **text; /* (texts): the headings that are no constants; owned */
    int texts;
    bool bad;     /* memory or room ran out */
    json_t *data; /* the rows as JSON, for machines: an array of objects; a reference of its own */
};

/* A newline in the heading breaks it where a heading may have two lines. */
void sheet_columns(struct sheet *sheet, const struct sheet_heading *headings, size_t count);
/* One more, whose heading is copied, broken between these two.  Where there is no room for it, the sheet
 * is bad. */
void sheet_column(struct sheet *sheet, char align, const char *first, const char *second);
/* Add the next cell, from left to right and row by row. */
void sheet_cell(struct sheet *sheet, const char *format, ...) GLU_PRINTF(2, 3);
/* The cell added last is bold where the format has that. */
void sheet_bold(struct sheet *sheet);
void sheet_note(struct sheet *sheet, const char *format, ...) GLU_PRINTF(2, 3);
void sheet_free(struct sheet *sheet);

#endif
