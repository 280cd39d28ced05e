/* statistics.c - see statistics.h. */
#include "src/glu.h"

#include "src/results/statistics.h"

#include "src/results/distributions.h"
#include "src/util/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct interval no_interval = {NAN, NAN};

bool metric_is_better(const struct metric *metric, double a, double b)
{
    return metric->higher_is_better ? a > b : a < b;
}

/* ==== One sample ==== */

double stats_mean(const double *x, int n)
{
    double sum = 0.0;

    for (int i = 0; i < n; i++)
        sum += x[i];
    return n > 0 ? sum / n : NAN;
}

double stats_stddev(const double *x, int n)
{
    double mean = stats_mean(x, n), sum = 0.0;

    for (int i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return n > 1 ? sqrt(sum / (n - 1)) : NAN;
}

static struct interval t_interval(double mean, double stddev, int n, double level)
{
    double half;

    if (n < 2)
        return no_interval;
    half = stats_t_quantile(0.5 + 0.5 * level, n - 1) * stddev / sqrt(n);
    return (struct interval){mean - half, mean + half};
}

struct interval stats_t_interval(const double *x, int n, double level)
{
    return t_interval(stats_mean(x, n), stats_stddev(x, n), n, level);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double *sorted_copy(const double *x, int n)
{
    double *copy = malloc((size_t)(n > 0 ? n : 1) * sizeof *copy);

    if (!copy) {
        err_system("statistics over %d numbers", n);
        return NULL;
    }
    if (n > 0)
        memcpy(copy, x, (size_t)n * sizeof *copy);
    qsort(copy, (size_t)n, sizeof *copy, ascending);
    return copy;
}

static double sorted_median(const double *sorted, int n)
{
    return n == 0 ? NAN : n % 2 ? sorted[n / 2] : 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]);
}

/* The number of order statistics to leave out at either end, or -1: the largest r with
 * P(Binomial(n, 1/2) <= r) <= (1 - level) / 2. */
static int median_trim(int n, double level)
{
    double tail = 0.0, log_term = -n * log(2.0);
    int r;

    for (r = 0; r < n; r++) {
        tail += exp(log_term);
        if (tail > 0.5 * (1.0 - level))
            break;
        log_term += log((double)(n - r) / (r + 1));
    }
    return r - 1;
}

int stats_median(const double *x, int n, double level, double *median, struct interval *interval)
{
    double *sorted = sorted_copy(x, n);
    int trim = n > 0 ? median_trim(n, level) : -1;

    if (!sorted)
        return -1;
    *median = sorted_median(sorted, n);
    *interval = trim < 0 ? no_interval : (struct interval){sorted[trim], sorted[n - 1 - trim]};
    free(sorted);
    return 0;
}

/* ==== Two paired samples ==== */

/* A mean of a thousand terms is off by 1e-13 of itself at most, and no score that differs does so by less than
 * 1e-9 of itself: a float's last bit is 6e-8, a test set's smallest share one example. */
double stats_difference(double a, double b)
{
    double difference = a - b;

    return fabs(difference) <= 1e-12 * fmax(fabs(a), fabs(b)) ? 0.0 : difference;
}

static int paired(const double *a, const double *b, int n, double level, bool sign_flip,
                  struct paired_test *test)
{
    double *difference = calloc((size_t)(n > 0 ? n : 1), sizeof *difference);
    int status = 0;

    if (!difference)
        return err_system("statistics over %d numbers", n);
    for (int i = 0; i < n; i++)
        difference[i] = stats_difference(a[i], b[i]);
    test->n = n;
    test->difference = stats_mean(difference, n);
    test->stddev = stats_stddev(difference, n);
    test->interval = t_interval(test->difference, test->stddev, n, level);
    test->t = test->p_t = NAN;
    if (test->stddev > 1e-12 * fabs(test->difference)) {
        test->t = test->difference / (test->stddev / sqrt(n));
        test->p_t = stats_t_two_sided_p(test->t, n - 1);
    } else if (test->difference == 0.0) { /* equal to the last bit */
        test->t = 0.0;
        test->p_t = 1.0;
    } /* else: equal differences leave no error to measure them by */
    test->p_sign_flip = NAN;
    if (n >= 2 && sign_flip)
        status = stats_sign_flip_p(difference, n, &test->p_sign_flip);
    free(difference);
    return status;
}

int stats_paired(const double *a, const double *b, int n, double level, struct paired_test *test)
{
    return paired(a, b, n, level, true, test);
}

int stats_paired_t(const double *a, const double *b, int n, double level, struct paired_test *test)
{
    return paired(a, b, n, level, false, test);
}

