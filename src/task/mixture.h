/* mixture.h - which example comes next when several sets are trained on together: examples-proportional
 * mixing (Raffel et al. 2019, section 3.5.2), each set in a random order of its own that changes with every pass
 * over it. */
#ifndef GLU_TASK_MIXTURE_H
#define GLU_TASK_MIXTURE_H

#include "src/glu.h"

#include <stddef.h>
#include <stdint.h>

struct mixture;

/* Sets of so many examples, counts is (sets); one that is empty is never drawn, and not all are.  A set counts
 * as at most `cap` examples in the proportions; 0: as all of them.  What is drawn is a function of these and
 * the seed.  0, or -1 and a message. */
int mixture_open(struct mixture **mixture, const size_t *counts, int sets, size_t cap, uint64_t seed)
    GLU_MUST_USE;
/* NULL is fine. */
void mixture_close(struct mixture *mixture);

void mixture_next(struct mixture *mixture, int *set, size_t *example);

/* What is drawn of each set, as a share: (sets). */
void mixture_shares(const size_t *counts, int sets, size_t cap, double *shares);

#endif
