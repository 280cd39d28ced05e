/* terminal.c - a table as columns of text.
 *
 * A table that is wider than the terminal is set in blocks below each other: each begins with the
 * columns that tell the rows apart, the first ones that are aligned to the left, and goes on with as
 * many others as fit.  Nothing is left out.  A text that is too wide by itself is broken into
 * lines within its column. */
#include "src/glu.h"

#include "src/results/formats/format.h"
#include "src/util/wrap.h"

#include <string.h>

enum { GAP = 2 };

struct grid {
    const struct sheet *sheet;
    FILE *out;
    bool narrow;              /* headings are broken */
    int columns, keys;        /* that are shown; the first ones begin every block */
    int column[SHEET_COLUMNS]; /* (columns) of the sheet */
    int width[SHEET_COLUMNS];  /* (columns) */
    int blanks; /* kept back until something follows them, so that no line ends in blanks */
};

/* Row -1 is the headings. */
static const char *text_at(const struct grid *grid, int row, int i)
{
    const struct sheet *sheet = grid->sheet;
    int column = grid->column[i];

    return row < 0 ? sheet->column[column].heading : sheet->cell[row * sheet->columns + column];
}

static int row_count(const struct grid *grid)
{
    return grid->sheet->columns > 0 ? grid->sheet->cells / grid->sheet->columns : 0;
}

/* Columns that a text takes; a heading that is broken, its widest line. */
static int text_width(const struct grid *grid, const char *text)
{
    const char *end = strchr(text, '\n');
    int first, rest;

    if (!end || !grid->narrow)
        return wrap_columns(text);
    rest = wrap_columns(end + 1);
    first = wrap_columns(text) - rest - 1;
    return first > rest ? first : rest;
}

/* Columns from the i-th to the one before `end`, with gaps between. */
static int span(const struct grid *grid, int i, int end)
{
    int all = end > i ? -GAP : 0;

    for (; i < end; i++)
        all += grid->width[i] + GAP;
    return all;
}

static void find_widths(struct grid *grid)
{
    for (int i = 0; i < grid->columns; i++) {
        grid->width[i] = 1;
        for (int row = -1; row < row_count(grid); row++) {
            int width = text_width(grid, text_at(grid, row, i));

            grid->width[i] = width > grid->width[i] ? width : grid->width[i];
        }
    }
}

/* The columns that begin every block take up to two thirds of it: the widest gives. */
static void find_keys(struct grid *grid, int width)
{
    while (grid->keys < grid->columns - 1 &&
           grid->sheet->column[grid->column[grid->keys]].align == 'l')
        grid->keys++;
    while (span(grid, 0, grid->keys) > 2 * width / 3) {
        int widest = 0;

        for (int i = 1; i < grid->keys; i++)
            if (grid->width[i] > grid->width[widest])
                widest = i;
        if (grid->width[widest] <= 1)
            return;
        grid->width[widest]--;
    }
}

/* The bytes of the next line of a cell, from *text on, which is NULL after the last. */
static size_t cell_line(const struct grid *grid, int width, const char **text)
{
    const char *next = NULL;
    size_t bytes = grid->narrow ? wrap_line(*text, width, &next) : strlen(*text);

    *text = next;
    return bytes;
}

static void put_padded(struct grid *grid, const char *text, size_t bytes, int width, char align)
{
    int columns = 0, pad;

    for (size_t i = 0; i < bytes; i++)
        columns += ((unsigned char)text[i] & 0xc0) != 0x80;
    pad = width > columns ? width - columns : 0;
    grid->blanks += align == 'r' ? pad : 0;
    if (bytes > 0) {
        fprintf(grid->out, "%*s", grid->blanks, "");
        for (size_t i = 0; i < bytes; i++) /* a heading broken in two is one line where there is room */
            fputc(text[i] == '\n' ? ' ' : text[i], grid->out);
        grid->blanks = 0;
    }
    grid->blanks += align == 'r' ? 0 : pad;
}

/* A row of a block: the keys, and the columns from `begin` to the one before `end`. */
static void print_row(struct grid *grid, int row, int begin, int end)
{
    const char *rest[SHEET_COLUMNS];
    bool more = true;

    for (int i = 0; i < grid->columns; i++)
        rest[i] = text_at(grid, row, i);
    while (more) {
        more = false;
        grid->blanks = 0;
        for (int i = grid->keys > 0 ? 0 : begin; i < end;
             i = i == grid->keys - 1 && begin > i ? begin : i + 1) {
            const char *text = rest[i] ? rest[i] : "";
            size_t bytes = rest[i] ? cell_line(grid, grid->width[i], &rest[i]) : 0;

            put_padded(grid, text, bytes, grid->width[i], grid->sheet->column[grid->column[i]].align);
            grid->blanks += GAP;
            more = more || rest[i];
        }
        fputc('\n', grid->out);
    }
}

static void print_block(struct grid *grid, int begin, int end)
{
    for (int row = -1; row < row_count(grid); row++)
        print_row(grid, row, begin, end);
}

/* One block after the other, each with as many columns as fit. */
static void print_blocks(struct grid *grid, int width)
{
    int keys, begin = grid->keys, room;

    keys = grid->keys > 0 ? span(grid, 0, grid->keys) + GAP : 0;
    room = width > keys ? width - keys : 1;
    while (begin < grid->columns) {
        int end = begin + 1;

        if (grid->width[begin] > room)
            grid->width[begin] = room;
        while (end < grid->columns && span(grid, begin, end + 1) <= room)
            end++;
        if (begin > grid->keys)
            fputc('\n', grid->out);
        print_block(grid, begin, end);
        begin = end;
    }
}

static int print_terminal(FILE *out, const struct sheet *sheet)
{
    struct grid grid = {.sheet = sheet, .out = out};
    int width = wrap_width(out);

    for (int i = 0; i < sheet->columns; i++)
        if (!(sheet->column[i].hidden & SHEET_NO_TERMINAL))
            grid.column[grid.columns++] = i;
    if (sheet->title[0])
        wrap_print(out, "%s\n\n", sheet->title);
    find_widths(&grid);
    if (width == 0 || span(&grid, 0, grid.columns) <= width) {
        print_block(&grid, 0, grid.columns);
    } else {
        grid.narrow = true;
        find_widths(&grid);
        find_keys(&grid, width);
        print_blocks(&grid, width);
    }
    if (sheet->notes > 0)
        fputc('\n', out);
    for (int i = 0; i < sheet->notes; i++)
        wrap_print(out, "%s\n", sheet->note[i]);
    return 0;
}

const struct sheet_format format_terminal = {"terminal", "columns of text", print_terminal};
