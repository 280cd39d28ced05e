/* test-matrix.c - a document as arrays: what it holds and what it does with what is missing; and
 * JSON objects as structs. */
#include "src/glu.h"

#include "src/results/matrix.h"
#include "src/util/json_help.h"
#include "test/results-fixture.h"
#include "test/tap.h"

#include <math.h>
#include <string.h>

enum { SEEDS = 3 };

static void open_or_die(struct matrix *matrix, const json_t *document)
{
    if (matrix_open(matrix, document) != 0)
        tap_bail_out("%s", err_get());
}

static void test_values(json_t *document)
{
    const json_t *runs = json_object_get(document, "runs");
    struct matrix matrix;
    struct scores scores;
    int wrong = 0;

    open_or_die(&matrix, document);
    scores = matrix_scores(&matrix, METRIC_LOG_PERPLEXITY);
    tap_ok(matrix.variants == 8 && matrix.seeds == SEEDS && matrix.runs == 8 * SEEDS
               && matrix.throughputs == 16 && matrix.baseline == 0,
           "as many variants, seeds, runs and measurements as the document has");
    for (int i = 0; i < matrix.runs; i++) {
        const json_t *json = json_array_get(runs, (size_t)i);
        const struct matrix_run *run = &matrix.run[i];
        const json_t *examples = json_object_get(json, "heldout_example_nats");
        int column = matrix_column(&matrix, integer_at(json, "seed", -1));

        wrong += run->row != matrix_find(&matrix, text_at(json, "variant"));
        wrong += matrix_run_at(&matrix, run->row, column) != run;
        wrong += scores_at(&scores, run->row, column)
                 != number_at(json, "heldout_log_perplexity_nats");
        wrong += run->heldout_example_nats.count != 40
                 || run->heldout_example_nats.x[7] != number_of(json_array_get(examples, 7));
        wrong += run->curve_count != 5 || !isnan(run->curve[0].train_loss_nats)
                 || run->curve[4].step != 1000;
    }
    tap_ok(wrong == 0, "every run is in its cell with its loss, examples and curve");
    tap_ok(matrix.throughput[3].samples_s.count == 9 && matrix.throughput[3].threads == 2
               && strcmp(matrix.throughput[3].pass, "train") == 0
               && strcmp(matrix.throughput[3].variant, "gelu") == 0,
           "and so are the samples");
    tap_ok(matrix.variant[6].gated && !matrix.variant[0].gated
               && matrix.variant[6].parameters == 500000.0 && matrix.variant[0].d_ff == 384.0
               && strcmp(matrix_label(&matrix, "swiglu"), "FFN_SwiGLU") == 0
               && matrix.variant[6].paper->value == 1.944,
           "and the facts of the variants, with the paper's");
    matrix_close(&matrix);
}

/* The paper's order, whatever the document's is; what is not in the paper comes last. */
static void test_order(json_t *document)
{
    json_t *changed = json_deep_copy(document), *variants = json_object_get(changed, "variants");
    json_t *relu = json_incref(json_object_get(variants, "relu"));
    struct matrix matrix;

    json_object_del(variants, "relu");
    json_object_set_new(variants, "own", json_deep_copy(relu));
    json_object_set_new(variants, "relu", relu);
    open_or_die(&matrix, changed);
    tap_ok(matrix.variants == 9 && strcmp(matrix.variant[0].name, "relu") == 0
               && strcmp(matrix.variant[8].name, "own") == 0 && !matrix.variant[8].paper
               && matrix.baseline == 0,
           "the paper's variants first, in its order");
    tap_ok(matrix.listed[0] == 1 && matrix.listed[7] == 8 && matrix.listed[8] == 0,
           "and the document's order beside it");
    matrix_close(&matrix);
    json_decref(changed);
}

