/* primitives.c - what the primitives of a training step resolved to. */
#include "src/glu.h"

#include "src/results/tables/table.h"

#include "src/util/json_help.h"
#include "src/util/list.h"

#include <stdlib.h>

/* A role and what it resolved to, as the document has it for one variant. */
struct primitive {
    const char *role, *implementation;
};
static const struct member primitive_members[] = {
    MEMBER(struct primitive, role),
    MEMBER(struct primitive, implementation),
};
static const struct layout primitive_layout = LAYOUT(struct primitive, primitive_members);

/* The same of all variants: a row of the table. */
struct resolved {
    struct primitive primitive;
    const json_t *json; /* of the first one */
    struct names variants;
};
static const struct member resolved_members[] = {MEMBER(struct resolved, variants)};
static const struct layout resolved_layout = LAYOUT(struct resolved, resolved_members);

struct resolved_rows {
    struct resolved *row;
    int rows, room;
};

/* The row of a primitive, a new one if need be; NULL when memory runs out. */
static struct resolved *row_of(struct resolved_rows *gathered, const struct primitive *primitive,
                               const json_t *json)
{
    struct resolved *grown;

    for (int i = 0; i < gathered->rows; i++)
        if (texts_equal(gathered->row[i].primitive.role, primitive->role) &&
            texts_equal(gathered->row[i].primitive.implementation, primitive->implementation))
            return &gathered->row[i];
    grown = list_grow(gathered->row, gathered->rows, &gathered->room, sizeof *grown);
    if (!grown)
        return NULL;
    gathered->row = grown;
    grown[gathered->rows] = (struct resolved){*primitive, json, {NULL, 0}};
    return &grown[gathered->rows++];
}

static int add_variant(struct names *names, const char *variant)
{
    const char **grown = realloc(names->name, ((size_t)names->count + 1) * sizeof *grown);

    if (!grown)
        return -1;
    names->name = grown;
    grown[names->count++] = variant;
    return 0;
}

/* All primitives of one variant. */
static int gather(struct resolved_rows *gathered, const char *variant, const json_t *primitives)
{
    int count, rc = 0;
    struct primitive *primitive = layout_rows(&primitive_layout, primitives, &count);

    for (int i = 0; primitive && i < count && rc == 0; i++) {
        struct resolved *row = row_of(gathered, &primitive[i],
                                      json_array_get(primitives, (size_t)i));

        rc = row ? add_variant(&row->variants, variant) : -1;
    }
    layout_free(&primitive_layout, primitive, count);
    return primitive ? rc : -1;
}

static int gather_all(struct resolved_rows *gathered, const json_t *profiles)
{
    for (size_t i = 0; i < json_array_size(profiles); i++) {
        const json_t *profile = json_array_get(profiles, i);

        if (gather(gathered, text_at(profile, "variant"),
                   json_object_get(profile, "primitives")) != 0)
            return err_set("not enough memory for the table");
    }
    return 0;
}

/* What the document says of the first, and the variants. */
static json_t *rows_json(const struct resolved_rows *gathered)
{
    json_t *rows = json_array();
    int bad = 0;

    for (int i = 0; i < gathered->rows; i++) {
        json_t *row = json_copy((json_t *)gathered->row[i].json);

        bad |= layout_put(&resolved_layout, &gathered->row[i], row);
        bad |= json_push(rows, row);
    }
    return json_finish(rows, bad);
}

static int print(struct sheet *sheet, const struct matrix *matrix, json_t *rows)
{
    static const struct sheet_heading headings[] = {
        {'l', "primitive", 0},
        {'l', "implementation", 0},
        {'r', "variants", 0},
    };
    struct resolved_rows gathered = {NULL, 0, 0};
    int rc = -1;

    (void)matrix;
    if (gather_all(&gathered, rows) != 0 || !(sheet->data = rows_json(&gathered)))
        goto done;
    snprintf(sheet->title, sizeof sheet->title,
             "What the primitives of a training step resolved to (%zu variant%s)",
             json_array_size(rows), json_array_size(rows) == 1 ? "" : "s");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    for (int i = 0; i < gathered.rows; i++) {
        const struct primitive *primitive = &gathered.row[i].primitive;

        sheet_cell(sheet, "%s", primitive->role ? primitive->role : "");
        sheet_cell(sheet, "%s", primitive->implementation ? primitive->implementation : "");
        sheet_cell(sheet, "%d", gathered.row[i].variants.count);
    }
    rc = 0;
done:
    layout_free(&resolved_layout, gathered.row, gathered.rows);
    return rc;
}

const struct table table_primitives = {
    "primitives", "what oneDNN's primitives resolved to (of bench)", "profile", NULL, print, false,
};
