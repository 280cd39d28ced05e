/* sheet.c - see sheet.h. */
#include "src/glu.h"

#include "src/results/sheet.h"

#include "src/util/json_help.h"
#include "src/util/printable.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ==== Building ==== */

void sheet_column(struct sheet *sheet, char align, const char *heading, int hidden)
{
    if (sheet->columns == SHEET_COLUMNS) {
        sheet->bad = true;
        return;
    }
    sheet->column[sheet->columns].heading = heading;
    sheet->column[sheet->columns].align = align;
    sheet->column[sheet->columns++].hidden = hidden;
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
    free(sheet->cell);
    free(sheet->bold);
    free(sheet->note);
    json_decref(sheet->data);
    *sheet = (struct sheet){0};
}

/* ==== Terminal ==== */

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

/* ==== Markdown ==== */

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

/* ==== LaTeX, with no package but the class ==== */

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

/* ==== CSV (RFC 4180) and JSON: the data, not the texts ==== */

static void put_csv(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void put_csv_value(FILE *out, const json_t *value)
{
    if (json_is_string(value))
        put_csv(out, json_string_value(value));
    else if (json_is_integer(value))
        fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        fprintf(out, "%.15g", json_real_value(value));
    else if (json_is_boolean(value))
        fputs(json_is_true(value) ? "true" : "false", out);
    else /* null is empty; a list is one field */
        for (size_t i = 0; i < json_array_size(value); i++) {
            fputs(i ? ";" : "", out);
            put_csv_value(out, json_array_get(value, i));
        }
}

static bool is_interval(const char *key)
{
    return strstr(key, "ci95") != NULL;
}

static int print_csv(FILE *out, const struct sheet *sheet)
{
    json_t *first = json_array_get(sheet->data, 0), *value;
    const char *key, *comma = "";

    json_object_foreach (first, key, value) {
        fputs(comma, out);
        comma = ",";
        put_csv(out, key);
        if (is_interval(key)) {
            fputs("_low,", out);
            put_csv(out, key);
            fputs("_high", out);
        }
    }
    if (first)
        fputs("\r\n", out);
    for (size_t i = 0; i < json_array_size(sheet->data); i++) {
        json_t *row = json_array_get(sheet->data, i);

        comma = "";
        json_object_foreach (first, key, value) {
            const json_t *own = json_object_get(row, key);

            fputs(comma, out);
            comma = ",";
            if (is_interval(key)) {
                put_csv_value(out, json_array_get(own, 0));
                fputc(',', out);
                put_csv_value(out, json_array_get(own, 1));
            } else {
                put_csv_value(out, own);
            }
        }
        fputs("\r\n", out);
    }
    return 0;
}

static int print_json(FILE *out, const struct sheet *sheet)
{
    return json_print(out, sheet->data);
}

const struct sheet_format sheet_formats[] = {
    {"terminal", "columns of text", print_terminal},
    {"markdown", "a table for README files", print_markdown},
    {"csv", "all values, comma-separated, with a header", print_csv},
    {"latex", "a table that looks like the paper's; needs no package", print_latex},
    {"json", "all values as a list of objects", print_json},
};
const int sheet_format_count = LENGTH_OF(sheet_formats);

int sheet_format_find(const char *name)
{
    char all[128] = "";

    for (int i = 0; i < sheet_format_count; i++) {
        size_t length = strlen(all);

        if (strcmp(sheet_formats[i].name, name) == 0)
            return i;
        snprintf(all + length, sizeof all - length, "%s%s", i ? ", " : "", sheet_formats[i].name);
    }
    return err_set("unknown format \"%s\"; there are: %s", name, all);
}
