/* model.c - what all architectures share: options, memory, values.  See model.h and architecture.h;
 * step.c has their steps. */
#include "src/glu.h"

#include "src/model/architecture.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* Rows of a micro-batch per d_model: enough that reading and writing a weight gradient costs
     * little beside its product, few enough for the cache (measured at d_model 64 and 256). */
    ROWS_PER_WIDTH = 5,
    SECOND_SLOT_ELEMENTS = 1 << 23, /* of a gradient, at most: see slots_choose() */
    ALIGN_ELEMENTS = 32 /* of a worker's share of the flat arrays */
};

/* ==== Architectures ==== */

static const struct architecture *const architectures[] = {
    &architecture_t5,
    &architecture_lm,
    &architecture_ffn,
};

const struct architecture *architecture_find(const char *name)
{
    for (size_t i = 0; i < LENGTH_OF(architectures); i++)
        if (strcmp(architectures[i]->name, name) == 0)
            return architectures[i];
    return NULL;
}

const char *architecture_name(int i)
{
    for (size_t k = 0; k < LENGTH_OF(architectures); k++)
        if (architectures[k]->task && i-- == 0)
            return architectures[k]->name;
    return NULL;
}

const char *architecture_task(const struct architecture *architecture)
{
    return architecture->task;
}

bool model_has_bf16(void)
{
    return dnn_has_bf16();
}

/* ==== Options ==== */

int model_tokens(const struct model_options *options)
{
    const struct model_config *config = &options->model;
    bool once = options->architecture && options->architecture->shifted;

    return config->input_length + (once ? 0 : config->target_length);
}

int model_bucket(const struct model_options *options, int input_length, int target_length)
{
    const struct model_config *config = &options->model;

    for (int b = 0; b < options->buckets; b++)
        if (input_length == config->input_length >> b && target_length == config->target_length >> b)
            return b;
    return err_set("a batch of %d/%d tokens does not fit a model of %d/%d", input_length, target_length,
                   config->input_length, config->target_length);
}

/* All buckets have as many tokens. */
static int buckets_check(const struct model_options *options)
{
    const struct model_config *config = &options->model;
    int parts;

    if (options->buckets < 0 || options->buckets > BATCH_BUCKETS_MAX)
        return err_set("there are %d buckets; there can be 1 to %d", options->buckets, BATCH_BUCKETS_MAX);
    if (options->buckets > 1 && options->architecture && !options->architecture->has_buckets)
        return err_set("the architecture %s has no batches of shorter examples",
                       options->architecture->name);
    parts = options->buckets > 0 ? 1 << (options->buckets - 1) : 1;
    if (config->input_length % parts != 0 || config->target_length % parts != 0)
        return err_set("lengths of %d and %d cannot be halved for %d buckets", config->input_length,
                       config->target_length, options->buckets);
    if (parts > 1 && options->dropout > 0 && options->batch > 1 << DROPOUT_EXAMPLE_BITS >> (options->buckets - 1))
        return err_set(FIELD("batch") " %d: with dropout and %d buckets it must be at most %d",
                       options->batch, options->buckets,
                       1 << DROPOUT_EXAMPLE_BITS >> (options->buckets - 1));
    return 0;
}

/* Threads of a worker. */
static int team_of(const struct model_options *options)
{
    return options->team ? options->team : 1;
}

/* Each has an example of the shortest at least. */
static int workers_of(const struct model_options *options)
{
    int workers = options->threads / team_of(options);
    int64_t most = (int64_t)options->batch << (options->buckets > 1 ? options->buckets - 1 : 0);

    return workers < most ? workers : (int)most;
}

int model_threads(const struct model_options *options)
{
    return workers_of(options) * team_of(options);
}

static int options_check(const struct model_options *options)
{
    const struct model_config *config = &options->model;
    const struct {
        const char *name;
        int value, most;
    } limits[] = {
        {"vocabulary", config->vocabulary, 1 << 20}, {"d_model", config->d_model, 1 << 16},
        {"layers", config->layers, 1 << 10},         {"heads", config->heads, 1 << 10},
        {"d_kv", config->d_kv, 1 << 14},             {"d_ff", config->d_ff, 1 << 20},
        {"input_length", config->input_length, 1 << 16},
        {"target_length", config->target_length, 1 << 16},
        {"batch", options->batch, options->dropout > 0 ? 1 << DROPOUT_EXAMPLE_BITS : 1 << 20},
        {"threads", options->threads, 1 << 12},
        {"team", team_of(options), options->threads},
    };

    for (size_t i = 0; i < LENGTH_OF(limits); i++)
        if (limits[i].value < 1 || limits[i].value > limits[i].most)
            return err_set("%s is %d; it must be 1 to %d", limits[i].name, limits[i].value,
                           limits[i].most);
    if (buckets_check(options))
        return -1;
    if (config->heads * (int64_t)config->d_kv > 1 << 20)
        return err_set("heads times d_kv is %lld; it must be at most %d",
                       (long long)config->heads * config->d_kv, 1 << 20);
    if (options->micro_batch < 0 || options->micro_batch > options->batch)
        return err_set("micro_batch is %d; it must be 0 (chosen) to batch, %d",
                       options->micro_batch, options->batch);
    if (!(options->dropout >= 0 && options->dropout < 1))
        return err_set("dropout is %g; it must be 0 or more and less than 1", options->dropout);
    if (options->precision == PRECISION_BF16 && !dnn_has_bf16())
        return err_set("this CPU has no bf16 instructions (avx512_core_bf16); use "
                       FIELD("precision") " f32");
    return 0;
}

