/* t5.c - see t5.h.
 *
 * B = batch, m = micro-batch (examples a worker handles at once), Ti and To = input and target
 * length, d = d_model.  Encoder tokens: m Ti, decoder tokens: m To. */
#include "src/glu.h"

#include "src/model/model.h"

#include "src/nn/adafactor.h"
#include "src/nn/attention.h"
#include "src/nn/embedding.h"
#include "src/nn/ffn.h"
#include "src/nn/loss.h"
#include "src/nn/norm.h"
#include "src/util/rng.h"

#include <assert.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALIGN_ELEMENTS = 32,          /* of a tensor in the flat arrays: 64 bytes in bf16 too */
    /* Rows of a micro-batch per d_model: enough that reading and writing a weight gradient costs
     * little beside its product, few enough for the cache (measured at d_model 64 and 256). */
    ROWS_PER_WIDTH = 5,
    SELF = 0, CROSS = 1, FFN = 2, /* a block's sublayers; an encoder has no cross-attention */
    SUBLAYERS = 3
};

/* ==== Plans: a table of every product of tokens and weights ==== */

enum plan {
    ENCODER_Q, ENCODER_KV, ENCODER_O, ENCODER_GATE, ENCODER_UP, ENCODER_OUT,
    DECODER_Q, DECODER_KV, DECODER_O, DECODER_GATE, DECODER_UP, DECODER_OUT,
    LOGITS,
    PLANS
};

enum width { D_MODEL, INNER, D_FF, VOCABULARY };

static const struct plan_row {
    const char *role;
    enum profile_kind kind;
    bool decoder; /* decoder tokens, else encoder tokens */
    enum width in, out;
    bool residual;        /* dst is the f32 residual stream, which it adds to */
    bool diff_accumulate; /* diff_src is a second or third contribution to the same gradient */
    bool gated_only, plain_transposed;
} plan_table[PLANS] = {
    [ENCODER_Q] = {"encoder q", PROFILE_PROJECTION, false, D_MODEL, INNER, false, false, false, false},
    [ENCODER_KV] = {"encoder k, v", PROFILE_PROJECTION, false, D_MODEL, INNER, false, true, false, false},
    [ENCODER_O] = {"encoder o", PROFILE_PROJECTION, false, INNER, D_MODEL, true, false, false, false},
    [ENCODER_GATE] = {"encoder W", PROFILE_FFN, false, D_MODEL, D_FF, false, false, false, false},
    [ENCODER_UP] = {"encoder V", PROFILE_FFN, false, D_MODEL, D_FF, false, true, true, false},
    [ENCODER_OUT] = {"encoder W2", PROFILE_FFN, false, D_FF, D_MODEL, true, false, false, false},
    [DECODER_Q] = {"decoder q", PROFILE_PROJECTION, true, D_MODEL, INNER, false, false, false, false},
    [DECODER_KV] = {"decoder k, v", PROFILE_PROJECTION, true, D_MODEL, INNER, false, true, false, false},
    [DECODER_O] = {"decoder o", PROFILE_PROJECTION, true, INNER, D_MODEL, true, false, false, false},
    [DECODER_GATE] = {"decoder W", PROFILE_FFN, true, D_MODEL, D_FF, false, false, false, false},
    [DECODER_UP] = {"decoder V", PROFILE_FFN, true, D_MODEL, D_FF, false, true, true, false},
    [DECODER_OUT] = {"decoder W2", PROFILE_FFN, true, D_FF, D_MODEL, true, false, false, false},
    [LOGITS] = {"logits", PROFILE_LOGITS, true, D_MODEL, VOCABULARY, false, false, false, true},
};

/* ==== The model ==== */

struct block {
    struct norm norm[SUBLAYERS];
    struct attention_weights attention[2]; /* SELF, CROSS */
    struct ffn_weights ffn;
};

struct stack {
    bool decoder;
    struct block *blocks; /* (layers) */
    struct norm last;
    size_t bias; /* offset of the position bias table */
};

struct block_saved {
    struct norm_saved norm[SUBLAYERS];
    struct attention_saved attention[2];
    struct ffn_saved ffn;
};

struct stack_saved {
    struct block_saved *blocks; /* (layers) */
    struct norm_saved last;
    struct position_bias bias;
    struct attention_plan self;
    struct ffn_plan ffn;
};

struct worker {
    struct nn nn;
    struct linear_plan plans[PLANS];
    struct stack_saved stack[2]; /* encoder, decoder */
    struct attention_plan cross;
    struct attention_scratch attention;
    struct loss_scratch loss;
    int32_t *inputs, *decoder_inputs, *targets; /* (m, Ti), (m, To), (m, To) */
    float *diff;        /* gradient of the residual stream, (most tokens, d) */
    void *diff_copy;    /* the same in the storage type; NULL in f32 */
    float *diff_normed; /* gradient of a norm's output, (most tokens, d) */
    float *diff_memory; /* gradient of the encoder's output, (m Ti, d) */
    double loss_nats;   /* sum over this worker's target tokens */
};

struct model {
    struct model_options options;
    int workers, micro_batch;
    struct arena arena;
    struct model_memory memory;

    struct tensor *tensors;
    size_t *offsets; /* of the tensors in the flat arrays */
    int tensor_count, tensor_room;
    size_t parameter_room; /* elements of a flat array, padding included */

    struct stack stack[2];
    struct linear table; /* the shared embedding as softmax matrix */
    size_t embedding;    /* its offset */
    struct linear **linears;
    int linear_count, linear_room;

    float *parameters, **gradients; /* (workers) */
    void *plain; /* parameters in the storage type: `parameters` themselves in f32 */
    struct adafactor *adafactor;
    struct worker *worker; /* (workers) */
};

bool model_has_bf16(void)
{
    return dnn_has_bf16();
}

/* ==== Tensors ==== */

