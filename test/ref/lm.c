/* lm.c - the whole decoder-only model of ref.h. */
#include "src/glu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "test/ref/model.h"

struct layer {
    struct ref_tensor *attention_norm, *ffn_norm; /* (1, d_model) */
    struct ref_tensor *q, *k, *v;                 /* (d_model, heads d_kv) */
    struct ref_tensor *o;                         /* (heads d_kv, d_model) */
    struct ref_tensor *gate, *up;                 /* (d_model, d_ff); up NULL when ungated */
    struct ref_tensor *down;                      /* (d_ff, d_model) */
    struct ref_tensor *scalars[ACTIVATION_SCALARS]; /* (1, 1); NULL: not trained */
};

struct ref_lm {
    struct ref_config config;
    const struct variant *variant;
    struct ref_tensors tensors;
    struct ref_tensor *embedding, *norm;
    struct layer *layers; /* (layers) */
    double *numbers;      /* what all of the pointers to double point into */
    struct ref_dropout dropout;
    int example; /* of the batch: the one at work */

    double *states;               /* (2 layers + 1, length, d_model): the residual stream */
    double *normed, *out, *diff_normed, *diff; /* (length, d_model) */
    double *q, *k, *v, *mixed;    /* (length, heads d_kv) */
    double *diff_q, *diff_k, *diff_v, *diff_mixed;
    double *mask;                 /* (most columns of a place) */
    double *hidden, *diff_hidden; /* (length, d_model): what the softmax reads */
    double *logits, *diff_logits; /* (length, vocabulary) */
    double *table_t, *diff_table_t; /* (d_model, vocabulary): the embedding transposed */
};

/* ==== Making one ==== */

static void layer_add(struct ref_lm *m, int i)
{
    int d_model = m->config.d_model, inner = m->config.heads * m->config.d_kv;
    int d_ff = m->config.d_ff;
    const struct activation *act = activation_get(m->variant->act);
    struct layer *l = &m->layers[i];
    struct ref_tensors *t = &m->tensors;

    l->q = ref_tensor_add(t, d_model, inner, "model.layers.%d.self_attn.q_proj.weight", i);
    l->k = ref_tensor_add(t, d_model, inner, "model.layers.%d.self_attn.k_proj.weight", i);
    l->v = ref_tensor_add(t, d_model, inner, "model.layers.%d.self_attn.v_proj.weight", i);
    l->o = ref_tensor_add(t, inner, d_model, "model.layers.%d.self_attn.o_proj.weight", i);
    if (m->variant->gated) {
        l->gate = ref_tensor_add(t, d_model, d_ff, "model.layers.%d.mlp.gate_proj.weight", i);
        l->up = ref_tensor_add(t, d_model, d_ff, "model.layers.%d.mlp.up_proj.weight", i);
    } else {
        l->gate = ref_tensor_add(t, d_model, d_ff, "model.layers.%d.mlp.up_proj.weight", i);
    }
    l->down = ref_tensor_add(t, d_ff, d_model, "model.layers.%d.mlp.down_proj.weight", i);
    for (int s = 0; s < act->scalars; s++)
        l->scalars[s] = ref_tensor_add(t, 1, 1, "model.layers.%d.mlp.act_fn.%s", i,
                                       act->scalar_names[s]);
    l->attention_norm = ref_tensor_add(t, 1, d_model, "model.layers.%d.input_layernorm.weight", i);
    l->ffn_norm = ref_tensor_add(t, 1, d_model, "model.layers.%d.post_attention_layernorm.weight",
                                 i);
}

static void lay_out(struct ref_lm *m, struct ref_pool *pool)
{
    const struct ref_config *c = &m->config;
    size_t model = (size_t)c->input_length * c->d_model;
    size_t inner = (size_t)c->input_length * c->heads * c->d_kv;
    size_t logits = (size_t)c->input_length * c->vocabulary;
    size_t table = (size_t)c->vocabulary * c->d_model;
    const struct ref_array arrays[] = {
        {&m->states, (2 * (size_t)c->layers + 1) * model},
        {&m->normed, model}, {&m->out, model}, {&m->diff_normed, model}, {&m->diff, model},
        {&m->q, inner}, {&m->k, inner}, {&m->v, inner}, {&m->mixed, inner},
        {&m->diff_q, inner}, {&m->diff_k, inner}, {&m->diff_v, inner}, {&m->diff_mixed, inner},
        {&m->mask, (size_t)c->input_length * c->heads + (size_t)c->d_ff + (size_t)c->d_model},
        {&m->hidden, model}, {&m->diff_hidden, model},
        {&m->logits, logits}, {&m->diff_logits, logits},
        {&m->table_t, table}, {&m->diff_table_t, table},
    };

    ref_pool_take(pool, &m->tensors, arrays, LENGTH_OF(arrays));
}

