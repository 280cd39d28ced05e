/* evaluate.c - see evaluate.h. */
#include "src/glu.h"

#include "src/train/evaluate.h"

#include <math.h>
#include <stdlib.h>

/* Where a run is evaluated unless the setting says how often, as fractions of its steps.  Early, when
 * the loss falls fast, the points lie closer. */
static const double points[] = {0,       1.0 / 32, 1.0 / 16, 1.0 / 8, 1.0 / 4, 3.0 / 8,
                                1.0 / 2, 5.0 / 8,  3.0 / 4,  7.0 / 8, 1};

bool evaluation_is_due(const struct setting *setting, int64_t step)
{
    int64_t steps = setting->recipe.steps;

    if (step == 0 || step == steps)
        return true;
    if (setting->evaluate_every > 0)
        return step % setting->evaluate_every == 0;
    for (size_t i = 0; i < LENGTH_OF(points); i++)
        if (step == llround(points[i] * (double)steps))
            return true;
    return false;
}

int64_t evaluation_count(const struct setting *setting)
{
    if (setting->evaluate_every > 0)
        return 2 + (setting->recipe.steps - 1) / setting->evaluate_every;
    return (int64_t)LENGTH_OF(points);
}

int evaluation_open(struct evaluation *evaluation, const struct batch *heldout)
{
    *evaluation = (struct evaluation){
        .heldout = heldout,
        .example_nats = calloc((size_t)heldout->examples, sizeof(double)),
        .mean_nats = NAN,
        .target_tokens = batch_all_targets(heldout),
    };
    return evaluation->example_nats ? 0 : err_set("out of memory");
}

/* The mean is over target tokens, not over the means of examples. */
int evaluation_make(struct evaluation *evaluation, struct model *model)
{
    const struct batch *heldout = evaluation->heldout;
    double sum = 0;

    if (model_evaluate(model, heldout, evaluation->example_nats))
        return -1;
    for (int i = 0; i < heldout->examples; i++) {
        int targets = batch_targets(heldout, i);

        sum += evaluation->example_nats[i];
        if (targets > 0)
            evaluation->example_nats[i] /= targets;
    }
    evaluation->mean_nats = sum / (double)evaluation->target_tokens;
    return 0;
}

void evaluation_close(struct evaluation *evaluation)
{
    free(evaluation->example_nats);
    evaluation->example_nats = NULL;
}
