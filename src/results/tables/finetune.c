/* finetune.c - the paper's tables 2 to 4, fine-tuning: a column for each score, and the paper's
 * beside it.  Ours are null until they are measured. */
#include "src/glu.h"

#include "src/results/tables/table.h"

#include "src/util/json_help.h"

static const struct metric glue[] = {
    {"average", "%", true},      {"cola_mcc", "%", true},    {"sst2_acc", "%", true},
    {"mrpc_f1", "%", true},      {"mrpc_acc", "%", true},    {"stsb_pearson", "%", true},
    {"stsb_spearman", "%", true}, {"qqp_f1", "%", true},     {"qqp_acc", "%", true},
    {"mnli_m_acc", "%", true},   {"mnli_mm_acc", "%", true}, {"qnli_acc", "%", true},
    {"rte_acc", "%", true},
};
static const struct metric superglue[] = {
    {"average", "%", true},   {"boolq_acc", "%", true}, {"cb_f1", "%", true},
    {"cb_acc", "%", true},    {"copa_acc", "%", true},  {"multirc_f1", "%", true},
    {"multirc_em", "%", true}, {"record_f1", "%", true}, {"record_em", "%", true},
    {"rte_acc", "%", true},   {"wic_acc", "%", true},   {"wsc_acc", "%", true},
};
static const struct metric squad[] = {{"em", "%", true}, {"f1", "%", true}};

static json_t *row_json(const struct published_paper *paper, const char *printed, const char *variant,
                        const struct metric *columns, size_t count)
{
    json_t *o = json_object();
    int bad = json_put(o, "variant", json_text(variant));
    char key[64];

    for (size_t i = 0; i < count; i++) {
        double theirs = published_cell(paper, printed, variant, columns[i].name);

        snprintf(key, sizeof key, "paper_%s", columns[i].name);
        bad |= json_put(o, columns[i].name, json_null());
        bad |= json_put(o, key, json_number(theirs));
    }
    return json_finish(o, bad);
}

/* What is measured stays. */
static json_t *compute_columns(const struct matrix *matrix, const struct table *table,
                               const char *printed, const struct metric *columns, size_t count)
{
    json_t *measured = value_at(matrix->document, table->path), *rows;
    int bad = 0;

    if (measured)
        return json_incref(measured);
    rows = json_array();
    for (int i = 0; i < matrix->variants; i++)
        bad |= json_push(rows, row_json(matrix->paper, printed, matrix->variant[i].name, columns,
                                        count));
    return json_finish(rows, bad);
}

static json_t *compute_glue(const struct matrix *matrix)
{
    return compute_columns(matrix, &table_glue, "table2_glue", glue, LENGTH_OF(glue));
}

static json_t *compute_superglue(const struct matrix *matrix)
{
    return compute_columns(matrix, &table_superglue, "table3_superglue", superglue,
                           LENGTH_OF(superglue));
}

static json_t *compute_squad(const struct matrix *matrix)
{
    return compute_columns(matrix, &table_squad, "table4_squad", squad, LENGTH_OF(squad));
}

const struct table table_glue = {
    "glue", "the paper's table 2", "tables.glue", compute_glue, NULL,
};
const struct table table_superglue = {
    "superglue", "the paper's table 3", "tables.superglue", compute_superglue, NULL,
};
const struct table table_squad = {
    "squad", "the paper's table 4", "tables.squad", compute_squad, NULL,
};
