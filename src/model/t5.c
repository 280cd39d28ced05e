/* t5.c - the T5 1.0 encoder-decoder (Raffel et al. 2019, section 2.1).
 *
 * Ti and To = input and target length.  A worker handles m examples at once (the micro-batch): m Ti
 * encoder tokens, m To decoder tokens.  A bucket of shorter examples has as many tokens. */
#include "src/glu.h"

#include "src/model/decoding.h"
#include "src/model/layout.h"
#include "src/model/t5.h"
#include "src/model/weights_hf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ==== The table of products ==== */

/* Scores and values of one kind of attention: one pair of products for each head and layer. */
static int add_attention(struct model *model, const char *which, int queries, int keys)
{
    const struct model_config *c = &model->options.model;
    int64_t inner = (int64_t)c->heads * c->d_kv, heads = c->heads;
    struct product scores = {.kind = PROFILE_ATTENTION, .tokens = queries, .in = c->d_kv, .out = keys,
                             .times = heads * c->layers, .kept = c->layers * inner * (queries + keys)};
    struct product values = {.kind = PROFILE_ATTENTION, .tokens = queries, .in = keys, .out = c->d_kv,
                             .times = heads * c->layers,
                             .kept = c->layers * keys * (inner + heads * queries)};
    int index;

    snprintf(scores.role, sizeof scores.role, "%s scores", which);
    snprintf(values.role, sizeof values.role, "%s values", which);
    return layout_product(model, &index, &scores) || layout_product(model, &index, &values) ? -1
                                                                                           : 0;
}

/* The products of a stack's tokens and weights.  The encoder's k and v serve cross-attention too. */
static int add_projections(struct model *model, const char *side, struct stack *stack, bool encoder)
{
    const struct model_config *c = &model->options.model;
    int64_t tokens = (int64_t)c->layers * stack->length;
    int inner = c->heads * c->d_kv, attentions = encoder ? 1 : 2;
    struct product q = {.kind = PROFILE_PROJECTION, .tokens = stack->length, .in = c->d_model,
                        .out = inner, .times = (int64_t)attentions * c->layers,
                        .kept = attentions * tokens * c->d_model, .weights = true};
    struct product kv = q, o = q;

    kv.times = (int64_t)(encoder ? 4 : 2) * c->layers;
    kv.kept = encoder ? (int64_t)stack->length * c->d_model : 0; /* the encoder's output */
    kv.diff_accumulate = true;
    o.in = inner;
    o.out = c->d_model;
    o.kept = attentions * tokens * inner;
    o.dst_f32 = o.dst_accumulate = o.diff_typed = true;
    snprintf(q.role, sizeof q.role, "%s q", side);
    snprintf(kv.role, sizeof kv.role, "%s k, v", side);
    snprintf(o.role, sizeof o.role, "%s o", side);
    return layout_product(model, &stack->products.q, &q) ||
                   layout_product(model, &stack->products.kv, &kv) ||
                   layout_product(model, &stack->products.o, &o)
               ? -1
               : 0;
}

static int lay_out_products(struct model *model, struct t5 *t5)
{
    const struct model_config *c = &model->options.model;
    struct product logits = {.role = "logits", .kind = PROFILE_LOGITS, .tokens = c->target_length,
                             .in = c->d_model, .out = c->vocabulary, .times = 1,
                             .kept = (int64_t)c->target_length * c->d_model, .weights = true,
                             .dst_f32 = true, .plain_transposed = true, .slices = true};
    struct stack *encoder = &t5->stack[ENCODER], *decoder = &t5->stack[DECODER];

    if (add_projections(model, "encoder", encoder, true) ||
        layout_ffn_products(model, "encoder", encoder) ||
        add_projections(model, "decoder", decoder, false) ||
        layout_ffn_products(model, "decoder", decoder) ||
        layout_product(model, &t5->table.plan, &logits) ||
        add_attention(model, "encoder", c->input_length, c->input_length) ||
        add_attention(model, "decoder", c->target_length, c->target_length) ||
        add_attention(model, "cross", c->target_length, c->input_length))
        return -1;
    decoder->products.cross_kv = encoder->products.kv;
    return 0;
}

/* ==== The table of tensors ==== */

