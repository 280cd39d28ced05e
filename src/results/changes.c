/* changes.c - see changes.h. */
#include "src/glu.h"

#include "src/results/changes.h"

#include "src/results/contrasts.h"
#include "src/results/sequential.h"
#include "src/results/statistics.h"
#include "src/results/tables/throughput.h"
#include "src/util/json_help.h"
#include "variants/variant.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct metric speed = {"tokens_per_s", "tokens/s", true};

bool change_is_of_speed(const struct change *change)
{
    return change->metric == &speed;
}

/* A line of what only one of the files has, the other's value being NAN. */
static struct change unpaired(const struct metric *metric, const char *what, const char *variant,
                              double before, double after)
{
    return (struct change){
        .metric = metric,
        .what = what,
        .variant = variant,
        .before = before,
        .after = after,
        .change_percent = NAN,
        .change_percent_ci95 = {NAN, NAN},
        .p = NAN,
        .e_value = NAN,
    };
}

/* Add to the words of a line. */
static void say(struct change *change, const char *format, ...) GLU_PRINTF(2, 3);
static void say(struct change *change, const char *format, ...)
{
    size_t length = strlen(change->words);
    va_list args;

    if (length > 0 && length + 2 < WORDS_BYTES) {
        memcpy(change->words + length, ", ", 3);
        length += 2;
    }
    va_start(args, format);
    vsnprintf(change->words + length, WORDS_BYTES - length, format, args);
    va_end(args);
}

static void say_runs(struct change *change, int runs, const char *what)
{
    if (runs > 0)
        say(change, "%d run%s %s", runs, runs == 1 ? "" : "s", what);
}

/* ==== Quality: paired by seed ==== */

/* What became of a variant's runs. */
struct tally {
    int n;             /* ok in both */
    int lost, missing; /* ok before, and not ok or not there after */
    int not_ok, added; /* not ok before; not there before */
    int reweighed;     /* of n, begun from other weights than before */
};

/* Two runs of one seed are of the same text, or -1 and a message. */
static int check_heldout(const struct matrix_run *was, const struct matrix_run *is)
{
    if (was->heldout_examples == is->heldout_examples
        && was->heldout_target_tokens == is->heldout_target_tokens)
        return 0;
    return err_set("%s at seed %lld was evaluated on other text: %lld examples of %lld target "
                   "tokens before, %lld of %lld after",
                   was->variant, (long long)was->seed, (long long)was->heldout_examples,
                   (long long)was->heldout_target_tokens, (long long)is->heldout_examples,
                   (long long)is->heldout_target_tokens);
}

/* The values of one variant at the seeds at which both files have it ok.  `other`: its row in the
 * second file, or -1. */
static int pair_runs(struct tally *tally, const struct comparison *comparison, int row, int other,
                     double *x, double *y)
{
    const struct matrix *before = &comparison->before, *after = &comparison->after;
    const struct scores were = matrix_scores(before, METRIC_LOG_PERPLEXITY);
    const struct scores are = matrix_scores(after, METRIC_LOG_PERPLEXITY);

    *tally = (struct tally){0};
    for (int i = 0; i < before->seeds; i++) {
        const struct matrix_run *was = matrix_run_at(before, row, i), *is = NULL;
        int column = matrix_column(after, before->seed[i]);

        if (was && other >= 0 && column >= 0)
            is = matrix_run_at(after, other, column);
        if (!was)
            continue;
        if (isnan(scores_at(&were, row, i))) {
            tally->not_ok++;
        } else if (!is) {
            tally->missing++;
        } else if (isnan(scores_at(&are, other, column))) {
            tally->lost++;
        } else {
            if (check_heldout(was, is) != 0)
                return -1;
            tally->reweighed +=
                was->init_checkpoint_sha256 && is->init_checkpoint_sha256 &&
                strcmp(was->init_checkpoint_sha256, is->init_checkpoint_sha256) != 0;
            x[tally->n] = scores_at(&were, row, i);
            y[tally->n++] = scores_at(&are, other, column);
        }
    }
    for (int i = 0; i < after->seeds && other >= 0; i++) {
        int column = matrix_column(before, after->seed[i]);

        tally->added += matrix_run_at(after, other, i)
                        && (column < 0 || !matrix_run_at(before, row, column));
    }
    return 0;
}