/* P(U <= u) and P(U >= u), whichever is smaller, without ties: the number of ways to reach a sum by
 * the recursion of Mann and Whitney (1947), as a distribution. */
static int rank_sum_exact(int m, int n, int u, double *p)
{
    int top = m * n;
    double *ways = calloc((size_t)top + 1, sizeof *ways), below = 0.0, above = 0.0, all = 0.0;

    if (!ways)
        return err_system("rank-sum test of %d and %d numbers", m, n);
    /* The generating function is the product of (1 - x^(n + i)) / (1 - x^i) for i of 1 .. m. */
    ways[0] = 1.0;
    for (int i = 1; i <= m; i++) {
        for (int k = top; k >= n + i; k--)
            ways[k] -= ways[k - n - i];
        for (int k = i; k <= top; k++)
            ways[k] += ways[k - i];
    }
    for (int k = 0; k <= top; k++) {
        all += ways[k];
        below += k <= u ? ways[k] : 0.0;
        above += k >= u ? ways[k] : 0.0;
    }
    *p = fmin(1.0, 2.0 * fmin(below, above) / all);
    free(ways);
    return 0;
}

int stats_rank_sum_p(const double *a, int a_count, const double *b, int b_count, double *p)
{
    enum { EXACT_MAX = 20 };
    double m = a_count, n = b_count, all = m + n, u = 0.0, ties = 0.0, variance, distance;

    *p = NAN;
    if (a_count < 1 || b_count < 1)
        return 0;
    for (int i = 0; i < a_count; i++)
        for (int j = 0; j < b_count; j++)
            u += a[i] > b[j] ? 1.0 : a[i] == b[j] ? 0.5 : 0.0;
    for (int i = 0; i < a_count + b_count; i++) { /* the sum over groups of t^3 - t, one t at a time */
        double x = i < a_count ? a[i] : b[i - a_count], t = 0.0;

        for (int j = 0; j < a_count + b_count; j++)
            t += (j < a_count ? a[j] : b[j - a_count]) == x;
        ties += t * t - 1.0;
    }
    if (ties == 0.0 && a_count <= EXACT_MAX && b_count <= EXACT_MAX)
        return rank_sum_exact(a_count, b_count, (int)u, p);
    variance = m * n / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    distance = fmax(0.0, fabs(u - 0.5 * m * n) - 0.5);
    if (variance > 0.0)
        *p = fmin(1.0, 2.0 * stats_normal_cdf(-distance / sqrt(variance)));
    return 0;
}

struct ranked {
    double p;
    int at;
};

static int ascending_p(const void *a, const void *b)
{
    return ascending(&((const struct ranked *)a)->p, &((const struct ranked *)b)->p);
}

int stats_holm(const double *p, double *adjusted, int n)
{
    struct ranked *ranked = malloc((size_t)(n > 0 ? n : 1) * sizeof *ranked);
    double running = 0.0;
    int m = 0;

    if (!ranked)
        return err_system("statistics over %d numbers", n);
    for (int i = 0; i < n; i++) {
        adjusted[i] = NAN;
        if (!isnan(p[i]))
            ranked[m++] = (struct ranked){p[i], i};
    }
    qsort(ranked, (size_t)m, sizeof *ranked, ascending_p);
    for (int i = 0; i < m; i++) {
        running = fmax(running, fmin(1.0, (m - i) * ranked[i].p));
        adjusted[ranked[i].at] = running;
    }
    free(ranked);
    return 0;
}

/* ==== Order ==== */

static int sign(double x)
{
    return (x > 0.0) - (x < 0.0);
}

/* Concordant less discordant pairs; order[i] permutes y. */
static long concordance(const double *x, const double *y, const int *order, int n)
{
    long s = 0;

    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            s += sign(x[i] - x[j]) * sign(y[order[i]] - y[order[j]]);
    return s;
}

/* P(|S| >= |s|) without ties.  S = pairs - 2 inversions, and the distribution of inversions of n
 * is that of n - 1 plus a uniform number of 0 .. n - 1. */