int ref_lm_create(struct ref_lm **model, const struct ref_config *config,
                  const struct variant *variant)
{
    struct ref_lm *m = calloc(1, sizeof *m);
    struct ref_pool pool = {NULL, 0};

    *model = NULL;
    if (!m)
        return err_set("not enough memory for the reference model");
    m->config = *config;
    m->variant = variant;
    m->tensors.list = calloc(2 + (9 + ACTIVATION_SCALARS) * (size_t)config->layers,
                             sizeof *m->tensors.list);
    m->layers = calloc((size_t)config->layers, sizeof *m->layers);
    if (m->tensors.list && m->layers) {
        m->embedding = ref_tensor_add(&m->tensors, config->vocabulary, config->d_model,
                                      "model.embed_tokens.weight");
        for (int i = 0; i < config->layers; i++)
            layer_add(m, i);
        m->norm = ref_tensor_add(&m->tensors, 1, config->d_model, "model.norm.weight");
        lay_out(m, &pool);
        m->numbers = pool.base = calloc(pool.used, sizeof *m->numbers);
        pool.used = 0;
    }
    if (!m->numbers) {
        ref_lm_destroy(m);
        return err_set("not enough memory for the reference model");
    }
    lay_out(m, &pool);
    *model = m;
    return 0;
}

void ref_lm_destroy(struct ref_lm *m)
{
    if (!m)
        return;
    free(m->numbers);
    free(m->layers);
    free(m->tensors.list);
    free(m);
}

struct ref_tensor *ref_lm_tensors(struct ref_lm *m, int *count)
{
    *count = m->tensors.count;
    return m->tensors.list;
}

struct ref_tensor *ref_lm_tensor(struct ref_lm *m, const char *name)
{
    return ref_tensor_find(&m->tensors, name);
}

void ref_lm_set_dropout(struct ref_lm *m, const struct ref_dropout *dropout)
{
    m->dropout = *dropout;
}

/* ==== Small things ==== */

static const double *mask_of(struct ref_lm *m, int layer, enum dropout_site site, int columns)
{
    return ref_dropout_mask(m->mask, &m->dropout, layer, site, m->example, columns);
}

/* x (length, d_model), in place. */
static void drop(struct ref_lm *m, double *x, int layer, enum dropout_site site)
{
    const double *mask = mask_of(m, layer, site, m->config.d_model);

    for (int i = 0; mask && i < m->config.input_length * m->config.d_model; i++)
        x[i] *= mask[i % m->config.d_model];
}

/* The residual stream before sublayer s. */
static double *state(const struct ref_lm *m, int s)
{
    return m->states + (size_t)s * m->config.input_length * m->config.d_model;
}

/* ==== Sublayers: y = x + f(norm(x)) ==== */

static void scale_scores(const struct ref_lm *m, double *q)
{
    const struct ref_config *c = &m->config;

    for (int i = 0; i < c->input_length * c->heads * c->d_kv; i++)
        q[i] /= sqrt(c->d_kv);
}

/* q, k, v and mixed of layer i; the mask in the shape lasts until the next one is made. */
static struct ref_attention_shape attend(struct ref_lm *m, int i, const double *x)
{
    const struct ref_config *c = &m->config;
    const struct layer *l = &m->layers[i];
    int n = c->input_length, inner = c->heads * c->d_kv;
    struct ref_attention_shape shape = {
        .heads = c->heads, .d_kv = c->d_kv, .queries = n, .keys = n, .causal = true,
        .mask = mask_of(m, i, DROPOUT_SELF_WEIGHTS, n * c->heads),
    };

    ref_rms_norm(m->normed, x, l->attention_norm->value, n, c->d_model);
    ref_matmul(m->q, m->normed, l->q->value, n, c->d_model, inner);
    ref_matmul(m->k, m->normed, l->k->value, n, c->d_model, inner);
    ref_matmul(m->v, m->normed, l->v->value, n, c->d_model, inner);
    ref_rotary(m->q, 1, n, c->heads, c->d_kv);
    ref_rotary(m->k, 1, n, c->heads, c->d_kv);
    scale_scores(m, m->q);
    ref_attention(m->mixed, m->q, m->k, m->v, NULL, &shape);
    return shape;
}

