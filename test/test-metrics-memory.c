/* test-metrics-memory.c - memory that runs out at the n-th call: every metric then fails with a
 * message, and neither crashes nor leaks. */
#include "src/glu.h"

#include "src/results/class_likelihood.h"
#include "src/results/paired_bootstrap.h"
#include "src/task/metrics/corpus.h"
#include "src/task/metrics/metrics.h"
#include "test/memory.h"
#include "test/tap.h"

#include <stdlib.h>

static const char *const classes[] = {"no", "yes", NULL};
static const struct text_task task = {.name = "task", .classes = classes};
static const char *const golden[] = {"The right one", "\xc3\x84rger!", NULL};
static struct example example[] = {{"", "the right, ONE", 1, 0, 1.5, golden},
                                   {"", "no", 0, 0, 2.5, NULL}};
static const char *outputs[] = {"The right one \xc3\x84", "2.5"};
static const struct examples examples = {.example = example, .count = 2};
static const struct text_answers answers = {&task, &examples, (char *const *)outputs};

static int score(const struct text_metric *metric)
{
    double seen;

    return metric->score(&answers, &seen);
}

#define METRICS(X)                                                                                 \
    X(accuracy) X(mcc) X(f1) X(macro_f1) X(em_question) X(pearson) X(spearman) X(squad_em)         \
    X(squad_f1) X(wsc) X(bleu_13a) X(bleu_intl_lc) X(chrf2)

#define FUNCTION(name)                     \
    static int do_##name(void)             \
    {                                      \
        return score(&text_metric_##name); \
    }
METRICS(FUNCTION)

static int do_bootstrap(void)
{
    struct paired_bootstrap seen;
    double *sums;
    int rc = -1;

    if (corpus_sums(&corpus_chrf2, &answers, &sums))
        return -1;
    rc = paired_bootstrap(sums, sums, 2, corpus_chrf2.sums, corpus_chrf2.score, &seen);
    free(sums);
    return rc;
}

static int do_classes(void)
{
    static const double log_p[] = {-1, -2, -3, -1};
    static const int label[] = {0, 1}, tokens[] = {1, 1};
    struct class_likelihood seen;

    return class_likelihood(&(struct class_scores){2, 2, log_p, label, tokens}, &seen);
}

static const struct {
    const char *name;
    int (*function)(void);
} operations[] = {
#define ROW(name) {#name, do_##name},
    METRICS(ROW){"paired_bootstrap", do_bootstrap},
    {"class_likelihood", do_classes},
};

int main(void)
{
    if (memory_skip())
        return 0;
    for (size_t i = 0; i < LENGTH_OF(operations); i++)
        memory_try(operations[i].name, operations[i].function);
    tap_plan((int)LENGTH_OF(operations));
    return tap_status();
}
