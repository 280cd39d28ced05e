/* t5.c - the whole T5 of ref.h. */
#include "src/glu.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/ref/model.h"

struct attention {
    struct ref_tensor *norm;           /* (1, d_model) */
    struct ref_tensor *q, *k, *v;      /* (d_model, heads d_kv) */
    struct ref_tensor *o;              /* (heads d_kv, d_model) */
    const struct ref_tensor *bias;     /* (REF_BUCKETS, heads), the stack's; NULL in cross-attention */
    bool causal;
    int layer; /* counted over both stacks */
};

struct ffn {
    struct ref_tensor *norm;  /* (1, d_model) */
    struct ref_tensor *w, *v; /* (d_model, d_ff); v NULL when ungated */
    struct ref_tensor *w2;    /* (d_ff, d_model) */
    struct ref_tensor *scalars[ACTIVATION_SCALARS]; /* (1, 1); NULL: not trained */
    int layer;
};

struct block {
    struct attention self, cross; /* cross in the decoder only */
    struct ffn ffn;
};

struct stack {
    struct block *blocks;    /* (layers) */
    struct ref_tensor *norm; /* after the last block */
    double *states;          /* (sublayers + 1, length, d_model): the residual stream */
    int sublayers, length, first_layer;
};

struct ref_t5 {
    struct ref_config config;
    const struct variant *variant;
    struct ref_tensors tensors;
    struct ref_tensor *embedding; /* (vocabulary, d_model) */
    struct stack encoder, decoder;
    double *numbers; /* what all of the pointers to double point into */
    struct ref_dropout dropout;
    int example; /* of the batch: the one at work */

    /* Scratch of the sublayers; length is the longer of the two. */
    double *normed, *diff_normed;       /* (length, d_model) */
    double *q, *k, *v, *heads;          /* (length, heads d_kv) */
    double *diff_q, *diff_k, *diff_v, *diff_heads;
    double *out;                        /* (length, d_model) */
    double *mask;                       /* (most columns of a site) */

    double *memory, *diff_memory;       /* (input_length, d_model): what the encoder gives */
    double *hidden, *diff_hidden;       /* (target_length, d_model): what the softmax reads */
    double *logits, *diff_logits;       /* (target_length, vocabulary) */
    double *table_t, *diff_table_t;     /* (d_model, vocabulary): the embedding transposed */
    double *diff_encoder, *diff_decoder; /* (length, d_model): of the residual streams */
    int32_t *decoder_ids;               /* (target_length) */
};

/* `where` is like "encoder.block.0.layer.0", `kind` SelfAttention or EncDecAttention. */
static void attention_add(struct ref_t5 *m, struct attention *a, const char *where,
                          const char *kind)
{
    int d_model = m->config.d_model, inner = m->config.heads * m->config.d_kv;
    struct ref_tensors *t = &m->tensors;

    a->q = ref_tensor_add(t, d_model, inner, "%s.%s.q.weight", where, kind);
    a->k = ref_tensor_add(t, d_model, inner, "%s.%s.k.weight", where, kind);
    a->v = ref_tensor_add(t, d_model, inner, "%s.%s.v.weight", where, kind);
    a->o = ref_tensor_add(t, inner, d_model, "%s.%s.o.weight", where, kind);
    a->norm = ref_tensor_add(t, 1, d_model, "%s.layer_norm.weight", where);
}

static void ffn_add(struct ref_t5 *m, struct ffn *f, const char *where)
{
    int d_model = m->config.d_model, d_ff = m->config.d_ff;
    const struct activation *act = activation_get(m->variant->act);
    bool gated = m->variant->gated;
    struct ref_tensors *t = &m->tensors;

    f->w = ref_tensor_add(t, d_model, d_ff, "%s.DenseReluDense.%s.weight", where,
                          gated ? "wi_0" : "wi");
    f->v = gated ? ref_tensor_add(t, d_model, d_ff, "%s.DenseReluDense.wi_1.weight", where)
                 : NULL;
    f->w2 = ref_tensor_add(t, d_ff, d_model, "%s.DenseReluDense.wo.weight", where);
    for (int i = 0; i < act->scalars; i++)
        f->scalars[i] = ref_tensor_add(t, 1, 1, "%s.DenseReluDense.act.%s", where,
                                       act->scalar_names[i]);
    f->norm = ref_tensor_add(t, 1, d_model, "%s.layer_norm.weight", where);
}