static int attention_add(struct model *model, const struct stack *stack,
                         struct attention_weights *weights, int kv, const char *where,
                         const char *kind)
{
    const struct stack_products *at = &stack->products;
    double d_model = stack->d_model, d_kv = stack->d_kv, heads = stack->heads;
    const struct layout_linear rows[] = {{"q", &weights->q, at->q, pow(d_model * d_kv, -0.5)},
                                         {"k", &weights->k, kv, pow(d_model, -0.5)},
                                         {"v", &weights->v, kv, pow(d_model, -0.5)},
                                         {"o", &weights->o, at->o, pow(heads * d_kv, -0.5)}};
    char name[96];

    snprintf(name, sizeof name, "%s.%s", where, kind);
    return layout_linears(model, name, rows, LENGTH_OF(rows));
}

static int ffn_add(struct model *model, const struct stack *stack, struct ffn_weights *weights,
                   const char *where)
{
    const struct stack_products *at = &stack->products;
    bool gated = stack->variant->gated;
    double in = pow(stack->d_model, -0.5), out = pow(stack->d_ff, -0.5);
    const struct layout_linear rows[] = {{gated ? "wi_0" : "wi", &weights->gate, at->gate, in},
                                         {"wi_1", gated ? &weights->up : NULL, at->up, in},
                                         {"wo", &weights->out, at->out, out}};
    char name[96];

    snprintf(name, sizeof name, "%s.DenseReluDense", where);
    if (layout_linears(model, name, rows, LENGTH_OF(rows)))
        return -1;
    snprintf(name, sizeof name, "%s.DenseReluDense.act", where);
    return ffn_scalars_add(&model->tensors, weights, stack->variant, name);
}

static int sublayer_norm_add(struct model *model, const struct stack *stack, struct norm *norm,
                             const char *where)
{
    char name[96];

    snprintf(name, sizeof name, "%s.layer_norm.weight", where);
    return norm_add(&model->tensors, norm, name, stack->d_model, 1);
}

/* The table of relative positions, in the first block alone. */
static int bias_add(struct model *model, struct stack *stack, const char *where)
{
    struct tensor *tensor;
    char name[112];

    snprintf(name, sizeof name, "%s.SelfAttention.relative_attention_bias.weight", where);
    tensor = tensors_add(&model->tensors, name, POSITION_BUCKETS, stack->heads,
                         pow(stack->d_model, -0.5));
    if (!tensor)
        return -1;
    stack->bias = tensor->offset;
    return 0;
}

static int block_add(struct model *model, struct stack *stack, const char *side, int index)
{
    struct block *block = &stack->blocks[index];
    char where[48];
    int layer = 0;

    snprintf(where, sizeof where, "%s.block.%d.layer.%d", side, index, layer++);
    if (attention_add(model, stack, &block->attention[SELF], stack->products.kv, where,
                      "SelfAttention") ||
        (index == 0 && bias_add(model, stack, where)) ||
        sublayer_norm_add(model, stack, &block->norm[SELF], where))
        return -1;
    if (stack->memory_length > 0) {
        snprintf(where, sizeof where, "%s.block.%d.layer.%d", side, index, layer++);
        if (attention_add(model, stack, &block->attention[CROSS], stack->products.cross_kv, where,
                          "EncDecAttention") ||
            sublayer_norm_add(model, stack, &block->norm[CROSS], where))
            return -1;
    }
    snprintf(where, sizeof where, "%s.block.%d.layer.%d", side, index, layer);
    return ffn_add(model, stack, &block->ffn, where) ||
                   sublayer_norm_add(model, stack, &block->norm[FFN], where)
               ? -1
               : 0;
}

static int lay_out_tensors(struct model *model, struct t5 *t5)
{
    static const char *const sides[] = {"encoder", "decoder"};
    const struct model_config *c = &model->options.model;
    struct tensor *shared =
        tensors_add(&model->tensors, "shared.weight", c->vocabulary, c->d_model, 1);

    if (!shared)
        return -1;
    shared->frozen = t5->table.frozen = model->options.freeze_embeddings;
    t5->table.offset = shared->offset;
    t5->table.plain_transposed = true;
    if (products_note(&model->products, &t5->table))
        return -1;
    for (int s = ENCODER; s < STACKS; s++) {
        struct stack *stack = &t5->stack[s];
        char name[64];

        stack->embedding = t5->table.offset;
        stack->frozen_embedding = t5->table.frozen;
        for (int i = 0; i < stack->layers; i++)
            if (block_add(model, stack, sides[s], i))
                return -1;
        snprintf(name, sizeof name, "%s.final_layer_norm.weight", sides[s]);
        if (norm_add(&model->tensors, &stack->last, name, c->d_model,
                     s == DECODER ? pow(c->d_model, -0.5) : 1))
            return -1;
    }
    return 0;
}

