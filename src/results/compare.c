/* compare.c - the same configuration before and after. */
#include "src/glu.h"

#include "src/results/results.h"

#include "src/results/cells.h"
#include "src/results/changes.h"
#include "src/results/document.h"
#include "src/results/formats/format.h"
#include "src/util/json_help.h"

#include <math.h>

static const struct member members[] = {
    MEMBER(struct change, what),
    MEMBER(struct change, variant),
    MEMBER(struct change, n),
    MEMBER(struct change, before),
    MEMBER(struct change, after),
    MEMBER(struct change, change_percent),
    MEMBER(struct change, change_percent_ci95),
    MEMBER(struct change, p),
    MEMBER(struct change, p_holm),
    MEMBER(struct change, e_value),
    MEMBER(struct change, verdict),
    MEMBER(struct change, note),
};
static const struct layout layout = LAYOUT(struct change, members);

/* ==== Printing ==== */

static void print_change(struct sheet *sheet, const struct comparison *comparison,
                         const struct change *change)
{
    const struct matrix *before = &comparison->before, *after = &comparison->after;
    bool known = matrix_find(before, change->variant) >= 0;
    char text[CELL_BYTES], format[16];

    snprintf(format, sizeof format, "%%.%df", change->digits);
    sheet_cell(sheet, "%s", change->what ? change->what : "?");
    sheet_cell(sheet, "%s", matrix_label(known ? before : after, change->variant));
    sheet_cell(sheet, "%lld", (long long)change->n);
    cell_number(sheet, format, change->before, "");
    cell_number(sheet, format, change->after, "");
    cell_number(sheet, "%+.2f %%", change->change_percent, "");
    sheet_cell(sheet, "%s",
               text_interval(change->change_percent_ci95, "%+.2f",
                             change->n > 0 ? "no interval" : "", text));
    sheet_cell(sheet, "%s%s%s", change->verdict, change->note ? ": " : "",
               change->note ? change->note : "");
}

/* Where the two were made, as far as it differs. */
static void note_origins(struct sheet *sheet, const json_t *before, const json_t *after)
{
    static const char *const paths[] = {
        "environment.host",       "environment.cpu_model", "program.version",
        "program.git_commit",     "program.compiler",      "program.cflags",
        "program.onednn.version", "config.threads",        "config.threads_per_run",
        "config.team"};

    for (size_t i = 0; i < LENGTH_OF(paths); i++) {
        char text[256] = "";

        if (json_differences(value_at(before, paths[i]), value_at(after, paths[i]), paths[i], NULL,
                             NULL, text, sizeof text))
            sheet_note(sheet, "Differs: %s", text);
    }
}

/* The same measurements twice: somebody compares a file with itself or with a copy of it. */
static bool are_copies(const json_t *before, const json_t *after)
{
    static const char *const paths[] = {"environment.date_utc", "runs", "tables.throughput"};

    for (size_t i = 0; i < LENGTH_OF(paths); i++)
        if (!json_same(value_at(before, paths[i]), value_at(after, paths[i])))
            return false;
    return true;
}

/* What a reader might take to be compared, and is not. */
static void note_limits(struct sheet *sheet, const struct comparison *comparison)
{
    static const char *const left_out[] = {"profile", "scaling", "exchange", "rank_steps"};
    const json_t *before = comparison->before.document, *after = comparison->after.document;

    if (are_copies(before, after))
        sheet_note(sheet, "The two files hold the same measurements: one is a copy of the other.");
    for (size_t i = 0; i < LENGTH_OF(left_out); i++)
        if (json_object_get(before, left_out[i]) || json_object_get(after, left_out[i]))
            sheet_note(sheet, "Not compared: %s.", left_out[i]);
    for (int i = 0; i < comparison->before.runs; i++) {
        const struct matrix_run *run = &comparison->before.run[i];
        bool compared = run->status == RUN_OK;

        for (int j = 0; j < comparison->changes; j++)
            compared |= !change_is_of_speed(&comparison->change[j])
                        && texts_equal(comparison->change[j].variant, run->variant);
        if (!compared)
            sheet_note(sheet, "Not compared: %s at seed %lld, %s before.",
                       matrix_label(&comparison->before, run->variant), (long long)run->seed,
                       run_status_name(run->status));
    }
}