static void stack_add(struct ref_t5 *m, struct stack *stack, const char *name, bool decoder)
{
    const struct ref_tensor *bias = NULL;
    struct ref_tensors *t = &m->tensors;
    char where[48];

    stack->first_layer = decoder ? m->config.layers : 0;
    for (int i = 0; i < m->config.layers; i++) {
        struct block *block = &stack->blocks[i];
        int layer = 0;

        block->self.layer = block->cross.layer = block->ffn.layer = stack->first_layer + i;
        snprintf(where, sizeof where, "%s.block.%d.layer.%d", name, i, layer++);
        attention_add(m, &block->self, where, "SelfAttention");
        if (!bias)
            bias = ref_tensor_add(t, REF_BUCKETS, m->config.heads,
                                  "%s.SelfAttention.relative_attention_bias.weight", where);
        block->self.bias = bias;
        block->self.causal = decoder;
        if (decoder) {
            snprintf(where, sizeof where, "%s.block.%d.layer.%d", name, i, layer++);
            attention_add(m, &block->cross, where, "EncDecAttention");
        }
        snprintf(where, sizeof where, "%s.block.%d.layer.%d", name, i, layer++);
        ffn_add(m, &block->ffn, where);
    }
    stack->norm = ref_tensor_add(t, 1, m->config.d_model, "%s.final_layer_norm.weight", name);
    stack->sublayers = m->config.layers * (decoder ? 3 : 2);
    stack->length = decoder ? m->config.target_length : m->config.input_length;
}

static void layout(struct ref_t5 *m, struct ref_pool *pool)
{
    const struct ref_config *c = &m->config;
    int longer = c->input_length > c->target_length ? c->input_length : c->target_length;
    size_t inner = (size_t)longer * c->heads * c->d_kv, model = (size_t)longer * c->d_model;
    size_t logits = (size_t)c->target_length * c->vocabulary;
    size_t table = (size_t)c->vocabulary * c->d_model;
    size_t columns = (size_t)longer * c->heads + (size_t)c->d_ff + (size_t)c->d_model;
    const struct ref_array arrays[] = {
        {&m->encoder.states, ((size_t)m->encoder.sublayers + 1) * model},
        {&m->decoder.states, ((size_t)m->decoder.sublayers + 1) * model},
        {&m->normed, model}, {&m->diff_normed, model}, {&m->out, model}, {&m->mask, columns},
        {&m->q, inner}, {&m->k, inner}, {&m->v, inner}, {&m->heads, inner},
        {&m->diff_q, inner}, {&m->diff_k, inner}, {&m->diff_v, inner}, {&m->diff_heads, inner},
        {&m->memory, model}, {&m->diff_memory, model},
        {&m->hidden, model}, {&m->diff_hidden, model},
        {&m->logits, logits}, {&m->diff_logits, logits},
        {&m->table_t, table}, {&m->diff_table_t, table},
        {&m->diff_encoder, model}, {&m->diff_decoder, model},
    };

    ref_pool_take(pool, &m->tensors, arrays, LENGTH_OF(arrays));
}

static int config_check(const struct ref_config *c)
{
    const int sizes[] = {c->vocabulary, c->d_model,      c->layers,       c->heads,
                         c->d_kv,       c->d_ff,         c->input_length, c->target_length};

    for (size_t i = 0; i < LENGTH_OF(sizes); i++)
        if (sizes[i] < 1 || sizes[i] > 8192)
            return err_set("the reference model takes sizes from 1 to 8192, not %d", sizes[i]);
    return 0;
}

