/* state.h - a training between two steps, in a file: what it takes to go on as if it had never
 * stopped.  The data is not in it: the stream is opened again and skipped. */
#ifndef GLU_TRAIN_STATE_H
#define GLU_TRAIN_STATE_H

#include "src/model/model.h"
#include "src/results/results.h"
#include "src/study/rundir.h"

struct train_state {
    int64_t step;           /* steps done */
    double interval_nats;   /* sum of the losses since the last point of the curve */
    int64_t interval_steps; /* and their number */
};

/* Save the model and its optimizer, the state, and the result's curve and training time; keep the
 * last two files.  0, or -1 and a message. */
int state_save(const struct rundir *rundir, struct model *model, const struct train_state *state,
               const struct run_result *result) GLU_MUST_USE;

/* Load the latest state of result's variant and seed, in a training of `steps`, that is whole and
 * possible, with a warning for each that is not.  Returns whether there was one; if not, the model
 * and the result are to be made anew. */
bool state_load(const struct rundir *rundir, struct model *model, int64_t steps,
                struct train_state *state, struct run_result *result);

#endif
