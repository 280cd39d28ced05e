/* quality.c - see quality.h. */
#include "src/glu.h"

#include "src/results/tables/quality.h"

#include "src/results/cells.h"
#include "src/results/statistics.h"
#include "src/util/ends_with.h"
#include "src/util/json_help.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const struct member table1_members[] = {
    MEMBER(struct table1_row, variant),
    MEMBER(struct table1_row, n),
    MEMBER(struct table1_row, mean_nats),
    MEMBER(struct table1_row, stddev_nats),
    MEMBER(struct table1_row, ci95_nats),
    MEMBER(struct table1_row, delta_nats),
    MEMBER(struct table1_row, delta_ci95_nats),
    MEMBER(struct table1_row, p_paired),
    MEMBER(struct table1_row, p_holm),
    MEMBER(struct table1_row, paper_65536_nats),
    MEMBER(struct table1_row, paper_65536_stddev_nats),
    MEMBER(struct table1_row, paper_524288_nats),
    MEMBER(struct table1_row, n_paired),
    MEMBER(struct table1_row, delta_stddev_nats),
    MEMBER(struct table1_row, delta_bootstrap_ci95_nats),
    MEMBER(struct table1_row, p_sign_flip),
    MEMBER(struct table1_row, detectable_nats),
    MEMBER(struct table1_row, best),
    MEMBER(struct table1_row, delta_hodges_lehmann_nats),
    MEMBER(struct table1_row, delta_hodges_lehmann_ci95_nats),
    MEMBER(struct table1_row, seed_correlation),
    MEMBER(struct table1_row, seed_variance_ratio),
    MEMBER(struct table1_row, example_correlation),
    MEMBER(struct table1_row, example_variance_ratio),
    MEMBER(struct table1_row, e_value),
    MEMBER(struct table1_row, anytime_ci95_nats),
};
const struct layout table1_layout = LAYOUT(struct table1_row, table1_members);

int table1_read(struct table1 *table1, const json_t *document)
{
    table1->row = layout_rows(&table1_layout, value_at(document, "tables.table1"), &table1->rows);
    return table1->row ? 0 : -1;
}

void table1_free(struct table1 *table1)
{
    layout_free(&table1_layout, table1->row, table1->rows);
    *table1 = (struct table1){NULL, 0};
}

static const struct member agreement_members[] = {
    MEMBER(struct agreement, kendall_tau_b),
    MEMBER(struct agreement, p_value),
    MEMBER(struct agreement, gated_minus_ungated_nats),
    MEMBER(struct agreement, gated_minus_ungated_ci95),
    MEMBER(struct agreement, p_gated),
    MEMBER(struct agreement, variants),
    MEMBER(struct agreement, n),
    MEMBER(struct agreement, p_gated_sign_flip),
    MEMBER(struct agreement, paper_gated_minus_ungated_nats),
    MEMBER(struct agreement, gated_e_value),
    MEMBER(struct agreement, gated_minus_ungated_anytime_ci95),
};
const struct layout agreement_layout = LAYOUT(struct agreement, agreement_members);

void agreement_read(struct agreement *agreement, const json_t *document)
{
    /* There is no list in it, so that nothing can fail. */
    (void)layout_get(&agreement_layout, agreement, json_object_get(document, "agreement"));
}

static const struct member published_members[] = {
    MEMBER(struct published_agreement, kendall_tau_b),
    MEMBER(struct published_agreement, p_value),
    MEMBER(struct published_agreement, variants),
    MEMBER(struct published_agreement, gated_minus_ungated_nats),
};
const struct layout published_agreement_layout = LAYOUT(struct published_agreement, published_members);

/* ==== Notes ==== */

/* ", exact p 0.03: it agrees", or nothing where it has no p: that is of a fixed number of seeds. */
static const char *text_of_order(double tau, double p, char text[CELL_BYTES])
{
    text[0] = '\0';
    if (isfinite(p))
        snprintf(text, CELL_BYTES, ", exact p %.3g: %s", p,
                 p >= STATS_ALPHA ? "no more than chance gives"
                 : tau > 0        ? "it agrees"
                                  : "it is reversed");
    return text;
}

/* The paper's log-perplexities are of spans filled in: those of the targets of tasks do not compare. */
static bool is_of_tasks(const struct matrix *matrix)
{
    return value_at(matrix->document, "config.tasks") != NULL;
}

void note_agreement(struct sheet *sheet, const struct matrix *matrix, const struct agreement *agreement)
{
    double tau = agreement->kendall_tau_b;
    char text[CELL_BYTES];

    if (is_of_tasks(matrix) && isfinite(tau))
        sheet_note(sheet, "Kendall's tau-b of these losses and the paper's, which are of another kind: %.2f over %lld "
                          "variants.", tau, (long long)agreement->variants);
    else if (!isfinite(tau))
        sheet_note(sheet, "Agreement with the paper's order: not computed, it takes two variants of "
                          "the paper with different results.");
    else
        sheet_note(sheet, "Agreement with the paper's order: Kendall's tau-b %.2f over %lld variants%s.",
                   tau, (long long)agreement->variants,
                   text_of_order(tau, agreement->p_value, text));
}