static void test_missing(json_t *document)
{
    json_t *changed = json_deep_copy(document), *runs = json_object_get(changed, "runs");
    json_t *run = json_array_get(runs, 0), *again = json_deep_copy(run);
    struct matrix matrix;
    struct scores scores;
    double x[SEEDS], y[SEEDS];

    json_object_set_new(json_array_get(runs, 1), "status", json_string("failed"));
    json_object_set_new(json_array_get(runs, 5), "variant", json_string("nobody"));
    json_object_set_new(again, "heldout_log_perplexity_nats", json_real(2.5));
    json_array_append_new(runs, again); /* relu at seed 1, a second time */
    json_object_set_new(changed, "baseline", json_string("nobody"));
    open_or_die(&matrix, changed);
    scores = matrix_scores(&matrix, METRIC_LOG_PERPLEXITY);
    tap_ok(isnan(scores_at(&scores, 0, 1)) && matrix_run_at(&matrix, 0, 1)->status == RUN_FAILED,
           "a run that is not ok has no value");
    tap_ok(matrix.run[5].row == -1 && !matrix_run_at(&matrix, 1, 2)
               && isnan(scores_at(&scores, 1, 2)),
           "a run of an unknown variant is in no cell");
    tap_ok(scores_at(&scores, 0, 0) == 2.5, "of two runs of one cell the last counts");
    tap_ok(scores_pair(&scores, 0, 1, x, y) == 1 && x[0] == 2.5 && scores_row(&scores, 0, x) == 2,
           "pairs and rows leave out what is missing");
    tap_ok(matrix.baseline == -1 && !matrix_is_baseline(&matrix, NULL)
               && strcmp(matrix_baseline_label(&matrix), "?") == 0
               && strcmp(matrix_label(&matrix, "nobody"), "nobody") == 0
               && matrix_find(&matrix, NULL) == -1 && matrix_column(&matrix, 99) == -1,
           "names that are not there");
    matrix_close(&matrix);
    json_decref(changed);
}

struct sample {
    const char *text;
    double number;
    int64_t integer;
    bool flag, other;
    struct interval interval;
    struct numbers numbers;
    struct names names;
};
static const struct member members[] = {
    MEMBER(struct sample, text),    MEMBER(struct sample, number),   MEMBER(struct sample, integer),
    MEMBER(struct sample, flag),    MEMBER(struct sample, interval),
    MEMBER(struct sample, numbers), MEMBER(struct sample, names),
};
static const struct layout layout = LAYOUT(struct sample, members);

static void test_layout(void)
{
    json_t *array = json_loads("[{\"text\": \"a\", \"number\": 1.5, \"integer\": 9007199254740993,"
                               "  \"flag\": true, \"interval\": [1.0, 2.0], \"numbers\": [3.0, 4.5],"
                               "  \"names\": [\"x\", \"y\"]},"
                               " {\"text\": 1, \"number\": null, \"integer\": 1.5, \"flag\": 1,"
                               "  \"interval\": null, \"numbers\": null, \"later\": 7}]",
                               0, NULL);
    json_t *back = json_object();
    struct sample *rows, none;
    int count;

    if (!array)
        tap_bail_out("the example is no JSON");
    rows = layout_rows(&layout, array, &count);
    if (!rows || count != 2)
        tap_bail_out("%s", err_get());
    tap_ok(strcmp(rows[0].text, "a") == 0 && rows[0].number == 1.5
               && rows[0].integer == INT64_C(9007199254740993) && rows[0].flag && !rows[0].other
               && rows[0].interval.low == 1.0 && rows[0].interval.high == 2.0
               && rows[0].numbers.count == 2 && rows[0].numbers.x[1] == 4.5
               && rows[0].names.count == 2 && strcmp(rows[0].names.name[1], "y") == 0,
           "an object as a struct");
    tap_ok(!rows[1].text && isnan(rows[1].number) && rows[1].integer == 0 && !rows[1].flag
               && !interval_exists(rows[1].interval) && rows[1].numbers.count == 0
               && rows[1].names.count == 0,
           "what is of another type is missing");
    tap_ok(layout_put(&layout, &rows[0], back) == 0 && json_equal(back, json_array_get(array, 0)),
           "and back");
    tap_ok(layout_put(&layout, &rows[0], json_array_get(array, 1)) == 0
               && integer_at(json_array_get(array, 1), "later", 0) == 7
               && strcmp(text_at(json_array_get(array, 1), "text"), "a") == 0,
           "beside what an object has already");
    layout_free(&layout, rows, count);
    tap_ok(layout_get(&layout, &none, NULL) == 0 && !none.text && isnan(none.number),
           "nothing at all is a struct of nothing");
    layout_release(&layout, &none);
    rows = layout_rows(&layout, NULL, &count);
    tap_ok(rows && count == 0, "and no array is one of no rows");
    layout_free(&layout, rows, count);
    json_decref(array);
    json_decref(back);
}

int main(void)
{
    json_t *document = fixture_document(1, SEEDS, 0);

    tap_plan(17);
    test_values(document);
    test_order(document);
    test_missing(document);
    test_layout();
    json_decref(document);
    return tap_status();
}
