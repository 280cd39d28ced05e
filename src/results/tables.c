/* tables.c - see tables.h. */
#include "src/glu.h"

#include "src/results/tables.h"

#include "src/results/document.h"
#include "src/results/embedded.h"
#include "src/results/power.h"
#include "src/util/json_help.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of a grid: no file has so many, but a hostile one. */
enum { CELLS_MAX = 1000000, RUNS_MAX = 10000, VARIANTS_MAX = 1000 };

static const double LEVEL = 0.95, ALPHA = 0.05, POWER = 0.8;

/* ==== The grid of runs ==== */

json_t *paper_json(void)
{
    json_error_t error;
    json_t *paper;

    errno = 0;
    paper = json_loads(embedded_paper, 0, &error);
    if (!paper)
        err_set("results/paper.json:%d: %s", error.line, err_cause(error.text));
    return paper;
}

static int name_variants(struct grid *grid, const json_t *document)
{
    json_t *paper = paper_json(), *variants = json_object_get(document, "variants"), *value;
    json_t *table = json_object_get(paper, "table1_log_perplexity");
    const char *key;

    if (!paper)
        return -1;
    /* The names are the document's own keys: they outlive the parsed paper. */
    json_object_foreach (table, key, value) {
        const char *own;

        json_object_foreach (variants, own, value)
            if (strcmp(own, key) == 0)
                grid->name[grid->variants++] = own;
    }
    json_object_foreach (variants, key, value)
        if (!json_object_get(table, key))
            grid->name[grid->variants++] = key;
    json_decref(paper);
    return 0;
}

static int seed_column(const struct grid *grid, json_int_t seed)
{
    for (int i = 0; i < grid->seeds; i++)
        if (grid->seed[i] == seed)
            return i;
    return -1;
}

int grid_open(struct grid *grid, const json_t *document)
{
    json_t *runs = json_object_get(document, "runs");
    size_t variants = json_object_size(json_object_get(document, "variants"));
    size_t count = json_array_size(runs), cells;

    *grid = (struct grid){0};
    if (count > RUNS_MAX || variants > VARIANTS_MAX)
        return err_set("%zu runs of %zu variants are more than the tables can hold", count, variants);
    grid->name = calloc(variants + 1, sizeof *grid->name);
    grid->seed = calloc(count + 1, sizeof *grid->seed);
    if (!grid->name || !grid->seed) {
        err_system("%zu runs", count);
        goto fail;
    }
    if (name_variants(grid, document) != 0)
        goto fail;
    for (size_t i = 0; i < count; i++) {
        json_int_t seed = integer_at(json_array_get(runs, i), "seed", -1);

        if (seed_column(grid, seed) < 0)
            grid->seed[grid->seeds++] = seed;
    }
    cells = variants * (size_t)grid->seeds + 1;
    if (cells > CELLS_MAX) {
        err_set("%zu variants at %d seeds are more than the tables can hold", variants, grid->seeds);
        goto fail;
    }
    grid->run = calloc(cells, sizeof *grid->run);
    grid->nats = calloc(cells, sizeof *grid->nats);
    if (!grid->run || !grid->nats) {
        err_system("%zu runs", count);
        goto fail;
    }
    for (size_t i = 0; i < cells; i++)
        grid->nats[i] = NAN;
    for (size_t i = 0; i < count; i++) {
        json_t *run = json_array_get(runs, i);
        const char *variant = text_at(run, "variant"), *status = text_at(run, "status");
        int row = variant ? grid_find(grid, variant) : -1, at;

        if (row < 0)
            continue;
        at = row * grid->seeds + seed_column(grid, integer_at(run, "seed", -1));
        grid->run[at] = run;
        grid->nats[at] = status && strcmp(status, "ok") == 0
                             ? number_at(run, "heldout_log_perplexity_nats")
                             : NAN;
    }
    return 0;
fail:
    grid_close(grid);
    return -1;
}

void grid_close(struct grid *grid)
{
    free(grid->name);
    free(grid->seed);
    free(grid->run);
    free(grid->nats);
    *grid = (struct grid){0};
}

int grid_find(const struct grid *grid, const char *variant)
{
    for (int i = 0; i < grid->variants; i++)
        if (strcmp(grid->name[i], variant) == 0)
            return i;
    return -1;
}

