/* shared.h - one training by several processes: rank 0 reads, tokenises and writes, and what the others
 * need of it goes from here to there.  All of it is called by every rank; with one there is nothing to
 * do. */
#ifndef GLU_TRAIN_SHARED_H
#define GLU_TRAIN_SHARED_H

#include "src/model/model.h"
#include "src/results/results.h"
#include "src/train/state.h"

/* The held-out examples, which rank 0 has: *copy is NULL there, elsewhere a batch to be destroyed.  0 or
 * -1. */
int shared_heldout(struct comm *comm, const struct batch *heldout, struct batch **copy) GLU_MUST_USE;

/* Where the training begins.  `restored`: rank 0 has read values and state of the model, which all
 * have from now on, and where they stood. */
int shared_start(struct comm *comm, bool restored, struct model *model, struct train_state *state,
                 struct run_result *result) GLU_MUST_USE;

/* Before a step: *stop is the signal to stop that any rank got, or 0, and *save is set where some
 * rank was asked for a state: the same on all, whatever comes meanwhile. */
int shared_signals(struct comm *comm, int *stop, bool *save) GLU_MUST_USE;

/* At the end: have all ranks come to the same parameters? */
int shared_check(struct comm *comm, const char *parameters_sha256) GLU_MUST_USE;

#endif