static int kendall_p_untied(long s, int n, double *p)
{
    long pairs = (long)n * (n - 1) / 2;
    double *now = calloc((size_t)pairs + 1, sizeof *now);
    double *next = calloc((size_t)pairs + 1, sizeof *next);
    double sum = 0.0;

    if (!now || !next) {
        free(now);
        free(next);
        return err_system("Kendall's tau over %d numbers", n);
    }
    now[0] = 1.0;
    for (int m = 2; m <= n; m++) {
        double window = 0.0, *swap = now;
        long top = (long)m * (m - 1) / 2;

        for (long k = 0; k <= top; k++) {
            window += now[k] - (k >= m ? now[k - m] : 0.0);
            next[k] = window / m;
        }
        now = next;
        next = swap;
    }
    for (long k = 0; k <= pairs; k++)
        if (labs(pairs - 2 * k) >= labs(s))
            sum += now[k];
    *p = fmin(1.0, sum);
    free(now);
    free(next);
    return 0;
}

/* P(|S| >= |s|) over all permutations of y (Heap's algorithm, iterative). */
static double kendall_p_enumerated(const double *x, const double *y, int n, long s)
{
    int order[16], counter[16] = {0};
    long extreme = 0, all = 0;

    for (int i = 0; i < n; i++)
        order[i] = i;
    for (int i = 0;;) {
        extreme += labs(concordance(x, y, order, n)) >= labs(s);
        all++;
        while (i < n && counter[i] >= i)
            counter[i++] = 0;
        if (i >= n)
            break;
        int j = i % 2 ? counter[i] : 0, swap = order[j];
        order[j] = order[i];
        order[i] = swap;
        counter[i]++;
        i = 0;
    }
    return (double)extreme / (double)all;
}

/* Sums over the groups of equal values, of size t: t(t-1), t(t-1)(t-2) and t(t-1)(2t+5). */
struct ties {
    double pairs, triples, variance;
};

static int count_ties(const double *x, int n, struct ties *ties)
{
    double *sorted = sorted_copy(x, n);

    if (!sorted)
        return -1;
    *ties = (struct ties){0};
    for (int i = 0, end; i < n; i = end) {
        double t;

        for (end = i; end < n && sorted[end] == sorted[i]; end++)
            ;
        t = end - i;
        ties->pairs += t * (t - 1.0);
        ties->triples += t * (t - 1.0) * (t - 2.0);
        ties->variance += t * (t - 1.0) * (2.0 * t + 5.0);
    }
    free(sorted);
    return 0;
}

/* Kendall 1970, Rank Correlation Methods, section 4.9. */
static double kendall_p_normal(long s, double n, const struct ties *x, const struct ties *y)
{
    double pairs = n * (n - 1.0);
    double variance = (pairs * (2.0 * n + 5.0) - x->variance - y->variance) / 18.0
                      + x->pairs * y->pairs / (2.0 * pairs)
                      + x->triples * y->triples / (9.0 * pairs * (n - 2.0));

    return 2.0 * stats_normal_cdf(-labs(s) / sqrt(variance));
}

int stats_kendall(const double *x, const double *y, int n, double *tau_b, double *p)
{
    enum { UNTIED_MAX = 60, ENUMERATED_MAX = 9 };
    double pairs = (double)n * (n - 1.0);
    struct ties x_ties, y_ties;
    long s = 0;

    *tau_b = *p = NAN;
    if (n < 2)
        return 0;
    if (count_ties(x, n, &x_ties) != 0 || count_ties(y, n, &y_ties) != 0)
        return -1;
    if (x_ties.pairs == pairs || y_ties.pairs == pairs)
        return 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            s += sign(x[i] - x[j]) * sign(y[i] - y[j]);
    *tau_b = 2.0 * (double)s / sqrt((pairs - x_ties.pairs) * (pairs - y_ties.pairs));
    if (x_ties.pairs == 0.0 && y_ties.pairs == 0.0 && n <= UNTIED_MAX)
        return kendall_p_untied(s, n, p);
    *p = n <= ENUMERATED_MAX ? kendall_p_enumerated(x, y, n, s)
                             : kendall_p_normal(s, n, &x_ties, &y_ties);
    return 0;
}

/* ==== Bootstrap ==== */

struct interval stats_percentiles(double *replicate, int n, double level)
{
    int low = (int)floor(0.5 * (1.0 - level) * (n - 1));

    qsort(replicate, (size_t)n, sizeof *replicate, ascending);
    return (struct interval){replicate[low], replicate[n - 1 - low]};
}

int stats_cluster_bootstrap(const double *difference, int seeds, int examples, double level,
                            struct interval *interval)
{
    double *replicate = NULL, *weight = NULL;
    struct rng rng;
    int rc = -1;