/* Append a tensor; its offset, or SIZE_MAX when memory runs out. */
static size_t tensor_add(struct model *model, const char *name, int rows, int cols, double stddev)
{
    struct tensor *tensor;
    size_t offset = model->parameter_room;

    if (model->tensor_count == model->tensor_room) {
        int room = model->tensor_room ? 2 * model->tensor_room : 64;
        struct tensor *tensors = realloc(model->tensors, (size_t)room * sizeof *tensors);
        size_t *offsets;

        if (!tensors)
            return SIZE_MAX;
        model->tensors = tensors;
        offsets = realloc(model->offsets, (size_t)room * sizeof *offsets);
        if (!offsets)
            return SIZE_MAX;
        model->offsets = offsets;
        model->tensor_room = room;
    }
    tensor = &model->tensors[model->tensor_count];
    memset(tensor, 0, sizeof *tensor);
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
    tensor->rows = rows;
    tensor->cols = cols;
    tensor->init_stddev = stddev;
    model->offsets[model->tensor_count++] = offset;
    model->parameter_room +=
        ((size_t)rows * (size_t)cols + ALIGN_ELEMENTS - 1) / ALIGN_ELEMENTS * ALIGN_ELEMENTS;
    return offset;
}

static int norm_add(struct model *model, struct norm *norm, const char *prefix, double scale)
{
    char name[96];

    snprintf(name, sizeof name, "%slayer_norm.weight", prefix);
    norm->scale = (float)scale;
    norm->offset = tensor_add(model, name, 1, model->options.model.d_model, 0);
    if (norm->offset == SIZE_MAX)
        return -1;
    model->tensors[model->tensor_count - 1].vector = true;
    return 0;
}

static int linear_note(struct model *model, struct linear *linear)
{
    if (model->linear_count == model->linear_room) {
        int room = model->linear_room ? 2 * model->linear_room : 64;
        struct linear **linears = realloc(model->linears, (size_t)room * sizeof(*linears));

        if (!linears)
            return -1;
        model->linears = linears;
        model->linear_room = room;
    }
    model->linears[model->linear_count++] = linear;
    return 0;
}

static int width_of(const struct model_config *config, enum width width)
{
    switch (width) {
    case D_MODEL:
        return config->d_model;
    case INNER:
        return config->heads * config->d_kv;
    case D_FF:
        return config->d_ff;
    case VOCABULARY:
        break;
    }
    return config->vocabulary;
}

static int linear_add(struct model *model, struct linear *linear, enum plan plan, const char *prefix,
                      const char *suffix, double stddev)
{
    const struct plan_row *row = &plan_table[plan];
    const struct model_config *config = &model->options.model;
    char name[96];

    snprintf(name, sizeof name, "%s%s.weight", prefix, suffix);
    memset(linear, 0, sizeof *linear);
    linear->plan = plan;
    linear->offset = tensor_add(model, name, width_of(config, row->in), width_of(config, row->out),
                                stddev);
    if (linear->offset == SIZE_MAX || linear_note(model, linear))
        return -1;
    model->tensors[model->tensor_count - 1].transposed = true;
    model->tensors[model->tensor_count - 1].ffn = row->kind == PROFILE_FFN;
    return 0;
}

static int attention_add(struct model *model, struct attention_weights *weights, enum plan q,
                         enum plan kv, const char *prefix)
{
    const struct model_config *config = &model->options.model;
    double d_model = config->d_model, d_kv = config->d_kv, heads = config->heads;

    if (linear_add(model, &weights->q, q, prefix, "q", pow(d_model * d_kv, -0.5)) ||
        linear_add(model, &weights->k, kv, prefix, "k", pow(d_model, -0.5)) ||
        linear_add(model, &weights->v, kv, prefix, "v", pow(d_model, -0.5)) ||
        linear_add(model, &weights->o, q == ENCODER_Q ? ENCODER_O : DECODER_O, prefix, "o",
                   pow(heads * d_kv, -0.5)))
        return -1;
    return 0;
}

static int ffn_add(struct model *model, struct ffn_weights *weights, bool decoder, const char *prefix)
{
    const struct model_config *config = &model->options.model;
    bool gated = model->options.variant->gated;
    double in = pow(config->d_model, -0.5), out = pow(config->d_ff, -0.5);

    if (linear_add(model, &weights->gate, decoder ? DECODER_GATE : ENCODER_GATE, prefix,
                   gated ? "wi_0" : "wi", in) ||
        (gated && linear_add(model, &weights->up, decoder ? DECODER_UP : ENCODER_UP, prefix, "wi_1",
                             in)) ||
        linear_add(model, &weights->out, decoder ? DECODER_OUT : ENCODER_OUT, prefix, "wo", out))
        return -1;
    return 0;
}

static int block_add(struct model *model, struct stack *stack, int index)
{
    struct block *block = &stack->blocks[index];
    const char *side = stack->decoder ? "decoder" : "encoder";
    enum plan q = stack->decoder ? DECODER_Q : ENCODER_Q;
    int heads = model->options.model.heads, layer = 0;
    char prefix[64];

    snprintf(prefix, sizeof prefix, "%s.block.%d.layer.%d.SelfAttention.", side, index, layer);
    if (attention_add(model, &block->attention[SELF], q, stack->decoder ? DECODER_KV : ENCODER_KV,
                      prefix))
        return -1;
    if (index == 0) {
        char name[96];

        snprintf(name, sizeof name, "%srelative_attention_bias.weight", prefix);
        stack->bias = tensor_add(model, name, POSITION_BUCKETS, heads,
                                 pow(model->options.model.d_model, -0.5));
        if (stack->bias == SIZE_MAX)
            return -1;
    }
    snprintf(prefix, sizeof prefix, "%s.block.%d.layer.%d.", side, index, layer++);
    if (norm_add(model, &block->norm[SELF], prefix, 1))
        return -1;
    if (stack->decoder) {
        snprintf(prefix, sizeof prefix, "%s.block.%d.layer.%d.EncDecAttention.", side, index, layer);
        if (attention_add(model, &block->attention[CROSS], DECODER_Q, ENCODER_KV, prefix))
            return -1;
        snprintf(prefix, sizeof prefix, "%s.block.%d.layer.%d.", side, index, layer++);
        if (norm_add(model, &block->norm[CROSS], prefix, 1))
            return -1;
    }
    snprintf(prefix, sizeof prefix, "%s.block.%d.layer.%d.DenseReluDense.", side, index, layer);
    if (ffn_add(model, &block->ffn, stack->decoder, prefix))
        return -1;
    snprintf(prefix, sizeof prefix, "%s.block.%d.layer.%d.", side, index, layer);
    return norm_add(model, &block->norm[FFN], prefix, 1);
}