int grid_pair(const struct grid *grid, int a, int b, double *a_nats, double *b_nats)
{
    int n = 0;

    for (int i = 0; i < grid->seeds; i++) {
        double x = grid->nats[a * grid->seeds + i], y = grid->nats[b * grid->seeds + i];

        if (isnan(x) || isnan(y))
            continue;
        a_nats[n] = x;
        b_nats[n++] = y;
    }
    return n;
}

int grid_row(const struct grid *grid, int row, double *nats)
{
    return grid_pair(grid, row, row, nats, nats);
}

/* ==== table1 ==== */

/* One variant against the baseline. */
struct contrast {
    struct paired_test test;
    double p_holm, detectable;
};

/* The per-example losses of a cell: how many there are, and copied when dst is not NULL. */
static size_t cell_examples(const struct grid *grid, int row, int column, double *dst)
{
    json_t *run = grid->run[row * grid->seeds + column];
    json_t *examples = json_object_get(run, "heldout_example_nats");

    for (size_t i = 0; dst && i < json_array_size(examples); i++)
        dst[i] = json_number_value(json_array_get(examples, i));
    return json_array_size(examples);
}

/* Both cells are ok; *examples is their common number of examples, 0 when it is not one. */
static bool cell_pair(const struct grid *grid, int a, int b, int column, size_t *examples)
{
    if (isnan(grid->nats[a * grid->seeds + column]) || isnan(grid->nats[b * grid->seeds + column]))
        return false;
    *examples = cell_examples(grid, a, column, NULL);
    if (*examples != cell_examples(grid, b, column, NULL))
        *examples = 0;
    return true;
}

/* The cluster bootstrap of one variant against another.  Does not exist when a run lacks its
 * examples or has other ones. */
static int bootstrap_contrast(const struct grid *grid, int a, int b, struct interval *interval)
{
    size_t examples = 0, here;
    double *x = NULL, *y = NULL;
    int n = 0, rc = 0;

    *interval = (struct interval){NAN, NAN};
    for (int i = 0; i < grid->seeds; i++)
        if (cell_pair(grid, a, b, i, &here)) {
            examples = n == 0 || here == examples ? here : 0;
            n++;
        }
    if (n < 2 || examples == 0)
        return 0;
    x = calloc((size_t)n * examples, sizeof *x);
    y = calloc(examples, sizeof *y);
    if (!x || !y) {
        rc = err_system("bootstrap over %zu examples", examples);
        goto done;
    }
    n = 0;
    for (int i = 0; i < grid->seeds; i++)
        if (cell_pair(grid, a, b, i, &here)) {
            double *row = x + (size_t)n++ * examples;

            cell_examples(grid, a, i, row);
            cell_examples(grid, b, i, y);
            for (size_t j = 0; j < examples; j++)
                row[j] -= y[j];
        }
    rc = stats_cluster_bootstrap(x, n, (int)examples, LEVEL, interval);
done:
    free(x);
    free(y);
    return rc;
}

/* All variants against the baseline, Holm over the contrasts that have a p.  `detectable` is left
 * alone: see contrasts_detect(). */
static int contrasts_compute(const struct grid *grid, int base, struct contrast *contrast)
{
    double *a = calloc((size_t)grid->seeds + 1, sizeof *a);
    double *b = calloc((size_t)grid->seeds + 1, sizeof *b);
    double *p = calloc((size_t)grid->variants + 1, sizeof *p);
    double *holm = calloc((size_t)grid->variants + 1, sizeof *holm);
    int rc = -1;

    if (!a || !b || !p || !holm) {
        err_system("%d contrasts", grid->variants);
        goto done;
    }
    for (int i = 0; i < grid->variants; i++) {
        int n = base >= 0 && i != base ? grid_pair(grid, i, base, a, b) : 0;

        if (stats_paired(a, b, n, LEVEL, &contrast[i].test) != 0)
            goto done;
        p[i] = contrast[i].test.p_t;
    }
    if (stats_holm(p, holm, grid->variants) != 0)
        goto done;
    for (int i = 0; i < grid->variants; i++)
        contrast[i].p_holm = holm[i];
    rc = 0;
done:
    free(a);
    free(b);
    free(p);
    free(holm);
    return rc;
}

