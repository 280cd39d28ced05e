/* paper.c - see paper.h. */
#include "src/glu.h"

#include "src/results/paper.h"

#include "src/results/embedded.h"
#include "src/util/json_help.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int paper_open(struct paper *paper)
{
    json_t *table, *row;
    json_error_t error;
    const char *variant;

    *paper = (struct paper){0};
    errno = 0;
    paper->document = json_loads(embedded_paper, 0, &error);
    if (!paper->document)
        return err_set("results/paper.json:%d: %s", error.line, err_cause(error.text));
    table = json_object_get(paper->document, "table1_log_perplexity");
    paper->row = calloc(json_object_size(table) + 1, sizeof *paper->row);
    if (!paper->row) {
        paper_close(paper);
        return err_set("not enough memory for the paper's tables");
    }
    json_object_foreach (table, variant, row) {
        paper->row[paper->rows++] = (struct paper_row){
            .variant = variant,
            .steps_65536_mean = number_at(row, "steps_65536_mean"),
            .steps_65536_stddev = number_at(row, "steps_65536_stddev"),
            .steps_524288 = number_at(row, "steps_524288"),
        };
    }
    return 0;
}

void paper_close(struct paper *paper)
{
    free(paper->row);
    json_decref(paper->document);
    *paper = (struct paper){0};
}

const struct paper_row *paper_find(const struct paper *paper, const char *variant)
{
    for (int i = 0; i < paper->rows; i++)
        if (strcmp(paper->row[i].variant, variant) == 0)
            return &paper->row[i];
    return NULL;
}

double paper_score(const struct paper *paper, const char *table, const char *variant,
                   const char *column)
{
    const json_t *row = json_object_get(json_object_get(paper->document, table), variant);

    return number_at(row, column);
}