int ref_t5_create(struct ref_t5 **model, const struct ref_config *config,
                  const struct variant *variant)
{
    enum { ENCODER_BLOCK = 9 + ACTIVATION_SCALARS, DECODER_BLOCK = 14 + ACTIVATION_SCALARS };
    enum { BESIDES = 5 }; /* most tensors of each */
    size_t layers = (size_t)config->layers;
    struct ref_pool pool = {NULL, 0};
    struct ref_t5 *m = NULL;

    *model = NULL;
    if (config_check(config) != 0)
        return -1;
    m = calloc(1, sizeof *m);
    if (!m)
        goto no_memory;
    m->config = *config;
    m->variant = variant;
    m->tensors.list = calloc(layers * (ENCODER_BLOCK + DECODER_BLOCK) + BESIDES,
                             sizeof *m->tensors.list);
    m->encoder.blocks = calloc(layers, sizeof *m->encoder.blocks);
    m->decoder.blocks = calloc(layers, sizeof *m->decoder.blocks);
    m->decoder_ids = calloc((size_t)config->target_length, sizeof *m->decoder_ids);
    if (!m->tensors.list || !m->encoder.blocks || !m->decoder.blocks || !m->decoder_ids)
        goto no_memory;

    m->embedding = ref_tensor_add(&m->tensors, config->vocabulary, config->d_model,
                                  "shared.weight");
    stack_add(m, &m->encoder, "encoder", false);
    stack_add(m, &m->decoder, "decoder", true);
    layout(m, &pool);
    m->numbers = pool.base = calloc(pool.used, sizeof *m->numbers);
    if (!m->numbers)
        goto no_memory;
    pool.used = 0;
    layout(m, &pool);
    *model = m;
    return 0;

no_memory:
    ref_t5_destroy(m);
    return err_set("not enough memory for the reference model");
}

void ref_t5_destroy(struct ref_t5 *m)
{
    if (!m)
        return;
    free(m->numbers);
    free(m->decoder_ids);
    free(m->decoder.blocks);
    free(m->encoder.blocks);
    free(m->tensors.list);
    free(m);
}

struct ref_tensor *ref_t5_tensors(struct ref_t5 *m, int *count)
{
    *count = m->tensors.count;
    return m->tensors.list;
}

struct ref_tensor *ref_t5_tensor(struct ref_t5 *m, const char *name)
{
    return ref_tensor_find(&m->tensors, name);
}

/* ==== Dropout ==== */

void ref_t5_set_dropout(struct ref_t5 *m, const struct ref_dropout *dropout)
{
    m->dropout = *dropout;
}

/* The mask of the example at work in m->mask, or NULL when there is no dropout. */
static const double *mask_of(struct ref_t5 *m, int layer, enum dropout_site site, int columns)
{
    return ref_dropout_mask(m->mask, &m->dropout, layer, site, m->example, columns);
}

/* x (length, d_model), in place. */
static void drop(struct ref_t5 *m, double *x, int length, int layer, enum dropout_site site)
{
    const double *mask = mask_of(m, layer, site, m->config.d_model);

    for (int i = 0; mask && i < length * m->config.d_model; i++)
        x[i] *= mask[i % m->config.d_model];
}

/* ==== Sublayers: y = x + f(norm(x)) ==== */

/* What attention has before its last product, in m's scratch; keys and values come from `memory`
 * (keys, d_model), or from x itself when that is NULL. */
static void attention_inside(struct ref_t5 *m, const struct attention *a,
                             const struct ref_attention_shape *shape, const double *x,
                             const double *memory)
{
    int d_model = m->config.d_model, inner = shape->heads * shape->d_kv;
    const double *source = memory ? memory : m->normed;

    ref_rms_norm(m->normed, x, a->norm->value, shape->queries, d_model);
    ref_matmul(m->q, m->normed, a->q->value, shape->queries, d_model, inner);
    ref_matmul(m->k, source, a->k->value, shape->keys, d_model, inner);
    ref_matmul(m->v, source, a->v->value, shape->keys, d_model, inner);
    ref_attention(m->heads, m->q, m->k, m->v, a->bias ? a->bias->value : NULL, shape);
}

static enum dropout_site output_site(const struct attention *a)
{
    return a->bias ? DROPOUT_SELF : DROPOUT_CROSS;
}