/* The tensor table: names, shapes and offsets, without memory for the values. */
static int tensors_lay_out(struct model *model)
{
    const struct model_config *config = &model->options.model;

    memset(&model->table, 0, sizeof model->table);
    model->embedding = tensor_add(model, "shared.weight", config->vocabulary, config->d_model, 1);
    if (model->embedding == SIZE_MAX)
        goto fail;
    model->table.plan = LOGITS;
    model->table.offset = model->embedding;
    model->table.plain_transposed = true;
    if (linear_note(model, &model->table))
        goto fail;
    for (int s = 0; s < 2; s++) {
        struct stack *stack = &model->stack[s];

        stack->decoder = s == 1;
        stack->blocks = calloc((size_t)config->layers, sizeof *stack->blocks);
        if (!stack->blocks)
            goto fail;
        for (int i = 0; i < config->layers; i++)
            if (block_add(model, stack, i))
                goto fail;
        if (norm_add(model, &stack->last, stack->decoder ? "decoder.final_" : "encoder.final_",
                     stack->decoder ? pow(config->d_model, -0.5) : 1))
            goto fail;
    }
    return 0;
fail:
    return err_set("out of memory");
}

/* ==== Building ==== */

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
        {"batch", options->batch, 1 << 20},          {"threads", options->threads, 1 << 12},
    };

    for (size_t i = 0; i < LENGTH_OF(limits); i++)
        if (limits[i].value < 1 || limits[i].value > limits[i].most)
            return err_set("%s is %d; it must be 1 to %d", limits[i].name, limits[i].value,
                           limits[i].most);
    if (config->heads * (int64_t)config->d_kv > 1 << 20)
        return err_set("heads times d_kv is %lld; it must be at most %d",
                       (long long)config->heads * config->d_kv, 1 << 20);
    if (options->micro_batch < 0 || options->micro_batch > options->batch)
        return err_set("micro_batch is %d; it must be 0 (chosen) to batch, %d",
                       options->micro_batch, options->batch);
    if (options->precision == PRECISION_BF16 && !dnn_has_bf16())
        return err_set("this CPU has no bf16 instructions (avx512_core_bf16); use --precision f32");
    return 0;
}

/* Examples per micro-batch: as many as ROWS_PER_WIDTH asks for, then evened out over a worker's
 * share so that the last one is not nearly empty. */
static int micro_batch_choose(const struct model_options *options, int workers)
{
    int share = (options->batch + workers - 1) / workers;
    int tokens = options->model.input_length + options->model.target_length;
    int rows = ROWS_PER_WIDTH * options->model.d_model;
    int most = rows < tokens ? 1 : rows / tokens;
    int pieces;

    if (options->micro_batch)
        return options->micro_batch;
    pieces = (share + most - 1) / most;
    return (share + pieces - 1) / pieces;
}

static int stack_tokens(const struct model *model, bool decoder)
{
    const struct model_config *config = &model->options.model;

    return model->micro_batch * (decoder ? config->target_length : config->input_length);
}

static int worker_plans(struct model *model, struct worker *worker)
{
    enum dnn_type type = worker->nn.type;

    for (int i = 0; i < PLANS; i++) {
        const struct plan_row *row = &plan_table[i];
        struct linear_spec spec = {
            .kind = row->kind,
            .tokens = stack_tokens(model, row->decoder),
            .in = width_of(&model->options.model, row->in),
            .out = width_of(&model->options.model, row->out),
            .dst_type = row->residual || i == LOGITS ? DNN_F32 : type,
            .dst_accumulate = row->residual,
            .diff_type = row->residual ? type : DNN_F32,
            .diff_accumulate = row->diff_accumulate,
        };

        if (row->gated_only && !model->options.variant->gated)
            continue;
        if (linear_plan_create(&worker->plans[i], &worker->nn, &spec, row->plain_transposed))
            return err_prepend("%s", row->role);
    }
    return 0;
}

static struct attention_shape attention_shape_of(const struct model *model, bool decoder, int kind)
{
    const struct model_config *config = &model->options.model;
    struct attention_shape shape = {
        .examples = model->micro_batch,
        .heads = config->heads,
        .d_kv = config->d_kv,
        .queries = decoder ? config->target_length : config->input_length,
        .keys = decoder && kind == SELF ? config->target_length : config->input_length,
        .causal = decoder && kind == SELF};

    return shape;
}

