/* linear.c - see linear.h. */
#include "src/glu.h"

#include "src/nn/linear.h"

#include <string.h>

static struct dnn_matmul_spec forward_spec(const struct nn *nn, const struct linear_spec *spec)
{
    return (struct dnn_matmul_spec){.m = spec->tokens,
                                    .n = spec->out,
                                    .k = spec->in,
                                    .src_layout = DNN_ROWS,
                                    .wei_layout = DNN_PACKED,
                                    .dst_layout = DNN_ROWS,
                                    .src_type = nn->type,
                                    .wei_type = nn->type,
                                    .dst_type = spec->dst_type,
                                    .accumulate = spec->dst_accumulate};
}

int linear_plan_create(struct linear_plan *plan, struct nn *nn, const struct linear_spec *spec,
                       bool plain_transposed)
{
    struct dnn_matmul_spec forward = forward_spec(nn, spec);
    struct dnn_matmul_spec backward = {.m = spec->tokens,
                                       .n = spec->in,
                                       .k = spec->out,
                                       .src_layout = DNN_ROWS,
                                       .wei_layout = DNN_PACKED,
                                       .dst_layout = DNN_ROWS,
                                       .src_type = nn->type,
                                       .wei_type = nn->type,
                                       .dst_type = spec->diff_type,
                                       .accumulate = spec->diff_accumulate};
    struct dnn_matmul_spec weights = {.m = plain_transposed ? spec->out : spec->in,
                                      .n = plain_transposed ? spec->in : spec->out,
                                      .k = spec->tokens,
                                      .src_layout = DNN_COLUMNS,
                                      .wei_layout = DNN_ROWS,
                                      .dst_layout = DNN_ROWS,
                                      .src_type = nn->type,
                                      .wei_type = nn->type,
                                      .dst_type = DNN_F32,
                                      .accumulate = true};
    enum dnn_layout plain = plain_transposed ? DNN_COLUMNS : DNN_ROWS;
    enum dnn_layout plain_backward = plain_transposed ? DNN_ROWS : DNN_COLUMNS;

    memset(plan, 0, sizeof *plan);
    plan->spec = *spec;
    if (dnn_matmul_create(&plan->forward, nn->dnn, &forward) ||
        dnn_packer_create(&plan->pack_forward, nn->dnn, plan->forward, plain))
        goto fail;
    if (nn->train && (dnn_matmul_create(&plan->backward, nn->dnn, &backward) ||
                      dnn_matmul_create(&plan->weights, nn->dnn, &weights) ||
                      dnn_packer_create(&plan->pack_backward, nn->dnn, plan->backward,
                                        plain_backward)))
        goto fail;
    return 0;
fail:
    linear_plan_destroy(plan);
    return -1;
}

int linear_plan_create_like(struct linear_plan *plan, struct nn *nn, const struct linear_plan *like,
                            int tokens, bool dst_accumulate)
{
    struct dnn_matmul_spec forward;

    *plan = (struct linear_plan){.spec = like->spec};
    plan->spec.tokens = tokens;
    plan->spec.dst_accumulate = dst_accumulate;
    forward = forward_spec(nn, &plan->spec);
    forward.packed_for = like->forward;
    return dnn_matmul_create(&plan->forward, nn->dnn, &forward);
}

void linear_plan_destroy(struct linear_plan *plan)
{
    dnn_packer_destroy(plan->pack_backward);
    dnn_packer_destroy(plan->pack_forward);
    dnn_matmul_destroy(plan->weights);
    dnn_matmul_destroy(plan->backward);
    dnn_matmul_destroy(plan->forward);
    memset(plan, 0, sizeof *plan);
}

int linear_plan_list(const struct linear_plan *plan, const char *role, struct primitives *primitives)
{
    const struct dnn_matmul *products[] = {plan->forward, plan->backward, plan->weights};
    const struct dnn_packer *packers[] = {plan->pack_forward, plan->pack_backward};
    static const char *const names[] = {"forward", "backward", "weights"};
    static const char *const pack_names[] = {"pack forward", "pack backward"};

    for (size_t i = 0; i < LENGTH_OF(products); i++)
        if (products[i] &&
            primitives_add(primitives, dnn_matmul_implementation(products[i]), role, names[i]))
            return -1;
    for (size_t i = 0; i < LENGTH_OF(packers); i++)
        if (packers[i] &&
            primitives_add(primitives, dnn_packer_implementation(packers[i]), role, pack_names[i]))
            return -1;
    return 0;
}

static int packed_create(struct dnn_packed **packed, const struct dnn_matmul *matmul,
                         struct arena *arena)
{
    void *memory = arena_alloc(arena, dnn_packed_bytes(matmul), 1);

    return memory ? dnn_packed_create(packed, matmul, memory) : 0;
}

int linear_create(struct linear *linear, struct nn *nn, const struct linear_plan *plan,
                  struct arena *arena)
{
    if (packed_create(&linear->forward, plan->forward, arena) ||
        (nn->train && packed_create(&linear->backward, plan->backward, arena)))
        return -1;
    return 0;
}

void linear_destroy(struct linear *linear)
{
    dnn_packed_destroy(linear->forward);
    dnn_packed_destroy(linear->backward);
    linear->forward = linear->backward = NULL;
}

void linear_pack(struct nn *nn, const struct linear_plan *plan, struct linear *linear,
                 const void *plain)
{
    const char *src = (const char *)plain + linear->offset * dnn_type_bytes(nn->type);

    dnn_packer_run(plan->pack_forward, src, linear->forward);
    if (nn->train)
        dnn_packer_run(plan->pack_backward, src, linear->backward);
}

static void product_packed(struct nn *nn, enum profile_kind kind, struct dnn_matmul *matmul,
                           const void *src, const struct dnn_packed *wei, void *dst)
{
    double start = clock_now_s();

    dnn_matmul_run_packed(matmul, src, wei, dst);
    nn_book(nn, kind, &start, dnn_matmul_flops(matmul), 0);
}

void linear_forward(struct nn *nn, const struct linear_plan *plan, const struct linear *linear,
                    const void *src, void *dst)
{
    product_packed(nn, plan->spec.kind, plan->forward, src, linear->forward, dst);
}

void linear_backward(struct nn *nn, const struct linear_plan *plan, const struct linear *linear,
                     const void *diff_dst, void *diff_src)
{
    product_packed(nn, plan->spec.kind, plan->backward, diff_dst, linear->backward, diff_src);
}

void linear_weights(struct nn *nn, const struct linear_plan *plan, const struct linear *linear,
                    const void *src, const void *diff_dst)
{
    const void *left = linear->plain_transposed ? diff_dst : src;
    const void *right = linear->plain_transposed ? src : diff_dst;

    nn_product(nn, plan->spec.kind, plan->weights, left, right, nn->diff + linear->offset);
}
