/* ffn_layer.c - see ffn_layer.h. */
#include "src/glu.h"

#include "src/model/ffn_layer.h"

#include "src/nn/ffn.h"
#include "src/util/rng.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { GATE, UP, OUT, MATRICES };
enum { TILE_ROWS = 2048, ALIGN_ELEMENTS = 32 };

static const char *const matrix_names[MATRICES] = {"W", "V", "W2"};

struct worker {
    struct nn nn;
    struct linear_plan plans[MATRICES];
    struct ffn_plan ffn;
    struct ffn_saved saved;
    void *src, *diff_dst;  /* (tile, d_model), storage type; in f32 the layer's own rows serve */
};

struct ffn_layer {
    struct ffn_layer_options options;
    int tile, tiles; /* tiles of all rows; the last may reach past the end: the buffers do too */
    size_t rows;     /* tile * tiles */
    struct arena arena;
    float *src, *dst, *diff_dst, *diff_src; /* (rows, d_model) */
    size_t offsets[MATRICES], room;         /* of the matrices in the flat arrays */
    float *parameters;
    void *plain; /* parameters in the storage type */
    struct ffn_weights weights;
    struct worker *workers;
};

static struct linear *matrix(struct ffn_layer *layer, int i)
{
    struct linear *const all[MATRICES] = {&layer->weights.gate, &layer->weights.up,
                                          &layer->weights.out};

    return all[i];
}

static bool has_matrix(const struct ffn_layer *layer, int i)
{
    return i != UP || layer->options.variant->gated;
}

static size_t matrix_elements(const struct ffn_layer *layer)
{
    return nn_count(layer->options.d_model, layer->options.d_ff, 1);
}

static int worker_plans(struct ffn_layer *layer, struct worker *worker)
{
    const struct ffn_layer_options *o = &layer->options;
    enum dnn_type type = worker->nn.type;
    const struct linear_spec specs[MATRICES] = {
        [GATE] = {PROFILE_FFN, layer->tile, o->d_model, o->d_ff, type, false, DNN_F32, false},
        [UP] = {PROFILE_FFN, layer->tile, o->d_model, o->d_ff, type, false, DNN_F32, true},
        [OUT] = {PROFILE_FFN, layer->tile, o->d_ff, o->d_model, DNN_F32, false, type, false}};

    for (int i = 0; i < MATRICES; i++)
        if (has_matrix(layer, i) &&
            linear_plan_create(&worker->plans[i], &worker->nn, &specs[i], false))
            return err_prepend("%s", matrix_names[i]);
    return 0;
}

static int worker_build(struct ffn_layer *layer, struct worker *worker)
{
    const struct ffn_layer_options *o = &layer->options;
    struct arena *arena = &layer->arena;
    struct nn *nn = &worker->nn;

    nn->type = o->precision == PRECISION_BF16 ? DNN_BF16 : DNN_F32;
    nn->train = true;
    nn->kernels = kernels_get();
    nn->typed = &nn->kernels->type[nn->type];
    nn->diff = arena_alloc(arena, layer->room, sizeof(float));
    if ((!nn->dnn && dnn_create(&nn->dnn)) || worker_plans(layer, worker) ||
        ffn_plan_create(&worker->ffn, nn, arena, o->variant, layer->tile, o->d_ff, o->fused,
                        &worker->plans[GATE], &worker->plans[UP], &worker->plans[OUT]))
        return -1;
    ffn_saved_alloc(&worker->saved, nn, arena, o->variant, layer->tile, o->d_ff);
    if (nn->type != DNN_F32) {
        worker->src = nn_alloc(nn, arena, nn_count(layer->tile, o->d_model, 1));
        worker->diff_dst = nn_alloc(nn, arena, nn_count(layer->tile, o->d_model, 1));
    }
    dnn_set_scratch(nn->dnn, arena_alloc(arena, dnn_scratch_bytes(nn->dnn), 1));
    return 0;
}

static int layer_build(struct ffn_layer *layer)
{
    struct arena *arena = &layer->arena;
    float **const streams[] = {&layer->src, &layer->dst, &layer->diff_dst, &layer->diff_src};
    size_t cells = layer->rows * (size_t)layer->options.d_model;

    for (size_t i = 0; i < LENGTH_OF(streams); i++)
        *streams[i] = arena_alloc(arena, cells, sizeof(float));
    layer->parameters = arena_alloc(arena, layer->room, sizeof(float));
    layer->plain = layer->options.precision == PRECISION_BF16 ? arena_alloc(arena, layer->room, 2)
                                                              : layer->parameters;
    for (int w = 0; w < layer->options.threads; w++)
        if (worker_build(layer, &layer->workers[w]))
            return -1;
    for (int i = 0; i < MATRICES; i++) {
        matrix(layer, i)->offset = layer->offsets[i];
        if (has_matrix(layer, i) && linear_create(matrix(layer, i), &layer->workers[0].nn,
                                                  &layer->workers[0].plans[i], arena))
            return -1;
    }
    return arena->overflow ? err_set("the layer does not fit this machine's memory") : 0;
}

