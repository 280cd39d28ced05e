/* decode.c - what decoding is whatever the architecture: who does which examples, and what follows from their
 * logits.  See decode.h and decoding.h. */
#include "src/glu.h"

#include "src/model/decoding.h"
#include "src/nn/attention_next.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Slots of a worker: so many that the weights are read for more than a few rows, unless what is kept takes too
 * much. */
enum { SLOTS_CHOSEN = 32, LIMIT_MOST = 1 << 16, SLOTS_MOST = 1 << 16 };
static const double kept_bytes_chosen = 0x1p30;

/* ==== Building ==== */

bool decoder_exists(const struct model_options *options)
{
    return options->architecture && options->architecture->decoding;
}

static const struct decoding *decoding_of(const struct decoder *decoder)
{
    return decoder->model->options.architecture->decoding;
}

static int options_check(const struct model *model, const struct decoder_options *options)
{
    if (!model->options.architecture->decoding)
        return err_set("%s models do not decode", model->options.architecture->name);
    if (options->limit < 1 || options->limit > LIMIT_MOST)
        return err_set("outputs of %d tokens: it must be 1 to %d", options->limit, LIMIT_MOST);
    if (options->examples < 1 || options->slots < 0 || options->slots > SLOTS_MOST)
        return err_set("decoding takes 1 example or more, and at most %d at once", SLOTS_MOST);
    if (options->anew && model->options.buckets > 1)
        return err_set("decoding anew takes examples of the full length alone");
    if (options->anew && options->limit > model->options.model.target_length)
        return err_set("outputs of %d tokens are longer than the model's targets, %d", options->limit,
                       model->options.model.target_length);
    return 0;
}

/* Keys and values of an example, of its output and of what it reads. */
static double kept_bytes(const struct model *model, const struct decoder_options *options)
{
    const struct model_config *c = &model->options.model;
    double tokens = (double)attention_cache_room(options->limit) + attention_cache_room(c->input_length);

    return 2 * tokens * c->layers * c->heads * c->d_kv *
           (model->options.precision == PRECISION_BF16 ? 2 : 4);
}

/* A multiple of what the model reads at once, no more than a worker's share of the examples. */
static int slots_choose(const struct model *model, const struct decoder_options *options)
{
    int at_once = model->options.micro_batch << (model->options.buckets - 1);
    int workers = model->team.size / model->team.crew;
    double most = 1 + kept_bytes_chosen / kept_bytes(model, options);
    int wanted = options->slots ? options->slots : most < SLOTS_CHOSEN ? (int)most : SLOTS_CHOSEN;
    int share = (options->examples - 1) / workers + 1;

    if (options->anew) /* the training's buffers have no room for more */
        return at_once;
    if (wanted > share)
        wanted = share;
    return (wanted + at_once - 1) / at_once * at_once;
}

static int worker_open(struct decoder *decoder, struct decoding_worker *worker)
{
    struct arena *arena = &decoder->arena;
    struct nn *nn = &worker->nn;
    size_t slots = (size_t)decoder->slots;

    nn->type = worker->worker->nn.type;
    nn->kernels = worker->worker->nn.kernels;
    nn->typed = worker->worker->nn.typed;
    worker->logits = arena_alloc(arena, nn_count(decoder->slots, decoder->model->options.model.vocabulary, 1),
                                 sizeof *worker->logits);
    worker->rows = arena_alloc(arena, slots, sizeof *worker->rows);
    worker->free_slots = arena_alloc(arena, slots, sizeof *worker->free_slots);
    worker->targets = arena_alloc(arena, slots, sizeof *worker->targets);
    worker->row_nats = arena_alloc(arena, slots, sizeof *worker->row_nats);
    if ((!nn->dnn && dnn_create(&nn->dnn)) || decoding_of(decoder)->open(decoder->model, worker))
        return -1;
    nn_scratch_alloc(nn, arena);
    return 0;
}

