/* block_next.c - see block_next.h. */
#include "src/glu.h"

#include "src/model/block_next.h"

#include "src/util/tokens.h"

#include <stdlib.h>

/* ==== Plans ==== */

/* Of one row of the table of products, for a size. */
static int plan_make(const struct model *model, struct decoding_worker *worker, struct next_size *size,
                     int product)
{
    const struct product *row = &model->products.rows[product];

    if (size->plans[product].forward)
        return 0;
    return linear_plan_create_like(&size->plans[product], &worker->nn, &worker->worker->plans[product],
                                   size->rows, row->dst_accumulate)
               ? err_prepend("%s", row->role)
               : 0;
}

static int size_open(struct stack_next *next, struct model *model, struct decoding_worker *worker,
                     int head, int rows)
{
    const struct stack *stack = next->stack;
    const struct stack_products *at = &stack->products;
    const int products[] = {at->q, at->kv, at->o, at->gate, at->out, head};
    struct next_size *size = &next->sizes[next->count++];

    size->rows = rows;
    size->plans = calloc((size_t)model->products.count, sizeof *size->plans);
    if (!size->plans)
        return err_set("out of memory");
    for (size_t i = 0; i < LENGTH_OF(products); i++)
        if (plan_make(model, worker, size, products[i]))
            return -1;
    if (stack->variant->gated && plan_make(model, worker, size, at->up))
        return -1;
    return ffn_plan_create(&size->ffn, &worker->nn, &worker->decoder->arena, stack->variant, rows, 1,
                           stack->d_ff, !model->options.unfused, &size->plans[at->gate],
                           &size->plans[at->up], &size->plans[at->out]);
}

static int sizes_open(struct stack_next *next, struct model *model, struct decoding_worker *worker,
                      int head)
{
    int rows = 1;

    for (; rows < next->slots; rows *= 2)
        if (size_open(next, model, worker, head, rows))
            return -1;
    return size_open(next, model, worker, head, next->slots);
}

const struct next_size *stack_next_size(const struct stack_next *next, int rows)
{
    const struct next_size *size = next->sizes;

    while (size->rows < rows)
        size++;
    return size;
}

/* ==== Buffers ==== */

static void caches_alloc(struct stack_next *next, const struct nn *nn, struct arena *arena)
{
    const struct stack *stack = next->stack;

    for (int i = 0; i < stack->layers; i++) {
        attention_cache_alloc(&next->self[i], nn, arena, next->slots, next->limit, stack->heads,
                              stack->d_kv);
        if (stack->memory_length)
            attention_cache_alloc(&next->cross[i], nn, arena, next->slots, stack->memory_length,
                                  stack->heads, stack->d_kv);
    }
}

static void rows_alloc(struct stack_next *next, const struct nn *nn, struct arena *arena)
{
    const struct stack *stack = next->stack;
    int slots = next->slots, keys = next->limit;
    size_t inner = nn_count(slots, stack->heads, stack->d_kv);

    if (keys < stack->memory_length)
        keys = stack->memory_length;
    next->memory_used = arena_alloc(arena, (size_t)slots, sizeof *next->memory_used);
    next->queries = arena_alloc(arena, (size_t)slots, sizeof *next->queries);
    next->ids = arena_alloc(arena, (size_t)slots, sizeof *next->ids);
    norm_saved_alloc(&next->norm, nn, arena, slots, stack->d_model);
    next->q = nn_alloc(nn, arena, inner);
    next->k = nn_alloc(nn, arena, inner);
    next->v = nn_alloc(nn, arena, inner);
    next->mixed = nn_alloc(nn, arena, inner);
    ffn_saved_alloc(&next->ffn, nn, arena, stack->variant, slots, stack->d_ff);
    next->scores = arena_alloc(arena, (size_t)attention_cache_room(keys), sizeof *next->scores);
}

int stack_next_open(struct stack_next *next, const struct stack *stack, struct model *model,
                    struct decoding_worker *worker, int head)
{
    struct arena *arena = &worker->decoder->arena;
    const struct nn *nn = &worker->nn;

