/* ffn.c - see ffn.h. */
#include "src/glu.h"

#include "src/nn/ffn.h"

#include <stdio.h>
#include <string.h>

int ffn_plan_create(struct ffn_plan *plan, struct nn *nn, struct arena *arena,
                    const struct variant *variant, int tokens, int length, int d_ff, bool fused,
                    const struct linear_plan *gate, const struct linear_plan *up,
                    const struct linear_plan *out)
{
    size_t count = nn_count(tokens, d_ff, 1);

    memset(plan, 0, sizeof *plan);
    plan->variant = variant;
    plan->tokens = tokens;
    plan->length = length;
    plan->d_ff = d_ff;
    plan->gate = gate;
    plan->up = up;
    plan->out = out;
    if (!fused || !nn->typed->gate_forward[variant->act]) {
        if (dnn_eltwise_create(&plan->eltwise, nn->dnn, variant->act, variant->alpha,
                               variant->beta, nn->type, (int64_t)count))
            return -1;
        if (variant->gated)
            plan->act = nn_alloc(nn, arena, count);
    }
    if (nn->train)
        plan->diff_act = nn_alloc(nn, arena, count);
    return 0;
}

void ffn_plan_destroy(struct ffn_plan *plan)
{
    dnn_eltwise_destroy(plan->eltwise);
    plan->eltwise = NULL;
}

int ffn_plan_list(const struct ffn_plan *plan, const char *role, struct primitives *primitives)
{
    static const char *const names[] = {"activation forward", "activation backward"};

    for (int i = 0; plan->eltwise && i < 2; i++)
        if (primitives_add(primitives, dnn_eltwise_implementation(plan->eltwise, i == 1), role,
                           names[i]))
            return -1;
    return 0;
}

void ffn_saved_alloc(struct ffn_saved *saved, const struct nn *nn, struct arena *arena,
                     const struct variant *variant, int tokens, int d_ff)
{
    size_t count = nn_count(tokens, d_ff, 1);

    saved->gate = nn_alloc(nn, arena, count);
    saved->up = variant->gated ? nn_alloc(nn, arena, count) : NULL;
    saved->hidden = nn_alloc(nn, arena, count);
}

static double gate_bytes(const struct nn *nn, const struct ffn_plan *plan, int passes)
{
    return (double)passes * plan->tokens * plan->d_ff * (double)dnn_type_bytes(nn->type);
}

/* hidden = act(gate) * up in two passes, through oneDNN. */
static void unfused_forward(struct nn *nn, const struct ffn_plan *plan, struct ffn_saved *saved)
{
    int64_t count = (int64_t)plan->tokens * plan->d_ff;

    if (!saved->up) {
        dnn_eltwise_forward(plan->eltwise, saved->gate, saved->hidden);
        return;
    }
    dnn_eltwise_forward(plan->eltwise, saved->gate, plan->act);
    nn->typed->multiply(count, plan->act, saved->up, saved->hidden);
}

static void unfused_backward(struct nn *nn, const struct ffn_plan *plan, struct ffn_saved *saved)
{
    int64_t count = (int64_t)plan->tokens * plan->d_ff;

    if (!saved->up) {
        dnn_eltwise_backward(plan->eltwise, saved->gate, plan->diff_act, saved->gate);
        return;
    }
    dnn_eltwise_forward(plan->eltwise, saved->gate, plan->act);
    nn->typed->multiply(count, plan->act, plan->diff_act, plan->act); /* diff_up */
    nn->typed->multiply(count, plan->diff_act, saved->up, plan->diff_act);
    dnn_eltwise_backward(plan->eltwise, saved->gate, plan->diff_act, saved->gate);
    memcpy(saved->up, plan->act, (size_t)count * dnn_type_bytes(nn->type));
}

/* Dropout of the hidden layer, or of its gradient. */
static void drop_hidden(struct nn *nn, const struct ffn_plan *plan, void *hidden)
{
    size_t example = (size_t)plan->length * (size_t)plan->d_ff * dnn_type_bytes(nn->type);
    char *at = hidden;

    if (!nn->dropout.active)
        return;
    for (int i = 0; i < plan->tokens / plan->length; i++, at += example) {
        dropout_mask(&nn->dropout, DROPOUT_HIDDEN, i, plan->d_ff, nn->dropout.mask);
        nn->typed->mask(plan->length, plan->d_ff, nn->dropout.mask, at, at);
    }
}