static int fill(struct sheet *sheet, const struct comparison *comparison, double percent)
{
    static const struct sheet_heading headings[] = {
        {'l', "what", 0},  {'l', "variant", 0}, {'r', "n", 0},             {'r', "before", 0},
        {'r', "after", 0}, {'r', "change", 0},  {'r', "95 % interval", 0}, {'l', "verdict", 0}};

    snprintf(sheet->title, sizeof sheet->title,
             "After against before: log-perplexity in nats, %sspeed in tokens per second",
             comparison->scores_before.columns > 0 ? "scores times 100, " : "");
    sheet_columns(sheet, headings, LENGTH_OF(headings));
    sheet->data = json_array();
    for (int i = 0; i < comparison->changes; i++) {
        const struct change *change = &comparison->change[i];
        json_t *row = json_object();

        print_change(sheet, comparison, change);
        sheet->bad |= layout_put(&layout, change, row) != 0;
        sheet->bad |= json_push(sheet->data, row) != 0;
    }
    sheet_note(sheet, "Quality: paired by seed, %s.  Speed: ratio of medians with a bootstrap "
                      "interval, rank-sum test.  Holm over all lines.",
               comparison->sequential ? "1 / e and intervals that hold at every look" : "Student's t");
    if (percent >= 0.0)
        sheet_note(sheet, "REGRESSION: worse by more than %g %%, significantly or where there is "
                          "no test; or runs lost, or missing.",
                   percent);
    note_limits(sheet, comparison);
    note_origins(sheet, comparison->before.document, comparison->after.document);
    return sheet->bad ? err_set("not enough memory for the table") : 0;
}

/* ==== All of it ==== */

/* Variants of one name are one function of one size, or -1 and a message.  Texts may change. */
static int check_variants(const json_t *before, const json_t *after)
{
    static const char *const keys[] = {"gated", "activation", "alpha",
                                       "beta",  "d_ff",       "parameters"};
    json_t *variants = json_object_get(before, "variants"), *variant;
    char path[128], text[640] = "";
    const char *name;
    int count = 0;

    json_object_foreach (variants, name, variant) {
        const json_t *other = json_object_get(json_object_get(after, "variants"), name);

        for (size_t i = 0; other && i < LENGTH_OF(keys); i++) {
            snprintf(path, sizeof path, "variants.%.50s.%s", name, keys[i]);
            count += json_differences(json_object_get(variant, keys[i]),
                                      json_object_get(other, keys[i]), path, NULL, NULL, text,
                                      sizeof text);
        }
    }
    return count ? err_set("the two files are of different variants; they differ in %s", text) : 0;
}

int results_compare(FILE *out, json_t *before, json_t *after, affects_fn *affects,
                    const char *format_name, double fail_on_percent, bool *regression)
{
    const struct sheet_format *format = format_find(format_name);
    struct comparison comparison;
    struct sheet sheet = {0};
    char text[640] = "";
    int rc = -1;

    *regression = false;
    if (!format)
        return -1;
    if (document_differences(before, after, affects, AFFECTS_RESULT, text, sizeof text))
        return err_set("the two files are of different configurations; they differ in %s", text);
    if (check_variants(before, after) != 0)
        return -1;
    if (comparison_open(&comparison, before, after) != 0)
        goto done;
    *regression = comparison_judge(&comparison, fail_on_percent);
    rc = fill(&sheet, &comparison, fail_on_percent);
    if (rc == 0)
        rc = format->print(out, &sheet);
done:
    sheet_free(&sheet);
    comparison_close(&comparison);
    return rc;
}