/* The smallest detectable difference of each contrast.  It is proportional to the standard
 * deviation, so one solution for each number of seeds will do. */
static void contrasts_detect(struct contrast *contrast, int count)
{
    double unit = NAN;
    int tests = 0, n = 0;

    for (int i = 0; i < count; i++)
        tests += !isnan(contrast[i].test.p_t);
    for (int i = 0; i < count; i++) {
        const struct paired_test *test = &contrast[i].test;

        if (test->n > 1 && test->n != n)
            unit = stats_detectable(1.0, n = test->n, ALPHA / (tests ? tests : 1), POWER);
        contrast[i].detectable = test->n > 1 ? unit * test->stddev : NAN;
    }
}

/* The row that is lower than every other, each pair tested and Holm over all pairs (not only those
 * of the best, which the data chose).  *best: -1 when there is none. */
static int best_row(const struct grid *grid, int *best)
{
    int pairs = grid->variants * (grid->variants - 1) / 2, at = 0, rc = -1;
    double *a = calloc((size_t)grid->seeds + 1, sizeof *a);
    double *b = calloc((size_t)grid->seeds + 1, sizeof *b);
    double *p = calloc((size_t)pairs + 1, sizeof *p), *holm = calloc((size_t)pairs + 1, sizeof *holm);
    int *wins = calloc((size_t)grid->variants + 1, sizeof *wins);
    int *lower = calloc((size_t)pairs + 1, sizeof *lower);

    *best = -1;
    if (!a || !b || !p || !holm || !wins || !lower) {
        err_system("%d contrasts", pairs);
        goto done;
    }
    for (int i = 0; i < grid->variants; i++)
        for (int j = 0; j < i; j++, at++) {
            struct paired_test test;

            if (stats_paired_t(a, b, grid_pair(grid, i, j, a, b), LEVEL, &test) != 0)
                goto done;
            p[at] = test.p_t;
            lower[at] = test.difference < 0.0 ? i : j;
        }
    if (stats_holm(p, holm, pairs) != 0)
        goto done;
    for (int i = 0; i < pairs; i++)
        wins[lower[i]] += holm[i] < ALPHA; /* false for NAN */
    for (int i = 0; i < grid->variants; i++)
        if (grid->variants > 1 && wins[i] == grid->variants - 1)
            *best = i;
    rc = 0;
done:
    free(a);
    free(b);
    free(p);
    free(holm);
    free(wins);
    free(lower);
    return rc;
}

static json_t *table1_row(const struct grid *grid, int row, const struct contrast *contrast,
                          struct interval bootstrap, bool is_best, const json_t *paper,
                          double *nats)
{
    int n = grid_row(grid, row, nats), bad = 0;
    const struct paired_test *test = &contrast->test;
    const json_t *printed = json_object_get(paper, grid->name[row]);
    json_t *o = json_object();

    bad |= json_put(o, "variant", json_text(grid->name[row]));
    bad |= json_put(o, "n", json_integer(n));
    bad |= json_put(o, "mean_nats", json_number(stats_mean(nats, n)));
    bad |= json_put(o, "stddev_nats", json_number(stats_stddev(nats, n)));
    bad |= json_put(o, "ci95_nats", json_interval(stats_t_interval(nats, n, LEVEL)));
    bad |= json_put(o, "delta_nats", json_number(test->difference));
    bad |= json_put(o, "delta_ci95_nats", json_interval(test->interval));
    bad |= json_put(o, "p_paired", json_number(test->p_t));
    bad |= json_put(o, "p_holm", json_number(contrast->p_holm));
    bad |= json_put(o, "paper_65536_nats", json_number(number_at(printed, "steps_65536_mean")));
    bad |= json_put(o, "paper_65536_stddev_nats",
                    json_number(number_at(printed, "steps_65536_stddev")));
    bad |= json_put(o, "paper_524288_nats", json_number(number_at(printed, "steps_524288")));
    bad |= json_put(o, "n_paired", json_integer(test->n));
    bad |= json_put(o, "delta_stddev_nats", json_number(test->stddev));
    bad |= json_put(o, "delta_bootstrap_ci95_nats", json_interval(bootstrap));
    bad |= json_put(o, "p_sign_flip", json_number(test->p_sign_flip));
    bad |= json_put(o, "detectable_nats", json_number(contrast->detectable));
    bad |= json_put(o, "best", json_boolean(is_best));
    return json_finish(o, bad);
}

