/* read.c - a results file as the rest of the program gets it: what was measured as it stands there,
 * and all that follows computed of that, by the rule of check.h. */
#include "src/glu.h"

#include "src/results/check.h"
#include "src/results/document.h"
#include "src/results/results.h"
#include "src/results/schema.h"
#include "src/util/json_help.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The faults of one kind: the first in words, the others in number. */
struct findings {
    enum check_kind kind;
    int shown, count;
    char words[700];
};

static void find(void *context, enum check_kind kind, const char *at, const char *what)
{
    struct findings *findings = context;
    size_t length = strlen(findings->words);

    if (kind == findings->kind && findings->count++ < findings->shown)
        snprintf(findings->words + length, sizeof findings->words - length, "%s%.100s: %.120s",
                 length ? "; " : "", at, what);
}

/* ", and 3 more", or nothing. */
static const char *text_more(const struct findings *findings, char text[32])
{
    text[0] = '\0';
    if (findings->count > findings->shown)
        snprintf(text, 32, ", and %d more", findings->count - findings->shown);
    return text;
}

static int refuse(const json_t *document)
{
    struct findings findings = {.kind = CHECK_REFUSED, .shown = 1};

    if (check_document(document, find, &findings) != 0)
        return -1;
    return findings.count ? err_set("%s; what was measured contradicts itself (see \"validate\")",
                                    findings.words)
                          : 0;
}

/* ==== What follows ==== */

/* Of several equal rows the first stays. */
static int drop_copies(json_t *runs)
{
    json_t *seen = json_object();
    int bad = !seen;
    size_t i = 0;

    while (i < json_array_size(runs) && !bad) {
        const json_t *run = json_array_get(runs, i);
        char key[CHECK_CELL_BYTES];

        check_cell(text_at(run, "variant"), integer_at(run, "seed", -1), key);
        if (json_object_get(seen, key)) {
            bad |= json_array_remove(runs, i);
        } else {
            bad |= json_put(seen, key, json_true());
            i++;
        }
    }
    json_decref(seen);
    return bad;
}

/* What stands in the rows beside what was measured, where it is not what follows. */
static int settle_runs(json_t *runs)
{
    int bad = 0;

    for (size_t i = 0; i < json_array_size(runs); i++) {
        json_t *run = json_array_get(runs, i);
        double nats = number_at(run, "heldout_log_perplexity_nats");

        if (!check_perplexity(run))
            bad |= json_put(run, "heldout_perplexity", json_number(exp(nats)));
        if (!check_bytes(run))
            bad |= json_put(run, "heldout_nats_per_byte", json_number(check_nats_per_byte(run)));
    }
    return bad;
}

static int settle_variants(json_t *document)
{
    json_t *variants = json_object_get(document, "variants"), *variant;
    const char *baseline = document_baseline(document), *name;
    double base = number_at(json_object_get(variants, baseline ? baseline : ""), "parameters");
    int bad = 0;

    json_object_foreach (variants, name, variant) {
        double off = number_at(variant, "parameters") / base - 1.0;

        if (!check_difference(number_at(variant, "parameter_difference_vs_baseline"), off))
            bad |= json_put(variant, "parameter_difference_vs_baseline", json_number(off));
    }
    return bad;
}

/* A copy of the document in which all that follows is computed; the document stays for the
 * comparison of the two.  New reference, or NULL and a message. */
static json_t *settle(const json_t *document)
{
    json_t *copy = json_deep_copy(document);
    json_t *runs = json_object_get(copy, "runs"), *halves = json_object_get(copy, "slope_runs");

    if (!copy || drop_copies(runs) != 0 || drop_copies(halves) != 0 || settle_runs(runs) != 0 ||
        settle_runs(halves) != 0 || settle_variants(copy) != 0)
        err_set("not enough memory for the results");
    else if (tables_compute(copy) == 0)
        return copy;
    json_decref(copy);
    return NULL;
}

/* ==== Reading ==== */

/* Keep the first fault as the error message. */
static void first_fault(void *context, const char *at, const char *what)
{
    bool *faulty = context;

    if (!*faulty)
        err_set("%s: %s", at, what);
    *faulty = true;
}

/* 0 when the document can be worked with; -1 and a message without the file's name. */
static int accept(const json_t *document)
{
    bool faulty = false;

    if (schema_check_results(document, first_fault, &faulty) != 0)
        return -1;
    if (faulty)
        return err_prepend("does not fit the schema (see \"validate\")");
    return document_check_size(document) != 0 || refuse(document) != 0 ? -1 : 0;
}

json_t *results_read(const char *path)
{
    struct findings findings = {.kind = CHECK_COMPUTED, .shown = 1};
    json_t *document = results_parse(path), *settled = NULL;
    char more[32];

    if (!document)
        return NULL;
    if (accept(document) == 0)
        settled = settle(document);
    if (!settled) {
        err_prepend("%s", path);
    } else if (check_document(document, find, &findings) != 0) {
        json_decref(settled);
        settled = NULL;
    } else {
        check_tables(document, settled, find, &findings);
        if (findings.count)
            warn_add("%s: %s%s; the file was changed, and what follows from its runs and samples "
                     "is computed anew",
                     path, findings.words, text_more(&findings, more));
    }
    json_decref(document);
    return settled;
}

int results_check(const json_t *document, const char *name)
{
    return document_check_size(document) != 0 || refuse(document) != 0 ? err_prepend("%s", name) : 0;
}

int results_recheck(const json_t *document, const char *name)
{
    struct findings findings = {.kind = CHECK_TOLD, .shown = 3};
    char more[32];

    if (results_check(document, name) != 0)
        return -1;
    if (check_document(document, find, &findings) != 0)
        return err_prepend("%s", name);
    if (findings.count)
        warn_add("%s: %s%s; the tables are of what is there", name, findings.words,
                 text_more(&findings, more));
    return 0;
}