void note_published(struct sheet *sheet, const json_t *document, const char *key, bool gated)
{
    const json_t *all = value_at(document, "agreement.published");
    struct published_agreement agreement = {NAN, NAN, 0, NAN};
    char contrast[CELL_BYTES] = "", text[CELL_BYTES];

    /* There is no list in it, so that nothing can fail. */
    (void)layout_get(&published_agreement_layout, &agreement, json_object_get(all, key));
    if (strcmp(key, PUBLISHED_PAPER) == 0 || !isfinite(agreement.kendall_tau_b))
        return;
    if (gated && isfinite(agreement.gated_minus_ungated_nats))
        snprintf(contrast, sizeof contrast, " Its gated minus ungated: %+.4f nats.",
                 agreement.gated_minus_ungated_nats);
    sheet_note(sheet, "Agreement with the order of %s: Kendall's tau-b %.2f over %lld variants%s.%s",
               key, agreement.kendall_tau_b, (long long)agreement.variants,
               text_of_order(agreement.kendall_tau_b, agreement.p_value, text), contrast);
}

void note_gated(struct sheet *sheet, const struct matrix *matrix, const struct agreement *agreement)
{
    double difference = agreement->gated_minus_ungated_nats, p = agreement->p_gated;
    double paper = agreement->paper_gated_minus_ungated_nats;
    struct interval interval = matrix->sequential ? agreement->gated_minus_ungated_anytime_ci95
                                                  : agreement->gated_minus_ungated_ci95;
    char text[CELL_BYTES], test[CELL_BYTES] = "no test", theirs[CELL_BYTES] = "";

    if (!isfinite(difference)) {
        sheet_note(sheet, "Gated minus ungated: not computed, it takes a seed at which variants of "
                          "both kinds are ok.");
        return;
    }
    if (matrix->sequential)
        snprintf(test, sizeof test, "e-value %.3g", agreement->gated_e_value);
    else if (isfinite(p))
        snprintf(test, sizeof test, p >= STATS_ALPHA ? "p %.2f, n.s." : "p %.2g", p);
    if (isfinite(paper) && !is_of_tasks(matrix))
        snprintf(theirs, sizeof theirs, "; in the paper %+.4f", paper);
    sheet_note(sheet, "Gated minus ungated: %+.4f nats %s, %lld seed%s, %s%s%s", difference,
               text_interval(interval, "%+.4f", "(no interval)", text), (long long)agreement->n,
               agreement->n == 1 ? "" : "s", test, theirs, theirs[0] || !ends_with(test, ".") ? "." : "");
}

/* "0.12 to 0.34" of those rows that have it; false when none has. */
static bool text_range(const struct table1 *table1, size_t offset, char text[CELL_BYTES])
{
    double low = INFINITY, high = -INFINITY;

    for (int i = 0; i < table1->rows; i++) {
        double x = *(const double *)(const void *)((const char *)&table1->row[i] + offset);

        low = isfinite(x) ? fmin(low, x) : low;
        high = isfinite(x) ? fmax(high, x) : high;
    }
    snprintf(text, CELL_BYTES, low == high ? "%.2f" : "%.2f to %.2f", low, high);
    return low <= high;
}

void note_pairing(struct sheet *sheet, const struct table1 *table1)
{
    static const struct {
        const char *by;
        size_t correlation, variance_ratio;
    } levels[] = {
        {"seed", offsetof(struct table1_row, seed_correlation),
         offsetof(struct table1_row, seed_variance_ratio)},
        {"held-out example", offsetof(struct table1_row, example_correlation),
         offsetof(struct table1_row, example_variance_ratio)},
    };

    for (size_t i = 0; i < LENGTH_OF(levels); i++) {
        char correlation[CELL_BYTES], ratio[CELL_BYTES];

        if (text_range(table1, levels[i].correlation, correlation) &&
            text_range(table1, levels[i].variance_ratio, ratio))
            sheet_note(sheet, "Pairing by %s: correlation with the baseline %s; the variance of a "
                              "difference is %s of what it is without pairs.",
                       levels[i].by, correlation, ratio);
    }
}

void note_best(struct sheet *sheet, const struct matrix *matrix, const struct table1 *table1)
{
    const char *best = NULL;
    bool tested = false;

    for (int i = 0; i < table1->rows; i++) {
        if (table1->row[i].best)
            best = table1->row[i].variant;
        tested |= table1->row[i].n_paired > 1;
    }
    if (best)
        sheet_note(sheet, "Best: %s is lower than every other variant (%s, Holm over all pairs).",
                   matrix_label(matrix, best), matrix->sequential ? "1 / e" : "paired tests");
    else if (tested)
        sheet_note(sheet, "Best: none; no variant is lower than every other after correction over all "
                          "pairs.");
    else
        sheet_note(sheet, "Best: not decided; ranking takes two or more seeds.");
}