static json_t *table1_json(const struct grid *grid, int base, const json_t *paper)
{
    const json_t *printed = json_object_get(paper, "table1_log_perplexity");
    struct contrast *contrast = calloc((size_t)grid->variants + 1, sizeof *contrast);
    double *nats = calloc((size_t)grid->seeds + 1, sizeof *nats);
    json_t *rows = json_array();
    int best, bad = !contrast || !nats;

    bad = bad || contrasts_compute(grid, base, contrast) != 0 || best_row(grid, &best) != 0;
    if (!bad)
        contrasts_detect(contrast, grid->variants);
    for (int i = 0; i < grid->variants && !bad; i++) {
        struct interval bootstrap = {NAN, NAN};

        if (contrast[i].test.n > 0)
            bad |= bootstrap_contrast(grid, i, base, &bootstrap) != 0;
        bad |= json_push(rows, table1_row(grid, i, &contrast[i], bootstrap, i == best, printed, nats));
    }
    free(contrast);
    free(nats);
    return json_finish(rows, bad);
}

/* ==== Agreement with the paper ==== */

static bool in_paper(const json_t *paper, const char *variant)
{
    return json_object_get(json_object_get(paper, "table1_log_perplexity"), variant) != NULL;
}

static bool is_gated(const json_t *document, const char *variant)
{
    json_t *variants = json_object_get(document, "variants");

    return json_is_true(json_object_get(json_object_get(variants, variant), "gated"));
}

int tables_gated_contrast(const struct grid *grid, const json_t *document, struct paired_test *test)
{
    double *mean[2] = {calloc((size_t)grid->seeds + 1, sizeof(double)),
                       calloc((size_t)grid->seeds + 1, sizeof(double))};
    json_t *paper = paper_json();
    int n = 0, rc = -1;

    if (!mean[0] || !mean[1]) {
        err_system("%d seeds", grid->seeds);
        goto done;
    }
    if (!paper)
        goto done;
    for (int i = 0; i < grid->seeds; i++) {
        double sum[2] = {0.0, 0.0};
        int count[2] = {0, 0};

        for (int j = 0; j < grid->variants; j++)
            if (in_paper(paper, grid->name[j])) {
                int kind = is_gated(document, grid->name[j]);

                sum[kind] += grid->nats[j * grid->seeds + i]; /* NAN spoils the seed */
                count[kind]++;
            }
        if (count[0] == 0 || count[1] == 0 || isnan(sum[0] + sum[1]))
            continue;
        mean[0][n] = sum[0] / count[0];
        mean[1][n++] = sum[1] / count[1];
    }
    rc = stats_paired(mean[1], mean[0], n, LEVEL, test);
done:
    free(mean[0]);
    free(mean[1]);
    json_decref(paper);
    return rc;
}

/* The same contrast of the paper's printed means. */
static double paper_gated_contrast(const struct grid *grid, const json_t *document,
                                   const json_t *printed)
{
    double sum[2] = {0.0, 0.0};
    int count[2] = {0, 0};

    for (int i = 0; i < grid->variants; i++) {
        double nats = number_at(json_object_get(printed, grid->name[i]), "steps_65536_mean");
        int kind = is_gated(document, grid->name[i]);

        if (isnan(nats))
            continue;
        sum[kind] += nats;
        count[kind]++;
    }
    return count[0] && count[1] ? sum[1] / count[1] - sum[0] / count[0] : NAN;
}