bool architecture_is_shifted(const struct architecture *architecture)
{
    return architecture->shifted;
}

int architecture_check(const struct model_options *options)
{
    const struct architecture *architecture = options->architecture;

    return architecture && architecture->check ? architecture->check(options) : 0;
}

/* Examples per micro-batch: as many as ROWS_PER_WIDTH asks for, then evened out over a worker's
 * share so that the last one is not nearly empty. */
static int micro_batch_choose(const struct model_options *options, int workers)
{
    int share = (options->batch + workers - 1) / workers;
    int tokens = model_tokens(options);
    int rows = ROWS_PER_WIDTH * options->model.d_model;
    int most = rows < tokens ? 1 : rows / tokens;
    int pieces = (share + most - 1) / most;

    return (share + pieces - 1) / pieces;
}

int model_second_slot(int examples, int most)
{
    int slices = (examples + most - 1) / most, second = (slices + 1) / 3;

    /* The last of all is the one that may not be full. */
    return second > 0 ? examples - (slices - second) * most : 0;
}

/* Slots of a worker: a second one where its share has several slices, and a gradient is small.  Steps of a larger
 * model are so long that the system's scheduler evens out what the threads get. */
static int slots_choose(const struct model *model, int workers)
{
    const struct model_options *options = &model->options;

    return !options->forward_only && model->tensors.elements <= SECOND_SLOT_ELEMENTS &&
                   model_second_slot(options->batch / workers, options->micro_batch) > 0
               ? 2
               : 1;
}

static void options_fill(struct model_options *options, int workers)
{
    if (!options->architecture)
        options->architecture = architectures[0];
    if (!options->optimizer)
        options->optimizer = optimizer_type_at(0);
    if (!options->comm)
        options->comm = comm_type_at(0)->get();
    if (options->buckets == 0)
        options->buckets = 1;
    if (!options->team)
        options->team = 1;
    if (!options->micro_batch)
        options->micro_batch = micro_batch_choose(options, workers);
}

/* ==== Building ==== */

/* A thread of a worker; first: the worker's first. */
static int thread_open(struct model *model, struct worker *worker, const struct worker *first)
{
    const struct architecture *architecture = model->options.architecture;
    struct nn *nn = &worker->nn;

    nn->type = model->options.precision == PRECISION_BF16 ? DNN_BF16 : DNN_F32;
    nn->train = !model->options.forward_only;
    nn->dropout.rate = nn->train ? model->options.dropout : 0;
    nn->kernels = kernels_get();
    nn->typed = &nn->kernels->type[nn->type];
    if ((!nn->dnn && dnn_create(&nn->dnn)) ||
        products_open(&model->products, nn, model->options.micro_batch, worker->plans,
                      worker == first ? NULL : first->plans))
        return -1;
    return architecture->open(model, worker);
}

/* What its threads share, and then what each has for itself. */
static int worker_open(struct model *model, struct worker *first)
{
    struct arena *arena = &model->arena;
    size_t start = arena->used_bytes, before;
    int threads = model->team.crew;

    for (int i = 0; i < threads; i++) {
        arena_again(arena, start);
        if (thread_open(model, first + i, first))
            return -1;
    }
    model->memory.activations += arena->used_bytes - start;
    before = arena->used_bytes;
    for (int i = 0; i < threads; i++) {
        arena_again(arena, before);
        model->options.architecture->open_scratch(model, first + i);
    }
    for (int i = 0; i < threads; i++)
        nn_scratch_alloc(&first[i].nn, arena);
    crew_alloc(first->nn.crew, arena, model->options.model.d_model);
    model->memory.scratch += arena->used_bytes - before;
    return 0;
}

