/* evaluate.h - the held-out loss of a model: when it is measured, and what it is. */
#ifndef GLU_TRAIN_EVALUATE_H
#define GLU_TRAIN_EVALUATE_H

#include "src/model/model.h"
#include "src/setting/setting.h"
#include "src/train/scoring.h"

/* Is the model evaluated after this step?  Always at step 0 and at the last one. */
bool evaluation_is_due(const struct setting *setting, int64_t step);
/* How often in a run, or a few times more. */
int64_t evaluation_count(const struct setting *setting);

/* The held-out examples and what a model made of them.  The points of a curve are of fewer examples,
 * evenly spread over all; the result is of all. */
struct evaluation {
    struct scoring *scoring; /* of a text2text task, whose examples it has in place of those below; owned */
    const struct batch *heldout;
    struct batch *sample; /* those of a curve's points; NULL: all */
    double *example_nats; /* (heldout->examples): mean over the target tokens of each */
    double curve_nats;    /* over all target tokens of the curve's examples */
    double mean_nats;     /* over all target tokens; NAN unless all were evaluated */
    int64_t examples, target_tokens; /* of all */
};

/* The examples are borrowed; curve_examples, at least 1, may be more than there are.  0 or -1. */
int evaluation_open(struct evaluation *evaluation, const struct batch *heldout, int curve_examples)
    GLU_MUST_USE;
/* Of a text2text task, and the model that it will be made of.  0 or -1. */
int evaluation_open_scoring(struct evaluation *evaluation, const struct text2text *text2text, struct model *model)
    GLU_MUST_USE;
/* Evaluate a model after a step, in place of what was there before: on the curve's examples or on all, which gives
 * the curve's point as well.  0 or -1. */
int evaluation_make(struct evaluation *evaluation, struct model *model, int64_t step, bool all) GLU_MUST_USE;
/* One that was never opened, but zeroed, is fine. */
void evaluation_close(struct evaluation *evaluation);

#endif
