/* block.c - see block.h. */
#include "src/glu.h"

#include "src/model/block.h"

#include <stdlib.h>
#include <string.h>

/* ==== Weights ==== */

int norm_add(struct tensors *tensors, struct norm *norm, const char *name, int d_model, double scale)
{
    struct tensor *tensor = tensors_add(tensors, name, 1, d_model, 0);

    if (!tensor)
        return -1;
    tensor->vector = true;
    *norm = (struct norm){.offset = tensor->offset, .scale = (float)scale};
    return 0;
}

int linear_add(struct tensors *tensors, struct products *products, struct linear *linear, int product,
               const char *name, double stddev)
{
    const struct product *row = &products->rows[product];
    struct tensor *tensor = tensors_add(tensors, name, row->in, row->out, stddev);

    if (!tensor)
        return -1;
    tensor->transposed = true;
    tensor->ffn = row->kind == PROFILE_FFN;
    *linear = (struct linear){.plan = product, .offset = tensor->offset};
    return products_note(products, linear);
}

/* ==== A worker's part ==== */

static bool has(const struct stack *stack, int sublayer)
{
    return sublayer != CROSS || stack->memory_length > 0;
}

/* examples: of bucket 0. */
static struct attention_shape attention_shape(const struct stack *stack, int sublayer, int examples,
                                              int bucket)
{
    return (struct attention_shape){
        .examples = examples << bucket,
        .heads = stack->heads,
        .d_kv = stack->d_kv,
        .queries = stack->length >> bucket,
        .keys = (sublayer == SELF ? stack->length : stack->memory_length) >> bucket,
        .causal = sublayer == SELF && stack->causal,
        .block = sublayer == SELF ? stack->block : 0,
    };
}

static void block_alloc(struct block_saved *block, const struct stack *stack, const struct nn *nn,
                        struct arena *arena, int examples)
{
    int tokens = examples * stack->length;

    for (int k = SELF; k < SUBLAYERS; k++)
        if (has(stack, k))
            norm_saved_alloc(&block->norm[k], nn, arena, tokens, stack->d_model);
    for (int k = SELF; k <= CROSS; k++) {
        struct attention_shape shape = attention_shape(stack, k, examples, 0);

        if (has(stack, k))
            attention_saved_alloc(&block->attention[k], nn, arena, &shape, stack->buckets);
    }
    ffn_saved_alloc(&block->ffn, nn, arena, stack->variant, tokens, stack->d_ff);
}

static int attention_open(struct stack_saved *saved, const struct stack *stack, struct worker *worker,
                          int examples, int bucket)
{
    const struct stack_products *at = &stack->products;
    const struct linear_plan *plans = worker->plans;
    struct attention_shape self = attention_shape(stack, SELF, examples, bucket);
    struct attention_shape cross = attention_shape(stack, CROSS, examples, bucket);

    if (attention_plan_create(&saved->self[bucket], &worker->nn, &self, &plans[at->q], &plans[at->kv],
                              &plans[at->o], stack->rotary))
        return -1;
    return has(stack, CROSS)
               ? attention_plan_create(&saved->cross[bucket], &worker->nn, &cross, &plans[at->q],
                                       &plans[at->cross_kv], &plans[at->o], NULL)
               : 0;
}

int stack_open(struct stack_saved *saved, const struct stack *stack, struct worker *worker,
               struct arena *arena, int examples, bool unfused)
{
    const struct stack_products *at = &stack->products;
    const struct linear_plan *plans = worker->plans;
    int tokens = examples * stack->length;
    struct nn *nn = &worker->nn;

    if (!saved->blocks)
        saved->blocks = calloc((size_t)stack->layers, sizeof *saved->blocks);
    if (!saved->blocks)
        return err_set("out of memory");
    for (int i = 0; i < stack->layers; i++)
        block_alloc(&saved->blocks[i], stack, nn, arena, examples);
    norm_saved_alloc(&saved->last, nn, arena, tokens, stack->d_model);
    if (!stack->rotary) /* shorter examples have the distances in the middle of it */
        position_bias_alloc(&saved->bias, nn, arena, stack->heads, stack->length, stack->length,
                            !stack->causal, stack->bias);
    for (int bucket = 0; bucket < stack->buckets; bucket++)
        if (attention_open(saved, stack, worker, examples, bucket))
            return -1;
    return ffn_plan_create(&saved->ffn, nn, arena, stack->variant, tokens, stack->length, stack->d_ff,
                        !unfused, &plans[at->gate], &plans[at->up], &plans[at->out]);
}

void stack_close(struct stack_saved *saved)
{
    for (int bucket = 0; bucket < BATCH_BUCKETS_MAX; bucket++) {
        attention_plan_destroy(&saved->self[bucket]);
        attention_plan_destroy(&saved->cross[bucket]);
    }
    ffn_plan_destroy(&saved->ffn);
}

