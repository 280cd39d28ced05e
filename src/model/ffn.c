/* ffn.c - see ffn.h. */
#include "src/glu.h"

#include "src/model/ffn.h"

#include "src/model/architecture.h"
#include "src/model/block.h"
#include "src/util/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TILE_ROWS = 2048 };

struct layer {
    struct ffn_weights weights;
    int gate, up, out;                      /* rows of the table of products */
    float *src, *dst, *diff_dst, *diff_src; /* (tokens, d_model); owned */
};

struct layer_worker {
    struct ffn_plan plan;
    struct ffn_saved saved;
    void *src, *diff_dst;   /* (tile, d_model), storage type */
    float *dst, *diff_src;  /* (tile, d_model): of a tile that is not full */
};

struct model_options ffn_options(const struct variant *variant, int tokens, int d_model, int d_ff,
                                 int threads, enum precision precision)
{
    int share = (tokens + threads - 1) / threads;

    return (struct model_options){
        .architecture = &architecture_ffn,
        .model = {.vocabulary = 2, .d_model = d_model, .layers = 1, .heads = 1, .d_kv = 1,
                  .d_ff = d_ff, .input_length = 1, .target_length = 1},
        .variant = variant,
        .batch = tokens,
        .threads = threads,
        .micro_batch = share < TILE_ROWS ? share : TILE_ROWS,
        .precision = precision,
    };
}

int ffn_batch_create(struct batch **batch, int tokens)
{
    if (batch_create(batch, tokens, 1, 1))
        return -1;
    for (int i = 0; i < tokens; i++)
        (*batch)->targets[i] = 1; /* anything but pad */
    return 0;
}

struct ffn_view ffn_view(struct model *model)
{
    struct layer *layer = model->own;

    return (struct ffn_view){layer->src, layer->diff_dst, layer->dst, layer->diff_src};
}

/* ==== The layout ==== */

static int lay_out_weights(struct model *model, struct layer *layer)
{
    const struct model_config *c = &model->options.model;
    struct product in = {.role = "W", .kind = PROFILE_FFN, .tokens = 1, .in = c->d_model,
                         .out = c->d_ff, .times = 1, .kept = (int64_t)c->d_model + c->d_ff,
                         .weights = true};
    struct product up = in, out = in;

    strcpy(up.role, "V");
    up.kept = c->d_ff;
    up.diff_accumulate = true;
    strcpy(out.role, "W2");
    out.in = c->d_ff;
    out.out = c->d_model;
    out.kept = c->d_ff;
    out.dst_f32 = out.diff_typed = true;
    layer->gate = products_add(&model->products, &in);
    layer->up = model->options.variant->gated ? products_add(&model->products, &up) : 0;
    layer->out = products_add(&model->products, &out);
    if (layer->gate < 0 || layer->up < 0 || layer->out < 0)
        return -1;
    if (linear_add(&model->tensors, &model->products, &layer->weights.gate, layer->gate, "W",
                   pow(c->d_model, -0.5)) ||
        (layer->up && linear_add(&model->tensors, &model->products, &layer->weights.up, layer->up,
                                 "V", pow(c->d_model, -0.5))))
        return -1;
    return linear_add(&model->tensors, &model->products, &layer->weights.out, layer->out, "W2",
                      pow(c->d_ff, -0.5)) ||
                   ffn_scalars_add(&model->tensors, &layer->weights, model->options.variant, "act")
               ? -1
               : 0;
}

static int layer_lay_out(struct model *model)
{
    struct layer *layer = calloc(1, sizeof *layer);

    model->own = layer;
    return layer ? lay_out_weights(model, layer) : err_set("out of memory");
}

static void layer_free(struct model *model)
{
    free(model->own);
}

static void fill(float *dst, size_t count, uint32_t lane)
{
    struct rng rng;

    rng_start(&rng, 0, RNG_BENCH, lane);
    for (size_t i = 0; dst && i < count; i++)
        dst[i] = (float)rng_normal(&rng);
}

/* ==== A worker ==== */

/* The first worker makes what all share.  Each of its threads asks for the same. */
static void open_rows(struct model *model, struct layer *layer)
{
    size_t count = nn_count(model->options.batch, model->options.model.d_model, 1);
    float **const rows[] = {&layer->src, &layer->diff_dst, &layer->dst, &layer->diff_src};

    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        *rows[i] = arena_alloc(&model->arena, count, sizeof(float));
    fill(layer->src, count, 1);
    fill(layer->diff_dst, count, 2);
}

static int layer_open(struct model *model, struct worker *worker)
{
    struct layer *layer = model->own;
    struct layer_worker *own = worker->own ? worker->own : calloc(1, sizeof *own);
    const struct model_config *c = &model->options.model;
    const struct variant *variant = model->options.variant;
    int tile = model->options.micro_batch;

    worker->own = own;
    if (!own)
        return err_set("out of memory");
    if (worker < model->team.workers + model->team.crew)
        open_rows(model, layer);
    ffn_saved_alloc(&own->saved, &worker->nn, &model->arena, variant, tile, c->d_ff);
    return ffn_plan_create(&own->plan, &worker->nn, &model->arena, variant, tile, 1, c->d_ff,
                           !model->options.unfused, &worker->plans[layer->gate],
                           &worker->plans[layer->up], &worker->plans[layer->out]);
}

