/* verdict.c - what can be said of a difference: better, worse, equal, or undecided and how many seeds
 * more. */
#include "src/glu.h"

#include "src/results/tables/table.h"

#include "src/results/cells.h"
#include "src/results/contrasts.h"
#include "src/results/decisions.h"
#include "src/results/equivalence.h"
#include "src/results/power.h"
#include "src/results/tables/beside.h"
#include "src/results/tables/throughput.h"
#include "src/results/worth.h"
#include "src/util/json_help.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

struct verdict_row {
    const char *variant, *verdict; /* "better", "worse", "equal", "undecided"; "baseline" */
    int64_t n;
    double delta_nats;
    struct interval delta_ci95_nats;
    double p_holm;        /* of better or worse */
    double p_equivalence; /* of two one-sided tests */
    double e_value;       /* against no difference: valid however often one looks and adds seeds */
    struct interval anytime_ci95_nats; /* of the difference, likewise */
    double more_seeds;    /* until it is decided with power 80 %; NAN: decided, or not known */
    double decided_n;     /* the seeds at which a look decided it; NAN: none did, or nobody looked */
    int64_t slope_n;      /* seeds of the slope, the same in every row */
    double slope_nats_per_efold; /* of the baseline's steps */
    struct interval slope_ci95_nats_per_efold;
    double token_multiplier; /* how many times as many the baseline needs to come as far */
    struct interval token_multiplier_ci95;
    double time_multiplier; /* and how many times as long */
    struct interval time_multiplier_ci95;
};

static const struct member members[] = {
    MEMBER(struct verdict_row, variant),
    MEMBER(struct verdict_row, verdict),
    MEMBER(struct verdict_row, n),
    MEMBER(struct verdict_row, delta_nats),
    MEMBER(struct verdict_row, delta_ci95_nats),
    MEMBER(struct verdict_row, p_holm),
    MEMBER(struct verdict_row, p_equivalence),
    MEMBER(struct verdict_row, more_seeds),
    MEMBER(struct verdict_row, e_value),
    MEMBER(struct verdict_row, anytime_ci95_nats),
    MEMBER(struct verdict_row, decided_n),
    MEMBER(struct verdict_row, slope_n),
    MEMBER(struct verdict_row, slope_nats_per_efold),
    MEMBER(struct verdict_row, slope_ci95_nats_per_efold),
    MEMBER(struct verdict_row, token_multiplier),
    MEMBER(struct verdict_row, token_multiplier_ci95),
    MEMBER(struct verdict_row, time_multiplier),
    MEMBER(struct verdict_row, time_multiplier_ci95),
};
static const struct layout layout = LAYOUT(struct verdict_row, members);

/* ==== Deciding ==== */

/* How many seeds decide it, if the difference and the spread are what they seem: the fewer of those
 * that tell it from 0 and those that show it to be within the margin. */
static double seeds_needed(const struct paired_test *test, double margin, int tests)
{
    double size = fabs(test->difference);
    int differs = size > 0.0 ? stats_pairs_needed(size, test->stddev, STATS_ALPHA / tests, STATS_POWER)
                             : INT_MAX;
    /* Each of two one-sided tests has the whole of alpha. */
    int equal = size < margin ? stats_pairs_needed(margin - size, test->stddev, 2.0 * STATS_ALPHA,
                                                   STATS_POWER)
                              : INT_MAX;
    int fewer = differs < equal ? differs : equal;

    return fewer == INT_MAX ? NAN : fewer;
}