static int worker_stack(struct model *model, struct worker *worker, int s)
{
    const struct model_config *config = &model->options.model;
    const struct variant *variant = model->options.variant;
    struct stack_saved *saved = &worker->stack[s];
    struct nn *nn = &worker->nn;
    bool decoder = s == 1;
    int tokens = stack_tokens(model, decoder);
    /* The decoder's rows of the table stand in the encoder's order. */
    const struct linear_plan *plans = worker->plans + (decoder ? DECODER_Q : ENCODER_Q);
    struct attention_shape self = attention_shape_of(model, decoder, SELF);
    struct attention_shape cross = attention_shape_of(model, decoder, CROSS);

    if (!saved->blocks)
        saved->blocks = calloc((size_t)config->layers, sizeof *saved->blocks);
    if (!saved->blocks)
        return err_set("out of memory");
    for (int i = 0; i < config->layers; i++) {
        struct block_saved *block = &saved->blocks[i];

        for (int k = SELF; k <= FFN; k++) {
            if (k == CROSS && !decoder)
                continue;
            norm_saved_alloc(&block->norm[k], nn, &model->arena, tokens, config->d_model);
        }
        attention_saved_alloc(&block->attention[SELF], nn, &model->arena, &self);
        if (decoder)
            attention_saved_alloc(&block->attention[CROSS], nn, &model->arena, &cross);
        ffn_saved_alloc(&block->ffn, nn, &model->arena, variant, tokens, config->d_ff);
    }
    norm_saved_alloc(&saved->last, nn, &model->arena, tokens, config->d_model);
    position_bias_alloc(&saved->bias, nn, &model->arena, config->heads, self.queries, self.keys,
                        !decoder, model->stack[s].bias);
    if (attention_plan_create(&saved->self, nn, &self, &plans[ENCODER_Q], &plans[ENCODER_KV],
                              &plans[ENCODER_O]) ||
        ffn_plan_create(&saved->ffn, nn, &model->arena, variant, tokens, config->d_ff, true,
                        &plans[ENCODER_GATE], &plans[ENCODER_UP], &plans[ENCODER_OUT]))
        return -1;
    if (decoder)
        return attention_plan_create(&worker->cross, nn, &cross, &plans[ENCODER_Q],
                                     &worker->plans[ENCODER_KV], &plans[ENCODER_O]);
    return 0;
}

static void worker_scratch(struct model *model, struct worker *worker)
{
    const struct model_config *config = &model->options.model;
    struct arena *arena = &model->arena;
    struct nn *nn = &worker->nn;
    int m = model->micro_batch, in = config->input_length, out = config->target_length;
    int most = in > out ? in : out;
    size_t stream = nn_count(m, most, config->d_model);

    worker->inputs = arena_alloc(arena, nn_count(m, in, 1), sizeof(int32_t));
    worker->decoder_inputs = arena_alloc(arena, nn_count(m, out, 1), sizeof(int32_t));
    worker->targets = arena_alloc(arena, nn_count(m, out, 1), sizeof(int32_t));
    attention_scratch_alloc(&worker->attention, nn, arena, m, config->heads, config->d_kv, most,
                            nn_count(most, most, 1));
    loss_scratch_alloc(&worker->loss, nn, arena, m * out, config->vocabulary);
    if (!nn->train)
        return;
    worker->diff = arena_alloc(arena, stream, sizeof(float));
    worker->diff_copy = nn->type == DNN_F32 ? NULL : nn_alloc(nn, arena, stream);
    worker->diff_normed = arena_alloc(arena, stream, sizeof(float));
    worker->diff_memory = arena_alloc(arena, nn_count(m, in, config->d_model), sizeof(float));
}

/* Destroys the primitives; the buffers belong to the arena. */
static void worker_close(struct worker *worker)
{
    for (int s = 0; s < 2; s++) {
        attention_plan_destroy(&worker->stack[s].self);
        ffn_plan_destroy(&worker->stack[s].ffn);
    }
    attention_plan_destroy(&worker->cross);
    for (int i = 0; i < PLANS; i++)
        linear_plan_destroy(&worker->plans[i]);
}

static int worker_open(struct model *model, struct worker *worker)
{
    size_t before = model->arena.used_bytes;

    worker->nn.type = model->options.precision == PRECISION_BF16 ? DNN_BF16 : DNN_F32;
    worker->nn.train = !model->options.forward_only;
    worker->nn.kernels = kernels_get();
    worker->nn.typed = &worker->nn.kernels->type[worker->nn.type];
    if ((!worker->nn.dnn && dnn_create(&worker->nn.dnn)) || worker_plans(model, worker) ||
        worker_stack(model, worker, 0) || worker_stack(model, worker, 1))
        return -1;
    model->memory.activations += model->arena.used_bytes - before;
    before = model->arena.used_bytes;
    worker_scratch(model, worker);
    dnn_set_scratch(worker->nn.dnn,
                    arena_alloc(&model->arena, dnn_scratch_bytes(worker->nn.dnn), 1));
    model->memory.scratch += model->arena.used_bytes - before;
    return 0;
}

/* Everything that takes memory, in one order for measuring and for the real thing. */
static int model_build(struct model *model)
{
    struct arena *arena = &model->arena;
    struct model_memory *memory = &model->memory;
    bool train = !model->options.forward_only;
    size_t room = model->parameter_room, before;

    memset(memory, 0, sizeof *memory);
    before = arena->used_bytes;
    model->parameters = arena_alloc(arena, room, sizeof(float));
    model->plain = model->options.precision == PRECISION_BF16 ? arena_alloc(arena, room, 2)
                                                              : model->parameters;
    memory->parameters = arena->used_bytes - before;

    before = arena->used_bytes;
    for (int w = 0; train && w < model->workers; w++)
        model->gradients[w] = model->worker[w].nn.diff = arena_alloc(arena, room, sizeof(float));
    memory->gradients = arena->used_bytes - before;

    before = arena->used_bytes;
    if (train) {
        struct adafactor_shape *shapes =
            calloc((size_t)model->tensor_count, sizeof *shapes);
        int status;

        if (!shapes)
            return err_set("out of memory");
        for (int i = 0; i < model->tensor_count; i++)
            shapes[i] = (struct adafactor_shape){model->offsets[i], model->tensors[i].rows,
                                                 model->tensors[i].cols};
        status = adafactor_create(&model->adafactor, arena, shapes, model->tensor_count);
        free(shapes);
        if (status)
            return -1;
    }
    memory->optimizer = arena->used_bytes - before;

    for (int w = 0; w < model->workers; w++)
        if (worker_open(model, &model->worker[w]))
            return -1;

    before = arena->used_bytes;
    for (int i = 0; i < model->linear_count; i++) {
        struct linear *linear = model->linears[i];

        if (linear_create(linear, &model->worker[0].nn, &model->worker[0].plans[linear->plan],
                          arena))
            return -1;
    }
    memory->packed_weights = arena->used_bytes - before;
    memory->total = arena->used_bytes;
    if (arena->overflow)
        return err_set("the model does not fit this machine's memory");
    return 0;
}