    *interval = no_interval;
    if (seeds < 2 || examples < 1)
        return 0;
    replicate = malloc(STATS_REPLICATES * sizeof *replicate);
    weight = malloc((size_t)examples * sizeof *weight);
    if (!replicate || !weight) {
        err_system("bootstrap over %d examples", examples);
        goto done;
    }
    rng_start(&rng, 0, RNG_STATISTICS, rng_lane("cluster-bootstrap"));
    for (int r = 0; r < STATS_REPLICATES; r++) {
        double sum = 0.0;

        memset(weight, 0, (size_t)examples * sizeof *weight);
        for (int i = 0; i < examples; i++)
            weight[rng_below(&rng, (uint32_t)examples)] += 1.0;
        for (int i = 0; i < seeds; i++) {
            const double *row = difference + (size_t)rng_below(&rng, (uint32_t)seeds) * (size_t)examples;

            for (int j = 0; j < examples; j++)
                sum += weight[j] * row[j];
        }
        replicate[r] = sum / seeds / examples;
    }
    *interval = stats_percentiles(replicate, STATS_REPLICATES, level);
    rc = 0;
done:
    free(replicate);
    free(weight);
    return rc;
}

/* Draws of a sample that are told by how often each number was taken, so that none is sorted. */
struct draw {
    double *sorted; /* (n) the sample */
    int *place;     /* (n) of each number of the sample in it, the first of equals */
    int *taken;     /* (n) how often the draw took the number there */
    int n;
};

static int draw_open(struct draw *draw, const double *x, int n)
{
    size_t count = n > 0 ? (size_t)n : 1;

    *draw = (struct draw){.sorted = sorted_copy(x, n), .n = n};
    if (!draw->sorted)
        return -1;
    draw->place = malloc(2 * count * sizeof *draw->place);
    if (!draw->place) {
        err_system("a draw of %d numbers", n);
        return -1;
    }
    draw->taken = draw->place + count;
    for (int i = 0; i < n; i++) {
        int low = 0;

        for (int high = n - 1; low < high;) {
            int middle = (low + high) / 2;

            if (draw->sorted[middle] < x[i])
                low = middle + 1;
            else
                high = middle;
        }
        draw->place[i] = low;
    }
    return 0;
}

/* The half-made too. */
static void draw_close(struct draw *draw)
{
    free(draw->sorted);
    free(draw->place);
}

static void draw_begin(struct draw *draw)
{
    memset(draw->taken, 0, (size_t)draw->n * sizeof *draw->taken);
}

static void draw_take(struct draw *draw, uint32_t i)
{
    draw->taken[draw->place[i]]++;
}

/* The median of n draws. */
static double draw_median(const struct draw *draw)
{
    int i = 0, below = draw->taken[0], lower;

    while (below < (draw->n + 1) / 2)
        below += draw->taken[++i];
    lower = i;
    while (below < draw->n / 2 + 1)
        below += draw->taken[++i];
    return lower == i ? draw->sorted[i] : 0.5 * (draw->sorted[lower] + draw->sorted[i]);
}

int stats_median_ratio(const double *a, int a_count, const double *b, int b_count, bool paired,
                       double level, double *ratio, struct interval *interval)
{
    int shorter = a_count < b_count ? a_count : b_count;
    struct draw a_draw = {0}, b_draw = {0};
    double *replicate = malloc(STATS_REPLICATES * sizeof *replicate);
    struct rng rng;
    int rc = -1;

    *interval = no_interval;
    if (!replicate) {
        err_system("bootstrap of a ratio");
        goto done;
    }
    if (draw_open(&a_draw, a, paired ? shorter : a_count) ||
        draw_open(&b_draw, b, paired ? shorter : b_count))
        goto done;
    *ratio = sorted_median(a_draw.sorted, a_draw.n) / sorted_median(b_draw.sorted, b_draw.n);
    rc = 0;
    if (a_draw.n < 3 || b_draw.n < 3)
        goto done;
    rng_start(&rng, 0, RNG_STATISTICS, rng_lane("median-ratio"));
    for (int r = 0; r < STATS_REPLICATES; r++) {
        draw_begin(&a_draw);
        draw_begin(&b_draw);
        for (int i = 0; i < a_draw.n; i++) {
            uint32_t at = rng_below(&rng, (uint32_t)a_draw.n);

            draw_take(&a_draw, at);
            if (paired)
                draw_take(&b_draw, at);
        }
        for (int i = 0; i < b_draw.n && !paired; i++)
            draw_take(&b_draw, rng_below(&rng, (uint32_t)b_draw.n));
        replicate[r] = draw_median(&a_draw) / draw_median(&b_draw);
    }
    *interval = stats_percentiles(replicate, STATS_REPLICATES, level);
done:
    draw_close(&a_draw);
    draw_close(&b_draw);
    free(replicate);
    return rc;
}
