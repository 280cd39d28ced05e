/* class_likelihood.c - see class_likelihood.h. */
#include "src/glu.h"

#include "src/results/class_likelihood.h"
#include "src/results/statistics.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static int most_likely(const double *log_p, int classes)
{
    int best = 0;

    for (int k = 1; k < classes; k++)
        if (log_p[k] > log_p[best])
            best = k;
    return best;
}

double class_nats(const double *log_p, int classes, int label)
{
    int best = most_likely(log_p, classes);
    double others = 0;

    for (int k = 0; k < classes; k++)
        if (k != best)
            others += exp(log_p[k] - log_p[best]);
    return log_p[best] - log_p[label] + log1p(others);
}

static enum class_signal signal_of(struct interval difference)
{
    if (difference.high < 0)
        return CLASS_SIGNAL;
    return difference.low > 0 ? CLASS_MISLEADING : CLASS_NO_SIGNAL;
}

/* Into `nats` and `prior` of each example; `share` has room for how many
 * there are of each class. */
static void score_examples(const struct class_scores *scores, struct class_likelihood *likelihood,
                           double *nats, double *prior, double *share)
{
    int right = 0;
    double words = 0, tokens = 0;

    for (int k = 0; k < scores->classes; k++)
        share[k] = 0;
    for (int i = 0; i < scores->examples; i++) {
        assert(scores->label[i] >= 0 && scores->label[i] < scores->classes);
        share[scores->label[i]]++;
    }
    for (int i = 0; i < scores->examples; i++) {
        const double *log_p = scores->log_p + (size_t)i * (size_t)scores->classes;
        int label = scores->label[i];

        nats[i] = class_nats(log_p, scores->classes, label);
        prior[i] = log(scores->examples / share[label]);
        right += most_likely(log_p, scores->classes) == label;
        words -= log_p[label];
        tokens += scores->tokens[label];
    }
    likelihood->nats = stats_mean(nats, scores->examples);
    likelihood->nats_per_token = words / tokens;
    likelihood->accuracy = 100.0 * right / scores->examples;
    likelihood->prior_nats = stats_mean(prior, scores->examples);
}

static bool all_are_numbers(const struct class_scores *scores)
{
    for (size_t i = 0; i < (size_t)scores->examples * (size_t)scores->classes; i++)
        if (!isfinite(scores->log_p[i]))
            return false;
    return true;
}

int class_likelihood(const struct class_scores *scores, struct class_likelihood *likelihood)
{
    size_t n = (size_t)scores->examples;
    double *nats, *prior;

    *likelihood = (struct class_likelihood){NAN, NAN, NAN, NAN, {NAN, NAN}, CLASS_NO_SIGNAL};
    if (scores->examples < 1 || !all_are_numbers(scores))
        return 0;
    nats = malloc((2 * n + (size_t)scores->classes) * sizeof *nats);
    if (!nats)
        return err_set("no memory for the likelihoods of %d examples", scores->examples);
    prior = nats + n;
    score_examples(scores, likelihood, nats, prior, prior + n);
    for (size_t i = 0; i < n; i++)
        nats[i] -= prior[i];
    likelihood->difference = stats_t_interval(nats, scores->examples, STATS_LEVEL);
    likelihood->signal = signal_of(likelihood->difference);
    free(nats);
    return 0;
}

const char *class_signal_text(enum class_signal signal)
{
    static const char *const texts[] = {
        [CLASS_SIGNAL] = "signal",
        [CLASS_NO_SIGNAL] = "no signal",
        [CLASS_MISLEADING] = "worse than the prior",
    };

    return texts[signal];
}