static void attention_forward(struct ref_lm *m, int i, double *y, const double *x)
{
    const struct ref_config *c = &m->config;

    attend(m, i, x);
    ref_matmul(y, m->mixed, m->layers[i].o->value, c->input_length, c->heads * c->d_kv, c->d_model);
    drop(m, y, i, DROPOUT_SELF);
    for (int j = 0; j < c->input_length * c->d_model; j++)
        y[j] += x[j];
}

/* diff comes in as y's and goes out as x's. */
static void attention_backward(struct ref_lm *m, int i, double *diff, const double *x)
{
    const struct ref_config *c = &m->config;
    const struct layer *l = &m->layers[i];
    int n = c->input_length, inner = c->heads * c->d_kv;
    double *const cleared[] = {m->diff_mixed, m->diff_q, m->diff_k, m->diff_v};
    struct ref_attention_shape shape;

    memcpy(m->out, diff, (size_t)n * c->d_model * sizeof *diff);
    drop(m, m->out, i, DROPOUT_SELF);
    shape = attend(m, i, x);
    for (size_t j = 0; j < LENGTH_OF(cleared); j++)
        ref_clear(cleared[j], (size_t)n * inner);
    ref_clear(m->diff_normed, (size_t)n * c->d_model);
    ref_matmul_backward(m->diff_mixed, l->o->gradient, m->out, m->mixed, l->o->value, n, inner,
                        c->d_model);
    ref_attention_backward(m->diff_q, m->diff_k, m->diff_v, NULL, m->diff_mixed, m->q, m->k, m->v,
                           NULL, &shape);
    scale_scores(m, m->diff_q);
    ref_rotary(m->diff_q, -1, n, c->heads, c->d_kv);
    ref_rotary(m->diff_k, -1, n, c->heads, c->d_kv);
    ref_matmul_backward(m->diff_normed, l->q->gradient, m->diff_q, m->normed, l->q->value, n,
                        c->d_model, inner);
    ref_matmul_backward(m->diff_normed, l->k->gradient, m->diff_k, m->normed, l->k->value, n,
                        c->d_model, inner);
    ref_matmul_backward(m->diff_normed, l->v->gradient, m->diff_v, m->normed, l->v->value, n,
                        c->d_model, inner);
    ref_rms_norm_backward(diff, l->attention_norm->gradient, m->diff_normed, x,
                          l->attention_norm->value, n, c->d_model);
}

/* The variant with the scalars of a layer. */
static struct variant variant_of(const struct ref_lm *m, const struct layer *l)
{
    return ref_trained(m->variant, (double *[]){l->scalars[0] ? l->scalars[0]->value : NULL,
                                                l->scalars[1] ? l->scalars[1]->value : NULL});
}

static void ffn_forward(struct ref_lm *m, int i, double *y, const double *x)
{
    const struct ref_config *c = &m->config;
    const struct layer *l = &m->layers[i];
    struct variant variant = variant_of(m, l);

    ref_rms_norm(m->normed, x, l->ffn_norm->value, c->input_length, c->d_model);
    ref_ffn(y, m->normed, l->gate->value, l->up ? l->up->value : NULL, l->down->value, &variant,
            mask_of(m, i, DROPOUT_HIDDEN, c->d_ff), c->input_length, c->d_model, c->d_ff);
    drop(m, y, i, DROPOUT_FFN);
    for (int j = 0; j < c->input_length * c->d_model; j++)
        y[j] += x[j];
}

static void ffn_backward(struct ref_lm *m, int i, double *diff, const double *x)
{
    const struct ref_config *c = &m->config;
    const struct layer *l = &m->layers[i];
    double by[ACTIVATION_SCALARS] = {0}, *up = l->up ? l->up->value : NULL;
    struct variant variant = variant_of(m, l);

    memcpy(m->out, diff, (size_t)c->input_length * c->d_model * sizeof *diff);
    drop(m, m->out, i, DROPOUT_FFN);
    ref_rms_norm(m->normed, x, l->ffn_norm->value, c->input_length, c->d_model);
    ref_clear(m->diff_normed, (size_t)c->input_length * c->d_model);
    ref_ffn_backward(m->diff_normed, l->gate->gradient, l->up ? l->up->gradient : NULL,
                     l->down->gradient, m->out, m->normed, l->gate->value, up, l->down->value,
                     &variant, mask_of(m, i, DROPOUT_HIDDEN, c->d_ff), c->input_length, c->d_model,
                     c->d_ff);
    if (l->scalars[0])
        ref_ffn_scalars_backward(by, m->out, m->normed, l->gate->value, up, l->down->value, &variant,
                                 mask_of(m, i, DROPOUT_HIDDEN, c->d_ff), c->input_length, c->d_model,
                                 c->d_ff);
    for (int s = 0; s < ACTIVATION_SCALARS && l->scalars[s]; s++)
        l->scalars[s]->gradient[0] += by[s];
    ref_rms_norm_backward(diff, l->ffn_norm->gradient, m->diff_normed, x, l->ffn_norm->value,
                          c->input_length, c->d_model);
}