static void layer_unbuild(struct ffn_layer *layer)
{
    for (int i = 0; i < MATRICES; i++)
        linear_destroy(matrix(layer, i));
    for (int w = 0; layer->workers && w < layer->options.threads; w++) {
        ffn_plan_destroy(&layer->workers[w].ffn);
        for (int i = 0; i < MATRICES; i++)
            linear_plan_destroy(&layer->workers[w].plans[i]);
    }
    arena_close(&layer->arena);
}

static void fill(float *dst, size_t count, uint32_t lane, double stddev)
{
    struct rng rng;

    rng_start(&rng, 0, RNG_BENCH, lane);
    for (size_t i = 0; i < count; i++)
        dst[i] = (float)(stddev * rng_normal(&rng));
}

int ffn_layer_create(struct ffn_layer **result, const struct ffn_layer_options *options)
{
    struct ffn_layer *layer = calloc(1, sizeof *layer);
    int share;
    size_t bytes, elements;

    *result = NULL;
    if (!layer)
        return err_set("out of memory");
    layer->options = *options;
    arena_measure(&layer->arena);
    if (options->tokens < 1 || options->d_model < 1 || options->d_ff < 1 || options->threads < 1 ||
        options->tokens > 1 << 24 || options->d_model > 1 << 16 || options->d_ff > 1 << 20 ||
        options->threads > 1 << 12) {
        err_set("a feed-forward layer of %d tokens, d_model %d, d_ff %d and %d threads is out of "
                "range", options->tokens, options->d_model, options->d_ff, options->threads);
        goto fail;
    }
    if (options->precision == PRECISION_BF16 && !dnn_has_bf16()) {
        err_set("this CPU has no bf16 instructions (avx512_core_bf16); use --precision f32");
        goto fail;
    }
    share = (options->tokens + options->threads - 1) / options->threads;
    layer->tile = options->tile > 0 ? options->tile : share < TILE_ROWS ? share : TILE_ROWS;
    layer->tiles = (options->tokens + layer->tile - 1) / layer->tile;
    layer->rows = (size_t)layer->tile * (size_t)layer->tiles;
    elements = matrix_elements(layer);
    for (int i = 0; i < MATRICES; i++) {
        layer->offsets[i] = layer->room;
        layer->room += (elements + ALIGN_ELEMENTS - 1) / ALIGN_ELEMENTS * ALIGN_ELEMENTS;
    }
    layer->workers = calloc((size_t)options->threads, sizeof *layer->workers);
    if (!layer->workers) {
        err_set("out of memory");
        goto fail;
    }
    if (layer_build(layer))
        goto fail;
    bytes = layer->arena.used_bytes;
    layer_unbuild(layer);
    if (arena_open(&layer->arena, bytes) || layer_build(layer))
        goto fail;
    fill(layer->src, (size_t)options->tokens * (size_t)options->d_model, 1, 1);
    fill(layer->diff_dst, (size_t)options->tokens * (size_t)options->d_model, 2, 1);
    for (int i = 0; i < MATRICES; i++)
        fill(layer->parameters + layer->offsets[i], elements, 3 + (uint32_t)i,
             pow(i == OUT ? options->d_ff : options->d_model, -0.5));
    *result = layer;
    return 0;
fail:
    ffn_layer_destroy(layer);
    return -1;
}

void ffn_layer_destroy(struct ffn_layer *layer)
{
    if (!layer)
        return;
    layer_unbuild(layer);
    for (int w = 0; layer->workers && w < layer->options.threads; w++)
        dnn_destroy(layer->workers[w].nn.dnn);
    free(layer->workers);
    free(layer);
}

/* Weights to the storage type and the library's layout: a worker's part. */
static void worker_convert(struct ffn_layer *layer, int w)
{
    struct nn *nn = &layer->workers[w].nn;
    size_t share = (layer->room / (size_t)layer->options.threads + ALIGN_ELEMENTS) /
                   ALIGN_ELEMENTS * ALIGN_ELEMENTS;
    size_t first = share * (size_t)w, count;

    if (nn->type == DNN_F32 || first >= layer->room)
        return;
    count = layer->room - first < share ? layer->room - first : share;
    nn->typed->convert((int64_t)count, layer->parameters + first,
                       (char *)layer->plain + first * dnn_type_bytes(nn->type));
}