/* Better and worse go first. */
static void decide(struct verdict_row *row, const struct contrast *contrast,
                   const struct metric *metric, double margin, int tests)
{
    const struct paired_test *test = &contrast->test;
    struct equivalence equal = stats_equivalence(test->difference, test->stddev / sqrt(test->n),
                                                 test->n - 1, margin, STATS_ALPHA);

    row->p_equivalence = equal.p;
    if (contrast->p_holm < STATS_ALPHA)
        row->verdict = metric_is_better(metric, test->difference, 0.0) ? "better" : "worse";
    else if (equal.p < STATS_ALPHA)
        row->verdict = "equal";
    else {
        double needed = test->n > 1 && test->stddev > 0.0 ? seeds_needed(test, margin, tests) : NAN;

        row->verdict = "undecided";
        /* One more at least: what is planned for the seen difference may be reached and not suffice. */
        row->more_seeds = isnan(needed) ? NAN : fmax(1.0, needed - test->n);
    }
}

/* Where seeds were added by looking, the looks have decided. */
static void take(struct verdict_row *row, const struct decision *decision)
{
    row->verdict = decision->kind;
    if (decision_is_made(decision))
        row->decided_n = decision->n;
}

/* ==== What it is worth ==== */

/* The baseline's slope, and how fast variants train beside it. */
struct worths {
    double *slope;  /* (seeds); NAN: none */
    double *values; /* (seeds), to work with */
    struct throughput_row *speed; /* (matrix->throughputs) */
    int n;
    double mean;
    struct interval interval;
};

static void worths_close(struct worths *worths)
{
    free(worths->slope);
    free(worths->values);
    free(worths->speed);
}

static int worths_open(struct worths *worths, const struct matrix *matrix)
{
    size_t seeds = (size_t)matrix->seeds + 1;

    *worths = (struct worths){calloc(seeds, sizeof(double)), calloc(seeds, sizeof(double)),
                              throughput_rows(matrix), 0, NAN, {NAN, NAN}};
    if (!worths->slope || !worths->values || !worths->speed)
        return -1;
    worth_slopes(matrix, worths->slope);
    for (int i = 0; i < matrix->seeds; i++)
        if (!isnan(worths->slope[i]))
            worths->values[worths->n++] = worths->slope[i];
    worths->mean = stats_mean(worths->values, worths->n);
    worths->interval = stats_t_interval(worths->values, worths->n, STATS_LEVEL);
    return 0;
}

/* The steps per second of a variant over those of the baseline, as they were measured. */
static struct worth speed_of(const struct worths *worths, const struct matrix *matrix, int at)
{
    for (int i = 0; i < matrix->throughputs; i++)
        if (texts_equal(matrix->throughput[i].pass, "train") &&
            matrix_find(matrix, matrix->throughput[i].variant) == at &&
            isfinite(worths->speed[i].relative_to_baseline))
            return (struct worth){worths->speed[i].relative_to_baseline,
                                  worths->speed[i].relative_ci95};
    return (struct worth){NAN, {NAN, NAN}};
}

static void appraise(struct verdict_row *row, const struct worths *worths, const struct matrix *matrix,
                     int at)
{
    const struct scores scores = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    struct worth tokens, time;

    for (int i = 0; i < matrix->seeds; i++)
        worths->values[i] = scores_at(&scores, at, i) - scores_at(&scores, matrix->baseline, i);
    tokens = stats_worth(worths->values, worths->slope, matrix->seeds, STATS_LEVEL);
    time = stats_worth_times(tokens, speed_of(worths, matrix, at));
    row->token_multiplier = tokens.times;
    row->time_multiplier = time.times;
    if (matrix->sequential) /* they are of a fixed number of seeds */
        return;
    row->token_multiplier_ci95 = tokens.interval;
    row->time_multiplier_ci95 = time.interval;
}

/* ==== The table ==== */

static struct verdict_row blank(const struct matrix *matrix, const struct worths *worths, int row)
{
    const struct interval none = {NAN, NAN};

