/* terminal.c - a table as columns of text. */
#include "src/glu.h"

#include "src/results/formats/format.h"

#include <string.h>

/* Blanks are kept back until something follows them, so that no line ends in blanks. */
static void put_padded(FILE *out, int *blanks, const char *text, int width, char align)
{
    int pad = width - (int)strlen(text);

    *blanks += align == 'r' ? pad : 0;
    if (*text) {
        fprintf(out, "%*s", *blanks, "");
        for (; *text; text++) /* a heading broken in two is one line here */
            fputc(*text == '\n' ? ' ' : *text, out);
        *blanks = 0;
    }
    *blanks += align == 'r' ? 0 : pad;
}

static int print_terminal(FILE *out, const struct sheet *sheet)
{
    int width[SHEET_COLUMNS] = {0}, blanks = 0;

    for (int i = -sheet->columns; i < sheet->cells; i++) {
        int column = (i + sheet->columns) % sheet->columns;
        int length = (int)strlen(i < 0 ? sheet->column[column].heading : sheet->cell[i]);

        width[column] = length > width[column] ? length : width[column];
    }
    fprintf(out, "%s\n\n", sheet->title);
    for (int i = -sheet->columns; i < sheet->cells; i++) {
        int column = (i + sheet->columns) % sheet->columns;

        if (column == 0)
            blanks = 0;
        if (!(sheet->column[column].hidden & SHEET_NO_TERMINAL)) {
            put_padded(out, &blanks, i < 0 ? sheet->column[column].heading : sheet->cell[i],
                       width[column], sheet->column[column].align);
            blanks += 2;
        }
        if (column == sheet->columns - 1)
            fputc('\n', out);
    }
    if (sheet->notes > 0)
        fputc('\n', out);
    for (int i = 0; i < sheet->notes; i++)
        fprintf(out, "%s\n", sheet->note[i]);
    return 0;
}

const struct sheet_format format_terminal = {"terminal", "columns of text", print_terminal};
