/* latex.c - a table for a paper, with no package but the class. */
#include "src/glu.h"

#include "src/results/formats/format.h"

#include <string.h>

static void put_latex(FILE *out, const char *text)
{
    static const struct {
        char c;
        const char *tex;
    } special[] = {{'\\', "\\textbackslash{}"}, {'~', "\\textasciitilde{}"},
                   {'^', "\\textasciicircum{}"}, {'<', "$<$"},
                   {'>', "$>$"},                 {'|', "$|$"},
                   {'%', "\\%"},                 {'&', "\\&"},
                   {'#', "\\#"},                 {'$', "\\$"},
                   {'_', "\\_"},                 {'{', "\\{"},
                   {'}', "\\}"},                 {'*', "$*$"}};

    for (const char *at = text; *at; at++) {
        size_t i = 0;

        while (i < LENGTH_OF(special) && special[i].c != *at)
            i++;
        if (i < LENGTH_OF(special))
            fputs(special[i].tex, out);
        else if (*at == '-' && at[1] >= '0' && at[1] <= '9' && (at == text || strchr(" [(", at[-1])))
            fputs("$-$", out); /* a minus, not a hyphen */
        else
            fputc(*at, out);
    }
}

/* FFN_SwiGLU as the paper prints it: FFN with a subscript. */
static void put_latex_cell(FILE *out, const char *text, bool bold)
{
    size_t prefix = strncmp(text, "FFN_", 4) == 0 ? 4 : 0;

    if (bold)
        fputs("\\textbf{", out);
    if (prefix)
        fputs("FFN$_{\\mathrm{", out);
    put_latex(out, text + prefix);
    if (prefix)
        fputs("}}$", out);
    if (bold)
        fputs("}", out);
}

static bool in_latex(const struct sheet *sheet, int column)
{
    return !(sheet->column[column].hidden & SHEET_NO_LATEX);
}

/* One line of the headings: what is before the break, or behind it. */
static void put_latex_headings(FILE *out, const struct sheet *sheet, bool second)
{
    for (int i = 0; i < sheet->columns; i++) {
        const char *heading = sheet->column[i].heading, *end = strchr(heading, '\n');
        char text[64];

        if (!in_latex(sheet, i))
            continue;
        if (second)
            snprintf(text, sizeof text, "%s", end ? end + 1 : "");
        else
            snprintf(text, sizeof text, "%.*s", end ? (int)(end - heading) : 63, heading);
        fputs(i == 0 ? "" : " & ", out);
        put_latex(out, text);
    }
    fputs(" \\\\\n", out);
}

static void put_latex_rows(FILE *out, const struct sheet *sheet)
{
    for (int i = 0; i < sheet->cells; i++) {
        int column = i % sheet->columns;

        if (in_latex(sheet, column)) {
            fputs(column == 0 ? "" : " & ", out);
            put_latex_cell(out, sheet->cell[i], sheet->bold[i]);
        }
        if (column == sheet->columns - 1)
            fputs(" \\\\\n", out);
    }
}

static int print_latex(FILE *out, const struct sheet *sheet)
{
    int columns = 0;
    bool broken = false;

    for (int i = 0; i < sheet->columns; i++) {
        columns += in_latex(sheet, i);
        broken |= strchr(sheet->column[i].heading, '\n') != NULL;
    }
    fprintf(out, "\\begin{table}[ht]\n\\centering\n\\%s\n\\setlength{\\tabcolsep}{2.5pt}\n"
            "\\renewcommand{\\arraystretch}{1.15}\n\\caption{",
            columns > 7 ? "scriptsize" : "footnotesize");
    put_latex(out, sheet->title);
    fputs("}\n\\begin{tabular}{", out);
    for (int i = 0; i < sheet->columns; i++)
        if (in_latex(sheet, i))
            fputc(sheet->column[i].align, out);
    fputs("}\n\\hline\n", out);
    put_latex_headings(out, sheet, false);
    if (broken)
        put_latex_headings(out, sheet, true);
    fputs("\\hline\n", out);
    put_latex_rows(out, sheet);
    fputs("\\hline\n\\end{tabular}\n", out);
    for (int i = 0; i < sheet->notes; i++) {
        fputs(i == 0 ? "\n\\medskip\n\\begin{minipage}{0.95\\linewidth}\n" : "\\\\\n", out);
        put_latex(out, sheet->note[i]);
    }
    if (sheet->notes > 0)
        fputs("\n\\end{minipage}\n", out);
    fputs("\\end{table}\n", out);
    return 0;
}

const struct sheet_format format_latex = {
    "latex", "a table that looks like the paper's; needs no package", print_latex};