/* One variant of the first file.  A line when any of its runs is ok. */
static int quality_change(struct comparison *comparison, int row, double *x, double *y)
{
    const struct matrix *before = &comparison->before;
    const struct scores were = matrix_scores(before, METRIC_LOG_PERPLEXITY);
    const char *name = before->variant[row].name;
    struct change *change = &comparison->change[comparison->changes];
    const bool sequential = comparison->sequential;
    struct paired_test test;
    struct anytime anytime;
    struct tally tally;

    if (pair_runs(&tally, comparison, row, matrix_find(&comparison->after, name), x, y) != 0)
        return -1;
    if (tally.n + tally.lost + tally.missing == 0)
        return 0;
    if (stats_paired_t(y, x, tally.n, STATS_LEVEL, &test) != 0)
        return -1;
    *change = unpaired(were.metric, "log-perplexity", name, stats_mean(x, tally.n),
                       stats_mean(y, tally.n));
    anytime = contrasts_anytime(&test, sequential);
    test.interval = sequential ? anytime.interval : test.interval;
    change->n = tally.n;
    change->p = sequential ? stats_e_p(anytime.e_value, tally.n) : test.p_t;
    change->p_least = sequential ? exp(-0.5 * (tally.n - 1) * log(1.0 + tally.n * SEQUENTIAL_G)) : 0.0;
    change->e_value = anytime.e_value;
    change->digits = 4;
    change->lost = tally.lost;
    change->missing = tally.missing;
    change->change_percent = 100.0 * test.difference / change->before;
    change->change_percent_ci95 = (struct interval){100.0 * test.interval.low / change->before,
                                                    100.0 * test.interval.high / change->before};
    if (tally.n == 0) /* nothing to compare: what the first file has of it */
        change->before = stats_mean(x, scores_row(&were, row, x));
    say_runs(change, tally.lost, "not ok any more");
    say_runs(change, tally.missing, "missing after");
    say_runs(change, tally.not_ok, "not ok before");
    say_runs(change, tally.added, "more after");
    say_runs(change, tally.reweighed, "begun from other weights");
    comparison->changes++;
    return 0;
}

/* One variant of the second file, when the first has nothing to compare it with. */
static void quality_addition(struct comparison *comparison, int row, double *y)
{
    const struct scores are = matrix_scores(&comparison->after, METRIC_LOG_PERPLEXITY);
    const char *name = comparison->after.variant[row].name;
    int n = scores_row(&are, row, y);

    for (int i = 0; i < comparison->changes; i++)
        if (texts_equal(comparison->change[i].variant, name))
            return;
    if (n > 0) {
        struct change *change = &comparison->change[comparison->changes++];

        *change = unpaired(are.metric, "log-perplexity", name, NAN, stats_mean(y, n));
        change->digits = 4;
        say_runs(change, n, "ok in the second file alone");
    }
}

static int quality_changes(struct comparison *comparison)
{
    size_t seeds = (size_t)comparison->before.seeds + (size_t)comparison->after.seeds + 1;
    double *x = calloc(seeds, sizeof *x), *y = calloc(seeds, sizeof *y);
    int rc = 0;

    if (!x || !y) {
        err_system("%zu seeds", seeds);
        rc = -1;
        goto done;
    }
    for (int i = 0; i < comparison->before.variants && rc == 0; i++)
        rc = quality_change(comparison, i, x, y);
    for (int i = 0; i < comparison->after.variants && rc == 0; i++)
        quality_addition(comparison, i, y);
done:
    free(x);
    free(y);
    return rc;
}

/* ==== Scores of tasks: paired by seed ==== */

/* What is compared of a task: its scores, and the finer loss of its classes. */
static bool is_compared(const struct task_column *column)
{
    return column->ranked && (column->kind == TASK_SCORE || column->kind == TASK_LABEL);
}

/* One variant of both files in one column. */
static int score_change(struct comparison *comparison, const struct task_column *was,
                        const struct task_column *is, int row, const char *name, double *x)
{
    const struct matrix *before = &comparison->before, *after = &comparison->after;
    const struct scores were = task_scores_of(&comparison->scores_before, was);
    const struct scores are = task_scores_of(&comparison->scores_after, is);
    const int other = matrix_find(after, before->variant[row].name);
    struct change *change = &comparison->change[comparison->changes];
    double *y = x + before->seeds;
    struct paired_test test;
    struct anytime anytime;
    double unit;
    int n = 0;

    for (int i = 0; i < before->seeds && other >= 0; i++) {
        int column = matrix_column(after, before->seed[i]);

        x[n] = scores_at(&were, row, i);
        y[n] = column >= 0 ? scores_at(&are, other, column) : NAN;
        n += !isnan(x[n] + y[n]);
    }
    if (n == 0)
        return 0;
    if (stats_paired_t(y, x, n, STATS_LEVEL, &test) != 0)
        return -1;
    *change = unpaired(&was->metric, name, before->variant[row].name, stats_mean(x, n), stats_mean(y, n));
    anytime = contrasts_anytime(&test, comparison->sequential);
    test.interval = comparison->sequential ? anytime.interval : test.interval;
    unit = 100.0 / fabs(change->before);
    change->n = n;
    change->p = comparison->sequential ? stats_e_p(anytime.e_value, n) : test.p_t;
    change->e_value = anytime.e_value;
    change->digits = was->kind == TASK_SCORE ? 2 : 4;
    change->change_percent = test.difference == 0.0 ? 0.0 : unit * test.difference;
    change->change_percent_ci95 = (struct interval){unit * test.interval.low, unit * test.interval.high};
    comparison->changes++;
    return 0;
}

