/* linear.c - see linear.h. */
#include "src/glu.h"

#include "src/nn/linear.h"

#include <string.h>

/* This thread's rows of a gradient: some at once, for one row with a pitch is what oneDNN 3.7 takes for
 * something else. */
static struct share share_of_rows(const struct nn *nn, int rows)
{
    enum { AT_ONCE = 8 };
    int pieces = rows > AT_ONCE ? rows / AT_ONCE : 1;
    struct share share = nn_share(nn, pieces);
    int first = share.first * AT_ONCE, end = (share.first + share.count) * AT_ONCE;

    if (share.first + share.count == pieces)
        end = rows;
    return (struct share){first, share.count > 0 ? end - first : 0};
}

/* Of a share of nothing there are primitives too, which never run: packers are made for them. */
static int at_least_one(int count)
{
    return count > 0 ? count : 1;
}

static struct dnn_matmul_spec forward_spec(const struct nn *nn, const struct linear_spec *spec,
                                           const struct linear_plan *like)
{
    return (struct dnn_matmul_spec){.m = at_least_one(nn_share(nn, spec->tokens).count),
                                    .n = spec->out,
                                    .k = spec->in,
                                    .src_layout = DNN_ROWS,
                                    .wei_layout = DNN_PACKED,
                                    .dst_layout = DNN_ROWS,
                                    .src_type = nn->type,
                                    .wei_type = nn->type,
                                    .dst_type = spec->dst_type,
                                    .accumulate = spec->dst_accumulate,
                                    .packed_for = like ? like->forward : NULL};
}

int linear_plan_create(struct linear_plan *plan, struct nn *nn, const struct linear_spec *spec,
                       bool plain_transposed, const struct linear_plan *like)
{
    int gradient_rows = plain_transposed ? spec->out : spec->in;
    struct share tokens = nn_share(nn, spec->tokens), rows = share_of_rows(nn, gradient_rows);
    struct dnn_matmul_spec forward = forward_spec(nn, spec, like);
    struct dnn_matmul_spec backward = {.m = at_least_one(tokens.count),
                                       .n = spec->in,
                                       .k = spec->out,
                                       .src_layout = DNN_ROWS,
                                       .wei_layout = DNN_PACKED,
                                       .dst_layout = DNN_ROWS,
                                       .src_type = nn->type,
                                       .wei_type = nn->type,
                                       .dst_type = spec->diff_type,
                                       .accumulate = spec->diff_accumulate,
                                       .packed_for = like ? like->backward : NULL};
    struct dnn_matmul_spec weights = {.m = at_least_one(rows.count),
                                      .n = plain_transposed ? spec->in : spec->out,
                                      .k = spec->tokens,
                                      .src_layout = DNN_COLUMNS,
                                      .wei_layout = DNN_ROWS,
                                      .dst_layout = DNN_ROWS,
                                      .src_type = nn->type,
                                      .wei_type = nn->type,
                                      .dst_type = DNN_F32,
                                      .accumulate = true,
                                      .src_pitch = gradient_rows};
    enum dnn_layout plain = plain_transposed ? DNN_COLUMNS : DNN_ROWS;
    enum dnn_layout plain_backward = plain_transposed ? DNN_ROWS : DNN_COLUMNS;

    memset(plan, 0, sizeof *plan);
    plan->spec = *spec;
    plan->tokens = tokens;
    plan->rows = rows;
    if (dnn_matmul_create(&plan->forward, nn->dnn, &forward) ||
        dnn_packer_create(&plan->pack_forward, nn->dnn, plan->forward, plain))
        goto fail;
    if (nn->train && (dnn_matmul_create(&plan->backward, nn->dnn, &backward) ||
                      (!nn_has_gradient(nn) && dnn_matmul_create(&plan->weights, nn->dnn, &weights)) ||
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
    plan->tokens = nn_share(nn, tokens);
    forward = forward_spec(nn, &plan->spec, like);
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

/* Of the plan's tokens: from src, `in` elements of each, to dst, `out` of each. */
static void product_packed(struct nn *nn, const struct linear_plan *plan, struct dnn_matmul *matmul,
                           const void *src, int in, const struct dnn_packed *wei, void *dst, int out,
                           enum dnn_type dst_type)
{
    double start = clock_now_s();

    if (plan->tokens.count == 0)
        return;
    dnn_matmul_run_packed(matmul, nn_row(src, plan->tokens.first, in, nn->type), wei,
                          nn_row(dst, plan->tokens.first, out, dst_type));
    nn_book(nn, plan->spec.kind, &start, dnn_matmul_flops(matmul), dnn_matmul_bytes(matmul));
}

void linear_forward(struct nn *nn, const struct linear_plan *plan, const struct linear *linear,
                    const void *src, void *dst)
{
    const struct linear_spec *spec = &plan->spec;

    product_packed(nn, plan, plan->forward, src, spec->in, linear->forward, dst, spec->out,
                   spec->dst_type);
}

void linear_backward(struct nn *nn, const struct linear_plan *plan, const struct linear *linear,
                     const void *diff_dst, void *diff_src)
{
    const struct linear_spec *spec = &plan->spec;

    product_packed(nn, plan, plan->backward, diff_dst, spec->out, linear->backward, diff_src, spec->in,
                   spec->diff_type);
}

/* dst += left^T right, by the kernel: this thread's rows of it. */
static void gradient(struct nn *nn, const struct linear_plan *plan, const void *left, int left_pitch,
                     const void *right, int columns, float *dst)
{
    double rows = plan->rows.count, tokens = plan->spec.tokens, start = clock_now_s();

    nn->typed->gradient(plan->rows.count, columns, plan->spec.tokens, left, left_pitch, right, dst, nn->panels);
    nn_book(nn, plan->spec.kind, &start, 2 * rows * columns * tokens,
            (rows + columns) * tokens * (double)dnn_type_bytes(nn->type) + 2 * rows * columns * sizeof(float));
}

void linear_weights(struct nn *nn, const struct linear_plan *plan, const struct linear *linear,
                    const void *src, const void *diff_dst)
{
    const struct linear_spec *spec = &plan->spec;
    bool transposed = linear->plain_transposed;
    int rows = transposed ? spec->out : spec->in, columns = transposed ? spec->in : spec->out;
    const void *left = nn_row(transposed ? diff_dst : src, plan->rows.first, 1, nn->type);
    const void *right = transposed ? src : diff_dst;
    float *dst = nn->diff + linear->offset + nn_count(plan->rows.first, columns, 1);

    if (linear->frozen || plan->rows.count == 0)
        return;
    if (plan->weights)
        nn_product(nn, spec->kind, plan->weights, left, right, dst);
    else
        gradient(nn, plan, left, rows, right, columns, dst);
}