static json_t *agreement_json(const struct grid *grid, const json_t *document, const json_t *paper)
{
    const json_t *printed = json_object_get(paper, "table1_log_perplexity");
    double *ours = calloc((size_t)grid->variants + 1, sizeof *ours);
    double *theirs = calloc((size_t)grid->variants + 1, sizeof *theirs);
    double *nats = calloc((size_t)grid->seeds + 1, sizeof *nats), tau = NAN, p = NAN;
    struct paired_test gated = {0};
    json_t *o = json_object();
    int n = 0, bad = !ours || !theirs || !nats;

    for (int i = 0; i < grid->variants && !bad; i++) {
        theirs[n] = number_at(json_object_get(printed, grid->name[i]), "steps_65536_mean");
        ours[n] = stats_mean(nats, grid_row(grid, i, nats));
        n += !isnan(ours[n]) && !isnan(theirs[n]);
    }
    bad = bad || stats_kendall(ours, theirs, n, &tau, &p) != 0
          || tables_gated_contrast(grid, document, &gated) != 0;
    bad |= json_put(o, "kendall_tau_b", json_number(tau));
    bad |= json_put(o, "p_value", json_number(p));
    bad |= json_put(o, "gated_minus_ungated_nats", json_number(gated.difference));
    bad |= json_put(o, "gated_minus_ungated_ci95", json_interval(gated.interval));
    bad |= json_put(o, "p_gated", json_number(gated.p_t));
    bad |= json_put(o, "variants", json_integer(n));
    bad |= json_put(o, "n", json_integer(gated.n));
    bad |= json_put(o, "p_gated_sign_flip", json_number(gated.p_sign_flip));
    bad |= json_put(o, "paper_gated_minus_ungated_nats",
                    json_number(paper_gated_contrast(grid, document, printed)));
    free(ours);
    free(theirs);
    free(nats);
    return json_finish(o, bad);
}

/* ==== Throughput ==== */

struct samples {
    double *s; /* owned */
    int count;
};

static int samples_of(struct samples *samples, const json_t *row)
{
    json_t *list = json_object_get(row, "samples_s");
    size_t count = json_array_size(list);

    samples->count = 0;
    samples->s = calloc(count + 1, sizeof *samples->s);
    if (!samples->s)
        return err_system("%zu samples", count);
    for (size_t i = 0; i < count; i++)
        samples->s[samples->count++] = json_number_value(json_array_get(list, i));
    return 0;
}

/* The baseline's row that was measured under the same conditions; NULL when there is none. */
static const json_t *baseline_row(const json_t *rows, const json_t *row, const char *baseline)
{
    static const char *const same[] = {"pass", "precision", "threads", "batch"};

    for (size_t i = 0; baseline && i < json_array_size(rows); i++) {
        const json_t *other = json_array_get(rows, i);
        const char *variant = text_at(other, "variant");
        bool equal = variant && strcmp(variant, baseline) == 0;

        for (size_t j = 0; j < LENGTH_OF(same); j++)
            equal = equal && json_equal(json_object_get(other, same[j]), json_object_get(row, same[j]));
        if (equal)
            return other;
    }
    return NULL;
}

/* What the samples of a row give, written into it. */
static int throughput_fill(json_t *row, const json_t *base)
{
    double tokens = number_at(row, "tokens_per_sample"), flops = number_at(row, "flops_per_sample");
    double peak = number_at(row, "gemm_peak_gflop_per_s"), median = NAN, ratio = NAN;
    struct interval seconds = {NAN, NAN}, relative = {NAN, NAN}, rate;
    struct samples own = {0}, other = {0};
    int rc = -1, bad = 0;

    if (samples_of(&own, row) != 0 || samples_of(&other, base) != 0
        || stats_median(own.s, own.count, LEVEL, &median, &seconds) != 0)
        goto done;
    if (base == row) {
        ratio = relative.low = relative.high = 1.0;
    } else if (base) {
        /* Tokens per second against the baseline's: its seconds over ours. */
        double scale = tokens / number_at(base, "tokens_per_sample");

        if (stats_median_ratio(other.s, other.count, own.s, own.count, true, LEVEL, &ratio,
                               &relative) != 0)
            goto done;
        ratio *= scale;
        relative.low *= scale;
        relative.high *= scale;
    }
    rate = (struct interval){tokens / seconds.high, tokens / seconds.low};
    bad |= json_put(row, "median_s", json_number(median));
    bad |= json_put(row, "tokens_per_s", json_number(tokens / median));
    bad |= json_put(row, "tokens_per_s_ci95", json_interval(rate));
    bad |= json_put(row, "gflop_per_s", json_number(flops / median * 1e-9));
    bad |= json_put(row, "gemm_peak_gflop_per_s", json_number(peak));
    bad |= json_put(row, "fraction_of_gemm_peak", json_number(flops / median * 1e-9 / peak));
    bad |= json_put(row, "relative_to_baseline", json_number(ratio));
    bad |= json_put(row, "relative_ci95", json_interval(relative));
    if (bad)
        json_finish(NULL, bad);
    rc = bad;
done:
    free(own.s);
    free(other.s);
    return rc;
}