static int decoder_build(struct decoder *decoder)
{
    for (int w = 0; w < decoder->model->team.size; w += decoder->model->team.crew)
        if (worker_open(decoder, &decoder->workers[w]))
            return -1;
    return decoder->arena.overflow ? err_set("decoding %d examples at once does not fit this machine's memory",
                                             decoder->slots)
                                   : 0;
}

/* Undo decoder_build() but keep what it needs again. */
static void decoder_unbuild(struct decoder *decoder)
{
    for (int w = 0; w < decoder->model->team.size; w++)
        if (decoder->workers[w].own)
            decoding_of(decoder)->close(&decoder->workers[w]);
    arena_close(&decoder->arena);
}

/* What it takes is known then, and none of it is taken. */
static int decoder_measure(struct decoder **result, struct model *model, const struct decoder_options *options)
{
    struct decoder *decoder;

    *result = NULL;
    if (options_check(model, options))
        return -1;
    decoder = calloc(1, sizeof *decoder);
    if (!decoder) {
        err_set("out of memory");
        return -1;
    }
    decoder->options = *options;
    decoder->model = model;
    decoder->slots = slots_choose(model, options);
    decoder->workers = calloc((size_t)model->team.size, sizeof *decoder->workers);
    if (!decoder->workers) {
        err_set("out of memory");
        goto fail;
    }
    for (int w = 0; w < model->team.size; w++) {
        decoder->workers[w].decoder = decoder;
        decoder->workers[w].worker = &model->team.workers[w];
    }
    arena_measure(&decoder->arena);
    if (decoder_build(decoder))
        goto fail;
    *result = decoder;
    return 0;
fail:
    decoder_destroy(decoder);
    return -1;
}

int decoder_create(struct decoder **result, struct model *model, const struct decoder_options *options)
{
    struct decoder *decoder;
    size_t bytes;

    *result = NULL;
    if (decoder_measure(&decoder, model, options))
        return -1;
    bytes = decoder->arena.used_bytes;
    decoder_unbuild(decoder);
    if (arena_open(&decoder->arena, bytes) || decoder_build(decoder)) {
        decoder_destroy(decoder);
        return -1;
    }
    *result = decoder;
    return 0;
}

int decoder_memory(const struct model_options *model_options, const struct decoder_options *options, size_t *bytes)
{
    struct decoder *decoder = NULL;
    struct model *model;
    int status;

    *bytes = 0;
    if (model_measure(&model, model_options))
        return -1;
    status = decoder_measure(&decoder, model, options);
    if (status == 0)
        *bytes = decoder_bytes(decoder);
    decoder_destroy(decoder);
    model_destroy(model);
    return status;
}

void decoder_destroy(struct decoder *decoder)
{
    if (!decoder)
        return;
    if (decoder->workers)
        decoder_unbuild(decoder);
    for (int w = 0; decoder->workers && w < decoder->model->team.size; w++) {
        decoding_of(decoder)->free_worker(&decoder->workers[w]);
        dnn_destroy(decoder->workers[w].nn.dnn);
    }
    free(decoder->workers);
    free(decoder);
}

int decoder_limit(const struct decoder *decoder)
{
    return decoder->options.limit;
}

size_t decoder_bytes(const struct decoder *decoder)
{
    return decoder->arena.used_bytes;
}

/* ==== Who does which examples ==== */

/* What a call is about. */
struct call {
    struct decoder *decoder;
    const struct batch *batch;
    int bucket; /* of the batch */
    const struct decoded *decoded;
    const struct candidates *candidates;
    double *nats;
};

/* A worker's way through the batch: every micro-batch of as many as there are workers, of all processes. */
struct walk {
    struct call *call;
    struct decoding_worker *worker;
    int64_t at, step; /* of the next example to be read */
    int rows;         /* being decoded */
};

static struct walk walk_of(struct call *call, int w)
{
    const struct model *model = call->decoder->model;
    const struct comm *comm = model->options.comm;
    int most = model->options.micro_batch << call->bucket, size = model->team.size / model->team.crew;
    struct walk walk = {.call = call,
                        .worker = &call->decoder->workers[w],
                        .at = (int64_t)(comm->rank * size + w / model->team.crew) * most,
                        .step = (int64_t)comm->size * size * most};