/* Undo model_build() but keep the tensor table. */
static void model_unbuild(struct model *model)
{
    for (int i = 0; i < model->linear_count; i++)
        linear_destroy(model->linears[i]);
    for (int w = 0; model->worker && w < model->workers; w++)
        worker_close(&model->worker[w]);
    adafactor_destroy(model->adafactor);
    model->adafactor = NULL;
    arena_close(&model->arena);
}

/* Bytes that backward needs of a token, micro-batch tokens being counted: what is really kept, and
 * the least without recomputation (inputs of products, gate and up, probabilities, the norms'
 * inputs in the storage type). */
static void memory_per_token(struct model *model)
{
    const struct model_config *c = &model->options.model;
    double bytes = model->options.precision == PRECISION_BF16 ? 2 : 4;
    double in = c->input_length, out = c->target_length, inner = (double)c->heads * c->d_kv;
    double ffn = (model->options.variant->gated ? 3.0 : 2.0) * c->d_ff;
    double encoder = 2.0 * c->d_model + 4 * inner + c->heads * in + ffn;
    double decoder = 3.0 * c->d_model + 6 * inner + c->heads * (out + in) + ffn;
    double memory_side = 2 * inner; /* k and v of cross-attention, an encoder token's */
    double least = c->layers * (in * (encoder + memory_side) + out * decoder) +
                   (in + out) * c->d_model;
    double tokens = (double)model->workers * model->micro_batch * (in + out);

    model->memory.activations_per_token = (size_t)((double)model->memory.activations / tokens);
    model->memory.activations_per_token_minimum = (size_t)(least * bytes / (in + out));
}

int model_outline(struct model **result, const struct model_options *options)
{
    struct model *model;

    *result = NULL;
    if (options_check(options))
        return -1;
    model = calloc(1, sizeof *model);
    if (!model)
        return err_set("out of memory");
    model->options = *options;
    model->workers = options->threads < options->batch ? options->threads : options->batch;
    model->micro_batch = micro_batch_choose(options, model->workers);
    model->options.micro_batch = model->micro_batch;
    arena_measure(&model->arena);
    model->worker = calloc((size_t)model->workers, sizeof *model->worker);
    model->gradients = calloc((size_t)model->workers, sizeof *model->gradients);
    if (!model->worker || !model->gradients) {
        err_set("out of memory");
        goto fail;
    }
    if (tensors_lay_out(model))
        goto fail;
    *result = model;
    return 0;
fail:
    model_destroy(model);
    return -1;
}

int model_memory(const struct model_options *options, struct model_memory *memory)
{
    struct model *model;
    int status;

    memset(memory, 0, sizeof *memory);
    if (model_outline(&model, options))
        return -1;
    status = model_build(model);
    if (status == 0) {
        memory_per_token(model);
        *memory = model->memory;
    }
    model_destroy(model);
    return status;
}

int model_create(struct model **result, const struct model_options *options)
{
    struct model *model;
    size_t bytes;

    *result = NULL;
    if (model_outline(&model, options) || model_build(model))
        goto fail;
    memory_per_token(model);
    bytes = model->memory.total;
    model_unbuild(model);
    if (arena_open(&model->arena, bytes) || model_build(model))
        goto fail;
    memory_per_token(model);
    for (int i = 0; i < model->tensor_count; i++) {
        model->tensors[i].value = model->parameters + model->offsets[i];
        model->tensors[i].gradient =
            options->forward_only ? NULL : model->gradients[0] + model->offsets[i];
    }
    model_init(model, 0);
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
    for (int w = 0; model->worker && w < model->workers; w++) {
        dnn_destroy(model->worker[w].nn.dnn);
        for (int s = 0; s < 2; s++)
            free(model->worker[w].stack[s].blocks);
    }
    for (int s = 0; s < 2; s++)
        free(model->stack[s].blocks);
    free(model->worker);
    free(model->gradients);
    free(model->linears);
    free(model->tensors);
    free(model->offsets);
    free(model);
}

const struct model_options *model_get_options(const struct model *model)
{
    return &model->options;
}

int model_counts(const struct model_options *options, struct model_counts *counts)
{
    const struct model_config *c = &options->model;
    /* In double, which is exact for all that can be trained and does not overflow for the rest. */
    double inner = (double)c->heads * c->d_kv, in = c->input_length, out = c->target_length;
    double projection = 2.0 * c->d_model * inner, mats = options->variant->gated ? 3 : 2;
    double ffn = 2 * mats * c->d_model * c->d_ff, example;
    struct model *model;

    memset(counts, 0, sizeof *counts);
    if (model_outline(&model, options))
        return -1;
    for (int i = 0; i < model->tensor_count; i++) {
        int64_t count = (int64_t)model->tensors[i].rows * model->tensors[i].cols;

        counts->parameters += count;
        if (model->tensors[i].ffn)
            counts->ffn_parameters += count;
    }
    model_destroy(model);
    /* encoder self, decoder self, cross; two products of scores and values in each */
    example = in * (4 * projection + ffn) + 4 * in * in * inner;
    example += out * (4 * projection + ffn) + 4 * out * out * inner;
    example += 2 * (out + in) * projection + 4 * out * in * inner;
    example = c->layers * example + 2 * out * c->d_model * c->vocabulary;
    if (options->batch * example > 0x1p60)
        return err_set("a step of %g floating-point operations is beyond any machine; give a smaller "
                       "model or --batch",
                       3.0 * options->batch * example);
    counts->forward_flops = (int64_t)(options->batch * example);
    counts->train_flops = 3 * counts->forward_flops;
    counts->ffn_forward_flops = (int64_t)(options->batch * c->layers * (in + out) * ffn);
    return 0;
}

/* ==== Values ==== */