/* For the optimizer, as it takes the gradient. */
static void sum_piece(void *context, struct nn *nn, size_t offset, size_t count)
{
    const struct model *model = context;

    team_sum_piece(&model->team, nn, offset, count);
}

static void optimizer_bind(struct model *model)
{
    if (model->options.comm->size == 1) { /* nobody else needs the sum first */
        model->optimizer.sum = sum_piece;
        model->optimizer.context = model;
        model->optimizer.gradients = model->team.slot_count;
    }
    model->optimizer.parameters = model->parameters;
    model->optimizer.gradient = model->team.slots[0].diff;
    model->optimizer.plain =
        model->options.precision == PRECISION_BF16 ? model->plain : NULL;
}

/* Everything that takes memory, in one order for measuring and for the real thing. */
static int model_build(struct model *model)
{
    struct arena *arena = &model->arena;
    struct model_memory *memory = &model->memory;
    struct worker *workers = model->team.workers;
    int threads = model->team.crew; /* of a worker */
    bool train = !model->options.forward_only;
    size_t room = model->tensors.elements, before;

    memset(memory, 0, sizeof *memory);
    before = arena->used_bytes;
    model->parameters = arena_alloc(arena, room, sizeof(float));
    model->plain = model->options.precision == PRECISION_BF16 ? arena_alloc(arena, room, 2)
                                                              : model->parameters;
    memory->parameters = arena->used_bytes - before;

    before = arena->used_bytes;
    for (int i = 0; train && i < model->team.slot_count; i++)
        model->team.slots[i].diff = arena_alloc(arena, room, sizeof(float));
    memory->gradients = arena->used_bytes - before;

    before = arena->used_bytes;
    if (train && optimizer_open(&model->optimizer, model->options.optimizer,
                                &model->options.optimizer_options, &model->tensors,
                                model->team.part_count, arena))
        return -1;
    optimizer_bind(model);
    memory->optimizer = arena->used_bytes - before;

    for (int w = 0; w < model->team.size; w += threads)
        if (worker_open(model, &workers[w]))
            return -1;

    before = arena->used_bytes;
    if (products_pack_create(&model->products, &workers[0].nn, workers[0].plans, arena))
        return -1;
    memory->packed_weights = arena->used_bytes - before;
    memory->total = arena->used_bytes;
    return arena->overflow ? err_set("the model does not fit this machine's memory") : 0;
}

/* Undo model_build() but keep the layout. */
static void model_unbuild(struct model *model)
{
    products_pack_destroy(&model->products);
    for (int w = 0; w < model->team.size; w++) {
        struct worker *worker = &model->team.workers[w];

        if (worker->own)
            model->options.architecture->close(model, worker);
        products_close(&model->products, worker->plans);
    }
    optimizer_close(&model->optimizer);
    arena_close(&model->arena);
}

/* Bytes that backward needs of a token, micro-batch tokens being counted: what is really kept, and the
 * least without recomputation. */
static void memory_per_token(struct model *model)
{
    const struct model_options *options = &model->options;
    double bytes = options->precision == PRECISION_BF16 ? 2 : 4;
    double tokens = model_tokens(options);
    double workers = model->team.size / model->team.crew, all = workers * options->micro_batch * tokens;

    model->memory.activations_per_token = (size_t)((double)model->memory.activations / all);
    model->memory.activations_per_token_minimum =
        (size_t)(products_kept(&model->products) * bytes / tokens);
}

static int primitives_list(struct model *model)
{
    struct worker *worker = &model->team.workers[0];

    return products_list(&model->products, worker->plans, &model->primitives) ||
                   model->options.architecture->list(model, worker)
               ? -1
               : 0;
}

int model_outline(struct model **result, const struct model_options *options)
{
    struct model *model;
    int workers;

    *result = NULL;
    if (options_check(options) || architecture_check(options))
        return -1;
    model = calloc(1, sizeof *model);
    if (!model) {
        err_set("out of memory");
        return -1;
    }
    workers = workers_of(options);
    model->options = *options;
    options_fill(&model->options, workers);
    arena_measure(&model->arena);
    if (model->options.architecture->lay_out(model) ||
        team_open(&model->team, workers, model->options.team, slots_choose(model, workers),
                  model->products.count)) {
        model_destroy(model);
        return -1;
    }
    *result = model;
    return 0;
}

int model_measure(struct model **result, const struct model_options *options)
{
    if (model_outline(result, options))
        return -1;
    if (model_build(*result)) {
        model_destroy(*result);
        *result = NULL;
        return -1;
    }
    return 0;
}

int model_memory(const struct model_options *options, struct model_memory *memory)
{
    struct model *model;

    memset(memory, 0, sizeof *memory);
    if (model_measure(&model, options))
        return -1;
    memory_per_token(model);
    *memory = model->memory;
    model_destroy(model);
    return 0;
}