static void worker_pack(struct ffn_layer *layer, int w)
{
    struct worker *worker = &layer->workers[w];

    for (int i = w; i < MATRICES; i += layer->options.threads)
        if (has_matrix(layer, i))
            linear_pack(&worker->nn, &worker->plans[i], matrix(layer, i), layer->plain);
}

static const void *as_storage(const struct ffn_layer *layer, struct worker *worker,
                              const float *rows, void *room)
{
    if (worker->nn.type == DNN_F32)
        return rows;
    worker->nn.typed->convert((int64_t)layer->tile * layer->options.d_model, rows, room);
    return room;
}

static void worker_tiles(struct ffn_layer *layer, int w, bool train)
{
    struct worker *worker = &layer->workers[w];
    size_t step = (size_t)layer->tile * (size_t)layer->options.d_model;

    if (train)
        memset(worker->nn.diff, 0, layer->room * sizeof(float));
    for (int i = layer->tiles * w / layer->options.threads;
         i < layer->tiles * (w + 1) / layer->options.threads; i++) {
        size_t at = (size_t)i * step;
        const void *src = as_storage(layer, worker, layer->src + at, worker->src);

        ffn_forward(&worker->nn, &worker->ffn, &layer->weights, src, &worker->saved,
                    layer->dst + at);
        if (train)
            ffn_backward(&worker->nn, &worker->ffn, &layer->weights, src, &worker->saved,
                         as_storage(layer, worker, layer->diff_dst + at, worker->diff_dst),
                         layer->diff_src + at);
    }
}

/* Sum of the workers' gradients in the first one's: a worker's part. */
static void worker_sum(struct ffn_layer *layer, int w)
{
    size_t share = (layer->room + (size_t)layer->options.threads - 1) /
                   (size_t)layer->options.threads;
    size_t first = share * (size_t)w, count;

    if (first >= layer->room)
        return;
    count = layer->room - first < share ? layer->room - first : share;
    for (int i = 1; i < layer->options.threads; i++)
        layer->workers[w].nn.kernels->add((int64_t)count, layer->workers[i].nn.diff + first,
                                          layer->workers[0].nn.diff + first);
}

static void layer_run(struct ffn_layer *layer, bool train)
{
#pragma omp parallel num_threads(layer->options.threads)
    {
        int threads = omp_get_num_threads(), thread = omp_get_thread_num();

        for (int w = thread; w < layer->options.threads; w += threads)
            worker_convert(layer, w);
#pragma omp barrier
        for (int w = thread; w < layer->options.threads; w += threads)
            worker_pack(layer, w);
#pragma omp barrier
        for (int w = thread; w < layer->options.threads; w += threads)
            worker_tiles(layer, w, train);
#pragma omp barrier
        for (int w = thread; train && w < layer->options.threads; w += threads)
            worker_sum(layer, w);
    }
}

void ffn_layer_forward(struct ffn_layer *layer)
{
    layer_run(layer, false);
}

void ffn_layer_train(struct ffn_layer *layer)
{
    layer_run(layer, true);
}

double ffn_layer_forward_flops(const struct ffn_layer *layer)
{
    const struct ffn_layer_options *o = &layer->options;

    return 2.0 * (o->variant->gated ? 3 : 2) * o->tokens * o->d_model * o->d_ff;
}

double ffn_layer_train_flops(const struct ffn_layer *layer)
{
    return 3 * ffn_layer_forward_flops(layer);
}

struct ffn_layer_view ffn_layer_view(struct ffn_layer *layer)
{
    bool gated = layer->options.variant->gated;
    const float *diff = layer->workers[0].nn.diff;

    return (struct ffn_layer_view){
        .src = layer->src,
        .diff_dst = layer->diff_dst,
        .gate = layer->parameters + layer->offsets[GATE],
        .up = gated ? layer->parameters + layer->offsets[UP] : NULL,
        .out = layer->parameters + layer->offsets[OUT],
        .dst = layer->dst,
        .diff_src = layer->diff_src,
        .diff_gate = diff + layer->offsets[GATE],
        .diff_up = gated ? diff + layer->offsets[UP] : NULL,
        .diff_out = diff + layer->offsets[OUT],
    };
}
