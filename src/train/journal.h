/* journal.h - --log: how trainings go, as JSON lines that are written as it happens. */
#ifndef GLU_TRAIN_JOURNAL_H
#define GLU_TRAIN_JOURNAL_H

#include "variants/variant.h"

#include "src/glu.h"

struct journal;

/* Open the file, or standard output, for writing.  With `resume` what is there is gone on with: a
 * half-written last line is cut off, and what it has already is not written again.  0, or -1 and a
 * message: it cannot be written, or, with `resume`, a line of it is none of ours. */
int journal_open(struct journal **journal, const char *path, bool resume) GLU_MUST_USE;

/* A line: where a training is after a step. */
struct journal_line {
    const char *setting; /* of a study; NULL: it is no study */
    const struct variant *variant;
    uint64_t seed;
    int64_t step, tokens_seen;
    double learning_rate;               /* of the step; NAN before the first */
    double train_loss_nats;             /* of the step's batch; NAN before the first */
    double heldout_log_perplexity_nats; /* of the curve's examples; NAN: not evaluated here */
    double train_s;
};
/* Lines of trainings that are side by side alternate but never mix.  A line that cannot be written is
 * told once, and the training goes on.  NULL: nothing happens. */
void journal_add(struct journal *journal, const struct journal_line *line);

/* 0, or -1 and a message when something could not be written.  Accepts NULL. */
int journal_close(struct journal *journal) GLU_MUST_USE;

#endif
