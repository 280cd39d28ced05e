/* dump.h - --dump-batches: the token ids that the model saw and the losses it computed, as JSON
 * lines, so that another T5 can replay them. */
#ifndef GLU_TRAIN_DUMP_H
#define GLU_TRAIN_DUMP_H

#include "src/model/batch.h"
#include "variants/variant.h"

#include "src/glu.h"

struct dump;

/* Open the file, or standard output, for writing.  0, or -1 and a message. */
int dump_open(struct dump **dump, const char *path) GLU_MUST_USE;
/* A training step (from 1), or held-out examples after a step.  Lines of runs that are side by
 * side alternate but never mix.  NULL: nothing happens. */
void dump_train(struct dump *dump, const struct variant *variant, uint64_t seed, int64_t step,
                const struct batch *batch, double loss_nats);
void dump_heldout(struct dump *dump, const struct variant *variant, uint64_t seed, int64_t step,
                  const struct batch *batch, const double *example_loss_nats);
/* 0, or -1 and a message when something could not be written.  Accepts NULL. */
int dump_close(struct dump *dump) GLU_MUST_USE;

#endif