/* ==== The model ==== */

/* The sum of an example's cross-entropies, all intermediates left in m. */
static double example_forward(struct ref_lm *m, const struct batch *batch, int example)
{
    const struct ref_config *c = &m->config;
    int n = c->input_length, at = example * n;

    m->example = example;
    ref_embedding(state(m, 0), batch->inputs + at, m->embedding->value, n, c->d_model);
    drop(m, state(m, 0), 0, DROPOUT_EMBEDDED);
    for (int i = 0; i < c->layers; i++) {
        attention_forward(m, i, state(m, 2 * i + 1), state(m, 2 * i));
        ffn_forward(m, i, state(m, 2 * i + 2), state(m, 2 * i + 1));
    }
    ref_rms_norm(m->hidden, state(m, 2 * c->layers), m->norm->value, n, c->d_model);
    drop(m, m->hidden, 0, DROPOUT_LAST);
    ref_transpose(m->table_t, m->embedding->value, c->vocabulary, c->d_model);
    ref_matmul(m->logits, m->hidden, m->table_t, n, c->d_model, c->vocabulary);
    return ref_cross_entropy(m->logits, batch->targets + at, n, c->vocabulary);
}

/* After example_forward() of the same example; adds to all gradients. */
static void example_backward(struct ref_lm *m, const struct batch *batch, int example,
                             double diff_loss)
{
    const struct ref_config *c = &m->config;
    int n = c->input_length, at = example * n;

    ref_clear(m->diff_logits, (size_t)n * c->vocabulary);
    ref_clear(m->diff_hidden, (size_t)n * c->d_model);
    ref_clear(m->diff_table_t, (size_t)c->vocabulary * c->d_model);
    ref_clear(m->diff, (size_t)n * c->d_model);
    ref_cross_entropy_backward(m->diff_logits, diff_loss, m->logits, batch->targets + at, n,
                               c->vocabulary);
    ref_matmul_backward(m->diff_hidden, m->diff_table_t, m->diff_logits, m->hidden, m->table_t, n,
                        c->d_model, c->vocabulary);
    for (int w = 0; w < c->vocabulary; w++)
        for (int i = 0; i < c->d_model; i++)
            m->embedding->gradient[w * c->d_model + i] += m->diff_table_t[i * c->vocabulary + w];
    drop(m, m->diff_hidden, 0, DROPOUT_LAST);
    ref_rms_norm_backward(m->diff, m->norm->gradient, m->diff_hidden, state(m, 2 * c->layers),
                          m->norm->value, n, c->d_model);
    for (int i = c->layers - 1; i >= 0; i--) {
        ffn_backward(m, i, m->diff, state(m, 2 * i + 1));
        attention_backward(m, i, m->diff, state(m, 2 * i));
    }
    drop(m, m->diff, 0, DROPOUT_EMBEDDED);
    ref_embedding_backward(m->embedding->gradient, m->diff, batch->inputs + at, n, c->d_model);
}

double ref_lm_loss(struct ref_lm *m, const struct batch *batch, double *example_nats)
{
    double sum = 0;

    for (int e = 0; e < batch->examples; e++) {
        double loss = example_forward(m, batch, e);

        sum += loss;
        if (example_nats)
            example_nats[e] = loss;
    }
    return sum / (double)batch_all_targets(batch);
}

double ref_lm_gradient(struct ref_lm *m, const struct batch *batch)
{
    double sum = 0, targets = (double)batch_all_targets(batch);

    ref_tensors_clear(&m->tensors);
    for (int e = 0; e < batch->examples; e++) {
        sum += example_forward(m, batch, e);
        example_backward(m, batch, e, 1 / targets);
    }
    return sum / targets;
}
