/* evaluate.c - see evaluate.h. */
#include "src/glu.h"

#include "src/train/evaluate.h"

#include "src/util/spread.h"

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

int evaluation_open(struct evaluation *evaluation, const struct batch *heldout, int curve_examples)
{
    *evaluation = (struct evaluation){
        .heldout = heldout,
        .example_nats = calloc((size_t)heldout->examples, sizeof(double)),
        .curve_nats = NAN,
        .mean_nats = NAN,
        .examples = heldout->examples,
        .target_tokens = batch_all_targets(heldout),
    };
    if (!evaluation->example_nats)
        return err_set("out of memory");
    return curve_examples < heldout->examples
               ? batch_spread(&evaluation->sample, heldout, curve_examples)
               : 0;
}

int evaluation_open_scoring(struct evaluation *evaluation, const struct text2text *text2text, struct model *model)
{
    *evaluation = (struct evaluation){.curve_nats = NAN, .mean_nats = NAN};
    if (scoring_open(&evaluation->scoring, text2text, model))
        return -1;
    scoring_sizes(evaluation->scoring, &evaluation->examples, &evaluation->target_tokens);
    return 0;
}

/* The losses of some examples, sums over their target tokens, become means of each; what is returned
 * is over target tokens, not over the means of examples. */
static double mean_of(const struct batch *batch, double *nats)
{
    double sum = 0, tokens = 0;

    for (int i = 0; i < batch->examples; i++) {
        int targets = batch_targets(batch, i);

        sum += nats[i];
        tokens += targets;
        if (targets > 0)
            nats[i] /= targets;
    }
    return sum / tokens;
}

/* What the curve's examples give, of the means of all. */
static double mean_of_sample(const struct evaluation *evaluation)
{
    const struct batch *all = evaluation->heldout, *sample = evaluation->sample;
    double sum = 0, tokens = 0;

    for (int i = 0; i < sample->examples; i++) {
        int targets = batch_targets(sample, i);

        sum += targets * evaluation->example_nats[spread_at((size_t)all->examples,
                                                            (size_t)sample->examples, (size_t)i)];
        tokens += targets;
    }
    return sum / tokens;
}

int evaluation_make(struct evaluation *evaluation, struct model *model, int64_t step, bool all)
{
    const struct batch *batch = all || !evaluation->sample ? evaluation->heldout
                                                           : evaluation->sample;
    double mean;

    if (evaluation->scoring) {
        if (scoring_make(evaluation->scoring, step, step > 0, &evaluation->mean_nats))
            return -1;
        evaluation->curve_nats = evaluation->mean_nats;
        return 0;
    }
    if (model_evaluate(model, batch, evaluation->example_nats))
        return -1;
    mean = mean_of(batch, evaluation->example_nats);
    evaluation->mean_nats = batch == evaluation->heldout ? mean : NAN;
    evaluation->curve_nats = batch == evaluation->heldout && evaluation->sample
                                 ? mean_of_sample(evaluation)
                                 : mean;
    return 0;
}

void evaluation_close(struct evaluation *evaluation)
{
    scoring_close(evaluation->scoring);
    evaluation->scoring = NULL;
    batch_destroy(evaluation->sample);
    free(evaluation->example_nats);
    evaluation->sample = NULL;
    evaluation->example_nats = NULL;
}