/* ==== The layout ==== */

static int t5_lay_out(struct model *model)
{
    const struct model_config *c = &model->options.model;
    struct t5 *t5 = calloc(1, sizeof *t5);

    model->own = t5;
    if (!t5)
        return err_set("out of memory");
    for (int s = ENCODER; s < STACKS; s++) {
        t5->stack[s] = (struct stack){
            .blocks = calloc((size_t)c->layers, sizeof(struct block)),
            .layers = c->layers,
            .length = s == ENCODER ? c->input_length : c->target_length,
            .buckets = model->options.buckets,
            .memory_length = s == ENCODER ? 0 : c->input_length,
            .d_model = c->d_model,
            .heads = c->heads,
            .d_kv = c->d_kv,
            .d_ff = c->d_ff,
            .variant = model->options.variant,
            .causal = s == DECODER,
            .first_layer = s * c->layers,
        };
        if (!t5->stack[s].blocks)
            return err_set("out of memory");
    }
    return lay_out_products(model, t5) || lay_out_tensors(model, t5) ? -1 : 0;
}

static void t5_free(struct model *model)
{
    struct t5 *t5 = model->own;

    for (int s = ENCODER; t5 && s < STACKS; s++)
        free(t5->stack[s].blocks);
    free(t5);
}

/* ==== A worker ==== */

static int t5_open(struct model *model, struct worker *worker)
{
    struct t5 *t5 = model->own;
    struct t5_worker *own = worker->own ? worker->own : calloc(1, sizeof *own);

    worker->own = own;
    if (!own)
        return err_set("out of memory");
    for (int s = ENCODER; s < STACKS; s++)
        if (stack_open(&own->stack[s], &t5->stack[s], worker, &model->arena,
                       model->options.micro_batch, model->options.unfused))
            return -1;
    return 0;
}

static void t5_open_scratch(struct model *model, struct worker *worker)
{
    const struct model_config *c = &model->options.model;
    struct t5 *t5 = model->own;
    struct t5_worker *own = worker->own;
    struct arena *arena = &model->arena;
    struct nn *nn = &worker->nn;
    int m = model->options.micro_batch, in = c->input_length, out = c->target_length;
    struct stack longest = t5->stack[in > out ? ENCODER : DECODER];

    longest.memory_length = in; /* has the most columns of attention weights, whichever it is */
    own->inputs = arena_alloc(arena, nn_count(m, in, 1), sizeof(int32_t));
    own->inputs_used = arena_alloc(arena, (size_t)m << (model->options.buckets - 1), sizeof(int));
    own->decoder_inputs = arena_alloc(arena, nn_count(m, out, 1), sizeof(int32_t));
    own->targets = arena_alloc(arena, nn_count(m, out, 1), sizeof(int32_t));
    stack_scratch_alloc(&own->scratch, &longest, nn, arena, m);
    loss_scratch_alloc(&own->loss, nn, arena, m * out, c->vocabulary, c->d_model);
    if (nn->train)
        own->diff_memory = arena_alloc(arena, nn_count(m, in, c->d_model), sizeof(float));
}

static void t5_close(struct model *model, struct worker *worker)
{
    struct t5_worker *own = worker->own;

    (void)model;
    for (int s = ENCODER; s < STACKS; s++)
        stack_close(&own->stack[s]);
}

static void t5_free_worker(struct worker *worker)
{
    struct t5_worker *own = worker->own;

    for (int s = ENCODER; own && s < STACKS; s++)
        free(own->stack[s].blocks);
    free(own);
}

static int t5_list(struct model *model, struct worker *worker)
{
    struct t5_worker *own = worker->own;
    struct primitives *list = &model->primitives;
    const struct stack_saved *encoder = &own->stack[ENCODER], *decoder = &own->stack[DECODER];

    return attention_plan_list(&encoder->self[0], "encoder", list) ||
                   attention_plan_list(&decoder->self[0], "decoder", list) ||
                   attention_plan_list(&decoder->cross[0], "cross", list) ||
                   ffn_plan_list(&encoder->ffn, "encoder", list) ||
                   ffn_plan_list(&decoder->ffn, "decoder", list)
               ? -1
               : 0;
}