/* The mask in it lasts until the next one is made. */
static struct ref_attention_shape attention_shape(struct ref_t5 *m, const struct attention *a,
                                                  int queries, int keys)
{
    return (struct ref_attention_shape){
        .heads = m->config.heads,
        .d_kv = m->config.d_kv,
        .queries = queries,
        .keys = keys,
        .causal = a->causal,
        .mask = mask_of(m, a->layer, a->bias ? DROPOUT_SELF_WEIGHTS : DROPOUT_CROSS_WEIGHTS,
                        keys * m->config.heads),
    };
}

/* keys: those of x or of the memory that count. */
static void attention_forward(struct ref_t5 *m, const struct attention *a, double *y,
                              const double *x, int length, const double *memory, int keys)
{
    struct ref_attention_shape shape = attention_shape(m, a, length, keys);
    int d_model = m->config.d_model;

    attention_inside(m, a, &shape, x, memory);
    ref_matmul(y, m->heads, a->o->value, length, shape.heads * shape.d_kv, d_model);
    drop(m, y, length, a->layer, output_site(a));
    for (int i = 0; i < length * d_model; i++)
        y[i] += x[i];
}

/* diff comes in as y's and goes out as x's; diff_memory is added to. */
static void attention_backward(struct ref_t5 *m, const struct attention *a, double *diff,
                               const double *x, int length, double *diff_memory,
                               const double *memory, int keys)
{
    int d_model = m->config.d_model, inner = m->config.heads * m->config.d_kv;
    const double *source = memory ? memory : m->normed;
    double *diff_source = memory ? diff_memory : m->diff_normed;
    struct ref_attention_shape shape;

    memcpy(m->out, diff, (size_t)length * d_model * sizeof *diff);
    drop(m, m->out, length, a->layer, output_site(a));
    shape = attention_shape(m, a, length, keys);
    attention_inside(m, a, &shape, x, memory);
    ref_clear(m->diff_heads, (size_t)length * inner);
    ref_clear(m->diff_q, (size_t)length * inner);
    ref_clear(m->diff_k, (size_t)keys * inner);
    ref_clear(m->diff_v, (size_t)keys * inner);
    ref_clear(m->diff_normed, (size_t)length * d_model);

    ref_matmul_backward(m->diff_heads, a->o->gradient, m->out, m->heads, a->o->value, length, inner,
                        d_model);
    ref_attention_backward(m->diff_q, m->diff_k, m->diff_v, a->bias ? a->bias->gradient : NULL,
                           m->diff_heads, m->q, m->k, m->v, a->bias ? a->bias->value : NULL,
                           &shape);
    ref_matmul_backward(m->diff_normed, a->q->gradient, m->diff_q, m->normed, a->q->value, length,
                        d_model, inner);
    ref_matmul_backward(diff_source, a->k->gradient, m->diff_k, source, a->k->value, keys, d_model,
                        inner);
    ref_matmul_backward(diff_source, a->v->gradient, m->diff_v, source, a->v->value, keys, d_model,
                        inner);
    ref_rms_norm_backward(diff, a->norm->gradient, m->diff_normed, x, a->norm->value, length,
                          d_model);
}

/* The variant with the scalars of a layer. */
static struct variant variant_of(const struct ref_t5 *m, const struct ffn *f)
{
    return ref_trained(m->variant, (double *[]){f->scalars[0] ? f->scalars[0]->value : NULL,
                                                f->scalars[1] ? f->scalars[1]->value : NULL});
}

static void ffn_forward(struct ref_t5 *m, const struct ffn *f, double *y, const double *x,
                        int length)
{
    struct variant variant = variant_of(m, f);
    int d_model = m->config.d_model;

    ref_rms_norm(m->normed, x, f->norm->value, length, d_model);
    ref_ffn(y, m->normed, f->w->value, f->v ? f->v->value : NULL, f->w2->value, &variant,
            mask_of(m, f->layer, DROPOUT_HIDDEN, m->config.d_ff), length, d_model, m->config.d_ff);
    drop(m, y, length, f->layer, DROPOUT_FFN);
    for (int i = 0; i < length * d_model; i++)
        y[i] += x[i];
}

