/* test-scores.c - averages and best checkpoints of benchmarks, likelihoods of classes against their
 * prior, and the paired bootstrap over sentences. */
#include "src/glu.h"

#include "src/results/checkpoints.h"
#include "src/results/class_likelihood.h"
#include "src/results/paired_bootstrap.h"
#include "src/task/metrics/corpus.h"
#include "src/util/rng.h"
#include "test/near.h"
#include "test/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ==== Checkpoints ==== */

static const char *const glue_columns[] = {"cola", "sst2", "mrpc", "mrpc", "stsb", "stsb",
                                           "qqp",  "qqp",  "mnli", "mnli", "qnli", "rte"};
static const char *const glue[] = {"cola", "sst2", "mrpc", "stsb", "qqp", "mnli", "qnli", "rte"};

static void check_average(void)
{
    double score[12];
    bool measured[12];
    struct checkpoints table = {1, 12, glue_columns, score, measured};

    for (int i = 0; i < 12; i++) {
        score[i] = i;
        measured[i] = true;
    }
    near(checkpoint_average(&table, 0, glue, 8), 5.5, 1e-12, "the average of GLUE");
    near(checkpoint_average_of_best(&table, glue, 8), 5.5, 1e-12, "of the only checkpoint");
    score[4] = NAN;
    near(checkpoint_group(&table, 0, "stsb"), 2.5, 1e-12, "what is undefined counts as 0");
    near(checkpoint_average(&table, 0, glue, 8), 42.0 / 8, 1e-12, "in the average too");
    measured[9] = false;
    tap_ok(isnan(checkpoint_average(&table, 0, glue, 8)) &&
               isnan(checkpoint_average_of_best(&table, glue, 8)) &&
               checkpoint_best_average(&table, glue, 8) == -1,
           "no average without a column");
    tap_ok(isnan(checkpoint_group(&table, 0, "mnli")) && checkpoint_best(&table, "mnli") == -1,
           "nor the group's mean");
    tap_ok(isnan(checkpoint_group(&table, 0, "wnli")) && checkpoint_best(&table, "wnli") == -1,
           "no such group");
    tap_ok(isnan(checkpoint_average(&table, 0, glue, 0)), "no groups");
}

static void check_best(void)
{
    static const char *const columns[] = {"abc", "def", "def"}, *const groups[] = {"abc", "def"};
    static const double score[] = {1, 0, 4, 2, 10, 7, 3, 3, 8, 4, 0, 0};
    static const double equal[] = {1, 2, 2, 3, 2, 2, 3, 2, 2, 3, 1, 1};
    static const double lost[] = {NAN, 1, 1, NAN, 1, 1};
    struct checkpoints table = {4, 3, columns, score, NULL}, same = {4, 3, columns, equal, NULL};
    struct checkpoints undefined = {2, 3, columns, lost, NULL};

    tap_ok(checkpoint_best(&table, "abc") == 3 && checkpoint_best(&table, "def") == 1,
           "each group's best");
    near(checkpoint_average_of_best(&table, groups, 2), (4 + 8.5) / 2, 1e-12,
         "the average of the best");
    tap_ok(checkpoint_best_average(&table, groups, 2) == 1,
           "the checkpoint of the best average");
    near(checkpoint_average(&table, 1, groups, 2), (2 + 8.5) / 2, 1e-12, "the best average");
    tap_ok(checkpoint_best(&same, "abc") == 1 && checkpoint_best(&same, "def") == 0 &&
               checkpoint_best_average(&same, groups, 2) == 1,
           "the first of equals");
    tap_ok(checkpoint_best(&undefined, "abc") == 0, "undefined everywhere: the first");
}

/* ==== Classes ==== */