static int throughput_compute(json_t *rows, const char *baseline)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);

        if (throughput_fill(row, baseline_row(rows, row, baseline)) != 0)
            return -1;
    }
    return 0;
}

/* ==== Quality against cost ==== */

/* What training costs, as a function of a run and a point of its curve. */
static double cost_tokens(const json_t *document, const json_t *run, const json_t *point)
{
    (void)document;
    return number_at(point, "step") * number_at(run, "tokens_seen") / number_at(run, "steps");
}

static double cost_flops(const json_t *document, const json_t *run, const json_t *point)
{
    const char *variant = text_at(run, "variant");
    json_t *variants = json_object_get(document, "variants");

    return number_at(point, "step")
           * number_at(json_object_get(variants, variant ? variant : ""), "train_flops_per_step");
}

static double cost_seconds(const json_t *document, const json_t *run, const json_t *point)
{
    (void)document;
    (void)run;
    return number_at(point, "train_s");
}

static const struct axis {
    const char *name;
    double (*cost)(const json_t *document, const json_t *run, const json_t *point);
} axes[] = {{"tokens", cost_tokens}, {"train_flops", cost_flops}, {"train_s", cost_seconds}};

/* Held-out log-perplexity against cost. */
struct curve {
    double *cost, *nats; /* (count), cost ascending */
    int count;
};

static void curve_free(struct curve *curve)
{
    free(curve->cost);
    free(curve->nats);
    *curve = (struct curve){0};
}

static int curve_of(struct curve *curve, const json_t *document, const json_t *run,
                    const struct axis *axis)
{
    json_t *points = json_object_get(run, "curve");
    size_t count = json_array_size(points);

    *curve = (struct curve){calloc(count + 1, sizeof(double)), calloc(count + 1, sizeof(double)), 0};
    if (!curve->cost || !curve->nats) {
        curve_free(curve);
        return err_system("a curve of %zu points", count);
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *point = json_array_get(points, i);
        double cost = axis->cost(document, run, point);
        double nats = number_at(point, "heldout_log_perplexity_nats");

        if (!isfinite(cost) || !isfinite(nats)
            || (curve->count > 0 && cost <= curve->cost[curve->count - 1]))
            continue;
        curve->cost[curve->count] = cost;
        curve->nats[curve->count++] = nats;
    }
    return 0;
}

/* By straight lines between the points; NAN outside of them. */
static double curve_at(const struct curve *curve, double cost)
{
    for (int i = 0; i < curve->count; i++) {
        double share;

        if (cost > curve->cost[i] * (1.0 + 1e-12))
            continue;
        if (i == 0)
            return cost >= curve->cost[0] * (1.0 - 1e-12) ? curve->nats[0] : NAN;
        share = (cost - curve->cost[i - 1]) / (curve->cost[i] - curve->cost[i - 1]);
        return curve->nats[i - 1] + share * (curve->nats[i] - curve->nats[i - 1]);
    }
    return NAN;
}

/* The lowest that a curve reaches at no more than this cost. */
static double curve_lowest(const struct curve *curve, double cost)
{
    double lowest = curve_at(curve, cost);

    for (int i = 0; i < curve->count && curve->cost[i] <= cost; i++)
        lowest = fmin(lowest, curve->nats[i]); /* ignores NAN */
    return lowest;
}

/* The mean over a variant's runs, point by point; runs whose points are not as many are left out. */
static int curve_mean(struct curve *mean, const struct curve *runs, int count)
{
    int points = 0, n = 0;

    for (int i = 0; i < count; i++)
        points = runs[i].count > points ? runs[i].count : points;
    *mean = (struct curve){calloc((size_t)points + 1, sizeof(double)),
                           calloc((size_t)points + 1, sizeof(double)), points};
    if (!mean->cost || !mean->nats) {
        curve_free(mean);
        return err_system("a curve of %d points", points);
    }
    for (int i = 0; i < count; i++) {
        if (runs[i].count != points)
            continue;
        for (int j = 0; j < points; j++) {
            mean->cost[j] += runs[i].cost[j];
            mean->nats[j] += runs[i].nats[j];
        }
        n++;
    }
    for (int j = 0; j < points; j++) {
        mean->cost[j] /= n;
        mean->nats[j] /= n;
    }
    return 0;
}