static void ffn_backward(struct ref_t5 *m, const struct ffn *f, double *diff, const double *x,
                         int length)
{
    double by[ACTIVATION_SCALARS] = {0}, *v = f->v ? f->v->value : NULL;
    struct variant variant = variant_of(m, f);
    int d_model = m->config.d_model;

    memcpy(m->out, diff, (size_t)length * d_model * sizeof *diff);
    drop(m, m->out, length, f->layer, DROPOUT_FFN);
    ref_rms_norm(m->normed, x, f->norm->value, length, d_model);
    ref_clear(m->diff_normed, (size_t)length * d_model);
    ref_ffn_backward(m->diff_normed, f->w->gradient, f->v ? f->v->gradient : NULL,
                     f->w2->gradient, m->out, m->normed, f->w->value, v, f->w2->value, &variant,
                     mask_of(m, f->layer, DROPOUT_HIDDEN, m->config.d_ff), length, d_model,
                     m->config.d_ff);
    if (f->scalars[0])
        ref_ffn_scalars_backward(by, m->out, m->normed, f->w->value, v, f->w2->value, &variant,
                                 mask_of(m, f->layer, DROPOUT_HIDDEN, m->config.d_ff), length,
                                 d_model, m->config.d_ff);
    for (int i = 0; i < ACTIVATION_SCALARS && f->scalars[i]; i++)
        f->scalars[i]->gradient[0] += by[i];
    ref_rms_norm_backward(diff, f->norm->gradient, m->diff_normed, x, f->norm->value, length,
                          d_model);
}

/* ==== Stacks ==== */

/* The residual stream after `sublayer` sublayers. */
static double *state(const struct ref_t5 *m, const struct stack *stack, int sublayer)
{
    return stack->states + (size_t)sublayer * stack->length * m->config.d_model;
}

/* memory is NULL in the encoder; used: how many of the input's tokens count.  dst (length, d_model). */
static void stack_forward(struct ref_t5 *m, struct stack *stack, double *dst, const int32_t *ids,
                          const double *memory, int used)
{
    int length = stack->length, d_model = m->config.d_model, s = 0;

    ref_embedding(state(m, stack, 0), ids, m->embedding->value, length, d_model);
    drop(m, state(m, stack, 0), length, stack->first_layer, DROPOUT_EMBEDDED);
    for (int i = 0; i < m->config.layers; i++) {
        struct block *block = &stack->blocks[i];

        attention_forward(m, &block->self, state(m, stack, s + 1), state(m, stack, s), length,
                          NULL, memory ? length : used);
        s++;
        if (memory) {
            attention_forward(m, &block->cross, state(m, stack, s + 1), state(m, stack, s), length,
                              memory, used);
            s++;
        }
        ffn_forward(m, &block->ffn, state(m, stack, s + 1), state(m, stack, s), length);
        s++;
    }
    ref_rms_norm(dst, state(m, stack, s), stack->norm->value, length, d_model);
    drop(m, dst, length, stack->first_layer, DROPOUT_LAST);
}

/* diff (length, d_model) is scratch; diff_dst is used up. */
static void stack_backward(struct ref_t5 *m, struct stack *stack, double *diff, double *diff_dst,
                           const int32_t *ids, double *diff_memory, const double *memory, int used)
{
    int length = stack->length, d_model = m->config.d_model, s = stack->sublayers;

    drop(m, diff_dst, length, stack->first_layer, DROPOUT_LAST);
    ref_clear(diff, (size_t)length * d_model);
    ref_rms_norm_backward(diff, stack->norm->gradient, diff_dst, state(m, stack, s),
                          stack->norm->value, length, d_model);
    for (int i = m->config.layers - 1; i >= 0; i--) {
        struct block *block = &stack->blocks[i];

        ffn_backward(m, &block->ffn, diff, state(m, stack, --s), length);
        if (memory)
            attention_backward(m, &block->cross, diff, state(m, stack, --s), length, diff_memory,
                               memory, used);
        attention_backward(m, &block->self, diff, state(m, stack, --s), length, NULL, NULL,
                           memory ? length : used);
    }
    drop(m, diff, length, stack->first_layer, DROPOUT_EMBEDDED);
    ref_embedding_backward(m->embedding->gradient, diff, ids, length, d_model);
}

/* ==== Model ==== */

static const int32_t *inputs_of(const struct batch *batch, int example)
{
    return batch->inputs + (size_t)example * (size_t)batch->input_length;
}

