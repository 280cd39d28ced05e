/* lm.c - a decoder-only language model, Llama's layout: causal self-attention with rotary positions and a
 * feed-forward layer in each block, softmax matrix and embedding the same.
 *
 * T = input length = target length; an example's inputs are its targets shifted right, beginning with
 * pad.  A worker handles m examples at once (the micro-batch): m T tokens. */
#include "src/glu.h"

#include "src/model/architecture.h"
#include "src/model/layout.h"
#include "src/model/weights_hf.h"
#include "src/nn/loss.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double embedding_stddev = 0.02;

struct lm {
    struct stack stack;
    struct linear table; /* the embedding as softmax matrix */
    struct rotary rotary;
};

struct lm_worker {
    struct stack_saved stack;
    struct stack_scratch scratch;
    struct loss_scratch loss;
    int32_t *inputs, *targets; /* (m, T) */
};

/* ==== The table of products ==== */

static int add_projections(struct model *model, struct stack *stack)
{
    const struct model_config *c = &model->options.model;
    int64_t tokens = (int64_t)c->layers * stack->length;
    int inner = c->heads * c->d_kv;
    struct product q = {.role = "decoder q", .kind = PROFILE_PROJECTION, .tokens = stack->length,
                        .in = c->d_model, .out = inner, .times = c->layers,
                        .kept = tokens * c->d_model, .weights = true};
    struct product kv = q, o = q;

    strcpy(kv.role, "decoder k, v");
    kv.times = 2 * (int64_t)c->layers;
    kv.kept = 0; /* of what q reads */
    kv.diff_accumulate = true;
    strcpy(o.role, "decoder o");
    o.in = inner;
    o.out = c->d_model;
    o.kept = tokens * inner;
    o.dst_f32 = o.dst_accumulate = o.diff_typed = true;
    return layout_product(model, &stack->products.q, &q) ||
                   layout_product(model, &stack->products.kv, &kv) ||
                   layout_product(model, &stack->products.o, &o)
               ? -1
               : 0;
}

/* Scores and values, by range of queries.  A query needs to keep its own weights, up to itself. */
static int add_attention(struct model *model, const struct stack *stack)
{
    const struct model_config *c = &model->options.model;
    struct attention_shape shape = {.queries = stack->length, .keys = stack->length,
                                    .block = stack->block};
    int64_t times = (int64_t)c->heads * c->layers, length = stack->length;
    int index;

    for (int i = 0; i < attention_ranges(&shape); i++) {
        struct attention_range range = attention_range(&shape, i);
        struct product scores = {.role = "decoder scores", .kind = PROFILE_ATTENTION,
                                 .tokens = range.queries, .in = c->d_kv, .out = range.keys,
                                 .times = times};
        struct product values = {.role = "decoder values", .kind = PROFILE_ATTENTION,
                                 .tokens = range.queries, .in = range.keys, .out = c->d_kv,
                                 .times = times};

        if (i == 0) {
            scores.kept = 2 * times * length * c->d_kv;
            values.kept = times * (length * c->d_kv + length * (length + 1) / 2);
        }
        if (layout_product(model, &index, &scores) || layout_product(model, &index, &values))
            return -1;
    }
    return 0;
}

static int lay_out_products(struct model *model, struct lm *lm)
{
    const struct model_config *c = &model->options.model;
    struct product logits = {.role = "logits", .kind = PROFILE_LOGITS, .tokens = c->input_length,
                             .in = c->d_model, .out = c->vocabulary, .times = 1,
                             .kept = (int64_t)c->input_length * c->d_model, .weights = true,
                             .dst_f32 = true, .plain_transposed = true, .slices = true};

    return add_projections(model, &lm->stack) ||
                   layout_ffn_products(model, "decoder", &lm->stack) ||
                   layout_product(model, &lm->table.plan, &logits) ||
                   add_attention(model, &lm->stack)
               ? -1
               : 0;
}

/* ==== The table of tensors ==== */