    return (struct verdict_row){.variant = matrix->variant[row].name, .verdict = "undecided",
                                .delta_nats = NAN, .delta_ci95_nats = none, .p_holm = NAN,
                                .p_equivalence = NAN, .e_value = NAN, .anytime_ci95_nats = none,
                                .more_seeds = NAN, .decided_n = NAN, .slope_n = worths->n,
                                .slope_nats_per_efold = worths->mean,
                                .slope_ci95_nats_per_efold =
                                    matrix->sequential ? none : worths->interval,
                                .token_multiplier = NAN, .token_multiplier_ci95 = none,
                                .time_multiplier = NAN, .time_multiplier_ci95 = none};
}

/* decisions: of the looks; NULL: there were none. */
static struct verdict_row make_row(const struct matrix *matrix, const struct worths *worths, int at,
                                   const struct contrast *contrast,
                                   const struct decisions *decisions, int tests)
{
    const struct scores scores = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    struct verdict_row row = blank(matrix, worths, at);

    if (at == matrix->baseline) {
        row.verdict = "baseline";
        row.n = scores_row(&scores, at, worths->values);
        return row;
    }
    row.n = contrast->test.n;
    if (row.n == 0)
        return row;
    row.delta_nats = contrast->test.difference;
    row.delta_ci95_nats = contrast->test.interval;
    row.p_holm = contrast->p_holm;
    row.e_value = contrast->anytime.e_value;
    row.anytime_ci95_nats = contrast->anytime.interval;
    if (decisions)
        take(&row, &decisions->decision[at]);
    else
        decide(&row, contrast, scores.metric, matrix->equivalence_nats, tests);
    appraise(&row, worths, matrix, at);
    return row;
}

static json_t *compute(const struct matrix *matrix)
{
    const struct scores scores = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    struct contrast *contrast = calloc((size_t)matrix->variants + 1, sizeof *contrast);
    bool looked = matrix->sequential && matrix->baseline >= 0;
    struct decisions decisions = {.decision = NULL};
    struct worths worths;
    json_t *rows = json_array();
    int tests = 0, bad = worths_open(&worths, matrix) != 0 || !contrast;

    bad = bad || contrasts_compute(&scores, matrix->baseline, false, contrast) != 0;
    bad = bad || (looked && decisions_replay(&decisions, matrix) != 0);
    for (int i = 0; i < matrix->variants && !bad; i++)
        tests += !isnan(contrast[i].test.p_t);
    for (int i = 0; i < matrix->variants && !bad; i++) {
        struct verdict_row row = make_row(matrix, &worths, i, &contrast[i],
                                          looked ? &decisions : NULL, tests ? tests : 1);
        json_t *o = json_object();

        bad |= layout_put(&layout, &row, o) != 0;
        bad |= json_push(rows, o);
    }
    decisions_close(&decisions);
    free(contrast);
    worths_close(&worths);
    return json_finish(rows, bad);
}

static void print_row(struct sheet *sheet, const struct matrix *matrix, const struct verdict_row *row,
                      const struct beside *beside, bool worth)
{
    const char *missing = isfinite(row->delta_nats) ? "no interval" : "";

    sheet_cell(sheet, "%s", matrix_label(matrix, row->variant));
    if (isfinite(row->more_seeds))
        sheet_cell(sheet, "%s, %.0f more", row->verdict, row->more_seeds);
    else
        sheet_cell(sheet, "%s", row->verdict ? row->verdict : "");
    sheet_cell(sheet, "%lld", (long long)row->n);
    cell_number(sheet, "%+.4f", row->delta_nats, "");
    if (matrix->sequential) {
        cell_interval(sheet, row->anytime_ci95_nats, "%+.4f", missing);
        cell_number(sheet, "%.3g", row->e_value, "");
        cell_number(sheet, "%.0f", row->decided_n, "");
    } else {
        cell_interval(sheet, row->delta_ci95_nats, "%+.4f", missing);
        cell_number(sheet, "%.2g", row->p_holm, isfinite(row->delta_nats) ? "no test" : "");
        cell_number(sheet, "%.2g", row->p_equivalence, isfinite(row->delta_nats) ? "no test" : "");
    }
    if (worth) {
        cell_number(sheet, "%.3g", row->token_multiplier, "");
        cell_interval(sheet, row->token_multiplier_ci95, "%.3g", "");
        cell_number(sheet, "%.3g", row->time_multiplier, "");
        cell_interval(sheet, row->time_multiplier_ci95, "%.3g", "");
    }
    beside_cells(sheet, matrix, beside, row->variant);
}