static int score_changes(struct comparison *comparison)
{
    const struct task_scores *before = &comparison->scores_before;
    double *x = calloc(2 * (size_t)comparison->before.seeds + 1, sizeof *x);
    int rc = 0;

    if (!x) {
        err_system("%d seeds", comparison->before.seeds);
        return -1;
    }
    for (int i = 0; i < before->columns && rc == 0; i++) {
        const struct task_column *was = &before->column[i];
        const struct task_column *is =
            task_scores_find(&comparison->scores_after, was->task, was->metric.name);

        snprintf(comparison->names[i], WORDS_BYTES, "%.60s.%.60s", was->task, was->metric.name);
        for (int row = 0; is && is_compared(was) && row < comparison->before.variants && rc == 0; row++)
            rc = score_change(comparison, was, is, row, comparison->names[i], x);
    }
    free(x);
    return rc;
}

/* ==== Speed: two separate series of samples ==== */

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* Where the other file has the same measurement, with samples, or -1.  How much a sample takes in may
 * differ: it is chosen by the speed of the machine. */
static int same_measurement(const struct matrix *matrix, const struct matrix_throughput *wanted)
{
    for (int i = 0; i < matrix->throughputs; i++) {
        const struct matrix_throughput *row = &matrix->throughput[i];

        if (variant_same(row->variant, wanted->variant) && texts_equal(row->pass, wanted->pass)
            && texts_equal(row->precision, wanted->precision) && row->batch == wanted->batch
            && isfinite(row->tokens_per_sample) == isfinite(wanted->tokens_per_sample)
            && row->samples_s.count > 0)
            return i;
    }
    return -1;
}

/* The least p of a rank-sum test of so many samples: all of one side below all of the other. */
static double least_p(int a, int b)
{
    return fmin(1.0, 2.0 * exp(lgamma(a + 1.0) + lgamma(b + 1.0) - lgamma(a + b + 1.0)));
}

/* Seconds a token of each sample; a sample itself where it is not known how many it has. */
static double *times(const struct matrix_throughput *row)
{
    double *x = calloc((size_t)row->samples_s.count + 1, sizeof *x);
    double tokens = isfinite(row->tokens_per_sample) ? row->tokens_per_sample : 1.0;

    for (int i = 0; x && i < row->samples_s.count; i++)
        x[i] = row->samples_s.x[i] / tokens;
    if (!x)
        err_system("%d samples", row->samples_s.count);
    return x;
}

static int speed_change(struct change *change, const struct matrix_throughput *before,
                        const struct matrix_throughput *after)
{
    int n = before->samples_s.count, m = after->samples_s.count, rc = -1;
    double *x = times(before), *y = times(after), ratio;
    struct interval interval;

    change->n = n;
    change->p_least = least_p(n, m);
    /* Speed after over speed before is time before over time after. */
    if (x && y && stats_median_ratio(x, n, y, m, false, STATS_LEVEL, &ratio, &interval) == 0
        && stats_rank_sum_p(x, n, y, m, &change->p) == 0)
        rc = 0;
    free(x);
    free(y);
    if (rc != 0)
        return -1;
    change->change_percent = 100.0 * (ratio - 1.0);
    change->change_percent_ci95 = (struct interval){100.0 * (interval.low - 1.0),
                                                    100.0 * (interval.high - 1.0)};
    return 0;
}

static int speed_changes(struct comparison *comparison)
{
    const struct matrix *before = &comparison->before, *after = &comparison->after;
    struct throughput_row *were = throughput_rows(before);
    struct throughput_row *are = throughput_rows(after);
    int rc = were && are ? 0 : -1;

    for (int i = 0; i < before->throughputs && rc == 0; i++) {
        const struct matrix_throughput *was = &before->throughput[i];
        int other = same_measurement(after, was);
        struct change *change = &comparison->change[comparison->changes];

        if (was->samples_s.count == 0)
            continue;
        *change = unpaired(&speed, was->pass, was->variant, were[i].tokens_per_s,
                           other < 0 ? NAN : are[other].tokens_per_s);
        if (other >= 0)
            rc = speed_change(change, was, &after->throughput[other]);
        else
            say(change, "not measured after");
        change->missing = other < 0;
        comparison->changes++;
    }
    for (int i = 0; i < after->throughputs && rc == 0; i++) {
        const struct matrix_throughput *is = &after->throughput[i];

        if (is->samples_s.count > 0 && same_measurement(before, is) < 0) {
            struct change *change = &comparison->change[comparison->changes++];

            *change = unpaired(&speed, is->pass, is->variant, NAN, are[i].tokens_per_s);
            say(change, "not measured before");
        }
    }
    free(were);
    free(are);
    return rc;
}