static void parameters_pack(struct model *model, int worker)
{
    struct nn *nn = &model->worker[worker].nn;
    double start = profile_now_s();

    for (int i = worker; i < model->linear_count; i += model->workers) {
        struct linear *linear = model->linears[i];

        linear_pack(nn, &model->worker[worker].plans[linear->plan], linear, model->plain);
    }
    nn_book(nn, PROFILE_PACK, &start, 0, 0);
}

void model_refresh(struct model *model)
{
    if (model->options.precision == PRECISION_BF16)
        model->worker[0].nn.typed->convert((int64_t)model->parameter_room, model->parameters,
                                           model->plain);
    for (int w = 0; w < model->workers; w++)
        parameters_pack(model, w);
}

void model_init(struct model *model, uint64_t seed)
{
    for (int i = 0; i < model->tensor_count; i++) {
        struct tensor *tensor = &model->tensors[i];
        size_t count = (size_t)tensor->rows * (size_t)tensor->cols;
        struct rng rng;

        rng_start(&rng, seed, RNG_INIT, rng_lane(tensor->name));
        for (size_t j = 0; j < count; j++)
            tensor->value[j] =
                tensor->init_stddev == 0 ? 1.0f : (float)(tensor->init_stddev * rng_normal(&rng));
    }
    if (model->adafactor) {
        size_t count;
        float *state = adafactor_state(model->adafactor, &count);

        memset(state, 0, count * sizeof *state);
    }
    model_refresh(model);
}

struct tensor *model_tensors(struct model *model, int *count)
{
    *count = model->tensor_count;
    return model->tensors;
}

float *model_optimizer_state(struct model *model, size_t *count)
{
    *count = 0;
    return model->adafactor ? adafactor_state(model->adafactor, count) : NULL;
}

double model_learning_rate(int64_t t, int64_t steps, double lr0, int64_t warmup_steps,
                        double decay_fraction)
{
    double warm = warmup_steps > 0 ? (double)warmup_steps : 1;
    double rate = lr0 * sqrt(warm / fmax((double)t, warm));
    double left = decay_fraction > 0
                      ? (double)(steps - t + 1) / (decay_fraction * (double)steps)
                      : 1;

    return rate * fmin(1, left);
}

/* ==== Forward and backward of a micro-batch ==== */

/* Examples first .. first + count - 1 of the batch, filled up with examples of pad, whose targets
 * count nothing. */
static void worker_load(struct model *model, struct worker *worker, const struct batch *batch,
                        int first, int count)
{
    int in = batch->input_length, out = batch->target_length;

    for (int i = 0; i < model->micro_batch; i++) {
        int32_t *inputs = worker->inputs + (size_t)i * (size_t)in;
        int32_t *targets = worker->targets + (size_t)i * (size_t)out;
        int32_t *shifted = worker->decoder_inputs + (size_t)i * (size_t)out;

        if (i < count) {
            memcpy(inputs, batch->inputs + (size_t)(first + i) * (size_t)in,
                   (size_t)in * sizeof *inputs);
            memcpy(targets, batch->targets + (size_t)(first + i) * (size_t)out,
                   (size_t)out * sizeof *targets);
        } else {
            memset(inputs, 0, (size_t)in * sizeof *inputs);
            memset(targets, 0, (size_t)out * sizeof *targets);
        }
        shifted[0] = TOKEN_PAD;
        memcpy(shifted + 1, targets, (size_t)(out - 1) * sizeof *targets);
    }
}

/* The residual stream that follows sublayer k of block i: the next norm's source. */
static float *stream_after(struct stack_saved *saved, int layers, bool decoder, int i, int k)
{
    if (k == FFN)
        return i + 1 < layers ? saved->blocks[i + 1].norm[SELF].src : saved->last.src;
    return saved->blocks[i].norm[k == SELF && decoder ? CROSS : FFN].src;
}

static void stack_forward(struct model *model, struct worker *worker, int s, const int32_t *ids,
                          const void *memory)
{
    const struct model_config *config = &model->options.model;
    struct stack *stack = &model->stack[s];
    struct stack_saved *saved = &worker->stack[s];
    struct nn *nn = &worker->nn;
    int tokens = stack_tokens(model, stack->decoder), d_model = config->d_model;

    embedding_forward(nn, model->parameters + model->embedding, d_model, tokens, ids,
                      saved->blocks[0].norm[SELF].src);
    for (int i = 0; i < config->layers; i++) {
        struct block *block = &stack->blocks[i];
        struct block_saved *kept = &saved->blocks[i];

        for (int k = SELF; k <= FFN; k++) {
            float *next = stream_after(saved, config->layers, stack->decoder, i, k);
            const void *src = kept->norm[k].dst;

            if (k == CROSS && !stack->decoder)
                continue;
            norm_forward(nn, &block->norm[k], model->parameters, tokens, d_model, &kept->norm[k],
                         next);
            if (k == FFN)
                ffn_forward(nn, &saved->ffn, &block->ffn, src, &kept->ffn, next);
            else
                attention_forward(nn, k == SELF ? &saved->self : &worker->cross,
                                  &block->attention[k], src, k == SELF ? src : memory,
                                  k == SELF ? &saved->bias : NULL, &kept->attention[k],
                                  &worker->attention, next);
        }
    }
    norm_forward(nn, &stack->last, model->parameters, tokens, d_model, &saved->last, NULL);
}

