/* ffn.c - see ffn.h. */
#include "src/glu.h"

#include "src/nn/ffn.h"

#include <stdio.h>
#include <string.h>

_Static_assert((int)ACTIVATION_SCALARS <= (int)CREW_SCALARS, "a crew has room for them");

int ffn_plan_create(struct ffn_plan *plan, struct nn *nn, struct arena *arena,
                    const struct variant *variant, int tokens, int length, int d_ff, bool fused,
                    const struct linear_plan *gate, const struct linear_plan *up,
                    const struct linear_plan *out)
{
    size_t count = nn_count(tokens, d_ff, 1);

    memset(plan, 0, sizeof *plan);
    plan->variant = variant;
    plan->tokens = tokens;
    plan->rows = nn_share(nn, tokens);
    plan->length = length;
    plan->d_ff = d_ff;
    plan->gate = gate;
    plan->up = up;
    plan->out = out;
    if (!fused || !nn->typed->gate_forward[variant->act]) {
        int64_t own = (int64_t)(plan->rows.count ? plan->rows.count : 1) * d_ff;

        if (dnn_eltwise_create(&plan->eltwise, nn->dnn, variant->act, variant->alpha,
                               variant->beta, nn->type, own))
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
    return (double)passes * plan->rows.count * plan->d_ff * (double)dnn_type_bytes(nn->type);
}

/* This thread's rows of what forward keeps, and of the plan's scratch. */
struct gated {
    int64_t count; /* elements */
    void *gate, *up, *hidden, *act, *diff_act; /* NULL where there is none */
};

static void *own_rows(const struct nn *nn, const struct ffn_plan *plan, void *x)
{
    return x ? nn_row(x, plan->rows.first, plan->d_ff, nn->type) : NULL;
}

static struct gated gated_of(const struct nn *nn, const struct ffn_plan *plan,
                             const struct ffn_saved *saved)
{
    return (struct gated){
        .count = (int64_t)plan->rows.count * plan->d_ff,
        .gate = own_rows(nn, plan, saved->gate),
        .up = own_rows(nn, plan, saved->up),
        .hidden = own_rows(nn, plan, saved->hidden),
        .act = own_rows(nn, plan, plan->act),
        .diff_act = own_rows(nn, plan, plan->diff_act),
    };
}

/* hidden = act(gate) * up in two passes, through oneDNN. */
static void unfused_forward(struct nn *nn, const struct ffn_plan *plan, const struct gated *own)
{
    if (own->count == 0)
        return;
    if (!own->up) {
        dnn_eltwise_forward(plan->eltwise, own->gate, own->hidden);
        return;
    }
    dnn_eltwise_forward(plan->eltwise, own->gate, own->act);
    nn->typed->multiply(own->count, own->act, own->up, own->hidden);
}

static void unfused_backward(struct nn *nn, const struct ffn_plan *plan, const struct gated *own)
{
    if (own->count == 0)
        return;
    if (!own->up) {
        dnn_eltwise_backward(plan->eltwise, own->gate, own->diff_act, own->gate);
        return;
    }
    dnn_eltwise_forward(plan->eltwise, own->gate, own->act);
    nn->typed->multiply(own->count, own->act, own->diff_act, own->act); /* diff_up */
    nn->typed->multiply(own->count, own->diff_act, own->up, own->diff_act);
    dnn_eltwise_backward(plan->eltwise, own->gate, own->diff_act, own->gate);
    memcpy(own->up, own->act, (size_t)own->count * dnn_type_bytes(nn->type));
}

/* Dropout of the hidden layer, or of its gradient. */
static void drop_hidden(struct nn *nn, const struct ffn_plan *plan, void *hidden)
{
    if (!nn->dropout.active)
        return;
    for (int i = 0; i < plan->tokens / plan->length; i++) {
        struct share rows = crew_share_of_example(plan->rows, i, plan->length);
        void *at = nn_row(hidden, i * plan->length + rows.first, plan->d_ff, nn->type);

        if (rows.count == 0)
            continue;
        dropout_mask(&nn->dropout, DROPOUT_HIDDEN, i, plan->d_ff, nn->dropout.mask);
        nn->typed->mask(rows.count, plan->d_ff, nn->dropout.mask, at, at);
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
    struct gated own = gated_of(nn, plan, saved);
    double start;

    linear_forward(nn, plan->gate, &weights->gate, src, saved->gate);
    if (saved->up)
        linear_forward(nn, plan->up, &weights->up, src, saved->up);
    start = clock_now_s();
    if (plan->eltwise)
        unfused_forward(nn, plan, &own);
    else
        nn->typed->gate_forward[variant->act](own.count, numbers.alpha, numbers.beta, own.gate,
                                              own.up, own.hidden);
    drop_hidden(nn, plan, saved->hidden);
    nn_book(nn, PROFILE_GATE, &start, 0, gate_bytes(nn, plan, variant->gated ? 3 : 2));
    linear_forward(nn, plan->out, &weights->out, saved->hidden, dst);
}

/* Add the slopes by the scalars, which each thread has of its own rows, when all are there. */
static void scalars_end(struct nn *nn, const struct ffn_plan *plan, const struct ffn_weights *weights,
                        const double *by)
{
    int count = activation_get(plan->variant->act)->scalars;

    for (int i = 0; nn->member == 0 && i < count; i++) {
        double sum = by[i];

        for (int member = 1; nn->crew && member < nn->crew->size; member++)
            sum += nn->crew->scalars[member * CREW_SCALARS + i];
        nn->diff[weights->scalars[i]] += (float)sum;
    }
}

void ffn_backward(struct nn *nn, const struct ffn_plan *plan, const struct ffn_weights *weights,
                  const float *parameters, const void *src, struct ffn_saved *saved,
                  const void *diff_dst, float *diff_src)
{
    const struct variant *variant = plan->variant;
    struct act_numbers numbers = act_numbers(plan, weights, parameters);
    struct gated own = gated_of(nn, plan, saved);
    double start, alone[ACTIVATION_SCALARS] = {0};
    double *by = nn->member > 0 ? nn->crew->scalars + nn->member * CREW_SCALARS : alone;

    nn_wait(nn);
    linear_weights(nn, plan->out, &weights->out, saved->hidden, diff_dst);
    linear_backward(nn, plan->out, &weights->out, diff_dst, plan->diff_act);
    start = clock_now_s();
    drop_hidden(nn, plan, plan->diff_act);
    memset(by, 0, sizeof alone);
    if (plan->eltwise)
        unfused_backward(nn, plan, &own);
    else
        nn->typed->gate_backward[variant->act](own.count, numbers.alpha, numbers.beta, own.diff_act,
                                               own.gate, own.up, by);
    nn_book(nn, PROFILE_GATE, &start, 0, gate_bytes(nn, plan, variant->gated ? 5 : 3));
    nn_wait(nn);
    scalars_end(nn, plan, weights, by);
    linear_weights(nn, plan->gate, &weights->gate, src, saved->gate);
    linear_backward(nn, plan->gate, &weights->gate, saved->gate, diff_src);
    if (saved->up) {
        linear_weights(nn, plan->up, &weights->up, src, saved->up);
        linear_backward(nn, plan->up, &weights->up, saved->up, diff_src);
    }
}