    decoding_of(call->decoder)->begin(call->decoder->model, walk.worker);
    return walk;
}

/* Have an order done by all threads of the model's worker; NULL: let them go. */
static void give(struct decoding_worker *worker, const struct decoding_order *order)
{
    worker->order = order;
    nn_wait(&worker->worker->nn);
}

static void obey(struct decoding_worker *worker, const struct decoding_order *order)
{
    const struct decoding *decoding = decoding_of(worker->decoder);
    struct model *model = worker->decoder->model;

    if (order->slice)
        decoding->read(model, worker, order->slice, order->slots);
    else
        decoding->next(model, worker, order->rows, order->count);
    nn_wait(&worker->worker->nn);
}

/* Is it one of the other threads of a worker?  Then that is all it does. */
static bool follow(struct decoder *decoder, int thread)
{
    struct decoding_worker *worker = &decoder->workers[thread];
    const struct decoding_worker *first = worker - worker->worker->nn.member;

    if (worker == first)
        return false;
    decoding_of(decoder)->begin(decoder->model, worker);
    for (;;) {
        nn_wait(&worker->worker->nn);
        if (!first->order)
            return true;
        obey(worker, first->order);
    }
}

/* Read on while there are examples, and slots for a micro-batch. */
static void walk_fill(struct walk *walk)
{
    struct decoder *decoder = walk->call->decoder;
    struct decoding_worker *worker = walk->worker;
    int bucket = walk->call->bucket;
    int most = decoder->model->options.micro_batch << bucket, examples = walk->call->batch->examples;

    for (int i = 0; walk->rows == 0 && i < decoder->slots; i++)
        worker->free_slots[i] = i;
    for (; walk->at < examples && walk->rows + most <= decoder->slots; walk->at += walk->step) {
        int first = (int)walk->at, left = examples - first;
        struct slice slice = {.batch = walk->call->batch, .bucket = bucket, .first = first,
                              .count = left < most ? left : most};
        const int *slots = worker->free_slots + walk->rows;
        struct decoding_order order = {.slice = &slice, .slots = slots};

        give(worker, &order);
        obey(worker, &order);
        for (int i = 0; i < slice.count; i++)
            worker->rows[walk->rows + i] =
                (struct decoding_row){.slot = slots[i], .example = first + i, .last = TOKEN_PAD};
        walk->rows += slice.count;
    }
}

/* A row is done: its slot is free, and the last row takes its place. */
static void walk_drop(struct walk *walk, int row)
{
    struct decoding_row *rows = walk->worker->rows;
    int slot = rows[row].slot;

    rows[row] = rows[--walk->rows];
    walk->worker->free_slots[walk->rows] = slot;
}

static void walk_next(struct walk *walk)
{
    struct decoder *decoder = walk->call->decoder;
    struct decoding_order order = {.rows = walk->worker->rows, .count = walk->rows};

    if (!decoder->options.anew) { /* with what is kept it is done alone */
        decoding_of(decoder)->next(decoder->model, walk->worker, order.rows, order.count);
        return;
    }
    give(walk->worker, &order);
    obey(walk->worker, &order);
}

static float *logits_of(const struct walk *walk, int row)
{
    size_t vocabulary = (size_t)walk->call->decoder->model->options.model.vocabulary;

    return walk->worker->logits + (size_t)row * vocabulary;
}

/* ==== The likeliest tokens ==== */

/* By how much the best logit exceeds the next one. */
static float margin(const float *logits, int n, int32_t best)
{
    float max = -INFINITY;

    for (int i = 0; i < n; i++)
        if (i != best && logits[i] > max)
            max = logits[i];
    return logits[best] - max;
}