/* Gradient of the stack's output in worker->diff_normed or, for the encoder, diff_memory. */
static void stack_backward(struct model *model, struct worker *worker, int s, const int32_t *ids,
                           const void *memory, const float *diff_dst)
{
    const struct model_config *config = &model->options.model;
    struct stack *stack = &model->stack[s];
    struct stack_saved *saved = &worker->stack[s];
    struct nn *nn = &worker->nn;
    int tokens = stack_tokens(model, stack->decoder), d_model = config->d_model;
    const void *diff = worker->diff_copy ? worker->diff_copy : worker->diff;

    memset(worker->diff, 0, (size_t)tokens * (size_t)d_model * sizeof(float));
    norm_backward(nn, &stack->last, model->parameters, tokens, d_model, &saved->last, diff_dst,
                  worker->diff, worker->diff_copy);
    for (int i = config->layers - 1; i >= 0; i--) {
        struct block *block = &stack->blocks[i];
        struct block_saved *kept = &saved->blocks[i];

        for (int k = FFN; k >= SELF; k--) {
            const void *src = kept->norm[k].dst;

            if (k == CROSS && !stack->decoder)
                continue;
            if (k == FFN)
                ffn_backward(nn, &saved->ffn, &block->ffn, src, &kept->ffn, diff,
                             worker->diff_normed);
            else
                attention_backward(nn, k == SELF ? &saved->self : &worker->cross,
                                   &block->attention[k], src, k == SELF ? src : memory,
                                   k == SELF ? &saved->bias : NULL, &kept->attention[k],
                                   &worker->attention, diff, worker->diff_normed,
                                   k == SELF ? worker->diff_normed : worker->diff_memory);
            norm_backward(nn, &block->norm[k], model->parameters, tokens, d_model, &kept->norm[k],
                          worker->diff_normed, worker->diff, worker->diff_copy);
        }
    }
    embedding_backward(nn, nn->diff + model->embedding, d_model, tokens, ids, worker->diff);
}

static void micro_batch_forward(struct model *model, struct worker *worker, float scale, bool train)
{
    const void *memory = worker->stack[0].last.dst;

    stack_forward(model, worker, 0, worker->inputs, NULL);
    stack_forward(model, worker, 1, worker->decoder_inputs, memory);
    loss_run(&worker->nn, &worker->plans[LOGITS], &model->table, &worker->loss,
             worker->stack[1].last.dst, worker->targets, scale, train ? worker->diff_normed : NULL);
}

static void micro_batch_backward(struct model *model, struct worker *worker)
{
    const void *memory = worker->stack[0].last.dst;

    memset(worker->diff_memory, 0,
           (size_t)stack_tokens(model, false) * (size_t)model->options.model.d_model *
               sizeof(float));
    stack_backward(model, worker, 1, worker->decoder_inputs, memory, worker->diff_normed);
    stack_backward(model, worker, 0, worker->inputs, NULL, worker->diff_memory);
}

static void worker_load_bias(struct model *model, struct worker *worker)
{
    for (int s = 0; s < 2; s++)
        position_bias_load(&worker->stack[s].bias, model->parameters + model->stack[s].bias);
}

/* This worker's share of the batch, into its own gradient. */
static void worker_gradient(struct model *model, int index, const struct batch *batch, float scale)
{
    struct worker *worker = &model->worker[index];
    int first = (int)((int64_t)batch->examples * index / model->workers);
    int last = (int)((int64_t)batch->examples * (index + 1) / model->workers);

    memset(worker->nn.diff, 0, model->parameter_room * sizeof(float));
    worker_load_bias(model, worker);
    worker->loss_nats = 0;
    for (; first < last; first += model->micro_batch) {
        int count = last - first < model->micro_batch ? last - first : model->micro_batch;

        worker_load(model, worker, batch, first, count);
        micro_batch_forward(model, worker, scale, true);
        for (int i = 0; i < count * batch->target_length; i++)
            worker->loss_nats += worker->loss.row_nats[i];
        micro_batch_backward(model, worker);
    }
    for (int s = 0; s < 2; s++)
        position_bias_flush(&worker->stack[s].bias, &worker->nn);
}

/* Per-example losses of every workers-th micro-batch. */
static void worker_evaluate(struct model *model, int index, const struct batch *batch,
                            double *example_loss_nats)
{
    struct worker *worker = &model->worker[index];
    int m = model->micro_batch, out = batch->target_length;

    worker_load_bias(model, worker);
    for (int first = index * m; first < batch->examples; first += model->workers * m) {
        int count = batch->examples - first < m ? batch->examples - first : m;

        worker_load(model, worker, batch, first, count);
        micro_batch_forward(model, worker, 0, false);
        for (int i = 0; i < count; i++) {
            double sum = 0;
            int tokens = 0;

            for (int j = i * out; j < (i + 1) * out; j++) {
                sum += worker->loss.row_nats[j];
                tokens += worker->targets[j] != TOKEN_PAD;
            }
            example_loss_nats[first + i] = tokens ? sum / tokens : 0;
        }
    }
}

/* ==== Steps ==== */

static int batch_check(const struct model *model, const struct batch *batch)
{
    const struct model_config *config = &model->options.model;
    const struct {
        const char *name;
        const int32_t *ids;
        int length;
    } sides[] = {{"input", batch->inputs, batch->input_length},
                 {"target", batch->targets, batch->target_length}};

    if (batch->input_length != config->input_length ||
        batch->target_length != config->target_length)
        return err_set("a batch of %d/%d tokens does not fit a model of %d/%d",
                       batch->input_length, batch->target_length, config->input_length,
                       config->target_length);
    for (size_t s = 0; s < LENGTH_OF(sides); s++)
        for (int64_t i = 0; i < (int64_t)batch->examples * sides[s].length; i++)
            if (sides[s].ids[i] < 0 || sides[s].ids[i] >= config->vocabulary)
                return err_set("%s token %lld of the batch is %d; the vocabulary has %d",
                               sides[s].name, (long long)i, (int)sides[s].ids[i],
                               config->vocabulary);
    return 0;
}

/* All threads wait here; the time is booked. */
static void workers_wait(struct model *model)
{
    int index = omp_get_thread_num();
    double start = profile_now_s();

#pragma omp barrier
    nn_book(&model->worker[index].nn, PROFILE_WAIT, &start, 0, 0);
}

/* Gradient, and with `step` an update.  Runs workers in turn when the runtime gives fewer threads
 * than asked for. */