/* Everything about one axis. */
struct pareto {
    const struct grid *grid;
    const struct axis *axis;
    struct curve *run;  /* (variants, seeds); count 0: no ok run */
    struct curve *mean; /* (variants) */
    double budget;      /* what every run spent at least */
};

static double curve_end(const struct curve *curve)
{
    return curve->count > 0 ? curve->cost[curve->count - 1] : NAN;
}

static int pareto_open(struct pareto *pareto, const struct grid *grid, const json_t *document,
                       const struct axis *axis)
{
    int cells = grid->variants * grid->seeds;

    *pareto = (struct pareto){grid, axis, calloc((size_t)cells + 1, sizeof(struct curve)),
                              calloc((size_t)grid->variants + 1, sizeof(struct curve)), NAN};
    if (!pareto->run || !pareto->mean)
        return err_system("%d curves", cells);
    for (int i = 0; i < cells; i++) {
        if (isnan(grid->nats[i]))
            continue;
        if (curve_of(&pareto->run[i], document, grid->run[i], axis) != 0)
            return -1;
        pareto->budget = fmin(pareto->budget, curve_end(&pareto->run[i]));
    }
    for (int i = 0; i < grid->variants; i++)
        if (curve_mean(&pareto->mean[i], pareto->run + i * grid->seeds, grid->seeds) != 0)
            return -1;
    return 0;
}

static void pareto_close(struct pareto *pareto)
{
    for (int i = 0; pareto->run && i < pareto->grid->variants * pareto->grid->seeds; i++)
        curve_free(&pareto->run[i]);
    for (int i = 0; pareto->mean && i < pareto->grid->variants; i++)
        curve_free(&pareto->mean[i]);
    free(pareto->run);
    free(pareto->mean);
}

/* The losses at the budget, as a grid of their own to do the same statistics on. */
static void pareto_grid(const struct pareto *pareto, double *nats)
{
    for (int i = 0; i < pareto->grid->variants * pareto->grid->seeds; i++)
        nats[i] = curve_at(&pareto->run[i], pareto->budget);
}

/* Who reaches a lower loss than this variant's last, at no more than its cost. */
static json_t *dominators(const struct pareto *pareto, int row)
{
    const struct curve *own = &pareto->mean[row];
    json_t *names = json_array();
    int bad = 0;

    for (int i = 0; i < pareto->grid->variants && own->count > 0; i++)
        if (i != row && curve_lowest(&pareto->mean[i], curve_end(own)) < own->nats[own->count - 1])
            bad |= json_push(names, json_text(pareto->grid->name[i]));
    return json_finish(names, bad);
}

static json_t *pareto_row(const struct pareto *pareto, const struct grid *at_budget, int row,
                          const struct contrast *contrast, double *nats)
{
    const struct curve *mean = &pareto->mean[row];
    int n = grid_row(at_budget, row, nats), bad = 0;
    json_t *o = json_object(), *lower = dominators(pareto, row);
    bool on_front = mean->count > 0 && json_array_size(lower) == 0;

    bad |= json_put(o, "axis", json_text(pareto->axis->name));
    bad |= json_put(o, "variant", json_text(pareto->grid->name[row]));
    bad |= json_put(o, "n", json_integer(n));
    bad |= json_put(o, "budget", json_number(pareto->budget));
    bad |= json_put(o, "nats_at_budget", json_number(stats_mean(nats, n)));
    bad |= json_put(o, "delta_nats", json_number(contrast->test.difference));
    bad |= json_put(o, "delta_ci95_nats", json_interval(contrast->test.interval));
    bad |= json_put(o, "p_holm", json_number(contrast->p_holm));
    bad |= json_put(o, "final_cost", json_number(curve_end(mean)));
    bad |= json_put(o, "final_nats",
                    json_number(mean->count > 0 ? mean->nats[mean->count - 1] : NAN));
    bad |= json_put(o, "on_front", json_boolean(on_front));
    bad |= json_put(o, "dominated_by", lower);
    return json_finish(o, bad);
}

