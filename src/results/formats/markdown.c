/* markdown.c - a table for README files. */
#include "src/glu.h"

#include "src/results/formats/format.h"

#include <string.h>

static void put_markdown(FILE *out, const char *text, bool bold)
{
    if (bold)
        fputs("**", out);
    for (; *text; text++) {
        if (strchr("|\\`*_<>", *text))
            fputc('\\', out);
        fputc(*text == '\n' ? ' ' : *text, out);
    }
    if (bold)
        fputs("**", out);
}

static int print_markdown(FILE *out, const struct sheet *sheet)
{
    put_markdown(out, sheet->title, false);
    fputs("\n\n", out);
    for (int i = 0; i < sheet->columns; i++) {
        fputs(i == 0 ? "| " : " | ", out);
        put_markdown(out, sheet->column[i].heading, false);
    }
    fputs(" |\n", out);
    for (int i = 0; i < sheet->columns; i++)
        fputs(sheet->column[i].align == 'r' ? "|---:" : "|:---", out);
    fputs("|\n", out);
    for (int i = 0; i < sheet->cells; i++) {
        fputs(i % sheet->columns == 0 ? "| " : " | ", out);
        put_markdown(out, sheet->cell[i], sheet->bold[i]);
        if (i % sheet->columns == sheet->columns - 1)
            fputs(" |\n", out);
    }
    for (int i = 0; i < sheet->notes; i++) {
        fputs(i == 0 ? "\n- " : "- ", out);
        put_markdown(out, sheet->note[i], false);
        fputc('\n', out);
    }
    return 0;
}

const struct sheet_format format_markdown = {"markdown", "a table for README files", print_markdown};