static int model_step(struct model *model, const struct batch *batch, struct adafactor_step *step,
                      bool update, double *loss_nats)
{
    int64_t targets = 0;
    double loss = 0;
    bool finite = true;

    assert(!model->options.forward_only);
    if (batch->examples != model->options.batch)
        return err_set("a batch of %d examples does not fit a model made for %d", batch->examples,
                       model->options.batch);
    if (batch_check(model, batch))
        return -1;
    for (int64_t i = 0; i < (int64_t)batch->examples * batch->target_length; i++)
        targets += batch->targets[i] != TOKEN_PAD;
    if (targets == 0)
        return err_set("the batch has no target token but pad");
    step->parameters = model->parameters;
    step->gradients = model->gradients;
    step->workers = model->workers;
    step->plain = model->options.precision == PRECISION_BF16 ? model->plain : NULL;

#pragma omp parallel num_threads(model->workers) shared(loss, finite)
    {
        int threads = omp_get_num_threads(), thread = omp_get_thread_num();

        for (int w = thread; w < model->workers; w += threads)
            worker_gradient(model, w, batch, (float)(1.0 / (double)targets));
        workers_wait(model);
#pragma omp single
        {
            for (int w = 0; w < model->workers; w++)
                loss += model->worker[w].loss_nats;
            loss /= (double)targets;
            finite = isfinite(loss);
        }
        if (!update) {
            for (int w = thread; w < model->workers; w += threads)
                adafactor_sum(model->adafactor, &model->worker[w].nn, step, w);
        } else if (finite) {
            for (int phase = 0; phase < ADAFACTOR_PHASES; phase++) {
                for (int w = thread; w < model->workers; w += threads)
                    adafactor_phase(model->adafactor, &model->worker[w].nn, step, phase, w);
                workers_wait(model);
            }
            for (int w = thread; w < model->workers; w += threads)
                parameters_pack(model, w);
        }
    }
    *loss_nats = loss;
    return 0;
}

int model_gradient(struct model *model, const struct batch *batch, double *loss_nats)
{
    struct adafactor_step step = {.t = 1};

    return model_step(model, batch, &step, false, loss_nats);
}

int model_train_step(struct model *model, const struct batch *batch, int64_t step, double learning_rate,
                  double *loss_nats)
{
    struct adafactor_step update = {.t = step, .learning_rate = learning_rate};

    return model_step(model, batch, &update, true, loss_nats);
}

int model_evaluate(struct model *model, const struct batch *batch, double *example_loss_nats)
{
    if (batch_check(model, batch))
        return -1;
#pragma omp parallel num_threads(model->workers)
    for (int w = omp_get_thread_num(); w < model->workers; w += omp_get_num_threads())
        worker_evaluate(model, w, batch, example_loss_nats);
    return 0;
}

/* ==== Where the time goes ==== */

void model_profile(const struct model *model, struct profile_row rows[PROFILE_KINDS])
{
    memset(rows, 0, PROFILE_KINDS * sizeof *rows);
    for (int w = 0; w < model->workers; w++)
        for (int i = 0; i < PROFILE_KINDS; i++) {
            rows[i].s += model->worker[w].nn.profile[i].s;
            rows[i].flops += model->worker[w].nn.profile[i].flops;
            rows[i].bytes += model->worker[w].nn.profile[i].bytes;
        }
}

void model_profile_reset(struct model *model)
{
    for (int w = 0; w < model->workers; w++)
        memset(model->worker[w].nn.profile, 0, sizeof model->worker[w].nn.profile);
}

static bool primitive_set(struct model_primitive *primitive, const char *implementation,
                          const char *first, const char *second)
{
    snprintf(primitive->role, sizeof primitive->role, "%s %s", first, second);
    primitive->implementation = implementation;
    return true;
}

/* Take primitives that exist one off *i, until there are none left to take. */
static bool linear_primitive(const struct linear_plan *plan, const char *role, int *i,
                             struct model_primitive *primitive)
{
    const struct dnn_matmul *products[] = {plan->forward, plan->backward, plan->weights};
    const struct dnn_packer *packers[] = {plan->pack_forward, plan->pack_backward};
    static const char *const names[] = {"forward", "backward", "weights"};
    static const char *const pack_names[] = {"pack forward", "pack backward"};

    for (size_t k = 0; k < LENGTH_OF(products); k++)
        if (products[k] && (*i)-- == 0)
            return primitive_set(primitive, dnn_matmul_implementation(products[k]), role, names[k]);
    for (size_t k = 0; k < LENGTH_OF(packers); k++)
        if (packers[k] && (*i)-- == 0)
            return primitive_set(primitive, dnn_packer_implementation(packers[k]), role,
                                 pack_names[k]);
    return false;
}

static bool attention_primitive(const struct attention_plan *plan, const char *role, int *i,
                                struct model_primitive *primitive)
{
    const struct dnn_matmul *products[] = {plan->scores, plan->values, plan->diff_probabilities,
                                           plan->diff_q, plan->diff_k, plan->diff_v};
    static const char *const names[] = {"scores", "values", "diff_probabilities",
                                        "diff_q", "diff_k", "diff_v"};

    for (size_t k = 0; k < LENGTH_OF(products); k++)
        if (products[k] && (*i)-- == 0)
            return primitive_set(primitive, dnn_matmul_implementation(products[k]), role, names[k]);
    return false;
}

bool model_primitive(const struct model *model, int i, struct model_primitive *primitive)
{
    const struct worker *worker = &model->worker[0];
    static const char *const stacks[] = {"encoder", "decoder"};

    for (int p = 0; p < PLANS; p++)
        if (linear_primitive(&worker->plans[p], plan_table[p].role, &i, primitive))
            return true;
    for (int s = 0; s < 2; s++)
        if (attention_primitive(&worker->stack[s].self, stacks[s], &i, primitive))
            return true;
    if (attention_primitive(&worker->cross, "cross", &i, primitive))
        return true;
    for (int s = 0; s < 2; s++) {
        const struct dnn_eltwise *eltwise = worker->stack[s].ffn.eltwise;

        for (int k = 0; eltwise && k < 2; k++)
            if (i-- == 0)
                return primitive_set(primitive, dnn_eltwise_implementation(eltwise, k == 1),
                                     stacks[s], k ? "activation backward" : "activation forward");
    }
    return false;
}