static int pareto_push(json_t *rows, const struct grid *grid, const json_t *document, int base,
                       const struct axis *axis)
{
    struct contrast *contrast = calloc((size_t)grid->variants + 1, sizeof *contrast);
    double *nats = calloc((size_t)grid->seeds + 1, sizeof *nats);
    struct grid at_budget = *grid;
    struct pareto pareto;
    int bad = pareto_open(&pareto, grid, document, axis) != 0;

    at_budget.nats = calloc((size_t)(grid->variants * grid->seeds) + 1, sizeof *at_budget.nats);
    bad = bad || !contrast || !nats || !at_budget.nats;
    if (!bad) {
        pareto_grid(&pareto, at_budget.nats);
        bad = contrasts_compute(&at_budget, base, contrast) != 0;
    }
    for (int i = 0; i < grid->variants && !bad; i++)
        bad |= json_push(rows, pareto_row(&pareto, &at_budget, i, &contrast[i], nats));
    free(at_budget.nats);
    free(contrast);
    free(nats);
    pareto_close(&pareto);
    return bad ? -1 : 0;
}

static json_t *pareto_json(const struct grid *grid, const json_t *document, int base)
{
    json_t *rows = json_array();
    int bad = 0;

    for (size_t i = 0; i < LENGTH_OF(axes) && !bad; i++)
        bad |= pareto_push(rows, grid, document, base, &axes[i]);
    return json_finish(rows, bad);
}

/* ==== The fine-tuning tables, whose own values are not measured yet ==== */

static json_t *finetune_json(const struct grid *grid, const json_t *paper, const char *table)
{
    const json_t *printed = json_object_get(paper, table);
    json_t *columns = json_object_get(printed, "relu"), *rows = json_array(), *value;
    const char *column;
    char key[64];
    int bad = 0;

    for (int i = 0; i < grid->variants; i++) {
        const json_t *row = json_object_get(printed, grid->name[i]);
        json_t *o = json_object();

        bad |= json_put(o, "variant", json_text(grid->name[i]));
        json_object_foreach (columns, column, value) {
            snprintf(key, sizeof key, "paper_%s", column);
            bad |= json_put(o, column, json_null());
            bad |= json_put(o, key, json_number(number_at(row, column)));
        }
        bad |= json_push(rows, o);
    }
    return json_finish(rows, bad);
}

/* ==== All of them ==== */

static const struct {
    const char *key, *printed;
} finetune_tables[] = {
    {"glue", "table2_glue"}, {"superglue", "table3_superglue"}, {"squad", "table4_squad"}};

int tables_compute(json_t *document)
{
    json_t *old = json_object_get(document, "tables"), *tables = json_object(), *paper = paper_json();
    json_t *throughput = json_object_get(old, "throughput");
    const char *baseline = document_baseline(document);
    struct grid grid = {0};
    int base, bad = !paper || grid_open(&grid, document) != 0;

    if (bad)
        goto done;
    base = baseline ? grid_find(&grid, baseline) : -1;
    throughput = json_is_array(throughput) ? json_incref(throughput) : json_array();
    bad |= throughput_compute(throughput, baseline);
    bad |= json_put(tables, "table1", table1_json(&grid, base, paper));
    bad |= json_put(tables, "throughput", throughput);
    for (size_t i = 0; i < LENGTH_OF(finetune_tables); i++) {
        json_t *measured = json_object_get(old, finetune_tables[i].key);

        bad |= json_put(tables, finetune_tables[i].key,
                        measured ? json_incref(measured)
                                 : finetune_json(&grid, paper, finetune_tables[i].printed));
    }
    bad |= json_put(tables, "pareto", pareto_json(&grid, document, base));
    bad |= json_put(document, "tables", json_incref(tables));
    bad |= json_put(document, "agreement", agreement_json(&grid, document, paper));
done:
    grid_close(&grid);
    json_decref(paper);
    json_decref(tables);
    return bad ? -1 : 0;
}
