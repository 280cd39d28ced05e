/* decisions.c - of a sweep whose seeds were added until it was decided: what was decided, and when. */
#include "src/glu.h"

#include "src/results/tables/table.h"

#include "src/results/decisions.h"
#include "src/util/json_help.h"

struct decision_row {
    const char *variant, *kind; /* "better", "worse", "equal", "undecided" */
    int64_t n; /* seeds at which it was decided, or that there are */
    double e_value; /* then, as the interval */
    struct interval anytime_ci95_nats;
};
static const struct member members[] = {
    MEMBER(struct decision_row, variant),
    MEMBER(struct decision_row, kind),
    MEMBER(struct decision_row, n),
    MEMBER(struct decision_row, e_value),
    MEMBER(struct decision_row, anytime_ci95_nats),
};
static const struct layout layout = LAYOUT(struct decision_row, members);

static json_t *compute(const struct matrix *matrix)
{
    struct decisions decisions = {.decision = NULL};
    json_t *rows;
    int bad;

    if (!matrix->sequential)
        return json_null();
    rows = json_array();
    bad = matrix->baseline >= 0 && decisions_replay(&decisions, matrix) != 0;
    for (int i = 0; i < decisions.variants && !bad; i++) {
        const struct decision *decision = &decisions.decision[i];
        const struct decision_row row = {matrix->variant[i].name, decision->kind, decision->n,
                                         decision->e_value, decision->interval};
        json_t *o;

        if (i == matrix->baseline)
            continue;
        o = json_object();
        bad |= layout_put(&layout, &row, o) != 0;
        bad |= json_push(rows, o);
    }
    decisions_close(&decisions);
    return json_finish(rows, bad);
}

const struct table table_decisions = {
    "decisions", "which variants were decided, and at how many seeds", "decisions", compute, NULL, false,
};
