/* sheet.h - a table for people: columns, rows of text, notes below; and the ways to print one. */
#ifndef GLU_RESULTS_SHEET_H
#define GLU_RESULTS_SHEET_H

#include "src/glu.h"

#include <jansson.h>
#include <stdio.h>

enum { SHEET_COLUMNS = 16, SHEET_TITLE_BYTES = 160 };

/* Where a column is left out, because lines are short there. */
enum { SHEET_NO_TERMINAL = 1, SHEET_NO_LATEX = 2 };

struct sheet {
    char title[SHEET_TITLE_BYTES];
    int columns;
    struct {
        const char *heading;
        char align; /* 'l' or 'r' */
        int hidden; /* SHEET_NO_... */
    } column[SHEET_COLUMNS];
    char **cell; /* (cells), row by row; owned */
    bool *bold;  /* (cells) */
    int cells;
    char **note; /* (notes); owned */
    int notes;
    bool bad;     /* memory ran out */
    json_t *data; /* the rows as JSON, for machines: an array of objects; a reference of its own */
};

/* A newline in the heading breaks it where a heading may have two lines. */
void sheet_column(struct sheet *sheet, char align, const char *heading, int hidden);
/* Add the next cell, from left to right and row by row. */
void sheet_cell(struct sheet *sheet, const char *format, ...) GLU_PRINTF(2, 3);
/* The cell added last is bold where the format has that. */
void sheet_bold(struct sheet *sheet);
void sheet_note(struct sheet *sheet, const char *format, ...) GLU_PRINTF(2, 3);
void sheet_free(struct sheet *sheet);

/* A way to print a sheet.  print returns 0, or -1 and a message. */
struct sheet_format {
    const char *name, *help;
    int (*print)(FILE *out, const struct sheet *sheet);
};
extern const struct sheet_format sheet_formats[];
extern const int sheet_format_count;
/* The index of a format, or -1 and a message that lists them. */
int sheet_format_find(const char *name);

#endif