/* Take a row's token: is it the last one? */
static bool take(const struct walk *walk, int row, int32_t *token)
{
    const struct decoded *decoded = walk->call->decoded;
    const struct decoding_row *at = &walk->worker->rows[row];
    const float *logits = logits_of(walk, row);
    int limit = walk->call->decoder->options.limit;
    int vocabulary = walk->call->decoder->model->options.model.vocabulary;
    bool ended;
    size_t cell = (size_t)at->example * (size_t)limit + (size_t)at->position;

    *token = (int32_t)walk->worker->nn.kernels->largest(vocabulary, logits);
    decoded->tokens[cell] = *token;
    if (decoded->margins)
        decoded->margins[cell] = margin(logits, vocabulary, *token);
    ended = *token == TOKEN_EOS && !walk->call->decoder->options.endless;
    decoded->lengths[at->example] += !ended;
    return ended || at->position + 1 == limit;
}

static void decode_share(void *context, int thread)
{
    struct call *call = context;
    struct decoding_row *rows;
    struct walk walk;
    int32_t *tokens;

    if (follow(call->decoder, thread))
        return;
    walk = walk_of(call, thread);
    rows = walk.worker->rows;
    tokens = walk.worker->targets;
    for (walk_fill(&walk); walk.rows > 0; walk_fill(&walk)) {
        bool done = false;

        walk_next(&walk);
        for (int r = walk.rows - 1; r >= 0; r--) {
            done = take(&walk, r, &tokens[r]);
            rows[r].last = tokens[r];
            rows[r].position++;
            if (done)
                walk_drop(&walk, r);
        }
    }
    give(walk.worker, NULL);
}

/* ==== Given targets ==== */

/* The sums of all rows' examples for one candidate, from the first token on. */
static void candidate_nats(struct walk *walk, int k)
{
    const struct candidates *candidates = walk->call->candidates;
    const int32_t *tokens = candidates->tokens + (size_t)k * (size_t)candidates->length;
    struct decoding_worker *worker = walk->worker;
    int vocabulary = walk->call->decoder->model->options.model.vocabulary;

    for (int t = 0; t < candidates->used[k]; t++) {
        for (int r = 0; r < walk->rows; r++) {
            worker->rows[r].position = t;
            worker->rows[r].last = t > 0 ? tokens[t - 1] : TOKEN_PAD;
            worker->targets[r] = tokens[t];
        }
        walk_next(walk);
        worker->nn.typed->cross_entropy(walk->rows, vocabulary, worker->logits, worker->targets, 0, NULL,
                                        worker->row_nats);
        for (int r = 0; r < walk->rows; r++)
            walk->call->nats[(size_t)worker->rows[r].example * (size_t)candidates->count + (size_t)k] +=
                worker->row_nats[r];
    }
}

static void nats_share(void *context, int thread)
{
    struct call *call = context;
    struct walk walk;

    if (follow(call->decoder, thread))
        return;
    walk = walk_of(call, thread);
    for (walk_fill(&walk); walk.rows > 0; walk_fill(&walk)) {
        for (int k = 0; k < walk.call->candidates->count; k++)
            candidate_nats(&walk, k);
        walk.rows = 0;
    }
    give(walk.worker, NULL);
}

/* ==== Calls ==== */

static int inputs_check(const struct model *model, const struct batch *batch, int *bucket)
{
    const struct model_config *config = &model->options.model;

    *bucket = 0;
    while (*bucket < model->options.buckets && batch->input_length != config->input_length >> *bucket)
        ++*bucket;
    if (*bucket == model->options.buckets)
        return err_set("inputs of %d tokens do not fit a model of %d", batch->input_length,
                       config->input_length);
    for (int64_t i = 0; i < (int64_t)batch->examples * batch->input_length; i++)
        if (batch->inputs[i] < 0 || batch->inputs[i] >= config->vocabulary)
            return err_set("input token %lld of the batch is %d; the vocabulary has %d", (long long)i,
                           (int)batch->inputs[i], config->vocabulary);
    for (int i = 0; i < batch->examples; i++)
        if (batch->inputs_used[i] < 1 || batch->inputs_used[i] > batch->input_length)
            return err_set("example %d of the batch uses %d of %d input tokens", i, batch->inputs_used[i],
                           batch->input_length);
    return 0;
}

