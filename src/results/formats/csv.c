/* csv.c - the data of a table, not its texts, as RFC 4180 has it. */
#include "src/glu.h"

#include "src/results/formats/format.h"

#include <string.h>

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

const struct sheet_format format_csv = {
    "csv", "all values, comma-separated, with a header", print_csv};
