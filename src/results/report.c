/* report.c - the tables of a results file for people. */
#include "src/glu.h"

#include "src/results/document.h"
#include "src/util/json_help.h"
#include "src/results/results.h"
#include "src/results/sheet.h"
#include "src/results/tables.h"
#include "src/util/printable.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What every table is made from. */
struct source {
    json_t *document, *variants, *table1, *throughput, *agreement, *pareto;
    const char *baseline; /* name, or NULL */
};

/* ==== Cells ==== */

enum { CELL_BYTES = 64 };

/* "relu" as "FFN_ReLU" where the document says so. */
static const char *label_of(const struct source *source, const char *variant)
{
    const char *label = text_at(json_object_get(source->variants, variant ? variant : ""), "label");

    return label ? label : variant ? variant : "?";
}

static bool is_baseline(const struct source *source, const json_t *row)
{
    const char *variant = text_at(row, "variant");

    return source->baseline && variant && strcmp(variant, source->baseline) == 0;
}

static void cell_number(struct sheet *sheet, const char *format, double x, const char *missing)
{
    char text[CELL_BYTES];

    if (isfinite(x))
        snprintf(text, sizeof text, format, x);
    sheet_cell(sheet, "%s", isfinite(x) ? text : missing);
}

/* With commas between the thousands. */
static const char *grouped(double x, char text[CELL_BYTES])
{
    char digits[CELL_BYTES];
    size_t length, at = 0;

    snprintf(digits, sizeof digits, "%.0f", x);
    length = strlen(digits);
    for (size_t i = 0; i < length && at + 2 < CELL_BYTES; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-')
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

static void cell_grouped(struct sheet *sheet, double x)
{
    char text[CELL_BYTES];

    sheet_cell(sheet, "%s", isfinite(x) ? grouped(x, text) : "");
}

/* "2.203 (0.004)"; without a spread "2.203". */
static void cell_mean(struct sheet *sheet, double mean, double stddev)
{
    if (!isfinite(mean))
        sheet_cell(sheet, "%s", "");
    else if (isfinite(stddev))
        sheet_cell(sheet, "%.3f (%.3f)", mean, stddev);
    else
        sheet_cell(sheet, "%.3f", mean);
}

/* %+.{digits}f on both ends, or `missing`. */
static const char *interval_text(struct interval interval, const char *format, const char *missing,
                                 char text[CELL_BYTES])
{
    char low[CELL_BYTES / 2 - 4], high[CELL_BYTES / 2 - 4];

    if (!interval_exists(interval))
        return missing;
    snprintf(low, sizeof low, format, interval.low);
    snprintf(high, sizeof high, format, interval.high);
    snprintf(text, CELL_BYTES, "[%s, %s]", low, high);
    return text;
}

static void cell_interval(struct sheet *sheet, struct interval interval, const char *format,
                          const char *missing)
{
    char text[CELL_BYTES];

    sheet_cell(sheet, "%s", interval_text(interval, format, missing, text));
}

/* A p-value counts when it is below 5 %; above it the number would only invite reading into it. */
static const char *p_text(double p, char text[CELL_BYTES])
{
    if (!isfinite(p))
        return "no test";
    if (p >= 0.05)
        return "n.s.";
    snprintf(text, CELL_BYTES, p < 0.001 ? "<0.001" : "%.3f", p);
    return text;
}

/* Difference, interval and p against the baseline: three cells. */
static void cells_contrast(struct sheet *sheet, const struct source *source, const json_t *row)
{
    double delta = number_at(row, "delta_nats");
    char text[CELL_BYTES];

    if (is_baseline(source, row)) {
        sheet_cell(sheet, "baseline");
        sheet_cell(sheet, "%s", "");
        sheet_cell(sheet, "%s", "");
        return;
    }
    cell_number(sheet, "%+.4f", delta, "");
    cell_interval(sheet, interval_at(row, "delta_ci95_nats"), "%+.4f",
                  isfinite(delta) ? "no interval" : "");
    sheet_cell(sheet, "%s", isfinite(delta) ? p_text(number_at(row, "p_holm"), text) : "");
}

/* ==== Notes ==== */

static void note_agreement(struct sheet *sheet, const struct source *source)
{
    double tau = number_at(source->agreement, "kendall_tau_b");
    double p = number_at(source->agreement, "p_value");
    long long variants = integer_at(source->agreement, "variants", 0);

    if (!isfinite(tau))
        sheet_note(sheet, "Agreement with the paper's order: not computed, it takes two variants of "
                          "the paper with different results.");
    else
        sheet_note(sheet, "Agreement with the paper's order: Kendall's tau-b %.2f over %lld variants, "
                          "exact p %.3g%s",
                   tau, variants, p,
                   p >= 0.05  ? ": no more than chance gives."
                   : tau > 0 ? ": it agrees."
                             : ": it is reversed.");
}

static void note_gated(struct sheet *sheet, const struct source *source)
{
    double difference = number_at(source->agreement, "gated_minus_ungated_nats");
    double p = number_at(source->agreement, "p_gated");
    double paper = number_at(source->agreement, "paper_gated_minus_ungated_nats");
    long long n = integer_at(source->agreement, "n", 0);
    char text[CELL_BYTES], test[CELL_BYTES] = "no test", theirs[CELL_BYTES] = "";

    if (!isfinite(difference)) {
        sheet_note(sheet, "Gated minus ungated: not computed, it takes a seed at which variants of "
                          "both kinds are ok.");
        return;
    }
    if (isfinite(p))
        snprintf(test, sizeof test, p >= 0.05 ? "p %.2f, n.s." : "p %.2g", p);
    if (isfinite(paper))
        snprintf(theirs, sizeof theirs, "; in the paper %+.4f", paper);
    sheet_note(sheet, "Gated minus ungated: %+.4f nats %s, %lld seed%s, %s%s.", difference,
               interval_text(interval_at(source->agreement, "gated_minus_ungated_ci95"), "%+.4f",
                             "(no interval)", text),
               n, n == 1 ? "" : "s", test, theirs);
}

static void note_best(struct sheet *sheet, const struct source *source)
{
    const char *best = NULL;
    bool tested = false;

    for (size_t i = 0; i < json_array_size(source->table1); i++) {
        const json_t *row = json_array_get(source->table1, i);

        if (json_is_true(json_object_get(row, "best")))
            best = text_at(row, "variant");
        tested |= isfinite(number_at(row, "p_paired"));
    }
    if (best)
        sheet_note(sheet, "Best: %s is lower than every other variant (paired tests, Holm over all "
                          "pairs).",
                   label_of(source, best));
    else if (tested)
        sheet_note(sheet, "Best: none; no variant is lower than every other after correction over all "
                          "pairs.");
    else
        sheet_note(sheet, "Best: not decided; ranking takes two or more seeds.");
}

/* What this many seeds could have found. */
static void note_detectable(struct sheet *sheet, const struct source *source)
{
    double low = INFINITY, high = 0.0;

    for (size_t i = 0; i < json_array_size(source->table1); i++) {
        double x = number_at(json_array_get(source->table1, i), "detectable_nats");

        if (isfinite(x)) {
            low = fmin(low, x);
            high = fmax(high, x);
        }
    }
    if (high > 0.0)
        sheet_note(sheet, "Resolution: a true difference of %.4f to %.4f nats (by variant) is found with "
                          "power 80 %%; smaller ones take more seeds.",
                   low, high);
}

/* A difference is over the seeds that the baseline has too; say so where that is not all. */
static void note_unpaired(struct sheet *sheet, const struct source *source)
{
    for (size_t i = 0; i < json_array_size(source->table1); i++) {
        const json_t *row = json_array_get(source->table1, i);
        long long paired = integer_at(row, "n_paired", 0), n = integer_at(row, "n", 0);

        if (paired < n && !is_baseline(source, row) && source->baseline)
            sheet_note(sheet, "%s: delta over the %lld of %lld seeds that %s has too.",
                       label_of(source, text_at(row, "variant")), paired, n,
                       label_of(source, source->baseline));
    }
}

/* Every run that is not ok is named. */
static void note_failures(struct sheet *sheet, const struct source *source)
{
    json_t *runs = json_object_get(source->document, "runs");

    for (size_t i = 0; i < json_array_size(runs); i++) {
        const json_t *run = json_array_get(runs, i);
        const char *status = text_at(run, "status"), *error = text_at(run, "error");

        if (status && strcmp(status, "ok") != 0)
            sheet_note(sheet, "%s, seed %lld: %s%s%s", label_of(source, text_at(run, "variant")),
                       (long long)integer_at(run, "seed", -1), status, error ? ": " : "",
                       error ? error : "");
    }
}

/* ==== The tables ==== */

/* The rows of a table that not every document has: a new reference. */
static json_t *rows_of(json_t *rows)
{
    return rows ? json_incref(rows) : json_array();
}

/* From the throughput samples, or, where there are none, the mean over the runs. */
static double train_tokens_per_s(const struct source *source, const char *variant)
{
    json_t *runs = json_object_get(source->document, "runs");
    double sum = 0.0;
    int n = 0;

    for (size_t i = 0; i < json_array_size(source->throughput); i++) {
        const json_t *row = json_array_get(source->throughput, i);
        const char *name = text_at(row, "variant"), *pass = text_at(row, "pass");

        if (name && pass && strcmp(name, variant) == 0 && strcmp(pass, "train") == 0)
            return number_at(row, "tokens_per_s");
    }
    for (size_t i = 0; i < json_array_size(runs); i++) {
        const json_t *run = json_array_get(runs, i);
        const char *name = text_at(run, "variant");
        double rate = number_at(run, "train_tokens_per_s");

        if (name && strcmp(name, variant) == 0 && rate > 0.0) {
            sum += rate;
            n++;
        }
    }
    return n ? sum / n : NAN;
}

/* "2" when all runs are ok, else "2 of 3". */
static void cell_runs(struct sheet *sheet, const struct source *source, const json_t *row)
{
    json_t *runs = json_object_get(source->document, "runs");
    const char *variant = text_at(row, "variant");
    long long n = integer_at(row, "n", 0), all = 0;

    for (size_t i = 0; i < json_array_size(runs); i++) {
        const char *name = text_at(json_array_get(runs, i), "variant");

        all += name && variant && strcmp(name, variant) == 0;
    }
    if (all == n)
        sheet_cell(sheet, "%lld", n);
    else
        sheet_cell(sheet, "%lld of %lld", n, all);
}

static int build_perplexity(struct sheet *sheet, const struct source *source)
{
    snprintf(sheet->title, sizeof sheet->title,
             "Held-out log-perplexity in nats per target token: mean (standard deviation of the n runs)");
    sheet_column(sheet, 'l', "variant", 0);
    sheet_column(sheet, 'r', "n", 0);
    sheet_column(sheet, 'r', "ours", 0);
    sheet_column(sheet, 'r', "paper,\n65,536 steps", 0);
    sheet_column(sheet, 'r', "paper,\n524,288", SHEET_NO_TERMINAL);
    sheet_column(sheet, 'r', "delta", 0);
    sheet_column(sheet, 'r', "95 % interval", 0);
    sheet_column(sheet, 'r', "p (Holm)", 0);
    sheet_column(sheet, 'r', "tokens/s", SHEET_NO_LATEX);
    for (size_t i = 0; i < json_array_size(source->table1); i++) {
        const json_t *row = json_array_get(source->table1, i);
        const char *variant = text_at(row, "variant");

        sheet_cell(sheet, "%s", label_of(source, variant));
        cell_runs(sheet, source, row);
        cell_mean(sheet, number_at(row, "mean_nats"), number_at(row, "stddev_nats"));
        if (json_is_true(json_object_get(row, "best")))
            sheet_bold(sheet);
        cell_mean(sheet, number_at(row, "paper_65536_nats"),
                  number_at(row, "paper_65536_stddev_nats"));
        cell_number(sheet, "%.3f", number_at(row, "paper_524288_nats"), "");
        cells_contrast(sheet, source, row);
        cell_grouped(sheet, train_tokens_per_s(source, variant ? variant : ""));
    }
    sheet_note(sheet, "delta: to %s, paired by seed, with the 95 %% interval of the mean difference "
                      "(Student's t, each by itself); p: paired t test, Holm over the variants.",
               label_of(source, source->baseline));
    note_gated(sheet, source);
    note_agreement(sheet, source);
    note_best(sheet, source);
    note_detectable(sheet, source);
    note_unpaired(sheet, source);
    note_failures(sheet, source);
    sheet->data = json_incref(source->table1);
    return 0;
}

static void throughput_row(struct sheet *sheet, const struct source *source, const json_t *row)
{
    const char *pass = text_at(row, "pass"), *precision = text_at(row, "precision");
    struct interval rate = interval_at(row, "tokens_per_s_ci95");
    double relative = number_at(row, "relative_to_baseline");
    char text[2][CELL_BYTES];

    sheet_cell(sheet, "%s", label_of(source, text_at(row, "variant")));
    sheet_cell(sheet, "%s", pass ? pass : "");
    sheet_cell(sheet, "%s", precision ? precision : "");
    cell_number(sheet, "%.0f", number_at(row, "threads"), "");
    cell_number(sheet, "%.0f", number_at(row, "batch"), "");
    sheet_cell(sheet, "%zu", json_array_size(json_object_get(row, "samples_s")));
    cell_number(sheet, "%.2f", 1e3 * number_at(row, "median_s"), "");
    cell_grouped(sheet, number_at(row, "tokens_per_s"));
    if (interval_exists(rate))
        sheet_cell(sheet, "[%s, %s]", grouped(rate.low, text[0]), grouped(rate.high, text[1]));
    else
        sheet_cell(sheet, "no interval");
    cell_number(sheet, "%.1f", number_at(row, "gflop_per_s"), "");
    cell_number(sheet, "%.0f %%", 100.0 * number_at(row, "fraction_of_gemm_peak"), "");
    if (is_baseline(source, row)) {
        sheet_cell(sheet, "baseline");
        sheet_cell(sheet, "%s", "");
    } else {
        cell_number(sheet, "%.3f", relative, "");
        cell_interval(sheet, interval_at(row, "relative_ci95"), "%.3f",
                      isfinite(relative) ? "no interval" : "");
    }
}

static int build_throughput(struct sheet *sheet, const struct source *source)
{
    static const struct {
        char align;
        const char *heading;
        int hidden;
    } columns[] = {
        {'l', "variant", 0},
        {'l', "pass", 0},
        {'l', "precision", SHEET_NO_LATEX},
        {'r', "threads", SHEET_NO_LATEX},
        {'r', "batch", SHEET_NO_LATEX},
        {'r', "n", SHEET_NO_LATEX},
        {'r', "median ms", SHEET_NO_LATEX},
        {'r', "tokens/s", 0},
        {'r', "95 % interval", 0},
        {'r', "GFLOP/s", 0},
        {'r', "of gemm\npeak", 0},
        {'r', "relative", 0},
        {'r', "95 % interval", 0},
    };
    static const char *const passes[] = {"train", "forward", "ffn_train", "ffn_forward"};

    snprintf(sheet->title, sizeof sheet->title,
             "Throughput: medians of n samples with 95 %% intervals; relative to %s",
             label_of(source, source->baseline));
    for (size_t i = 0; i < LENGTH_OF(columns); i++)
        sheet_column(sheet, columns[i].align, columns[i].heading, columns[i].hidden);
    for (size_t p = 0; p < LENGTH_OF(passes); p++)
        for (size_t i = 0; i < json_array_size(source->throughput); i++) {
            const json_t *row = json_array_get(source->throughput, i);
            const char *pass = text_at(row, "pass");

            if (pass && strcmp(pass, passes[p]) == 0)
                throughput_row(sheet, source, row);
        }
    sheet_note(sheet, "Interval of a median: between order statistics, from 6 samples on; of a relative "
                      "speed: bootstrap over rounds.");
    sheet_note(sheet, "GFLOP/s count the matrix products of the model; gemm peak is oneDNN's own matmul "
                      "in the same run.");
    sheet->data = json_incref(source->throughput);
    return 0;
}

static int build_parity(struct sheet *sheet, const struct source *source)
{
    double low = INFINITY, high = -INFINITY;
    const char *name;
    json_t *variant;
    int bad = 0;

    snprintf(sheet->title, sizeof sheet->title,
             "Parameters and computation, counted from the tensors of each model");
    sheet_column(sheet, 'l', "variant", 0);
    sheet_column(sheet, 'l', "gated", 0);
    sheet_column(sheet, 'r', "d_ff", 0);
    sheet_column(sheet, 'r', "parameters", 0);
    sheet_column(sheet, 'r', "in feed-forward", 0);
    sheet_column(sheet, 'r', "GFLOP a\ntraining step", 0);
    sheet_column(sheet, 'r', "difference", 0);
    sheet->data = json_array();
    json_object_foreach (source->variants, name, variant) {
        double parameters = number_at(variant, "parameters");
        json_t *row = json_object();

        sheet_cell(sheet, "%s", label_of(source, name));
        sheet_cell(sheet, "%s", json_is_true(json_object_get(variant, "gated")) ? "yes" : "no");
        cell_grouped(sheet, number_at(variant, "d_ff"));
        cell_grouped(sheet, parameters);
        cell_grouped(sheet, number_at(variant, "ffn_parameters"));
        cell_number(sheet, "%.4f", 1e-9 * number_at(variant, "train_flops_per_step"), "");
        cell_number(sheet, "%+.3f %%", 100.0 * number_at(variant, "parameter_difference_vs_baseline"),
                    "");
        low = fmin(low, parameters);
        high = fmax(high, parameters);
        bad |= json_put(row, "variant", json_text(name));
        bad |= json_object_update(row, variant);
        bad |= json_push(sheet->data, row);
    }
    if (low == high)
        sheet_note(sheet, "All variants have the same number of parameters.");
    else if (high > 0.0)
        sheet_note(sheet, "The largest has %.3f %% more parameters than the smallest.",
                   100.0 * (high / low - 1.0));
    sheet->bad |= bad != 0;
    return 0;
}

/* How many of the rows with both values are lower, and one. */
static int rank_of(const struct source *source, const char *key, double x)
{
    int rank = 1;

    for (size_t i = 0; i < json_array_size(source->table1); i++) {
        const json_t *row = json_array_get(source->table1, i);

        rank += isfinite(number_at(row, "mean_nats")) && number_at(row, "paper_65536_nats") > 0.0
                && number_at(row, key) < x;
    }
    return rank;
}

static int build_agreement(struct sheet *sheet, const struct source *source)
{
    snprintf(sheet->title, sizeof sheet->title,
             "Order of the variants, ours and the paper's (1 is the lowest log-perplexity)");
    sheet_column(sheet, 'l', "variant", 0);
    sheet_column(sheet, 'r', "ours", 0);
    sheet_column(sheet, 'r', "rank", 0);
    sheet_column(sheet, 'r', "paper, 65,536 steps", 0);
    sheet_column(sheet, 'r', "rank", 0);
    for (size_t i = 0; i < json_array_size(source->table1); i++) {
        const json_t *row = json_array_get(source->table1, i);
        double ours = number_at(row, "mean_nats"), paper = number_at(row, "paper_65536_nats");
        bool both = isfinite(ours) && isfinite(paper);

        sheet_cell(sheet, "%s", label_of(source, text_at(row, "variant")));
        cell_mean(sheet, ours, number_at(row, "stddev_nats"));
        cell_number(sheet, "%.0f", both ? rank_of(source, "mean_nats", ours) : NAN, "");
        cell_mean(sheet, paper, number_at(row, "paper_65536_stddev_nats"));
        cell_number(sheet, "%.0f", both ? rank_of(source, "paper_65536_nats", paper) : NAN, "");
    }
    note_agreement(sheet, source);
    note_gated(sheet, source);
    note_best(sheet, source);
    sheet->data = json_array();
    sheet->bad |= json_push(sheet->data, json_incref(source->agreement)) != 0;
    return 0;
}

static const struct axis_words {
    const char *axis, *words, *format;
} axis_words[] = {
    {"tokens", "tokens", "%.3g"}, {"train_flops", "FLOPs", "%.3g"}, {"train_s", "seconds", "%.1f"}};

static const struct axis_words *words_of(const json_t *row)
{
    const char *axis = text_at(row, "axis");

    for (size_t i = 0; axis && i < LENGTH_OF(axis_words); i++)
        if (strcmp(axis_words[i].axis, axis) == 0)
            return &axis_words[i];
    return &axis_words[0];
}

/* Whether a variant is on the front, and up to three of those that are better. */
static void cells_front(struct sheet *sheet, const struct source *source, const json_t *row)
{
    enum { NAMED = 3 };
    json_t *names = json_object_get(row, "dominated_by");
    size_t count = json_array_size(names);
    char text[256] = "", more[CELL_BYTES] = "";

    for (size_t i = 0; i < count && i < NAMED; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        size_t length = strlen(text);

        snprintf(text + length, sizeof text - length, "%s%s", i ? ", " : "", label_of(source, name));
    }
    if (count > NAMED)
        snprintf(more, sizeof more, " and %zu more", count - NAMED);
    /* A variant without a curve is neither on the front nor behind it. */
    sheet_cell(sheet, "%s", json_is_true(json_object_get(row, "on_front")) ? "yes" : count ? "no" : "");
    sheet_cell(sheet, "%s%s", text, more);
}

static int build_pareto(struct sheet *sheet, const struct source *source)
{
    const char *noted = "";

    snprintf(sheet->title, sizeof sheet->title,
             "Held-out log-perplexity at equal cost, in nats per target token, from the curves");
    sheet_column(sheet, 'l', "cost", 0);
    sheet_column(sheet, 'l', "variant", 0);
    sheet_column(sheet, 'r', "n", SHEET_NO_LATEX);
    sheet_column(sheet, 'r', "at equal\ncost", 0);
    sheet_column(sheet, 'r', "delta", 0);
    sheet_column(sheet, 'r', "95 % interval", 0);
    sheet_column(sheet, 'r', "p (Holm)", 0);
    sheet_column(sheet, 'r', "whole\ncost", 0);
    sheet_column(sheet, 'r', "at the\nend", 0);
    sheet_column(sheet, 'l', "on the\nfront", 0);
    sheet_column(sheet, 'l', "lower at no more cost", SHEET_NO_LATEX);
    for (size_t i = 0; i < json_array_size(source->pareto); i++) {
        const json_t *row = json_array_get(source->pareto, i);
        const struct axis_words *words = words_of(row);

        sheet_cell(sheet, "%s", words->words);
        sheet_cell(sheet, "%s", label_of(source, text_at(row, "variant")));
        cell_number(sheet, "%.0f", number_at(row, "n"), "");
        cell_number(sheet, "%.4f", number_at(row, "nats_at_budget"), "");
        cells_contrast(sheet, source, row);
        cell_number(sheet, words->format, number_at(row, "final_cost"), "");
        cell_number(sheet, "%.4f", number_at(row, "final_nats"), "");
        cells_front(sheet, source, row);
        if (strcmp(noted, words->axis) != 0 && isfinite(number_at(row, "budget"))) {
            char text[CELL_BYTES];

            snprintf(text, sizeof text, words->format, number_at(row, "budget"));
            sheet_note(sheet, "Equal %s: %s, the most that every run reached.", words->words, text);
            noted = words->axis;
        }
    }
    sheet_note(sheet, "On the Pareto front: no other variant's mean curve is lower at the same cost or less; "
                      "means only, see the intervals.");
    sheet->data = rows_of(source->pareto);
    return 0;
}

/* ==== Measurements ==== */

/* "12 of 34.5 GB/s" of a level of memory, as a note. */
static void note_stream(struct sheet *sheet, const json_t *profile, const char *key, const char *what)
{
    const json_t *stream = json_object_get(profile, key);

    if (isfinite(number_at(stream, "gb_per_s")) && isfinite(number_at(stream, "bytes_per_thread")))
        sheet_note(sheet, "%s: %.1f GB/s measured with %.0f KiB of arrays a thread.", what,
                   number_at(stream, "gb_per_s"), number_at(stream, "bytes_per_thread") / 1024.0);
}

static void note_profile(struct sheet *sheet, const struct source *source, const json_t *profile)
{
    double growth = number_at(profile, "heap_growth_bytes");
    char heap[CELL_BYTES] = "an unknown number of";

    if (isfinite(growth))
        snprintf(heap, sizeof heap, "%.0f", growth);
    sheet_note(sheet, "%s: during %.0f timed steps %.0f primitives were created, the heap grew by %s "
                      "bytes, and %.0f pages were touched for the first time.",
               label_of(source, text_at(profile, "variant")), number_at(profile, "steps"),
               number_at(profile, "primitives_created"), heap, number_at(profile, "page_faults"));
}

static void percent_cell(struct sheet *sheet, const json_t *row, const char *key)
{
    cell_number(sheet, "%.0f %%", 100.0 * number_at(row, key), "");
}

static int build_profile(struct sheet *sheet, const struct source *source)
{
    const json_t *profiles = json_object_get(source->document, "profile");
    const json_t *first = json_array_get(profiles, 0);

    snprintf(sheet->title, sizeof sheet->title,
             "Where the time of a training step goes (%s, %.0f threads, batch %.0f)",
             first ? text_at(first, "precision") : "not measured; see bench " FIELD("profile"),
             first ? number_at(first, "threads") : 0.0, first ? number_at(first, "batch") : 0.0);
    sheet_column(sheet, 'l', "variant", 0);
    sheet_column(sheet, 'l', "operation", 0);
    sheet_column(sheet, 'r', "ms a step", 0);
    sheet_column(sheet, 'r', "share", 0);
    sheet_column(sheet, 'r', "GFLOP/s", 0);
    sheet_column(sheet, 'r', "of gemm\npeak", 0);
    sheet_column(sheet, 'r', "GB/s", 0);
    sheet_column(sheet, 'r', "of cache", 0);
    sheet_column(sheet, 'r', "of memory", 0);
    for (size_t i = 0; i < json_array_size(profiles); i++) {
        const json_t *profile = json_array_get(profiles, i);
        const json_t *operations = json_object_get(profile, "operations");

        for (size_t k = 0; k < json_array_size(operations); k++) {
            const json_t *row = json_array_get(operations, k);
            const char *operation = text_at(row, "operation");

            sheet_cell(sheet, "%s", label_of(source, text_at(profile, "variant")));
            sheet_cell(sheet, "%s", operation ? operation : "");
            cell_number(sheet, "%.3f", 1e3 * number_at(row, "s_per_step"), "");
            cell_number(sheet, "%.1f %%", 100.0 * number_at(row, "share"), "");
            cell_number(sheet, "%.1f", number_at(row, "gflop_per_s"), "");
            percent_cell(sheet, row, "fraction_of_gemm_peak");
            cell_number(sheet, "%.1f", number_at(row, "gb_per_s"), "");
            percent_cell(sheet, row, "fraction_of_cache_stream");
            percent_cell(sheet, row, "fraction_of_memory_stream");
        }
    }
    if (first) {
        sheet_note(sheet, "Seconds of all threads over their number.  Gemm peak: oneDNN's own matmul, "
                          "%.1f GFLOP/s in the same run.", number_at(first, "gemm_peak_gflop_per_s"));
        note_stream(sheet, first, "cache_stream", "Cache, the size of a feed-forward layer's buffers");
        note_stream(sheet, first, "memory_stream", "Memory");
    }
    for (size_t i = 0; i < json_array_size(profiles); i++)
        note_profile(sheet, source, json_array_get(profiles, i));
    sheet->data = rows_of(json_object_get(source->document, "profile"));
    return 0;
}

/* The entry of a list with this role and implementation, or a new one without variants. */
static json_t *primitive_entry(json_t *list, const json_t *primitive)
{
    json_t *entry;

    for (size_t i = 0; i < json_array_size(list); i++) {
        entry = json_array_get(list, i);
        if (json_equal(json_object_get(entry, "role"), json_object_get(primitive, "role")) &&
            json_equal(json_object_get(entry, "implementation"),
                       json_object_get(primitive, "implementation")))
            return entry;
    }
    entry = json_copy((json_t *)primitive);
    if (json_put(entry, "variants", json_array()) || json_push(list, entry))
        return NULL;
    return entry;
}

static int build_primitives(struct sheet *sheet, const struct source *source)
{
    const json_t *profiles = json_object_get(source->document, "profile");
    json_t *list = json_array();
    int bad = 0;

    for (size_t i = 0; i < json_array_size(profiles); i++) {
        const json_t *profile = json_array_get(profiles, i);
        const json_t *primitives = json_object_get(profile, "primitives");

        for (size_t k = 0; k < json_array_size(primitives) && !bad; k++) {
            json_t *entry = primitive_entry(list, json_array_get(primitives, k));

            bad |= !entry || json_array_append(json_object_get(entry, "variants"),
                                               json_object_get(profile, "variant"));
        }
    }
    snprintf(sheet->title, sizeof sheet->title,
             "What the primitives of a training step resolved to (%zu variant%s)",
             json_array_size(profiles), json_array_size(profiles) == 1 ? "" : "s");
    sheet_column(sheet, 'l', "primitive", 0);
    sheet_column(sheet, 'l', "implementation", 0);
    sheet_column(sheet, 'r', "variants", 0);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);

        sheet_cell(sheet, "%s", text_at(entry, "role"));
        sheet_cell(sheet, "%s", text_at(entry, "implementation"));
        sheet_cell(sheet, "%zu", json_array_size(json_object_get(entry, "variants")));
    }
    sheet->data = list;
    sheet->bad |= bad != 0;
    return 0;
}