static void check_class(void)
{
    static const double log_p[] = {-1, -2, -3, -0.5, -4, -4, -6, -6};
    static const int label[] = {0, 0, 1, 1}, tokens[] = {2, 3};
    const double expected[] = {log1p(exp(-1)), log1p(exp(2.5)), log(2), log(2)};
    struct class_scores scores = {4, 2, log_p, label, tokens};
    struct class_likelihood seen;
    double sum = 0;

    for (int i = 0; i < 4; i++) {
        near(class_nats(log_p + 2 * i, 2, label[i]), expected[i], 1e-12, "-log q of an example");
        sum += expected[i];
    }
    if (class_likelihood(&scores, &seen))
        tap_bail_out("%s", err_get());
    near(seen.nats, sum / 4, 1e-12, "nats per example");
    near(seen.nats_per_token, (1 + 3 + 4 + 6) / 10.0, 1e-12, "nats per token");
    near(seen.accuracy, 25, 1e-12, "the first of equals is the answer");
    near(seen.prior_nats, log(2), 1e-12, "the prior of two halves");
    tap_ok(seen.signal == CLASS_NO_SIGNAL && seen.difference.low < seen.nats - seen.prior_nats &&
               seen.nats - seen.prior_nats < seen.difference.high,
           "no signal: [%g, %g]", seen.difference.low, seen.difference.high);
    near(class_nats((const double[]){-1e4, -1e4 - 1, -2e4}, 3, 0), log1p(exp(-1)), 1e-9,
         "far from 1");
}

/* The verdict of `examples` answers, of which so many in ten are right, each with such a margin. */
static void check_signal(int examples, int right, double margin, enum class_signal expected,
                         const char *text)
{
    double *log_p = malloc((size_t)examples * 3 * sizeof *log_p);
    int *label = malloc((size_t)examples * sizeof *label), tokens[] = {1, 1, 1};
    struct class_scores scores = {examples, 3, log_p, label, tokens};
    struct class_likelihood seen;

    if (!log_p || !label)
        tap_bail_out("no memory");
    for (int i = 0; i < examples; i++) {
        label[i] = i % 10 < 5 ? 0 : i % 10 < 8 ? 1 : 2;
        for (int k = 0; k < 3; k++)
            log_p[3 * i + k] = -5 + (k == (label[i] + (i * 7 % 10 >= right)) % 3 ? margin : 0);
    }
    if (class_likelihood(&scores, &seen))
        tap_bail_out("%s", err_get());
    tap_ok(seen.signal == expected && strcmp(class_signal_text(seen.signal), text) == 0,
           "%s: %.3f nats, prior %.3f, difference %.3f to %.3f", text, seen.nats, seen.prior_nats,
           seen.difference.low, seen.difference.high);
    free(log_p);
    free(label);
}

static void check_no_class(void)
{
    static const double log_p[] = {-1, -2, (double)NAN, -1};
    static const int label[] = {0, 1}, tokens[] = {1, 1};
    struct class_scores scores = {2, 2, log_p, label, tokens};
    struct class_likelihood seen;

    if (class_likelihood(&scores, &seen))
        tap_bail_out("%s", err_get());
    tap_ok(isnan(seen.nats) && seen.signal == CLASS_NO_SIGNAL, "of what is no number");
    scores.examples = 0;
    if (class_likelihood(&scores, &seen))
        tap_bail_out("%s", err_get());
    tap_ok(isnan(seen.nats) && isnan(seen.accuracy) && seen.signal == CLASS_NO_SIGNAL,
           "of no examples");
    scores.examples = 1;
    if (class_likelihood(&scores, &seen))
        tap_bail_out("%s", err_get());
    tap_ok(fabs(seen.prior_nats) < 1e-12 && !interval_exists(seen.difference) &&
               seen.signal == CLASS_NO_SIGNAL,
           "of one example there is no interval");
}

/* ==== Bootstrap ==== */

enum { SENTENCES = 400 };

static double mean_of(const double *sums)
{
    return sums[0] / sums[1];
}

