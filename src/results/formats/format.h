/* format.h - the ways to print a sheet, one file and one row each. */
#ifndef GLU_RESULTS_FORMATS_FORMAT_H
#define GLU_RESULTS_FORMATS_FORMAT_H

#include "src/results/sheet.h"

struct sheet_format {
    const char *name, *help;
    int (*print)(FILE *out, const struct sheet *sheet); /* 0, or -1 and a message */
};
extern const struct sheet_format format_terminal, format_markdown, format_csv, format_latex,
    format_json;

/* The i-th, or NULL past the last. */
const struct sheet_format *format_at(int i);
/* By name, or NULL and a message that lists them. */
const struct sheet_format *format_find(const char *name);

#endif