static int most_columns(const struct stack *stack)
{
    int keys = stack->length > stack->memory_length ? stack->length : stack->memory_length;
    int most = stack->d_model > stack->d_ff ? stack->d_model : stack->d_ff;

    return keys * stack->heads > most ? keys * stack->heads : most;
}

void stack_scratch_alloc(struct stack_scratch *scratch, const struct stack *longest,
                         struct nn *nn, struct arena *arena, int examples)
{
    struct attention_shape shape = attention_shape(longest, SELF, examples, 0);
    size_t stream = nn_count(examples, longest->length, longest->d_model);

    attention_scratch_alloc(&scratch->attention, nn, arena, &shape, longest->rotary != NULL);
    if (!nn->train)
        return;
    scratch->diff = arena_alloc(arena, stream, sizeof(float));
    scratch->diff_copy = nn->type == DNN_F32 ? NULL : nn_alloc(nn, arena, stream);
    scratch->diff_normed = arena_alloc(arena, stream, sizeof(float));
    if (nn->dropout.rate == 0)
        return;
    scratch->output = arena_alloc(arena, stream, sizeof(float));
    scratch->diff_output = nn_alloc(nn, arena, stream);
    nn->dropout.mask = nn_mask_alloc(nn, arena, most_columns(longest));
}

/* ==== Dropout ==== */

/* Examples and their length now. */
static const struct attention_shape *shape_of(const struct stack_saved *saved)
{
    return &saved->self[saved->bucket].shape;
}

/* dst = src times each example's mask of a site; both (examples * length, d_model) of a type, and dst
 * may be src.  Nothing when it is not active. */
static void drop(struct nn *nn, const struct stack *stack, const struct stack_saved *saved,
                 enum dropout_site site, enum dnn_type type, const void *src, void *dst)
{
    int examples = shape_of(saved)->examples, length = shape_of(saved)->queries;
    struct share all = nn_share(nn, examples * length);
    double start = clock_now_s();

    if (!nn->dropout.active)
        return;
    for (int i = 0; i < examples; i++) {
        struct share rows = crew_share_of_example(all, i, length);
        int at = i * length + rows.first;

        if (rows.count == 0)
            continue;
        dropout_mask(&nn->dropout, site, i, stack->d_model, nn->dropout.mask);
        nn->kernels->type[type].mask(rows.count, stack->d_model, nn->dropout.mask,
                                     nn_row(src, at, stack->d_model, type),
                                     nn_row(dst, at, stack->d_model, type));
    }
    nn_book(nn, PROFILE_NORM, &start, 0,
            2.0 * all.count * stack->d_model * (double)dnn_type_bytes(type));
}

/* dst += the output of a sublayer, with its dropout. */
static void add_output(struct nn *nn, const struct stack *stack, const struct stack_saved *saved,
                       enum dropout_site site, const float *output, float *dst)
{
    int examples = shape_of(saved)->examples, length = shape_of(saved)->queries;
    struct share all = nn_share(nn, examples * length);
    double start = clock_now_s();

    for (int i = 0; i < examples; i++) {
        struct share rows = crew_share_of_example(all, i, length);
        size_t at = nn_count(i * length + rows.first, stack->d_model, 1);

        if (rows.count == 0)
            continue;
        if (!nn->dropout.active) {
            nn->kernels->add((int64_t)rows.count * stack->d_model, output + at, dst + at);
            continue;
        }
        dropout_mask(&nn->dropout, site, i, stack->d_model, nn->dropout.mask);
        nn->kernels->add_masked(rows.count, stack->d_model, nn->dropout.mask, output + at, dst + at);
    }
    nn_book(nn, PROFILE_NORM, &start, 0, 12.0 * all.count * stack->d_model);
}

/* ==== Forward and backward ==== */

/* By sublayer. */
static const enum dropout_site output_sites[] = {
    [SELF] = DROPOUT_SELF, [CROSS] = DROPOUT_CROSS, [FFN] = DROPOUT_FFN};

/* The residual stream that follows sublayer k of block i: the next norm's source. */
static float *stream_after(const struct stack *stack, struct stack_saved *saved, int i, int k)
{
    if (k == FFN)
        return i + 1 < stack->layers ? saved->blocks[i + 1].norm[SELF].src : saved->last.src;
    return saved->blocks[i].norm[k == SELF && has(stack, CROSS) ? CROSS : FFN].src;
}

/* What self-attention adds to its scores, or NULL. */
static struct position_bias *own_bias(const struct stack *stack, struct stack_saved *saved)
{
    return stack->rotary ? NULL : &saved->bias;
}

/* What self-attention reads, src being its input. */
static struct attention_memory own_memory(const void *src, const int *used)
{
    return (struct attention_memory){src, used, DROPOUT_SELF_WEIGHTS};
}