static void check_means(void)
{
    static double a[2 * SENTENCES], b[2 * SENTENCES];
    double sum = 0, squares = 0, mean, error;
    struct paired_bootstrap seen, again;
    struct rng rng;

    rng_start(&rng, 3, RNG_TEST, 0);
    for (int i = 0; i < SENTENCES; i++) {
        double common = 10 * rng_normal(&rng), difference = 0.15 + rng_normal(&rng);

        a[2 * i] = common + difference;
        b[2 * i] = common;
        a[2 * i + 1] = b[2 * i + 1] = 1;
        sum += difference;
        squares += difference * difference;
    }
    mean = sum / SENTENCES;
    error = sqrt((squares / SENTENCES - mean * mean) / SENTENCES);
    if (paired_bootstrap(a, b, SENTENCES, 2, mean_of, &seen) ||
        paired_bootstrap(a, b, SENTENCES, 2, mean_of, &again))
        tap_bail_out("%s", err_get());
    near(seen.difference, mean, 1e-12, "the difference of two means");
    near_interval(seen.interval, mean - 1.96 * error, mean + 1.96 * error, 0.25 * error,
                  "its interval, paired");
    near(seen.p, erfc(fabs(mean) / error / sqrt(2)), 0.03, "its p");
    tap_ok(memcmp(&seen, &again, sizeof seen) == 0, "the same again");
    if (paired_bootstrap(b, a, SENTENCES, 2, mean_of, &again))
        tap_bail_out("%s", err_get());
    tap_ok(seen.p == again.p && seen.interval.low == -again.interval.high &&
               seen.difference == -again.difference,
           "the other way round");
}

static void check_corpus(void)
{
    static const char *const right[] = {"a man sleeps on a bench .", "two dogs run in the snow .",
                                        "a girl reads a long book .",
                                        "the band plays for us all ."};
    static const char *const wrong[] = {"a dog sleeps on the beach .", "two men run in the rain .",
                                        "a girl has a long coat .", "the band is here for us ."};
    static struct example example[40];
    char *good[40], *bad[40];
    struct examples examples = {.example = example, .count = 40};
    struct text_answers better = {NULL, &examples, good}, worse = {NULL, &examples, bad};
    double *a, *b;
    struct paired_bootstrap seen;

    for (size_t i = 0; i < 40; i++) {
        example[i] = (struct example){"", right[i % 4], -1, -1, 0, NULL};
        good[i] = (char *)(i % 3 ? right : wrong)[i % 4];
        bad[i] = (char *)wrong[i % 4];
    }
    if (corpus_sums(&corpus_bleu_13a, &better, &a) || corpus_sums(&corpus_bleu_13a, &worse, &b) ||
        paired_bootstrap(a, b, 40, corpus_bleu_13a.sums, corpus_bleu_13a.score, &seen))
        tap_bail_out("%s", err_get());
    tap_ok(seen.a > seen.b && seen.interval.low > 0 && seen.interval.low < seen.difference &&
               seen.difference < seen.interval.high && seen.p < 0.002,
           "BLEU %.2f and %.2f, difference %.2f to %.2f, p %.4f", seen.a, seen.b, seen.interval.low,
           seen.interval.high, seen.p);
    if (paired_bootstrap(a, a, 40, corpus_bleu_13a.sums, corpus_bleu_13a.score, &seen))
        tap_bail_out("%s", err_get());
    tap_ok(seen.difference == 0 && seen.interval.low == 0 && seen.interval.high == 0 && seen.p == 1,
           "equal systems");
    if (paired_bootstrap(a, b, 1, corpus_bleu_13a.sums, corpus_bleu_13a.score, &seen))
        tap_bail_out("%s", err_get());
    tap_ok(!interval_exists(seen.interval) && isnan(seen.p) && !isnan(seen.difference),
           "one sentence");
    if (paired_bootstrap(a, b, 0, corpus_bleu_13a.sums, corpus_bleu_13a.score, &seen))
        tap_bail_out("%s", err_get());
    tap_ok(isnan(seen.difference) && isnan(seen.a), "no sentence");
    free(a);
    free(b);
}

int main(void)
{
    tap_plan(8 + 6 + 10 + 3 + 3 + 5 + 4);
    check_average();
    check_best();
    check_class();
    check_signal(200, 10, 2, CLASS_SIGNAL, "signal");
    check_signal(200, 5, 0.6, CLASS_NO_SIGNAL, "no signal");
    check_signal(200, 2, 2, CLASS_MISLEADING, "worse than the prior");
    check_no_class();
    check_means();
    check_corpus();
    return tap_status();
}
