/* adamw.c - AdamW (Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019, algorithm 2):
 *
 *     m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2
 *     w -= lr (m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + 1e-8) + decay w)
 *
 * with decay on tensors of two dimensions alone.  State: of each tensor m, then v. */
#include "src/glu.h"

#include "src/nn/optimizer.h"

#include <math.h>

enum { BLOCK_ELEMENTS = 1 << 15 };

static const float epsilon = 1e-8f;

static size_t state_floats(const struct tensor *tensor)
{
    return 2 * tensor_elements(tensor);
}

/* There is nothing besides the state. */
static int adamw_open(struct optimizer *optimizer, struct arena *arena)
{
    (void)optimizer;
    (void)arena;
    return 0;
}

static void adamw_close(struct optimizer *optimizer)
{
    (void)optimizer;
}

static struct adamw_step step_of(const struct optimizer *optimizer, const struct update *update)
{
    const struct optimizer_options *options = &optimizer->options;
    double t = (double)update->t;

    return (struct adamw_step){
        .learning_rate = (float)update->learning_rate,
        .beta1 = (float)options->beta1,
        .beta2 = (float)options->beta2,
        .correction1 = (float)(1 / (1 - pow(options->beta1, t))),
        .correction2 = (float)(1 / (1 - pow(options->beta2, t))),
        .epsilon = epsilon,
    };
}

/* Every parts-th block, counted over all tensors. */
static void adamw_phase(struct optimizer *optimizer, struct nn *nn, const struct update *update,
                        int phase, int part)
{
    const struct tensors *tensors = optimizer->tensors;
    struct adamw_step step = step_of(optimizer, update);
    int floats = 7 + optimizer_take_floats(optimizer), turn = 0;
    float *state = optimizer->state;
    double start = clock_now_s(), updated = 0;

    (void)phase;
    for (int i = 0; i < tensors->count; i++) {
        const struct tensor *tensor = &tensors->list[i];
        size_t all = tensor_trained(tensor);

        step.decay = tensor->vector ? 0 : (float)optimizer->options.weight_decay;
        for (size_t at = 0; at < all; at += BLOCK_ELEMENTS, turn++) {
            size_t count = all - at < BLOCK_ELEMENTS ? all - at : BLOCK_ELEMENTS;
            size_t offset = tensor->offset + at;
            float *value = optimizer->parameters + offset;

            if (turn % optimizer->parts != part)
                continue;
            nn->kernels->adamw((int64_t)count, &step, optimizer_take(optimizer, nn, offset, count),
                               state + at, state + all + at, value);
            if (optimizer->plain)
                nn->typed->convert((int64_t)count, value,
                                   (char *)optimizer->plain + offset * dnn_type_bytes(nn->type));
            updated += (double)count;
        }
        state += 2 * all;
    }
    nn_book(nn, PROFILE_OPTIMIZER, &start, 0, sizeof(float) * floats * updated);
}

const struct optimizer_type optimizer_adamw = {
    .name = "adamw",
    .learning_rate = 0.001,
    .takes = TAKES_WEIGHT_DECAY | TAKES_BETA1 | TAKES_BETA2,
    .defaults = {.weight_decay = 0.1, .beta1 = 0.9, .beta2 = 0.95, .clip_norm = 1},
    .phases = 1,
    .state_floats = state_floats,
    .open = adamw_open,
    .close = adamw_close,
    .phase = adamw_phase,
};