int ffn_scalars_add(struct tensors *tensors, struct ffn_weights *weights, const struct variant *variant,
                    const char *where)
{
    const struct activation *activation = activation_get(variant->act);
    const double start[] = {variant->alpha, variant->beta};

    for (int i = 0; i < activation->scalars; i++) {
        struct tensor *tensor;
        char name[112];

        snprintf(name, sizeof name, "%s.%s", where, activation->scalar_names[i]);
        tensor = tensors_add(tensors, name, 1, 1, 0);
        if (!tensor)
            return -1;
        tensor->vector = tensor->scalar = tensor->ffn = true;
        tensor->start = start[i];
        weights->scalars[i] = tensor->offset;
    }
    return 0;
}

/* What a layer's activation takes for alpha and beta. */
struct act_numbers {
    float alpha, beta;
};

static struct act_numbers act_numbers(const struct ffn_plan *plan, const struct ffn_weights *weights,
                                      const float *parameters)
{
    const struct variant *variant = plan->variant;
    int trained = activation_get(variant->act)->scalars;

    return (struct act_numbers){
        trained > 0 ? parameters[weights->scalars[0]] : (float)variant->alpha,
        trained > 1 ? parameters[weights->scalars[1]] : (float)variant->beta,
    };
}

void ffn_forward(struct nn *nn, const struct ffn_plan *plan, const struct ffn_weights *weights,
                 const float *parameters, const void *src, struct ffn_saved *saved, float *dst)
{
    const struct variant *variant = plan->variant;
    struct act_numbers numbers = act_numbers(plan, weights, parameters);
    double start;

    linear_forward(nn, plan->gate, &weights->gate, src, saved->gate);
    if (saved->up)
        linear_forward(nn, plan->up, &weights->up, src, saved->up);
    start = clock_now_s();
    if (plan->eltwise)
        unfused_forward(nn, plan, saved);
    else
        nn->typed->gate_forward[variant->act]((int64_t)plan->tokens * plan->d_ff,
                                              numbers.alpha, numbers.beta, saved->gate, saved->up,
                                              saved->hidden);
    drop_hidden(nn, plan, saved->hidden);
    nn_book(nn, PROFILE_GATE, &start, 0, gate_bytes(nn, plan, variant->gated ? 3 : 2));
    linear_forward(nn, plan->out, &weights->out, saved->hidden, dst);
}

void ffn_backward(struct nn *nn, const struct ffn_plan *plan, const struct ffn_weights *weights,
                  const float *parameters, const void *src, struct ffn_saved *saved,
                  const void *diff_dst, float *diff_src)
{
    const struct variant *variant = plan->variant;
    struct act_numbers numbers = act_numbers(plan, weights, parameters);
    double start, by[ACTIVATION_SCALARS] = {0};

    linear_weights(nn, plan->out, &weights->out, saved->hidden, diff_dst);
    linear_backward(nn, plan->out, &weights->out, diff_dst, plan->diff_act);
    start = clock_now_s();
    drop_hidden(nn, plan, plan->diff_act);
    if (plan->eltwise)
        unfused_backward(nn, plan, saved);
    else
        nn->typed->gate_backward[variant->act]((int64_t)plan->tokens * plan->d_ff,
                                               numbers.alpha, numbers.beta, plan->diff_act,
                                               saved->gate, saved->up, by);
    for (int i = 0; i < activation_get(variant->act)->scalars; i++)
        nn->diff[weights->scalars[i]] += (float)by[i];
    nn_book(nn, PROFILE_GATE, &start, 0, gate_bytes(nn, plan, variant->gated ? 5 : 3));
    linear_weights(nn, plan->gate, &weights->gate, src, saved->gate);
    linear_backward(nn, plan->gate, &weights->gate, saved->gate, diff_src);
    if (saved->up) {
        linear_weights(nn, plan->up, &weights->up, src, saved->up);
        linear_backward(nn, plan->up, &weights->up, saved->up, diff_src);
    }
}