int model_create(struct model **result, const struct model_options *options)
{
    struct model *model;
    size_t bytes;

    *result = NULL;
    if (model_outline(&model, options) || model_build(model))
        goto fail;
    bytes = model->memory.total;
    model_unbuild(model);
    if (arena_open(&model->arena, bytes) || model_build(model) || primitives_list(model))
        goto fail;
    memory_per_token(model);
    tensors_bind(&model->tensors, model->parameters, model->team.slots[0].diff);
    *result = model;
    return 0;
fail:
    model_destroy(model);
    return -1;
}

void model_destroy(struct model *model)
{
    if (!model)
        return;
    model_unbuild(model);
    for (int w = 0; w < model->team.size; w++)
        model->options.architecture->free_worker(&model->team.workers[w]);
    model->options.architecture->free(model);
    team_close(&model->team);
    products_free(&model->products);
    tensors_free(&model->tensors);
    primitives_free(&model->primitives);
    free(model);
}

const struct model_options *model_get_options(const struct model *model)
{
    return &model->options;
}

int model_counts(const struct model_options *options, struct model_counts *counts)
{
    /* In double, which is exact for all that can be trained and does not overflow for the rest. */
    double example, ffn;
    struct model *model;

    memset(counts, 0, sizeof *counts);
    if (model_outline(&model, options))
        return -1;
    for (int i = 0; i < model->tensors.count; i++) {
        const struct tensor *tensor = &model->tensors.list[i];

        counts->parameters += (int64_t)tensor_elements(tensor);
        if (tensor->ffn)
            counts->ffn_parameters += (int64_t)tensor_elements(tensor);
    }
    example = products_flops(&model->products, PROFILE_KINDS);
    ffn = products_flops(&model->products, PROFILE_FFN);
    model_destroy(model);
    if (options->batch * example > 0x1p60)
        return err_set("a step of %g floating-point operations is beyond any machine; give a smaller "
                       "model or " FIELD("batch"),
                       3.0 * options->batch * example);
    counts->forward_flops = (int64_t)(options->batch * example);
    counts->train_flops = 3 * counts->forward_flops;
    counts->ffn_forward_flops = (int64_t)(options->batch * ffn);
    return 0;
}

/* ==== Values ==== */

/* A part of the parameters, into the storage type. */
static void convert_part(void *context, int thread, int part)
{
    struct model *model = context;
    struct nn *nn = &model->team.workers[thread].nn;
    size_t room = model->tensors.elements;
    size_t share = (room / (size_t)model->team.part_count + ALIGN_ELEMENTS) / ALIGN_ELEMENTS *
                   ALIGN_ELEMENTS;
    size_t first = share * (size_t)part;

    if (nn->type == DNN_F32 || first >= room)
        return;
    nn->typed->convert((int64_t)(room - first < share ? room - first : share),
                       model->parameters + first,
                       (char *)model->plain + first * dnn_type_bytes(nn->type));
}

void model_pack_part(void *context, int thread, int part)
{
    struct model *model = context;
    struct worker *worker = &model->team.workers[thread];

    products_pack(&model->products, &worker->nn, worker->plans, model->plain, part,
                  model->team.part_count);
}

void model_refresh(struct model *model)
{
    team_deal(&model->team);
#pragma omp parallel num_threads(model->team.size)
    {
        team_do(&model->team, convert_part, model);
        team_do(&model->team, model_pack_part, model);
    }
}

void model_set_seed(struct model *model, uint64_t seed)
{
    model->seed = seed;
}

void model_init(struct model *model, uint64_t seed)
{
    model_set_seed(model, seed);
    tensors_init(&model->tensors, seed, model->team.size);
    if (model->optimizer.state)
        memset(model->optimizer.state, 0,
               model->optimizer.state_count * sizeof *model->optimizer.state);
    model_refresh(model);
}

struct tensor *model_tensors(struct model *model, int *count)
{
    *count = model->tensors.count;
    return model->tensors.list;
}

float *model_optimizer_state(struct model *model, size_t *count)
{
    *count = model->optimizer.state_count;
    return model->optimizer.state;
}

/* ==== Where the time goes ==== */

void model_profile(const struct model *model, struct profile_row rows[PROFILE_KINDS])
{
    team_profile(&model->team, rows);
}

void model_profile_reset(struct model *model)
{
    team_profile_reset(&model->team);
}

const struct primitive *model_primitive(const struct model *model, int i)
{
    return i >= 0 && i < model->primitives.count ? &model->primitives.list[i] : NULL;
}
