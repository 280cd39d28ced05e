/* decisions.c - see decisions.h. */
#include "src/glu.h"

#include "src/results/decisions.h"

#include "src/results/sequential.h"
#include "src/results/statistics.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char undecided[] = "undecided", equal[] = "equal";

int decisions_open(struct decisions *decisions, const struct metric *metric, int variants,
                   int baseline, double margin)
{
    assert(baseline >= 0 && baseline < variants);
    *decisions = (struct decisions){.metric = metric,
                                    .margin = margin,
                                    .variants = variants,
                                    .baseline = baseline,
                                    .decision = calloc((size_t)variants, sizeof(struct decision)),
                                    .e = calloc((size_t)variants, sizeof(double)),
                                    .rejected = calloc((size_t)variants, sizeof(bool)),
                                    .undecided = variants - 1};
    if (!decisions->decision || !decisions->e || !decisions->rejected) {
        err_system("decisions about %d variants", variants);
        decisions_close(decisions);
        return -1;
    }
    for (int i = 0; i < variants; i++)
        decisions->decision[i] = (struct decision){
            .kind = undecided, .e_value = 1.0, .interval = {NAN, NAN}};
    return 0;
}

void decisions_close(struct decisions *decisions)
{
    free(decisions->decision);
    free(decisions->e);
    free(decisions->rejected);
    *decisions = (struct decisions){0};
}

bool decision_is_made(const struct decision *decision)
{
    return decision->kind != undecided;
}

/* ==== Looking ==== */

static bool is_open(const struct decisions *decisions, int i)
{
    return i != decisions->baseline && !decision_is_made(&decisions->decision[i]);
}

/* One difference more (Welford 1962), and what they say together. */
static void add_pair(struct decision *decision, double difference)
{
    double off = difference - decision->mean, stddev;
    int n = ++decision->pairs;

    decision->mean += off / n;
    decision->squares += off * (difference - decision->mean);
    stddev = n > 1 ? sqrt(decision->squares / (n - 1)) : NAN;
    decision->n = n;
    decision->e_value = stats_e_value(decision->mean, stddev, n, 0.0, SEQUENTIAL_G);
    decision->interval = stats_anytime_interval(decision->mean, stddev, n, SEQUENTIAL_G, STATS_ALPHA);
}

static void decide(struct decisions *decisions, int i, const char *kind)
{
    decisions->decision[i].kind = kind;
    decisions->undecided--;
}

/* What was decided to differ had an e-value that is enough at every later look, as there are no fewer of
 * them; what was decided to be equal is a hypothesis that is not rejected. */
static void look(struct decisions *decisions)
{
    int m = 0;

    for (int i = 0; i < decisions->variants; i++) {
        const struct decision *decision = &decisions->decision[i];

        if (i != decisions->baseline)
            decisions->e[m++] = !decision_is_made(decision) ? decision->e_value
                                : decision->kind == equal    ? 0.0
                                                             : INFINITY;
    }
    stats_e_bh(decisions->e, m, STATS_ALPHA, decisions->rejected);
    m = 0;
    for (int i = 0; i < decisions->variants; i++) {
        const struct decision *decision = &decisions->decision[i];
        bool rejected = i != decisions->baseline && decisions->rejected[m++];

        if (!is_open(decisions, i))
            continue;
        if (rejected)
            decide(decisions, i,
                   metric_is_better(decisions->metric, decision->mean, 0.0) ? "better" : "worse");
        else if (interval_exists(decision->interval)
                 && decision->interval.low >= -decisions->margin
                 && decision->interval.high <= decisions->margin)
            decide(decisions, i, equal);
    }
}

void decisions_add(struct decisions *decisions, const double *values)
{
    if (decisions->undecided == 0)
        return;
    for (int i = 0; i < decisions->variants; i++) {
        double difference = values[i] - values[decisions->baseline];

        if (is_open(decisions, i) && !isnan(difference))
            add_pair(&decisions->decision[i], difference);
    }
    decisions->looks++;
    look(decisions);
}

int decisions_least(void)
{
    int n = 2;

    while (stats_e_value(1.0, 0.0, n, 0.0, SEQUENTIAL_G) < 1.0 / STATS_ALPHA)
        n++;
    return n;
}

/* ==== A document ==== */

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static bool is_whole(const struct matrix *matrix, int column)
{
    for (int i = 0; i < matrix->variants; i++) {
        const struct matrix_run *run = matrix_run_at(matrix, i, column);

        if (!run || run->status == RUN_INTERRUPTED)
            return false;
    }
    return true;
}

int decisions_replay(struct decisions *decisions, const struct matrix *matrix)
{
    const struct scores scores = matrix_scores(matrix, METRIC_LOG_PERPLEXITY);
    int64_t *seed = calloc((size_t)matrix->seeds + 1, sizeof *seed);
    double *values = calloc((size_t)matrix->variants + 1, sizeof *values);
    int rc = -1;

    if (!seed || !values)
        err_system("%d seeds", matrix->seeds);
    else if (matrix->baseline < 0)
        err_set("there is no baseline to decide against");
    else
        rc = decisions_open(decisions, scores.metric, matrix->variants, matrix->baseline,
                            matrix->equivalence_nats);
    if (rc == 0) {
        memcpy(seed, matrix->seed, (size_t)matrix->seeds * sizeof *seed);
        qsort(seed, (size_t)matrix->seeds, sizeof *seed, ascending);
    }
    for (int i = 0; i < matrix->seeds && rc == 0; i++) {
        int column = matrix_column(matrix, seed[i]);

        for (int k = 0; k < matrix->variants; k++)
            values[k] = scores_at(&scores, k, column);
        if (is_whole(matrix, column))
            decisions_add(decisions, values);
    }
    free(seed);
    free(values);
    return rc;
}
