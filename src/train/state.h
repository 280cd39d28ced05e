/* state.h - a training between two steps, in a file: what it takes to go on as if it had never
 * stopped.  The data is not in it: the stream is opened again and skipped, or gone on with where it was. */
#ifndef GLU_TRAIN_STATE_H
#define GLU_TRAIN_STATE_H

#include "src/model/model.h"
#include "src/results/results.h"
#include "src/task/segments.h"

#include <limits.h>

/* Where the states of one training are: in files DIRECTORY/NAME.STEP.state. */
struct state_place {
    const char *directory; /* borrowed; leaves room for NAME_MAX more in PATH_MAX */
    char name[160];        /* of the training; no other in the directory has it */
};
#define STATE_SUFFIX ".state"

struct train_state {
    int64_t step;           /* steps done */
    double interval_nats;   /* sum of the losses since the last point of the curve */
    int64_t interval_steps; /* and their number */
    bool has_place;
    struct segments_place place; /* of the next batch */
};

/* Save the model and its optimizer, the state, and the result's curve and training time; keep the
 * last two files.  0, or -1 and a message. */
int state_save(const struct state_place *place, struct model *model,
               const struct train_state *state, const struct run_result *result) GLU_MUST_USE;

/* Load the latest state of result's variant and seed, in a training of `steps`, that is whole and
 * possible, with a warning for each that is not.  Returns whether there was one; if not, the model
 * and the result are to be made anew. */
bool state_load(const struct state_place *place, struct model *model, int64_t steps,
                struct train_state *state, struct run_result *result);

/* Steps of the states that are there, the latest first: at most `max` of them in steps; returns how
 * many. */
int state_steps(const struct state_place *place, int64_t *steps, int max);
/* Where the state of a step is. */
void state_path(const struct state_place *place, int64_t step, char path[PATH_MAX]);
/* Remove all but the `keep` latest up to `step`. */
void state_prune(const struct state_place *place, int64_t step, int keep);

#endif