static int build_scaling(struct sheet *sheet, const struct source *source)
{
    json_t *rows = json_object_get(source->document, "scaling");

    snprintf(sheet->title, sizeof sheet->title, "The training step over threads and sizes%s",
             rows ? "" : " (not measured; see bench " FIELD("scaling") ")");
    sheet_column(sheet, 'l', "variant", 0);
    sheet_column(sheet, 'l', "over", 0);
    sheet_column(sheet, 'r', "value", 0);
    sheet_column(sheet, 'r', "n", SHEET_NO_LATEX);
    sheet_column(sheet, 'r', "ms a step", 0);
    sheet_column(sheet, 'r', "95 % interval", 0);
    sheet_column(sheet, 'r', "tokens/s", 0);
    sheet_column(sheet, 'r', "GFLOP/s", 0);
    sheet_column(sheet, 'r', "of gemm\npeak", 0);
    sheet_column(sheet, 'r', "parallel\nefficiency", 0);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        struct interval interval = interval_at(row, "median_s_ci95");

        interval.low *= 1e3;
        interval.high *= 1e3;
        sheet_cell(sheet, "%s", label_of(source, text_at(row, "variant")));
        sheet_cell(sheet, "%s", text_at(row, "axis"));
        cell_number(sheet, "%.0f", number_at(row, "value"), "");
        sheet_cell(sheet, "%zu", json_array_size(json_object_get(row, "samples_s")));
        cell_number(sheet, "%.2f", 1e3 * number_at(row, "median_s"), "");
        cell_interval(sheet, interval, "%.2f", "no interval");
        cell_grouped(sheet, number_at(row, "tokens_per_s"));
        cell_number(sheet, "%.1f", number_at(row, "gflop_per_s"), "");
        percent_cell(sheet, row, "fraction_of_gemm_peak");
        percent_cell(sheet, row, "parallel_efficiency");
    }
    sheet_note(sheet, "All else as configured; heads and d_ff grow with d_model.  Gemm peak: with the "
                      "configured number of threads.");
    sheet->data = rows_of(rows);
    return 0;
}