static int block_add(struct model *model, struct stack *stack, int index)
{
    const struct stack_products *at = &stack->products;
    struct block *block = &stack->blocks[index];
    struct attention_weights *attention = &block->attention[SELF];
    struct ffn_weights *ffn = &block->ffn;
    bool gated = stack->variant->gated;
    double in = pow(stack->d_model, -0.5), into_stream = pow(2.0 * stack->layers, -0.5);
    double o = pow((double)stack->heads * stack->d_kv, -0.5) * into_stream;
    double down = pow(stack->d_ff, -0.5) * into_stream;
    /* What an ungated layer applies its function to is no gate. */
    const struct layout_linear rows[] = {
        {"self_attn.q_proj", &attention->q, at->q, in},
        {"self_attn.k_proj", &attention->k, at->kv, in},
        {"self_attn.v_proj", &attention->v, at->kv, in},
        {"self_attn.o_proj", &attention->o, at->o, o},
        {gated ? "mlp.gate_proj" : "mlp.up_proj", &ffn->gate, at->gate, in},
        {"mlp.up_proj", gated ? &ffn->up : NULL, at->up, in},
        {"mlp.down_proj", &ffn->out, at->out, down},
    };
    char where[48], name[96];

    snprintf(where, sizeof where, "model.layers.%d", index);
    snprintf(name, sizeof name, "%s.mlp.act_fn", where);
    if (layout_linears(model, where, rows, LENGTH_OF(rows)) ||
        ffn_scalars_add(&model->tensors, ffn, stack->variant, name))
        return -1;
    snprintf(name, sizeof name, "%s.input_layernorm.weight", where);
    if (norm_add(&model->tensors, &block->norm[SELF], name, stack->d_model, 1))
        return -1;
    snprintf(name, sizeof name, "%s.post_attention_layernorm.weight", where);
    return norm_add(&model->tensors, &block->norm[FFN], name, stack->d_model, 1);
}

static int lay_out_tensors(struct model *model, struct lm *lm)
{
    const struct model_config *c = &model->options.model;
    struct tensor *table = tensors_add(&model->tensors, "model.embed_tokens.weight", c->vocabulary,
                                       c->d_model, embedding_stddev);

    if (!table)
        return -1;
    table->frozen = lm->table.frozen = lm->stack.frozen_embedding = model->options.freeze_embeddings;
    lm->table.offset = lm->stack.embedding = table->offset;
    lm->table.plain_transposed = true;
    if (products_note(&model->products, &lm->table))
        return -1;
    for (int i = 0; i < c->layers; i++)
        if (block_add(model, &lm->stack, i))
            return -1;
    return norm_add(&model->tensors, &lm->stack.last, "model.norm.weight", c->d_model, 1);
}

/* ==== The layout ==== */

static int lm_check(const struct model_options *options)
{
    const struct model_config *c = &options->model;

    if (c->d_kv % 2 != 0)
        return err_set(FIELD("d_kv") ": %d is odd, and rotary positions turn pairs; give %d or %d",
                       c->d_kv, c->d_kv + 1, c->d_kv > 1 ? c->d_kv - 1 : 4);
    if (c->target_length != c->input_length)
        return err_set("a language model of inputs of %d tokens has as many targets, not %d",
                       c->input_length, c->target_length);
    return 0;
}

static int lm_lay_out(struct model *model)
{
    const struct model_config *c = &model->options.model;
    struct lm *lm = calloc(1, sizeof *lm);

    model->own = lm;
    if (!lm)
        return err_set("out of memory");
    lm->stack = (struct stack){
        .blocks = calloc((size_t)c->layers, sizeof(struct block)),
        .layers = c->layers,
        .length = c->input_length,
        .buckets = 1,
        .d_model = c->d_model,
        .heads = c->heads,
        .d_kv = c->d_kv,
        .d_ff = c->d_ff,
        .variant = model->options.variant,
        .causal = true,
        .block = attention_block_choose(c->input_length),
        .rotary = &lm->rotary,
    };
    if (!lm->stack.blocks)
        return err_set("out of memory");
    return lay_out_products(model, lm) || lay_out_tensors(model, lm) ? -1 : 0;
}