static const int32_t *targets_of(const struct batch *batch, int example)
{
    return batch->targets + (size_t)example * (size_t)batch->target_length;
}

/* The sum of an example's cross-entropies, all intermediates left in m. */
static double example_forward(struct ref_t5 *m, const struct batch *batch, int example)
{
    const struct ref_config *c = &m->config;
    const int32_t *targets = targets_of(batch, example);
    int used = batch->inputs_used[example];
    double scale = 1.0 / sqrt(c->d_model);

    m->example = example;
    m->decoder_ids[0] = 0; /* pad starts the decoder */
    for (int t = 1; t < c->target_length; t++)
        m->decoder_ids[t] = targets[t - 1];
    stack_forward(m, &m->encoder, m->memory, inputs_of(batch, example), NULL, used);
    stack_forward(m, &m->decoder, m->hidden, m->decoder_ids, m->memory, used);
    for (int i = 0; i < c->target_length * c->d_model; i++)
        m->hidden[i] *= scale;
    ref_transpose(m->table_t, m->embedding->value, c->vocabulary, c->d_model);
    ref_matmul(m->logits, m->hidden, m->table_t, c->target_length, c->d_model, c->vocabulary);
    return ref_cross_entropy(m->logits, targets, c->target_length, c->vocabulary);
}

/* After example_forward() of the same example; adds to all gradients. */
static void example_backward(struct ref_t5 *m, const struct batch *batch, int example,
                             double diff_loss)
{
    const struct ref_config *c = &m->config;
    int used = batch->inputs_used[example];
    double scale = 1.0 / sqrt(c->d_model);

    ref_clear(m->diff_logits, (size_t)c->target_length * c->vocabulary);
    ref_clear(m->diff_hidden, (size_t)c->target_length * c->d_model);
    ref_clear(m->diff_table_t, (size_t)c->vocabulary * c->d_model);
    ref_clear(m->diff_memory, (size_t)c->input_length * c->d_model);

    ref_cross_entropy_backward(m->diff_logits, diff_loss, m->logits, targets_of(batch, example),
                               c->target_length, c->vocabulary);
    ref_matmul_backward(m->diff_hidden, m->diff_table_t, m->diff_logits, m->hidden, m->table_t,
                        c->target_length, c->d_model, c->vocabulary);
    for (int i = 0; i < c->target_length * c->d_model; i++)
        m->diff_hidden[i] *= scale;
    for (int w = 0; w < c->vocabulary; w++)
        for (int i = 0; i < c->d_model; i++)
            m->embedding->gradient[w * c->d_model + i] += m->diff_table_t[i * c->vocabulary + w];
    stack_backward(m, &m->decoder, m->diff_decoder, m->diff_hidden, m->decoder_ids,
                   m->diff_memory, m->memory, used);
    stack_backward(m, &m->encoder, m->diff_encoder, m->diff_memory, inputs_of(batch, example), NULL,
                   NULL, used);
}

/* How many targets are not pad; ids are checked on the way. */
static int target_tokens(const struct ref_t5 *m, const int32_t *targets, int examples)
{
    int tokens = 0;

    for (int i = 0; i < examples * m->config.target_length; i++) {
        assert(targets[i] >= 0 && targets[i] < m->config.vocabulary);
        tokens += targets[i] != 0;
    }
    return tokens;
}

double ref_t5_loss(struct ref_t5 *m, const struct batch *batch, double *example_nats)
{
    double sum = 0;

    for (int e = 0; e < batch->examples; e++) {
        double loss = example_forward(m, batch, e);

        sum += loss;
        if (example_nats)
            example_nats[e] = loss;
    }
    return sum / target_tokens(m, batch->targets, batch->examples);
}

double ref_t5_gradient(struct ref_t5 *m, const struct batch *batch)
{
    int tokens = target_tokens(m, batch->targets, batch->examples);
    double sum = 0;

    ref_tensors_clear(&m->tensors);
    for (int e = 0; e < batch->examples; e++) {
        sum += example_forward(m, batch, e);
        example_backward(m, batch, e, 1.0 / tokens);
    }
    return sum / tokens;
}
