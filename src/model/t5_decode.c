/* t5_decode.c - how T5 decodes: the encoder once, the decoder token by token.  See decoding.h. */
#include "src/glu.h"

#include "src/model/block_next.h"
#include "src/model/decoding.h"
#include "src/model/t5.h"

#include <stdlib.h>
#include <string.h>

static int open_worker(struct model *model, struct decoding_worker *worker)
{
    struct t5 *t5 = model->own;

    if (!worker->own)
        worker->own = calloc(1, sizeof(struct stack_next));
    if (!worker->own)
        return err_set("out of memory");
    return stack_next_open(worker->own, &t5->stack[DECODER], model, worker, t5->table.plan);
}

static void close_worker(struct decoding_worker *worker)
{
    stack_next_close(worker->own);
}

static void free_worker(struct decoding_worker *worker)
{
    if (worker->own)
        stack_next_free(worker->own);
    free(worker->own);
}

static void begin(struct model *model, struct decoding_worker *worker)
{
    t5_begin(model, worker->worker);
    if (worker->own) /* the first thread's */
        stack_next_begin(worker->own, &worker->nn, model->parameters);
}

/* ==== What is read once ==== */

/* A layer's keys and values of the encoder's output, which the training's buffers have room for. */
static void read_layer(const struct stack *stack, struct worker *worker, const struct stack_next *next,
                       int layer, const struct slice *slice, const int *slots)
{
    const struct attention_weights *weights = &stack->blocks[layer].attention[CROSS];
    const struct linear_plan *plan = &worker->plans[stack->products.cross_kv];
    struct t5_worker *own = worker->own;
    struct attention_saved *saved = &own->stack[DECODER].blocks[layer].attention[CROSS];
    struct attention_memory memory = t5_memory(own);
    size_t example = nn_count(slice->batch->input_length, stack->heads, stack->d_kv) *
                     dnn_type_bytes(worker->nn.type);

    linear_forward(&worker->nn, plan, &weights->k, memory.src, saved->k);
    linear_forward(&worker->nn, plan, &weights->v, memory.src, saved->v);
    nn_wait(&worker->nn);
    for (int i = 0; worker->nn.member == 0 && i < slice->count; i++)
        attention_cache_put(&next->cross[layer], &worker->nn, slots[i], 0, memory.used[i],
                            (char *)saved->k + (size_t)i * example,
                            (char *)saved->v + (size_t)i * example);
}

static void read_slice(struct model *model, struct decoding_worker *worker, const struct slice *slice,
                       const int *slots)
{
    struct t5 *t5 = model->own;
    const struct stack *stack = &t5->stack[DECODER];
    struct stack_next *next = worker->own;

    t5_encode(model, worker->worker, slice);
    for (int i = 0; worker->worker->nn.member == 0 && i < slice->count; i++)
        next->memory_used[slots[i]] = t5_memory(worker->worker->own).used[i];
    if (worker->decoder->options.anew)
        return;
    for (int i = 0; i < stack->layers; i++)
        read_layer(stack, worker->worker, next, i, slice, slots);
}

/* ==== A token ==== */

static void next_kept(struct model *model, struct decoding_worker *worker,
                      const struct decoding_row *rows, int count)
{
    struct t5 *t5 = model->own;
    struct stack_next *next = worker->own;
    const struct next_size *size = stack_next_run(next, &worker->nn, model->parameters, rows, count);

    linear_forward(&worker->nn, &size->plans[t5->table.plan], &t5->table, next->norm.dst,
                   worker->logits);
}

/* The whole decoder as in training, of which one position counts. */
static void next_anew(struct model *model, struct decoding_worker *worker,
                      const struct decoding_row *rows, int count)
{
    struct t5 *t5 = model->own;
    const struct stack *stack = &t5->stack[DECODER];
    struct stack_next *next = worker->own;
    struct t5_worker *own = worker->worker->own;
    struct attention_memory memory = t5_memory(own);
    size_t bytes = (size_t)stack->d_model * dnn_type_bytes(worker->nn.type);
    bool first = worker->worker->nn.member == 0;
    const struct next_size *size;

    for (int r = 0; first && r < count; r++)
        own->decoder_inputs[rows[r].slot * stack->length + rows[r].position] = rows[r].last;
    nn_wait(&worker->worker->nn);
    stack_forward(stack, &own->stack[DECODER], &worker->worker->nn, &own->scratch, model->parameters,
                  own->decoder_inputs, NULL, &memory);
    nn_wait(&worker->worker->nn);
    if (!first)
        return;
    size = stack_next_size(next, count);
    for (int r = 0; r < count; r++)
        memcpy((char *)next->norm.dst + (size_t)r * bytes,
               (char *)own->stack[DECODER].last.dst +
                   (size_t)(rows[r].slot * stack->length + rows[r].position) * bytes,
               bytes);
    linear_forward(&worker->nn, &size->plans[t5->table.plan], &t5->table, next->norm.dst,
                   worker->logits);
}

static void next_token(struct model *model, struct decoding_worker *worker,
                       const struct decoding_row *rows, int count)
{
    (worker->decoder->options.anew ? next_anew : next_kept)(model, worker, rows, count);
}

const struct decoding t5_decoding = {
    .open = open_worker,
    .close = close_worker,
    .free_worker = free_worker,
    .begin = begin,
    .read = read_slice,
    .next = next_token,
};