static void lm_free(struct model *model)
{
    struct lm *lm = model->own;

    if (lm)
        free(lm->stack.blocks);
    free(lm);
}

/* ==== A worker ==== */

static int lm_open(struct model *model, struct worker *worker)
{
    struct lm *lm = model->own;
    struct lm_worker *own = worker->own ? worker->own : calloc(1, sizeof *own);

    worker->own = own;
    if (!own)
        return err_set("out of memory");
    return stack_open(&own->stack, &lm->stack, worker, &model->arena, model->options.micro_batch,
                      model->options.unfused);
}

/* The first worker makes the angles, which all share.  Each of its threads asks for the same. */
static void lm_open_scratch(struct model *model, struct worker *worker)
{
    const struct model_config *c = &model->options.model;
    struct lm *lm = model->own;
    struct lm_worker *own = worker->own;
    struct arena *arena = &model->arena;
    int m = model->options.micro_batch;
    size_t tokens = nn_count(m, c->input_length, 1);

    if (worker < model->team.workers + model->team.crew)
        rotary_alloc(&lm->rotary, arena, c->input_length, c->d_kv);
    own->inputs = arena_alloc(arena, tokens, sizeof(int32_t));
    own->targets = arena_alloc(arena, tokens, sizeof(int32_t));
    stack_scratch_alloc(&own->scratch, &lm->stack, &worker->nn, arena, m);
    loss_scratch_alloc(&own->loss, &worker->nn, arena, m * c->input_length, c->vocabulary,
                       c->d_model);
}

static void lm_close(struct model *model, struct worker *worker)
{
    struct lm_worker *own = worker->own;

    (void)model;
    stack_close(&own->stack);
}

static void lm_free_worker(struct worker *worker)
{
    struct lm_worker *own = worker->own;

    if (own)
        free(own->stack.blocks);
    free(own);
}

static int lm_list(struct model *model, struct worker *worker)
{
    const struct lm_worker *own = worker->own;

    return attention_plan_list(&own->stack.self[0], "decoder", &model->primitives) ||
                   ffn_plan_list(&own->stack.ffn, "decoder", &model->primitives)
               ? -1
               : 0;
}

/* ==== Forward and backward of a slice ==== */

/* The slice's examples, filled up with examples of pad, whose targets count nothing. */
static void load(struct model *model, struct lm_worker *own, const struct slice *slice)
{
    const struct batch *batch = slice->batch;
    size_t length = (size_t)batch->input_length, first = (size_t)slice->first * length;
    size_t used = (size_t)slice->count * length;
    size_t empty = (size_t)model->options.micro_batch * length - used;

    memcpy(own->inputs, batch->inputs + first, used * sizeof *own->inputs);
    memcpy(own->targets, batch->targets + first, used * sizeof *own->targets);
    memset(own->inputs + used, 0, empty * sizeof *own->inputs);
    memset(own->targets + used, 0, empty * sizeof *own->targets);
}

static void lm_begin(struct model *model, struct worker *worker)
{
    (void)model;
    (void)worker;
}

/* Later positions alone see a pad behind an example's tokens, and they have no loss: no mask is
 * needed. */
static void lm_forward(struct model *model, struct worker *worker, const struct slice *slice)
{
    struct lm *lm = model->own;
    struct lm_worker *own = worker->own;
    struct nn *nn = &worker->nn;

    if (nn->member == 0)
        load(model, own, slice);
    nn_wait(nn);
    stack_forward(&lm->stack, &own->stack, nn, &own->scratch, model->parameters, own->inputs, NULL,
                  NULL);
    loss_run(nn, &worker->plans[lm->table.plan], &lm->table, &own->loss, own->stack.last.dst,
             own->targets, slice->scale, slice->scale != 0 ? own->scratch.diff_normed : NULL);
    slice_losses(worker, slice, own->loss.row_nats, slice->batch->input_length);
}