static void layer_open_scratch(struct model *model, struct worker *worker)
{
    struct layer_worker *own = worker->own;
    size_t count = nn_count(model->options.micro_batch, model->options.model.d_model, 1);

    own->src = nn_alloc(&worker->nn, &model->arena, count);
    own->diff_dst = nn_alloc(&worker->nn, &model->arena, count);
    own->dst = arena_alloc(&model->arena, count, sizeof(float));
    own->diff_src = arena_alloc(&model->arena, count, sizeof(float));
    if (worker->nn.dropout.rate > 0)
        worker->nn.dropout.mask =
            nn_mask_alloc(&worker->nn, &model->arena, model->options.model.d_ff);
}

static void layer_close(struct model *model, struct worker *worker)
{
    struct layer_worker *own = worker->own;

    (void)model;
    ffn_plan_destroy(&own->plan);
}

static void layer_free_worker(struct worker *worker)
{
    free(worker->own);
}

static int layer_list(struct model *model, struct worker *worker)
{
    struct layer_worker *own = worker->own;

    return ffn_plan_list(&own->plan, "layer", &model->primitives);
}

/* ==== Forward and backward of a tile ==== */

static void layer_begin(struct model *model, struct worker *worker)
{
    (void)model;
    (void)worker;
}

static bool is_full(const struct model *model, const struct slice *slice)
{
    return slice->count == model->options.micro_batch;
}

/* This thread's rows of a tile, of those that the slice has. */
static struct share rows_of(const struct model *model, const struct worker *worker,
                            const struct slice *slice)
{
    struct share rows = nn_share(&worker->nn, model->options.micro_batch);
    int left = slice->count - rows.first;

    rows.count = left < 0 ? 0 : left < rows.count ? left : rows.count;
    return rows;
}

/* The slice's rows in the storage type: themselves where they are that already and fill the tile. */
static const void *rows_in(struct model *model, struct worker *worker, const struct slice *slice,
                           const float *rows, void *room)
{
    int d_model = model->options.model.d_model;
    const float *from = rows + (size_t)slice->first * (size_t)d_model;
    struct share own;

    if (worker->nn.type == DNN_F32 && is_full(model, slice))
        return from;
    own = rows_of(model, worker, slice);
    worker->nn.typed->convert((int64_t)own.count * d_model, from + nn_count(own.first, d_model, 1),
                              nn_row(room, own.first, d_model, worker->nn.type));
    return room;
}

/* Where the slice's rows are to be written, and bringing them home when that was the tile. */
static float *rows_out(struct model *model, const struct slice *slice, float *rows, float *tile)
{
    return is_full(model, slice)
               ? rows + (size_t)slice->first * (size_t)model->options.model.d_model
               : tile;
}

static void rows_home(struct model *model, const struct worker *worker, const struct slice *slice,
                      float *rows, const float *from)
{
    size_t d_model = (size_t)model->options.model.d_model;
    struct share own = rows_of(model, worker, slice);

    if (!is_full(model, slice))
        memcpy(rows + (size_t)(slice->first + own.first) * d_model,
               from + (size_t)own.first * d_model, (size_t)own.count * d_model * sizeof *rows);
}

static void layer_forward(struct model *model, struct worker *worker, const struct slice *slice)
{
    struct layer *layer = model->own;
    struct layer_worker *own = worker->own;
    float *dst = rows_out(model, slice, layer->dst, own->dst);

    nn_wait(&worker->nn); /* the others have done with the tile before */
    ffn_forward(&worker->nn, &own->plan, &layer->weights, model->parameters,
                rows_in(model, worker, slice, layer->src, own->src), &own->saved, dst);
    rows_home(model, worker, slice, layer->dst, dst);
    for (int i = 0; worker->nn.member == 0 && slice->example_nats && i < slice->count; i++)
        slice->example_nats[i] = 0; /* there is no loss */
}

static void layer_backward(struct model *model, struct worker *worker, const struct slice *slice)
{
    struct layer *layer = model->own;
    struct layer_worker *own = worker->own;
    const void *src = rows_in(model, worker, slice, layer->src, own->src);
    const void *diff_dst;
    float *diff_src = rows_out(model, slice, layer->diff_src, own->diff_src);

    if (!is_full(model, slice)) { /* rows that there are not have no gradient */
        struct share rows = nn_share(&worker->nn, model->options.micro_batch);
        int d_model = model->options.model.d_model;

        memset(nn_row(own->diff_dst, rows.first, d_model, worker->nn.type), 0,
               nn_count(rows.count, d_model, 1) * dnn_type_bytes(worker->nn.type));
    }
    diff_dst = rows_in(model, worker, slice, layer->diff_dst, own->diff_dst);
    ffn_backward(&worker->nn, &own->plan, &layer->weights, model->parameters, src, &own->saved,
                 diff_dst, diff_src);
    rows_home(model, worker, slice, layer->diff_src, diff_src);
}

/* Nobody has a class for it: its weights are named as they are. */
static json_t *layer_hf_config(const struct model_options *options)
{
    const struct model_config *c = &options->model;

    return json_pack("{s:s, s:i, s:i}", "model_type", "glubench_ffn", "d_model", c->d_model, "d_ff",
                     c->d_ff);
}

const struct architecture architecture_ffn = {
    .name = "ffn",
    .lay_out = layer_lay_out,
    .free = layer_free,
    .open = layer_open,
    .open_scratch = layer_open_scratch,
    .close = layer_close,
    .free_worker = layer_free_worker,
    .list = layer_list,
    .begin = layer_begin,
    .forward = layer_forward,
    .backward = layer_backward,
    .end = layer_begin,
    .hf_config = layer_hf_config,
};