static int candidates_check(const struct decoder *decoder, const struct candidates *candidates)
{
    int vocabulary = decoder->model->options.model.vocabulary;

    for (int k = 0; k < candidates->count; k++) {
        const int32_t *tokens = candidates->tokens + (size_t)k * (size_t)candidates->length;
        int used = candidates->used[k];

        if (used < 1 || used > candidates->length || used > decoder->options.limit)
            return err_set("candidate %d has %d tokens; it must be 1 to %d", k, used,
                           decoder->options.limit);
        for (int t = 0; t < used; t++)
            if (tokens[t] < 0 || tokens[t] >= vocabulary)
                return err_set("token %d of candidate %d is %d; the vocabulary has %d", t, k,
                               (int)tokens[t], vocabulary);
    }
    return 0;
}

/* Every process has its share of numbers, the others' being 0: give all of them to all.  line: (columns), of
 * numbers as processes exchange them.  0 or -1. */
static int gather_integers(struct comm *comm, int rows, int columns, double *line, int32_t *numbers)
{
    for (int i = 0; i < rows; i++, numbers += columns) {
        for (int j = 0; j < columns; j++)
            line[j] = numbers[j];
        if (comm->agree(comm, line, columns))
            return -1;
        for (int j = 0; j < columns; j++)
            numbers[j] = (int32_t)line[j];
    }
    return 0;
}

static int gather_floats(struct comm *comm, int rows, int columns, double *line, float *numbers)
{
    for (int i = 0; i < rows; i++, numbers += columns) {
        for (int j = 0; j < columns; j++)
            line[j] = numbers[j];
        if (comm->agree(comm, line, columns))
            return -1;
        for (int j = 0; j < columns; j++)
            numbers[j] = (float)line[j];
    }
    return 0;
}

static int gather(struct comm *comm, int examples, int limit, const struct decoded *decoded)
{
    double *line = calloc((size_t)(examples > limit ? examples : limit), sizeof *line);
    int status;

    if (!line) {
        err_set("out of memory");
        return -1;
    }
    status = gather_integers(comm, examples, limit, line, decoded->tokens);
    if (status == 0)
        status = gather_integers(comm, 1, examples, line, decoded->lengths);
    if (status == 0 && decoded->margins)
        status = gather_floats(comm, examples, limit, line, decoded->margins);
    free(line);
    return status;
}

int decoder_run(struct decoder *decoder, const struct batch *batch, const struct decoded *decoded)
{
    struct call call = {.decoder = decoder, .batch = batch, .decoded = decoded};
    struct comm *comm = decoder->model->options.comm;
    int examples = batch->examples, limit = decoder->options.limit;
    size_t cells = (size_t)examples * (size_t)limit;
    int status = 0;

    if (inputs_check(decoder->model, batch, &call.bucket))
        return -1;
    memset(decoded->tokens, 0, cells * sizeof *decoded->tokens);
    memset(decoded->lengths, 0, (size_t)examples * sizeof *decoded->lengths);
    if (decoded->margins)
        memset(decoded->margins, 0, cells * sizeof *decoded->margins);
#pragma omp parallel num_threads(decoder->model->team.size)
    if (team_is_there(&decoder->model->team, &status))
        team_each(&decoder->model->team, decode_share, &call);
    if (status)
        return -1;
    return comm->size > 1 ? gather(comm, examples, limit, decoded) : 0;
}

int decoder_nats(struct decoder *decoder, const struct batch *batch, const struct candidates *candidates,
                 double *nats)
{
    struct call call = {.decoder = decoder, .batch = batch, .candidates = candidates, .nats = nats};
    struct comm *comm = decoder->model->options.comm;
    int status = 0;

    if (inputs_check(decoder->model, batch, &call.bucket) || candidates_check(decoder, candidates))
        return -1;
    memset(nats, 0, (size_t)batch->examples * (size_t)candidates->count * sizeof *nats);
#pragma omp parallel num_threads(decoder->model->team.size)
    if (team_is_there(&decoder->model->team, &status))
        team_each(&decoder->model->team, nats_share, &call);
    for (int i = 0; comm->size > 1 && i < batch->examples && status == 0; i++)
        status = comm->agree(comm, nats + (size_t)i * (size_t)candidates->count, candidates->count);
    return status;
}