/* ==== Forward and backward of a slice ==== */

/* The slice's inputs, filled up with examples of pad. */
static void load_inputs(const struct model *model, struct t5_worker *own, const struct slice *slice)
{
    const struct batch *batch = slice->batch;
    size_t in = (size_t)batch->input_length;

    for (int i = 0; i < model->options.micro_batch << slice->bucket; i++) {
        int32_t *inputs = own->inputs + (size_t)i * in;

        if (i < slice->count) {
            size_t example = (size_t)(slice->first + i);

            memcpy(inputs, batch->inputs + example * in, in * sizeof *inputs);
            own->inputs_used[i] = batch->inputs_used[example];
        } else {
            memset(inputs, 0, in * sizeof *inputs);
            own->inputs_used[i] = batch->input_length;
        }
    }
}

/* Likewise the targets, which count nothing in the examples that fill up. */
static void load_targets(const struct model *model, struct t5_worker *own, const struct slice *slice)
{
    const struct batch *batch = slice->batch;
    size_t out = (size_t)batch->target_length;

    for (int i = 0; i < model->options.micro_batch << slice->bucket; i++) {
        int32_t *targets = own->targets + (size_t)i * out;
        int32_t *shifted = own->decoder_inputs + (size_t)i * out;

        if (i < slice->count)
            memcpy(targets, batch->targets + (size_t)(slice->first + i) * out, out * sizeof *targets);
        else
            memset(targets, 0, out * sizeof *targets);
        shifted[0] = TOKEN_PAD;
        memcpy(shifted + 1, targets, (out - 1) * sizeof *targets);
    }
}

struct attention_memory t5_memory(const struct t5_worker *own)
{
    return (struct attention_memory){own->stack[ENCODER].last.dst, own->inputs_used,
                                     DROPOUT_CROSS_WEIGHTS};
}

void t5_begin(struct model *model, struct worker *worker)
{
    struct t5 *t5 = model->own;
    struct t5_worker *own = worker->own;

    for (int s = ENCODER; s < STACKS; s++)
        position_bias_load(&own->stack[s].bias, &worker->nn, model->parameters + t5->stack[s].bias);
}

void t5_encode(struct model *model, struct worker *worker, const struct slice *slice)
{
    struct t5 *t5 = model->own;
    struct t5_worker *own = worker->own;

    if (worker->nn.member == 0)
        load_inputs(model, own, slice);
    nn_wait(&worker->nn);
    own->stack[ENCODER].bucket = own->stack[DECODER].bucket = slice->bucket;
    stack_forward(&t5->stack[ENCODER], &own->stack[ENCODER], &worker->nn, &own->scratch,
                  model->parameters, own->inputs, own->inputs_used, NULL);
}

static void t5_forward(struct model *model, struct worker *worker, const struct slice *slice)
{
    struct t5 *t5 = model->own;
    struct t5_worker *own = worker->own;
    struct nn *nn = &worker->nn;
    struct attention_memory memory = t5_memory(own);

    if (nn->member == 0)
        load_targets(model, own, slice);
    t5_encode(model, worker, slice);
    /* Later positions alone see a pad of the decoder, and they have no loss: no mask is needed. */
    stack_forward(&t5->stack[DECODER], &own->stack[DECODER], nn, &own->scratch, model->parameters,
                  own->decoder_inputs, NULL, &memory);
    loss_run(nn, &worker->plans[t5->table.plan], &t5->table, &own->loss, own->stack[DECODER].last.dst,
             own->targets, slice->scale, slice->scale != 0 ? own->scratch.diff_normed : NULL);
    slice_losses(worker, slice, own->loss.row_nats, slice->batch->target_length);
}

static void t5_backward(struct model *model, struct worker *worker, const struct slice *slice)
{
    const struct model_config *c = &model->options.model;
    struct t5 *t5 = model->own;
    struct t5_worker *own = worker->own;
    struct nn *nn = &worker->nn;
    struct attention_memory memory = t5_memory(own);

    (void)slice;
    nn_zero(nn, own->diff_memory, model->options.micro_batch * c->input_length, c->d_model);
    stack_backward(&t5->stack[DECODER], &own->stack[DECODER], nn, &own->scratch, model->parameters,
                   own->decoder_inputs, NULL, &memory, own->scratch.diff_normed, own->diff_memory);
    stack_backward(&t5->stack[ENCODER], &own->stack[ENCODER], nn, &own->scratch, model->parameters,
                   own->inputs, own->inputs_used, NULL, own->diff_memory, NULL);
}

