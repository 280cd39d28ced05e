/* examples.h - pairs of texts to be trained on and scored: an input, and the target that should come out.
 *
 * A set owns its examples and their texts, and never changes once it is read, so any number of threads may use
 * it. */
#ifndef GLU_TASK_EXAMPLES_H
#define GLU_TASK_EXAMPLES_H

#include "src/glu.h"

#include <stddef.h>
#include <stdint.h>

struct example {
    const char *input, *target; /* UTF-8, never NULL */
    int label;                  /* the number of its class word; of wsc 0 or 1; -1: the task has no classes */
    int group;                  /* examples with the same number are judged together (the answers of a question);
                                 * -1: each by itself */
    double number;              /* the gold score of a task whose targets are numbers; 0 otherwise */
    const char *const *answers; /* all right answers, NULL behind the last; NULL: the target alone */
};

struct examples {
    struct example *example;
    size_t count;
    size_t dropped; /* rows without a field that they need */
    void *own;      /* the texts */
};

/* An empty set.  0 or -1. */
int examples_create(struct examples **examples) GLU_MUST_USE;
/* Add a copy of an example and its texts.  0, or -1 when there is no memory. */
int examples_add(struct examples *examples, const struct example *example) GLU_MUST_USE;
/* NULL is fine. */
void examples_destroy(struct examples *examples);

/* How many examples of one set are in the other as well, input and target the same.  0, or -1 when there is
 * no memory. */
int examples_shared(const struct examples *examples, const struct examples *others,
                    size_t *shared) GLU_MUST_USE;

#endif
