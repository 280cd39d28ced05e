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

struct page {
    const struct sheet *sheet;
    FILE *out;
    bool narrow;              /* headings are broken */
    int columns, keys;        /* that are shown; the first ones begin every block */
    int column[SHEET_COLUMNS]; /* (columns) of the sheet */
    int width[SHEET_COLUMNS];  /* (columns) */
    int blanks; /* kept back until something follows them, so that no line ends in blanks */
};

/* Row -1 is the headings. */
static const char *text_at(const struct page *page, int row, int i)
{
    const struct sheet *sheet = page->sheet;
    int column = page->column[i];

    return row < 0 ? sheet->column[column].heading : sheet->cell[row * sheet->columns + column];
}

static int row_count(const struct page *page)
{
    return page->sheet->columns > 0 ? page->sheet->cells / page->sheet->columns : 0;
}

/* Columns that a text takes; a heading that is broken, its widest line. */
static int text_width(const struct page *page, const char *text)
{
    const char *end = strchr(text, '\n');
    int first, rest;

    if (!end || !page->narrow)
        return wrap_columns(text);
    rest = wrap_columns(end + 1);
    first = wrap_columns(text) - rest - 1;
    return first > rest ? first : rest;
}

/* Columns from the i-th to the one before `end`, with gaps between. */
static int span(const struct page *page, int i, int end)
{
    int all = end > i ? -GAP : 0;

    for (; i < end; i++)
        all += page->width[i] + GAP;
    return all;
}

static void find_widths(struct page *page)
{
    for (int i = 0; i < page->columns; i++) {
        page->width[i] = 1;
        for (int row = -1; row < row_count(page); row++) {
            int width = text_width(page, text_at(page, row, i));

            page->width[i] = width > page->width[i] ? width : page->width[i];
        }
    }
}

/* The columns that begin every block take up to two thirds of it: the widest gives. */
static void find_keys(struct page *page, int width)
{
    while (page->keys < page->columns - 1 &&
           page->sheet->column[page->column[page->keys]].align == 'l')
        page->keys++;
    while (span(page, 0, page->keys) > 2 * width / 3) {
        int widest = 0;

        for (int i = 1; i < page->keys; i++)
            if (page->width[i] > page->width[widest])
                widest = i;
        if (page->width[widest] <= 1)
            return;
        page->width[widest]--;
    }
}

/* The bytes of the next line of a cell, from *text on, which is NULL after the last. */
static size_t cell_line(const struct page *page, int width, const char **text)
{
    const char *next = NULL;
    size_t bytes = page->narrow ? wrap_line(*text, width, &next) : strlen(*text);

    *text = next;
    return bytes;
}

static void put_padded(struct page *page, const char *text, size_t bytes, int width, char align)
{
    int columns = 0, pad;

    for (size_t i = 0; i < bytes; i++)
        columns += ((unsigned char)text[i] & 0xc0) != 0x80;
    pad = width > columns ? width - columns : 0;
    page->blanks += align == 'r' ? pad : 0;
    if (bytes > 0) {
        fprintf(page->out, "%*s", page->blanks, "");
        for (size_t i = 0; i < bytes; i++) /* a heading broken in two is one line where there is room */
            fputc(text[i] == '\n' ? ' ' : text[i], page->out);
        page->blanks = 0;
    }
    page->blanks += align == 'r' ? 0 : pad;
}

/* A row of a block: the keys, and the columns from `begin` to the one before `end`. */
static void print_row(struct page *page, int row, int begin, int end)
{
    const char *rest[SHEET_COLUMNS];
    bool more = true;

    for (int i = 0; i < page->columns; i++)
        rest[i] = text_at(page, row, i);
    while (more) {
        more = false;
        page->blanks = 0;
        for (int i = page->keys > 0 ? 0 : begin; i < end;
             i = i == page->keys - 1 && begin > i ? begin : i + 1) {
            const char *text = rest[i] ? rest[i] : "";
            size_t bytes = rest[i] ? cell_line(page, page->width[i], &rest[i]) : 0;

            put_padded(page, text, bytes, page->width[i], page->sheet->column[page->column[i]].align);
            page->blanks += GAP;
            more = more || rest[i];
        }
        fputc('\n', page->out);
    }
}

static void print_block(struct page *page, int begin, int end)
{
    for (int row = -1; row < row_count(page); row++)
        print_row(page, row, begin, end);
}

/* One block after the other, each with as many columns as fit. */
static void print_blocks(struct page *page, int width)
{
    int keys, begin = page->keys, room;

    keys = page->keys > 0 ? span(page, 0, page->keys) + GAP : 0;
    room = width > keys ? width - keys : 1;
    while (begin < page->columns) {
        int end = begin + 1;

        if (page->width[begin] > room)
            page->width[begin] = room;
        while (end < page->columns && span(page, begin, end + 1) <= room)
            end++;
        if (begin > page->keys)
            fputc('\n', page->out);
        print_block(page, begin, end);
        begin = end;
    }
}

static int print_terminal(FILE *out, const struct sheet *sheet)
{
    struct page page = {.sheet = sheet, .out = out};
    int width = wrap_width(out);

    for (int i = 0; i < sheet->columns; i++)
        if (!(sheet->column[i].hidden & SHEET_NO_TERMINAL))
            page.column[page.columns++] = i;
    if (sheet->title[0])
        wrap_print(out, "%s\n\n", sheet->title);
    find_widths(&page);
    if (width == 0 || span(&page, 0, page.columns) <= width) {
        print_block(&page, 0, page.columns);
    } else {
        page.narrow = true;
        find_widths(&page);
        find_keys(&page, width);
        print_blocks(&page, width);
    }
    if (sheet->notes > 0)
        fputc('\n', out);
    for (int i = 0; i < sheet->notes; i++)
        wrap_print(out, "%s\n", sheet->note[i]);
    return 0;
}

const struct sheet_format format_terminal = {"terminal", "columns of text", print_terminal};