static void note(struct sheet *sheet, bool looked)
{
    if (looked)
        sheet_note(sheet, "Seeds were added until it was decided, with a look after each: better, worse: "
                          "e-BH at 5 %% over the variants; equal: the interval lies within the margin; "
                          "undecided: neither.  Intervals and e-values are of all seeds and hold at every "
                          "look.");
    else
        sheet_note(sheet, "better, worse: paired t tests, Holm over the variants; equal: two one-sided "
                          "tests at 5 %%; undecided: neither, and how many seeds more would decide it with "
                          "power 80 %%, if the difference and its spread are as seen.");
}

/* What the columns of worth rest on. */
static void note_worth(struct sheet *sheet, const struct matrix *matrix, const struct verdict_row *row)
{
    const struct interval interval = row->slope_ci95_nats_per_efold;
    char text[CELL_BYTES];

    sheet_note(sheet, "x tokens, x time: how many times as many, and as much, %s would need to come as far: "
                      "exp(-delta / s), by s = %.4g nats %s per e-fold of steps, from its runs for half of "
                      "the steps at %lld seed%s; and times the measured ratio of the speeds.%s",
               matrix_baseline_label(matrix), row->slope_nats_per_efold,
               text_interval(interval, "%.4g", "(no interval)", text), (long long)row->slope_n,
               row->slope_n == 1 ? "" : "s",
               interval.low > 0.0 || matrix->sequential
                   ? ""
                   : "  None is given while the interval of s is not above 0: more seeds, or more steps, "
                     "tell.");
}

static int print(struct sheet *sheet, const struct matrix *matrix, json_t *rows)
{
    bool looked = matrix->sequential;
    const struct sheet_heading headings[] = {
        {'l', "variant", 0},
        {'l', "verdict", 0},
        {'r', "n", 0},
        {'r', "delta", 0},
        {'r', HEADING_INTERVAL(looked), 0},
        {'r', looked ? "e-value" : "p (Holm)\nof a difference", 0},
        {'r', looked ? "decided\nat n" : "p\nof equality", 0},
        /* With runs of half of the steps: */
        {'r', "x tokens", 0},
        {'r', "95 % interval", 0},
        {'r', "x time", 0},
        {'r', "95 % interval", SHEET_NO_LATEX},
    };
    enum { WORTH = 4 };
    struct verdict_row *row;
    struct beside beside;
    int count, rc = -1;
    bool worth;

    if (beside_open(&beside, matrix->document) != 0)
        return -1;
    row = layout_rows(&layout, rows, &count);
    if (!row)
        goto close;
    worth = count > 0 && row[0].slope_n > 0;
    snprintf(sheet->title, sizeof sheet->title,
             "Verdicts: against %s, where differences within %.4g nats are none",
             matrix_baseline_label(matrix), matrix->equivalence_nats);
    sheet_columns(sheet, headings, LENGTH_OF(headings) - (worth ? 0 : WORTH));
    beside_headings(sheet, matrix, &beside);
    for (int i = 0; i < count; i++)
        print_row(sheet, matrix, &row[i], &beside, worth);
    note(sheet, looked);
    if (worth)
        note_worth(sheet, matrix, row);
    beside_notes(sheet, matrix, &beside);
    layout_free(&layout, row, count);
    rc = rows ? beside_data(sheet, &beside, rows) : 0;
close:
    beside_close(&beside);
    return rc;
}

const struct table table_verdict = {
    "verdict", "better, worse, equal or undecided, how many seeds more, and what it is worth",
    "tables.verdict", compute, print, true,
};