static void t5_end(struct model *model, struct worker *worker)
{
    struct t5_worker *own = worker->own;

    (void)model;
    for (int s = ENCODER; s < STACKS; s++)
        position_bias_flush(&own->stack[s].bias, &worker->nn);
}

/* ==== For others ==== */

static json_t *t5_hf_config(const struct model_options *options)
{
    const struct model_config *c = &options->model;
    char projection[WEIGHTS_HF_NAME_BYTES];

    weights_hf_projection(projection, options->variant);
    return json_pack(
        "{s:[s], s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:s, s:b, s:b, s:f, s:f,"
        " s:i, s:i, s:i}",
        "architectures", "T5ForConditionalGeneration", "model_type", "t5", "d_model", c->d_model,
        "d_kv", c->d_kv, "d_ff", c->d_ff, "num_layers", c->layers, "num_decoder_layers", c->layers,
        "num_heads", c->heads, "relative_attention_num_buckets", POSITION_BUCKETS,
        "relative_attention_max_distance", POSITION_MAX_DISTANCE, "vocab_size", c->vocabulary,
        "feed_forward_proj", projection, "tie_word_embeddings", 1, "is_encoder_decoder", 1,
        "layer_norm_epsilon", 1e-6, "dropout_rate", options->dropout, "decoder_start_token_id",
        TOKEN_PAD, "pad_token_id", TOKEN_PAD, "eos_token_id", TOKEN_EOS);
}

/* The last is in the first T5's files, from a version that gave cross-attention a bias. */
static const struct hf_tensor t5_hf_tensors[] = {
    {"encoder.embed_tokens.weight", "shared.weight",
     "the encoder has an embedding of its own, where this model has one for all"},
    {"decoder.embed_tokens.weight", "shared.weight",
     "the decoder has an embedding of its own, where this model has one for all"},
    {"lm_head.weight", "shared.weight",
     "the output layer is not tied to the embedding, as in T5 1.1, where this model has one for both"},
    {"decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight", NULL, NULL},
    {NULL, NULL, NULL},
};

static const struct hf_function t5_hf_functions[] = {
    {"feed_forward_proj", HF_PROJECTION, "relu"},
    {"dense_act_fn", HF_ACTIVATION, NULL},
    {"is_gated_act", HF_GATED, NULL},
    {NULL, HF_GATED, NULL},
};

/* With a layer that is not tied, Hugging Face does not scale what comes into it either. */
static const struct hf_flag t5_hf_flags[] = {
    {"tie_word_embeddings", false,
     "the output layer is not tied to the embedding, as in T5 1.1, where this model has one for both"},
    {"scale_decoder_outputs", false,
     "the output layer takes its inputs as they are, as in T5 1.1, where this model scales them"},
    {NULL, false, NULL},
};

static const struct hf_size t5_hf_sizes[] = {
    {"vocab_size", offsetof(struct model_config, vocabulary), true},
    {"d_model", offsetof(struct model_config, d_model), true},
    {"num_layers", offsetof(struct model_config, layers), true},
    {"num_decoder_layers", offsetof(struct model_config, layers), false},
    {"num_heads", offsetof(struct model_config, heads), true},
    {"d_kv", offsetof(struct model_config, d_kv), true},
    {"d_ff", offsetof(struct model_config, d_ff), true},
    {NULL, 0, false},
};

static const char *const t5_hf_types[] = {"t5", NULL};

const struct architecture architecture_t5 = {
    .name = "t5",
    .task = "span",
    .has_buckets = true,
    .lay_out = t5_lay_out,
    .free = t5_free,
    .open = t5_open,
    .open_scratch = t5_open_scratch,
    .close = t5_close,
    .free_worker = t5_free_worker,
    .list = t5_list,
    .begin = t5_begin,
    .forward = t5_forward,
    .backward = t5_backward,
    .end = t5_end,
    .decoding = &t5_decoding,
    .hf_config = t5_hf_config,
    .hf_tensors = t5_hf_tensors,
    .hf_functions = t5_hf_functions,
    .hf_flags = t5_hf_flags,
    .hf_sizes = t5_hf_sizes,
    .hf_dropout = "dropout_rate",
    .hf_types = t5_hf_types,
};