void stack_forward(const struct stack *stack, struct stack_saved *saved, struct nn *nn,
                   const struct stack_scratch *scratch, const float *parameters, const int32_t *ids,
                   const int *used, const struct attention_memory *memory)
{
    int tokens = shape_of(saved)->examples * shape_of(saved)->queries, bucket = saved->bucket;
    float *stream = saved->blocks[0].norm[SELF].src;

    saved->ffn.length = shape_of(saved)->queries;
    nn->dropout.layer = stack->first_layer;
    embedding_forward(nn, parameters + stack->embedding, stack->d_model, tokens, ids, stream);
    drop(nn, stack, saved, DROPOUT_EMBEDDED, DNN_F32, stream, stream);
    for (int i = 0; i < stack->layers; i++) {
        const struct block *block = &stack->blocks[i];
        struct block_saved *kept = &saved->blocks[i];

        nn->dropout.layer = stack->first_layer + i;
        for (int k = SELF; k < SUBLAYERS; k++) {
            float *next, *dst;
            const void *src = kept->norm[k].dst;
            struct attention_memory own = own_memory(src, used);

            if (!has(stack, k))
                continue;
            next = stream_after(stack, saved, i, k);
            dst = scratch->output ? scratch->output : next;
            norm_forward(nn, &block->norm[k], parameters, tokens, stack->d_model, &kept->norm[k],
                         next);
            if (k == FFN)
                ffn_forward(nn, &saved->ffn, &block->ffn, parameters, src, &kept->ffn, dst);
            else
                attention_forward(nn, k == SELF ? &saved->self[bucket] : &saved->cross[bucket],
                                  &block->attention[k], src, k == SELF ? &own : memory,
                                  k == SELF ? own_bias(stack, saved) : NULL, &kept->attention[k],
                                  &scratch->attention, dst);
            if (scratch->output)
                add_output(nn, stack, saved, output_sites[k], dst, next);
        }
    }
    norm_forward(nn, &stack->last, parameters, tokens, stack->d_model, &saved->last, NULL);
    nn->dropout.layer = stack->first_layer;
    drop(nn, stack, saved, DROPOUT_LAST, nn->type, saved->last.dst, saved->last.dst);
}

void stack_backward(const struct stack *stack, struct stack_saved *saved, struct nn *nn,
                    const struct stack_scratch *scratch, const float *parameters, const int32_t *ids,
                    const int *used, const struct attention_memory *memory, float *diff_dst,
                    float *diff_memory)
{
    int tokens = shape_of(saved)->examples * shape_of(saved)->queries, bucket = saved->bucket;
    float *diff = scratch->diff, *diff_normed = scratch->diff_normed;
    const void *diff_typed = scratch->diff_copy ? scratch->diff_copy : diff;

    nn->dropout.layer = stack->first_layer;
    drop(nn, stack, saved, DROPOUT_LAST, DNN_F32, diff_dst, diff_dst);
    nn_zero(nn, diff, tokens, stack->d_model);
    norm_backward(nn, &stack->last, parameters, tokens, stack->d_model, &saved->last, diff_dst, diff,
                  scratch->diff_copy);
    for (int i = stack->layers - 1; i >= 0; i--) {
        const struct block *block = &stack->blocks[i];
        struct block_saved *kept = &saved->blocks[i];

        nn->dropout.layer = stack->first_layer + i;
        for (int k = FFN; k >= SELF; k--) {
            const void *src = kept->norm[k].dst, *diff_output = diff_typed;
            struct attention_memory own = own_memory(src, used);

            if (!has(stack, k))
                continue;
            if (nn->dropout.active) {
                drop(nn, stack, saved, output_sites[k], nn->type, diff_typed,
                     scratch->diff_output);
                diff_output = scratch->diff_output;
            }
            if (k == FFN)
                ffn_backward(nn, &saved->ffn, &block->ffn, parameters, src, &kept->ffn, diff_output,
                             diff_normed);
            else
                attention_backward(nn, k == SELF ? &saved->self[bucket] : &saved->cross[bucket],
                                   &block->attention[k], src, k == SELF ? &own : memory,
                                   k == SELF ? own_bias(stack, saved) : NULL, &kept->attention[k],
                                   &scratch->attention, diff_output, diff_normed,
                                   k == SELF ? diff_normed : diff_memory);
            norm_backward(nn, &block->norm[k], parameters, tokens, stack->d_model, &kept->norm[k],
                          diff_normed, diff, scratch->diff_copy);
        }
    }
    nn->dropout.layer = stack->first_layer;
    drop(nn, stack, saved, DROPOUT_EMBEDDED, DNN_F32, diff, diff);
    if (!stack->frozen_embedding)
        embedding_backward(nn, nn->diff + stack->embedding, stack->d_model, tokens, ids, diff);
}