    next->stack = stack;
    next->slots = worker->decoder->slots;
    next->limit = worker->decoder->options.limit;
    next->products = model->products.count;
    if (!next->self)
        next->self = calloc((size_t)stack->layers, sizeof *next->self);
    if (!next->cross)
        next->cross = calloc((size_t)stack->layers, sizeof *next->cross);
    if (!next->self || !next->cross)
        return err_set("out of memory");
    caches_alloc(next, nn, arena);
    position_bias_alloc(&next->bias, nn, arena, stack->heads, next->limit, next->limit, !stack->causal,
                        stack->bias);
    rows_alloc(next, nn, arena);
    return sizes_open(next, model, worker, head);
}

void stack_next_close(struct stack_next *next)
{
    for (int i = 0; i < next->count; i++) {
        struct next_size *size = &next->sizes[i];

        for (int k = 0; size->plans && k < next->products; k++)
            linear_plan_destroy(&size->plans[k]);
        ffn_plan_destroy(&size->ffn);
        free(size->plans);
        *size = (struct next_size){0};
    }
    next->count = 0;
}

void stack_next_free(struct stack_next *next)
{
    free(next->self);
    free(next->cross);
    next->self = next->cross = NULL;
}

/* ==== A pass ==== */

void stack_next_begin(struct stack_next *next, const struct nn *nn, const float *parameters)
{
    position_bias_load(&next->bias, nn, parameters + next->stack->bias);
}

/* One layer's self-attention, or its cross-attention, added to the stream. */
static void attend(struct stack_next *next, struct nn *nn, const struct next_size *size, int layer,
                   int sublayer, const struct decoding_row *rows, int count)
{
    const struct stack *stack = next->stack;
    const struct attention_weights *weights = &stack->blocks[layer].attention[sublayer];
    const struct attention_cache *cache = sublayer == SELF ? &next->self[layer] : &next->cross[layer];
    size_t row = nn_count(stack->heads, stack->d_kv, 1) * dnn_type_bytes(nn->type);

    linear_forward(nn, &size->plans[stack->products.q], &weights->q, next->norm.dst, next->q);
    if (sublayer == SELF) {
        linear_forward(nn, &size->plans[stack->products.kv], &weights->k, next->norm.dst, next->k);
        linear_forward(nn, &size->plans[stack->products.kv], &weights->v, next->norm.dst, next->v);
    }
    for (int r = 0; r < count; r++) {
        int slot = rows[r].slot, position = rows[r].position;

        next->queries[r] = (struct attention_query){
            slot, sublayer == SELF ? position + 1 : next->memory_used[slot]};
        if (sublayer == SELF)
            attention_cache_put(cache, nn, slot, position, 1, (char *)next->k + (size_t)r * row,
                                (char *)next->v + (size_t)r * row);
    }
    attention_next(nn, cache, next->queries, count, sublayer == SELF ? &next->bias : NULL, next->q,
                   next->scores, next->mixed);
    linear_forward(nn, &size->plans[stack->products.o], &weights->o, next->mixed, next->norm.src);
}

const struct next_size *stack_next_run(struct stack_next *next, struct nn *nn, const float *parameters,
                                       const struct decoding_row *rows, int count)
{
    const struct stack *stack = next->stack;
    const struct next_size *size = stack_next_size(next, count);

    for (int r = 0; r < size->rows; r++)
        next->ids[r] = r < count ? rows[r].last : TOKEN_PAD;
    embedding_forward(nn, parameters + stack->embedding, stack->d_model, size->rows, next->ids,
                      next->norm.src);
    for (int i = 0; i < stack->layers; i++) {
        const struct block *block = &stack->blocks[i];

        for (int k = SELF; k < SUBLAYERS; k++) {
            if (k == CROSS && !stack->memory_length)
                continue;
            norm_forward(nn, &block->norm[k], parameters, size->rows, stack->d_model, &next->norm, NULL);
            if (k == FFN)
                ffn_forward(nn, &size->ffn, &block->ffn, parameters, next->norm.dst, &next->ffn,
                            next->norm.src);
            else
                attend(next, nn, size, i, k, rows, count);
        }
    }
    norm_forward(nn, &stack->last, parameters, size->rows, stack->d_model, &next->norm, NULL);
    return size;
}
