/* sheet.c - see sheet.h. */
#include "src/glu.h"

#include "src/results/sheet.h"

#include "src/util/printable.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void sheet_columns(struct sheet *sheet, const struct sheet_heading *headings, size_t count)
{
    assert((size_t)sheet->columns + count <= SHEET_COLUMNS);
    for (size_t i = 0; i < count; i++)
        sheet->column[sheet->columns++] = headings[i];
}

/* Append a formatted text to a list; labels and errors in it are a file's, so it must not steer a
 * terminal.  False when memory ran out. */
static bool list_add(char ***list, int *count, const char *format, va_list args)
{
    char **grown = realloc(*list, ((size_t)*count + 1) * sizeof *grown);

    if (grown)
        *list = grown;
    if (!grown || vasprintf(&grown[*count], format, args) < 0)
        return false;
    printable(grown[*count]);
    ++*count;
    return true;
}

static bool text_add(struct sheet *sheet, const char *format, ...) GLU_PRINTF(2, 3);
static bool text_add(struct sheet *sheet, const char *format, ...)
{
    va_list args;
    bool added;

    va_start(args, format);
    added = list_add(&sheet->text, &sheet->texts, format, args);
    va_end(args);
    return added;
}

void sheet_column(struct sheet *sheet, char align, const char *first, const char *second)
{
    char *text;

    if (sheet->columns == SHEET_COLUMNS || !text_add(sheet, "%s %s", first, second)) {
        sheet->bad = true;
        return;
    }
    text = sheet->text[sheet->texts - 1];
    text[strlen(first)] = '\n'; /* as long as before: characters are replaced one by one */
    sheet->column[sheet->columns++] = (struct sheet_heading){align, text, 0};
}

void sheet_cell(struct sheet *sheet, const char *format, ...)
{
    bool *grown = realloc(sheet->bold, ((size_t)sheet->cells + 1) * sizeof *grown);
    va_list args;

    if (!grown) {
        sheet->bad = true;
        return;
    }
    sheet->bold = grown;
    grown[sheet->cells] = false;
    va_start(args, format);
    sheet->bad |= !list_add(&sheet->cell, &sheet->cells, format, args);
    va_end(args);
}

void sheet_bold(struct sheet *sheet)
{
    if (sheet->cells > 0)
        sheet->bold[sheet->cells - 1] = true;
}

void sheet_note(struct sheet *sheet, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    sheet->bad |= !list_add(&sheet->note, &sheet->notes, format, args);
    va_end(args);
}

void sheet_free(struct sheet *sheet)
{
    for (int i = 0; i < sheet->cells; i++)
        free(sheet->cell[i]);
    for (int i = 0; i < sheet->notes; i++)
        free(sheet->note[i]);
    for (int i = 0; i < sheet->texts; i++)
        free(sheet->text[i]);
    free(sheet->text);
    free(sheet->cell);
    free(sheet->bold);
    free(sheet->note);
    json_decref(sheet->data);
    *sheet = (struct sheet){0};
}