/* ==== Verdicts ==== */

/* Holm over all lines: the question is whether anything changed. */
static int correct(struct comparison *comparison)
{
    double *p = calloc((size_t)comparison->changes + 1, sizeof *p);
    double *holm = calloc((size_t)comparison->changes + 1, sizeof *holm);
    int rc = -1;

    if (!p || !holm) {
        err_system("%d tests", comparison->changes);
        goto done;
    }
    for (int i = 0; i < comparison->changes; i++) {
        p[i] = comparison->change[i].p;
        comparison->tested += isfinite(p[i]);
    }
    if (stats_holm(p, holm, comparison->changes) != 0)
        goto done;
    for (int i = 0; i < comparison->changes; i++)
        comparison->change[i].p_holm = holm[i];
    rc = 0;
done:
    free(p);
    free(holm);
    return rc;
}

static bool is_significant(const struct change *change)
{
    return change->p_holm < STATS_ALPHA; /* false for NAN */
}

/* Could this line have shown anything?  Not with one seed, nor with so few samples among so many
 * lines that the clearest of differences stays above the level. */
static bool has_test(const struct comparison *comparison, const struct change *change)
{
    return isfinite(change->p_holm)
           && (is_significant(change) || change->p_least * comparison->tested < STATS_ALPHA);
}

static const char *verdict_of(const struct comparison *comparison, const struct change *change)
{
    if (change->regression)
        return "REGRESSION";
    if (change->lost)
        return "runs lost";
    if (change->missing)
        return "missing";
    if (change->n == 0)
        return "new";
    if (change->change_percent == 0.0)
        return "identical";
    if (!has_test(comparison, change))
        return "no test";
    if (!is_significant(change))
        return "n.s.";
    return metric_is_better(change->metric, 0.0, change->change_percent) ? "worse" : "better";
}

/* A gate fails where something is worse, and where it cannot tell: where what was measured before
 * is not any more, and where a change is too large and there is no test of it. */
static void judge(const struct comparison *comparison, struct change *change, double percent)
{
    bool compared = change->n > 0, tested = has_test(comparison, change);
    bool unclear = !isfinite(change->change_percent) && !same_number(change->before, change->after);
    bool worse = metric_is_better(change->metric, 0.0, change->change_percent)
                 && fabs(change->change_percent) > percent;

    if (compared && !tested && change->change_percent != 0.0)
        say(change, "too few %s for a test", change_is_of_speed(change) ? "samples" : "runs");
    change->regression = percent >= 0.0
                         && (change->lost || change->missing || (compared && unclear)
                             || (compared && worse && (is_significant(change) || !tested)));
    change->verdict = verdict_of(comparison, change);
    change->note = change->words[0] ? change->words : NULL;
}

bool comparison_judge(struct comparison *comparison, double percent)
{
    bool regression = false;

    for (int i = 0; i < comparison->changes; i++) {
        judge(comparison, &comparison->change[i], percent);
        regression |= comparison->change[i].regression;
    }
    return regression;
}

/* ==== All of it ==== */

int comparison_open(struct comparison *comparison, const json_t *before, const json_t *after)
{
    int most, common = 0;

    *comparison = (struct comparison){.change = NULL};
    if (matrix_open(&comparison->before, before) != 0
        || matrix_open(&comparison->after, after) != 0
        || task_scores_open(&comparison->scores_before, &comparison->before) != 0
        || task_scores_open(&comparison->scores_after, &comparison->after) != 0)
        return -1;
    comparison->sequential = comparison->before.sequential || comparison->after.sequential;
    most = comparison->before.variants + comparison->before.throughputs
           + comparison->after.variants + comparison->after.throughputs
           + comparison->scores_before.columns * comparison->before.variants;
    comparison->change = calloc((size_t)most + 1, sizeof *comparison->change);
    comparison->names = calloc((size_t)comparison->scores_before.columns + 1, sizeof *comparison->names);
    if (!comparison->change || !comparison->names)
        return err_system("%d comparisons", most);
    if (quality_changes(comparison) != 0 || score_changes(comparison) != 0 || speed_changes(comparison) != 0
        || correct(comparison) != 0)
        return -1;
    for (int i = 0; i < comparison->changes; i++)
        common += comparison->change[i].n > 0 || comparison->change[i].lost;
    if (common == 0)
        return err_set("the two files have no run and no throughput measurement in common");
    return 0;
}

void comparison_close(struct comparison *comparison)
{
    free(comparison->change);
    free(comparison->names);
    task_scores_close(&comparison->scores_before);
    task_scores_close(&comparison->scores_after);
    matrix_close(&comparison->before);
    matrix_close(&comparison->after);
}