static void lm_backward(struct model *model, struct worker *worker, const struct slice *slice)
{
    struct lm *lm = model->own;
    struct lm_worker *own = worker->own;

    (void)slice;
    stack_backward(&lm->stack, &own->stack, &worker->nn, &own->scratch, model->parameters,
                   own->inputs, NULL, NULL, own->scratch.diff_normed, NULL);
}

static void lm_end(struct model *model, struct worker *worker)
{
    (void)model;
    (void)worker;
}

/* ==== For others ==== */

/* What Hugging Face's Llama computes is a gated layer of one of the functions that it names; whatever
 * else is nobody's but ours. */
static json_t *lm_hf_config(const struct model_options *options)
{
    const struct model_config *c = &options->model;
    const char *function = variant_hf_name(options->variant, 0);
    bool llama = options->variant->gated && function;
    char ours[WEIGHTS_HF_NAME_BYTES];

    weights_hf_projection(ours, options->variant);
    return json_pack(
        "{s:[s], s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:f, s:f, s:f, s:b, s:b, s:b,"
        " s:f, s:i, s:i, s:n}",
        "architectures", llama ? "LlamaForCausalLM" : "GlubenchForCausalLM", "model_type",
        llama ? "llama" : "glubench_lm", "hidden_act", function ? function : ours, "hidden_size",
        c->d_model, "num_hidden_layers", c->layers, "num_attention_heads", c->heads,
        "num_key_value_heads", c->heads, "head_dim", c->d_kv, "intermediate_size", c->d_ff,
        "vocab_size", c->vocabulary, "max_position_embeddings", c->input_length,
        "rms_norm_eps", 1e-6, "rope_theta", ROTARY_BASE,
        "initializer_range", embedding_stddev, "tie_word_embeddings", 1, "attention_bias", 0,
        "mlp_bias", 0, "attention_dropout", options->dropout, "bos_token_id", TOKEN_PAD,
        "eos_token_id", TOKEN_EOS, "pad_token_id");
}

static const struct hf_tensor lm_hf_tensors[] = {
    {"lm_head.weight", "model.embed_tokens.weight",
     "the output layer is not tied to the embedding, where this model has one for both"},
    {"model.rotary_emb.inv_freq", NULL, NULL},
    {NULL, NULL, NULL},
};

static const struct hf_function lm_hf_functions[] = {
    {"hidden_act", HF_ACTIVATION, "silu"},
    {NULL, HF_GATED, NULL},
};

static const struct hf_size lm_hf_sizes[] = {
    {"vocab_size", offsetof(struct model_config, vocabulary), true},
    {"hidden_size", offsetof(struct model_config, d_model), true},
    {"num_hidden_layers", offsetof(struct model_config, layers), true},
    {"num_attention_heads", offsetof(struct model_config, heads), true},
    {"num_key_value_heads", offsetof(struct model_config, heads), false},
    {"head_dim", offsetof(struct model_config, d_kv), false},
    {"intermediate_size", offsetof(struct model_config, d_ff), true},
    {NULL, 0, false},
};

static const char *const lm_hf_types[] = {"llama", "glubench_lm", NULL};

const struct architecture architecture_lm = {
    .name = "lm",
    .task = "causal",
    .shifted = true,
    .check = lm_check,
    .lay_out = lm_lay_out,
    .free = lm_free,
    .open = lm_open,
    .open_scratch = lm_open_scratch,
    .close = lm_close,
    .free_worker = lm_free_worker,
    .list = lm_list,
    .begin = lm_begin,
    .forward = lm_forward,
    .backward = lm_backward,
    .end = lm_end,
    .hf_config = lm_hf_config,
    .hf_tensors = lm_hf_tensors,
    .hf_functions = lm_hf_functions,
    .hf_sizes = lm_hf_sizes,
    .hf_dropout = "attention_dropout",
    .hf_types = lm_hf_types,
};