static const struct report_table {
    const char *name, *help;
    int (*build)(struct sheet *sheet, const struct source *source);
} report_tables[] = {
    {"perplexity", "the paper's table 1 with ours beside it", build_perplexity},
    {"throughput", "tokens and FLOPs per second, share of the gemm peak", build_throughput},
    {"parity", "parameters and FLOPs of each variant", build_parity},
    {"agreement", "our order of the variants and the paper's", build_agreement},
    {"pareto", "quality at equal tokens, FLOPs and seconds", build_pareto},
    {"profile", "where the time of a training step goes (of bench)", build_profile},
    {"primitives", "what oneDNN's primitives resolved to (of bench)", build_primitives},
    {"scaling", "the training step over threads and sizes (of bench)", build_scaling},
};

const char *report_table_name(int i, const char **help)
{
    if (i < 0 || i >= (int)LENGTH_OF(report_tables))
        return NULL;
    if (help)
        *help = report_tables[i].help;
    return report_tables[i].name;
}

const char *report_format_name(int i, const char **help)
{
    if (i < 0 || i >= sheet_format_count)
        return NULL;
    if (help)
        *help = sheet_formats[i].help;
    return sheet_formats[i].name;
}

/* The index of a table, or -1 and a message that lists them. */
static int find_table(const char *name)
{
    char all[256] = "";

    for (size_t i = 0; i < LENGTH_OF(report_tables); i++) {
        size_t length = strlen(all);

        if (strcmp(report_tables[i].name, name) == 0)
            return (int)i;
        snprintf(all + length, sizeof all - length, "%s%s", i ? ", " : "", report_tables[i].name);
    }
    return err_set("unknown table \"%s\"; there are: %s", name, all);
}

int report_print(FILE *out, json_t *document, const char *table, const char *format)
{
    int t = find_table(table), f = t < 0 ? -1 : sheet_format_find(format);
    json_t *tables = json_object_get(document, "tables");
    struct source source = {
        .document = document,
        .variants = json_object_get(document, "variants"),
        .table1 = json_object_get(tables, "table1"),
        .throughput = json_object_get(tables, "throughput"),
        .pareto = json_object_get(tables, "pareto"),
        .agreement = json_object_get(document, "agreement"),
        .baseline = document_baseline(document),
    };
    struct sheet sheet = {0};
    int rc = -1;

    if (f < 0)
        return -1;
    if (report_tables[t].build(&sheet, &source) == 0 && !sheet.bad) {
        err_name_fields(sheet.title, sizeof sheet.title);
        printable(sheet.title);
        rc = sheet_formats[f].print(out, &sheet);
    } else if (sheet.bad) {
        err_set("not enough memory for the table");
    }
    sheet_free(&sheet);
    return rc;
}
