/* tables.c - the tables of a study. */
#include "src/glu.h"

#include "src/results/studies/table.h"

#include "src/util/json_help.h"

#include <string.h>

static const struct study_table *const tables[] = {
    &study_table_transfer, &study_table_settings, &study_table_axes,
    &study_table_tuned,    &study_table_slope,
};

const struct study_table *study_table_at(int i)
{
    return i >= 0 && (size_t)i < LENGTH_OF(tables) ? tables[i] : NULL;
}

const struct study_table *study_table_find(const char *name)
{
    for (size_t i = 0; i < LENGTH_OF(tables); i++)
        if (strcmp(tables[i]->name, name) == 0)
            return tables[i];
    return NULL;
}

int study_row(struct sheet *sheet, const struct layout *layout, const void *row)
{
    json_t *object = json_object();

    if (!sheet->data)
        sheet->data = json_array();
    if (object && layout_put(layout, row, object) == 0 && json_push(sheet->data, object) == 0)
        return 0;
    return err_set("not enough memory for the table");
}

void study_notes(struct sheet *sheet, const struct collection *collection)
{
    sheet_note(sheet, "Differences: held-out log-perplexity in nats less that of %s, paired by seed; "
                      "below 0 is better.%s  Intervals are Student's, each by itself: one may leave out 0 where a "
                      "p after Holm's correction is n.s.",
               collection->baseline ? collection->baseline : "?",
               collection->has_gap ? " " COLLECTION_GAP ": the mean of the gated variants less that of "
                                     "the others."
                                   : "");
    if (collection->missing > 0)
        sheet_note(sheet, "%d of %d settings have no results yet.", collection->missing,
                   collection->missing + collection->points);
}
