/* class_likelihood.h - what a model knows of classes, finer than how often its answer is right: the
 * likelihood of each class word, against that of always guessing the shares of the classes. */
#ifndef GLU_RESULTS_CLASS_LIKELIHOOD_H
#define GLU_RESULTS_CLASS_LIKELIHOOD_H

#include "src/glu.h"
#include "src/util/interval.h"

struct class_scores {
    int examples, classes;
    const double *log_p; /* (examples, classes), nats: of the word of each class with its end of
                          * sequence, summed over its tokens */
    const int *label;    /* (examples), 0 to classes - 1 */
    const int *tokens;   /* (classes): of the word, its end of sequence too */
};

/* Whether the classes' likelihoods say anything about the examples. */
enum class_signal {
    CLASS_SIGNAL,     /* better than the prior */
    CLASS_NO_SIGNAL,  /* the interval includes the prior, or there is none */
    CLASS_MISLEADING, /* worse than the prior */
};

struct class_likelihood {
    double nats; /* mean of -log q(label), q being the softmax over the classes of log_p */
    double nats_per_token; /* of the right words, over all words there are */
    double accuracy; /* how often the right class has the highest log_p, the first of equals; % */
    double prior_nats; /* of guessing the shares that the classes have among the examples */
    struct interval difference; /* of nats - prior_nats: t, paired by example, at STATS_LEVEL */
    enum class_signal signal;
};

/* -log q of a class, of one example's log_p (classes). */
double class_nats(const double *log_p, int classes, int label);

/* All NAN, and no signal, without examples or where a log_p is not a number.  0, or -1 when there
 * is no memory. */
int class_likelihood(const struct class_scores *scores,
                     struct class_likelihood *likelihood) GLU_MUST_USE;

/* "signal", "no signal" or "worse than the prior". */
const char *class_signal_text(enum class_signal signal);

#endif
