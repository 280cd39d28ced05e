/* json.c - the data of a table as JSON. */
#include "src/glu.h"

#include "src/results/formats/format.h"

#include "src/util/json_help.h"

static int print_json(FILE *out, const struct sheet *sheet)
{
    return json_print(out, sheet->data);
}

const struct sheet_format format_json = {"json", "all values as a list of objects", print_json};
