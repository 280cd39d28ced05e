/* worth.c - see worth.h. */
#include "src/glu.h"

#include "src/results/worth.h"

#include "src/results/distributions.h"
#include "src/util/json_help.h"

#include <math.h>

static const struct worth unknown = {NAN, {NAN, NAN}};

/* ==== Values by seed ==== */

/* What each seed puts in: `a` times its difference and `b` times its slope. */
struct parts {
    const double *delta, *slope; /* NAN: it has none */
    int seeds;
    double a, b;
};

enum { DELTA = 1, SLOPE = 2, BOTH = 3 };

/* What a seed puts in with these of its values, or NAN. */
static double put_in(const struct parts *parts, int i, int which)
{
    return (which & DELTA ? parts->a * parts->delta[i] : 0.0) +
           (which & SLOPE ? parts->b * parts->slope[i] : 0.0);
}

/* Mean and variance (n - 1) over the seeds that have these values.  Returns how many do. */
static int moments(const struct parts *parts, int which, double *mean, double *variance)
{
    double sum = 0.0, squares = 0.0;
    int n = 0;

    for (int i = 0; i < parts->seeds; i++)
        if (!isnan(put_in(parts, i, which))) {
            sum += put_in(parts, i, which);
            n++;
        }
    *mean = n > 0 ? sum / n : NAN;
    for (int i = 0; i < parts->seeds; i++)
        if (!isnan(put_in(parts, i, which)))
            squares += pow(put_in(parts, i, which) - *mean, 2.0);
    *variance = n > 1 ? squares / (n - 1) : NAN;
    return n;
}

/* ==== What it is worth ==== */

struct worth stats_worth(const double *delta, const double *slope, int seeds, double level)
{
    struct parts parts = {delta, slope, seeds, 1.0, 1.0};
    const double quantile = 0.5 + 0.5 * level;
    double d, s, ignored, of_both, of_delta, of_slope, half;
    int n = moments(&parts, BOTH, &ignored, &of_both);
    int deltas = moments(&parts, DELTA, &d, &of_delta), slopes = moments(&parts, SLOPE, &s, &of_slope);

    if (n < 2 || !(s > stats_t_quantile(quantile, slopes - 1) * sqrt(of_slope / slopes)))
        return unknown;
    parts.a = -1.0 / (s * deltas);
    parts.b = d / (s * s * slopes);
    moments(&parts, BOTH, &ignored, &of_both);
    moments(&parts, DELTA, &ignored, &of_delta);
    moments(&parts, SLOPE, &ignored, &of_slope);
    half = stats_t_quantile(quantile, n - 1) *
           sqrt(n * of_both + (deltas - n) * of_delta + (slopes - n) * of_slope);
    return (struct worth){exp(-d / s), {exp(-d / s - half), exp(-d / s + half)}};
}

struct worth stats_worth_times(struct worth a, struct worth b)
{
    struct worth both = {a.times * b.times, {NAN, NAN}};
    double low, high;

    if (!(a.times > 0.0) || !(b.times > 0.0))
        return unknown;
    if (!interval_exists(a.interval) || !interval_exists(b.interval))
        return both;
    low = hypot(log(a.times / a.interval.low), log(b.times / b.interval.low));
    high = hypot(log(a.interval.high / a.times), log(b.interval.high / b.times));
    both.interval = (struct interval){both.times * exp(-low), both.times * exp(high)};
    return both;
}

/* ==== The slope ==== */

void worth_slopes(const struct matrix *matrix, double *slope)
{
    const struct scores scores = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    const json_t *rows = json_object_get(matrix->document, "slope_runs"), *row;
    size_t k;

    for (int i = 0; i < matrix->seeds; i++)
        slope[i] = NAN;
    json_array_foreach(rows, k, row) {
        int column = matrix_column(matrix, integer_at(row, "seed", -1));
        const struct matrix_run *run;
        double nats = number_at(row, "heldout_log_perplexity_nats"), less;
        int64_t few = integer_at(row, "steps", 0);

        if (column < 0 || run_status_of(text_at(row, "status")) != RUN_OK ||
            !matrix_is_baseline(matrix, text_at(row, "variant")))
            continue;
        run = matrix_run_at(matrix, matrix->baseline, column);
        less = scores_at(&scores, matrix->baseline, column);
        if (!run || isnan(nats) || isnan(less) || few < 1 || few >= run->steps)
            continue;
        slope[column] = (nats - less) / log((double)run->steps / (double)few);
    }
}
