/* ref.c - see ref.h.
 *
 * The layers follow their formulas word for word and store nothing between forward and backward:
 * a backward pass computes again what the forward had.  That costs time, which is no concern here,
 * and leaves nothing that could be stale. */
#include "src/glu.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/ref/ref.h"

static const double norm_epsilon = 1e-6;

static void clear(double *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        a[i] = 0;
}

static double dot(const double *a, const double *b, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* ==== Matrix product ==== */

void ref_matmul(double *dst, const double *src, const double *wei, int rows, int in, int out)
{
    clear(dst, (size_t)rows * out);
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < in; i++)
            for (int o = 0; o < out; o++)
                dst[r * out + o] += src[r * in + i] * wei[i * out + o];
}

void ref_matmul_backward(double *diff_src, double *diff_wei, const double *diff_dst,
                         const double *src, const double *wei, int rows, int in, int out)
{
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < in; i++)
            for (int o = 0; o < out; o++) {
                if (diff_src)
                    diff_src[r * in + i] += diff_dst[r * out + o] * wei[i * out + o];
                if (diff_wei)
                    diff_wei[i * out + o] += src[r * in + i] * diff_dst[r * out + o];
            }
}

/* ==== Feed-forward layer ==== */

/* Column j of src (d_model) times a matrix (d_model, d_ff). */
static double project(const double *src, const double *matrix, int d_model, int d_ff, int j)
{
    double sum = 0;

    for (int i = 0; i < d_model; i++)
        sum += src[i] * matrix[i * d_ff + j];
    return sum;
}

void ref_ffn(double *dst, const double *src, const double *w, const double *v, const double *w2,
             const struct variant *variant, int tokens, int d_model, int d_ff)
{
    const struct activation *act = activation_get(variant->act);

    clear(dst, (size_t)tokens * d_model);
    for (int t = 0; t < tokens; t++, src += d_model, dst += d_model)
        for (int j = 0; j < d_ff; j++) {
            double gate = project(src, w, d_model, d_ff, j);
            double linear = variant->gated ? project(src, v, d_model, d_ff, j) : 1.0;
            double hidden = act->value(gate, variant->alpha, variant->beta) * linear;

            for (int i = 0; i < d_model; i++)
                dst[i] += hidden * w2[j * d_model + i];
        }
}

void ref_ffn_backward(double *diff_src, double *diff_w, double *diff_v, double *diff_w2,
                      const double *diff_dst, const double *src, const double *w, const double *v,
                      const double *w2, const struct variant *variant, int tokens, int d_model,
                      int d_ff)
{
    const struct activation *act = activation_get(variant->act);

    for (int t = 0; t < tokens; t++, src += d_model, diff_src += d_model, diff_dst += d_model)
        for (int j = 0; j < d_ff; j++) {
            double gate = project(src, w, d_model, d_ff, j);
            double linear = variant->gated ? project(src, v, d_model, d_ff, j) : 1.0;
            double value = act->value(gate, variant->alpha, variant->beta);
            double slope = act->derivative(gate, variant->alpha, variant->beta);
            double diff_hidden = 0;

            for (int i = 0; i < d_model; i++) {
                diff_hidden += diff_dst[i] * w2[j * d_model + i];
                diff_w2[j * d_model + i] += value * linear * diff_dst[i];
            }
            for (int i = 0; i < d_model; i++) {
                double diff_gate = diff_hidden * linear * slope;

                diff_w[i * d_ff + j] += src[i] * diff_gate;
                diff_src[i] += w[i * d_ff + j] * diff_gate;
            }
            for (int i = 0; variant->gated && i < d_model; i++) {
                double diff_linear = diff_hidden * value;

                diff_v[i * d_ff + j] += src[i] * diff_linear;
                diff_src[i] += v[i * d_ff + j] * diff_linear;
            }
        }
}

/* ==== RMSNorm ==== */

static double inverse_rms(const double *src, int d_model)
{
    return 1.0 / sqrt(dot(src, src, d_model) / d_model + norm_epsilon);
}

void ref_rms_norm(double *dst, const double *src, const double *scale, int rows, int d_model)
{
    for (int r = 0; r < rows; r++, src += d_model, dst += d_model) {
        double inverse = inverse_rms(src, d_model);

        for (int i = 0; i < d_model; i++)
            dst[i] = src[i] * inverse * scale[i];
    }
}

/* With s = 1 / rms:  d(x_i s)/dx_j = s [i == j] - s^3 x_i x_j / d_model. */
void ref_rms_norm_backward(double *diff_src, double *diff_scale, const double *diff_dst,
                           const double *src, const double *scale, int rows, int d_model)
{
    for (int r = 0; r < rows; r++, src += d_model, diff_src += d_model, diff_dst += d_model) {
        double s = inverse_rms(src, d_model), along = 0;

        for (int i = 0; i < d_model; i++)
            along += diff_dst[i] * scale[i] * src[i];
        for (int i = 0; i < d_model; i++) {
            diff_src[i] += s * diff_dst[i] * scale[i] - s * s * s * src[i] * along / d_model;
            diff_scale[i] += diff_dst[i] * src[i] * s;
        }
    }
}

/* ==== Softmax ==== */

/* log(sum(exp(src))). */
static double log_sum_exp(const double *src, int n)
{
    double largest = src[0], sum = 0;

    for (int i = 1; i < n; i++)
        largest = fmax(largest, src[i]);
    for (int i = 0; i < n; i++)
        sum += exp(src[i] - largest);
    return largest + log(sum);
}

void ref_softmax(double *dst, const double *src, int rows, int n)
{
    for (int r = 0; r < rows; r++, src += n, dst += n) {
        double lse = log_sum_exp(src, n);

        for (int i = 0; i < n; i++)
            dst[i] = exp(src[i] - lse);
    }
}

void ref_softmax_backward(double *diff_src, const double *diff_dst, const double *dst, int rows,
                          int n)
{
    for (int r = 0; r < rows; r++, diff_src += n, diff_dst += n, dst += n) {
        double mean = dot(diff_dst, dst, n);

        for (int i = 0; i < n; i++)
            diff_src[i] += dst[i] * (diff_dst[i] - mean);
    }
}

/* ==== Attention ==== */

int ref_relative_bucket(int relative, bool bidirectional)
{
    int buckets = bidirectional ? REF_BUCKETS / 2 : REF_BUCKETS;
    int first = bidirectional && relative > 0 ? buckets : 0;
    int distance = bidirectional ? abs(relative) : relative < 0 ? -relative : 0;
    int exact = buckets / 2;

    if (distance >= exact) {
        double octaves = log((double)distance / exact) / log((double)REF_MAX_DISTANCE / exact);

        distance = exact + (int)(octaves * (buckets - exact));
    }
    return first + (distance < buckets ? distance : buckets - 1);
}

/* One head of q, k, v or dst at a position. */
static size_t head_at(const struct ref_attention_shape *s, int position, int head)
{
    return ((size_t)position * s->heads + head) * s->d_kv;
}

static int visible_keys(const struct ref_attention_shape *s, int query)
{
    return s->causal && query + 1 < s->keys ? query + 1 : s->keys;
}

/* Where the bias of a pair stands in the table. */
static size_t bias_at(const struct ref_attention_shape *s, int query, int key, int head)
{
    return (size_t)ref_relative_bucket(key - query, !s->causal) * s->heads + head;
}

static double score(const double *q, const double *k, const double *bias,
                    const struct ref_attention_shape *s, int query, int key, int head)
{
    return dot(q + head_at(s, query, head), k + head_at(s, key, head), s->d_kv) +
           (bias ? bias[bias_at(s, query, key, head)] : 0.0);
}

/* log(sum(exp(score))) over the visible keys, kept as it goes. */
static double score_lse(const double *q, const double *k, const double *bias,
                        const struct ref_attention_shape *s, int query, int head)
{
    double lse = -INFINITY;

    for (int key = 0; key < visible_keys(s, query); key++) {
        double x = score(q, k, bias, s, query, key, head);

        lse = fmax(lse, x) + log1p(exp(-fabs(lse - x)));
    }
    return lse;
}

void ref_attention(double *dst, const double *q, const double *k, const double *v,
                   const double *bias, const struct ref_attention_shape *s)
{
    clear(dst, (size_t)s->queries * s->heads * s->d_kv);
    for (int head = 0; head < s->heads; head++)
        for (int query = 0; query < s->queries; query++) {
            double lse = score_lse(q, k, bias, s, query, head);

            for (int key = 0; key < visible_keys(s, query); key++) {
                double p = exp(score(q, k, bias, s, query, key, head) - lse);

                for (int i = 0; i < s->d_kv; i++)
                    dst[head_at(s, query, head) + i] += p * v[head_at(s, key, head) + i];
            }
        }
}

void ref_attention_backward(double *diff_q, double *diff_k, double *diff_v, double *diff_bias,
                            const double *diff_dst, const double *q, const double *k,
                            const double *v, const double *bias,
                            const struct ref_attention_shape *s)
{
    for (int head = 0; head < s->heads; head++)
        for (int query = 0; query < s->queries; query++) {
            double lse = score_lse(q, k, bias, s, query, head), mean = 0;
            size_t at_q = head_at(s, query, head);

            for (int key = 0; key < visible_keys(s, query); key++)
                mean += exp(score(q, k, bias, s, query, key, head) - lse) *
                        dot(diff_dst + at_q, v + head_at(s, key, head), s->d_kv);

            for (int key = 0; key < visible_keys(s, query); key++) {
                size_t at_k = head_at(s, key, head);
                double p = exp(score(q, k, bias, s, query, key, head) - lse);
                double diff_p = dot(diff_dst + at_q, v + at_k, s->d_kv);
                double diff_score = p * (diff_p - mean);

                for (int i = 0; i < s->d_kv; i++) {
                    diff_v[at_k + i] += p * diff_dst[at_q + i];
                    diff_q[at_q + i] += diff_score * k[at_k + i];
                    diff_k[at_k + i] += diff_score * q[at_q + i];
                }
                if (bias)
                    diff_bias[bias_at(s, query, key, head)] += diff_score;
            }
        }
}

/* ==== Embedding and loss ==== */

void ref_embedding(double *dst, const int32_t *ids, const double *table, int tokens, int d_model)
{
    for (int t = 0; t < tokens; t++)
        for (int i = 0; i < d_model; i++)
            dst[t * d_model + i] = table[ids[t] * d_model + i];
}

void ref_embedding_backward(double *diff_table, const double *diff_dst, const int32_t *ids,
                            int tokens, int d_model)
{
    for (int t = 0; t < tokens; t++)
        for (int i = 0; i < d_model; i++)
            diff_table[ids[t] * d_model + i] += diff_dst[t * d_model + i];
}

double ref_cross_entropy(const double *logits, const int32_t *targets, int rows, int vocabulary)
{
    double sum = 0;

    for (int r = 0; r < rows; r++, logits += vocabulary)
        if (targets[r] != 0)
            sum += log_sum_exp(logits, vocabulary) - logits[targets[r]];
    return sum;
}

void ref_cross_entropy_backward(double *diff_logits, double diff_loss, const double *logits,
                                const int32_t *targets, int rows, int vocabulary)
{
    for (int r = 0; r < rows; r++, logits += vocabulary, diff_logits += vocabulary) {
        double lse;

        if (targets[r] == 0)
            continue;
        lse = log_sum_exp(logits, vocabulary);
        for (int i = 0; i < vocabulary; i++)
            diff_logits[i] += diff_loss * (exp(logits[i] - lse) - (i == targets[r]));
    }
}

/* ==== Adafactor (Shazeer and Stern 2018, algorithms 4 and 5) ==== */

static const double adafactor_epsilon1 = 1e-30; /* added to squared gradients */
static const double adafactor_epsilon2 = 1e-3;  /* least scale of a parameter */
static const double adafactor_clip = 1.0;       /* largest RMS of an update */
static const double adafactor_decay = 0.8;      /* beta2_t = 1 - t^-0.8 */

static double rms(const double *a, size_t n)
{
    return sqrt(dot(a, a, (int)n) / (double)n);
}

bool ref_adafactor_is_factored(int rows, int cols)
{
    return rows >= 128 && cols >= 128;
}

size_t ref_adafactor_state_size(int rows, int cols)
{
    return ref_adafactor_is_factored(rows, cols) ? (size_t)rows + cols : (size_t)rows * cols;
}

static double squared(const double *gradient, int cols, int r, int c)
{
    double g = gradient[r * cols + c];

    return g * g + adafactor_epsilon1;
}

/* state: rows means over the columns, then cols means over the rows; or every element. */
static void adafactor_accumulate(double *state, const double *gradient, int rows, int cols,
                                 double beta2)
{
    if (!ref_adafactor_is_factored(rows, cols)) {
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < cols; c++)
                state[r * cols + c] = beta2 * state[r * cols + c] +
                                      (1 - beta2) * squared(gradient, cols, r, c);
        return;
    }
    for (int i = 0; i < rows + cols; i++)
        state[i] *= beta2;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++) {
            state[r] += (1 - beta2) * squared(gradient, cols, r, c) / cols;
            state[rows + c] += (1 - beta2) * squared(gradient, cols, r, c) / rows;
        }
}

/* The estimate of an element's second moment: its row's mean times its column's, over the mean of
 * all. */
static double adafactor_moment(const double *state, int rows, int cols, int r, int c, double mean)
{
    if (!ref_adafactor_is_factored(rows, cols))
        return state[r * cols + c];
    return state[r] * state[rows + c] / mean;
}

void ref_adafactor(double *value, double *state, const double *gradient, int rows, int cols,
                   int64_t t, double learning_rate)
{
    size_t n = (size_t)rows * cols;
    double scale = fmax(adafactor_epsilon2, rms(value, n));
    double mean = 0, update_squares = 0, step;

    adafactor_accumulate(state, gradient, rows, cols, 1.0 - pow((double)t, -adafactor_decay));
    for (int r = 0; r < rows; r++)
        mean += state[r] / rows; /* of the row means; used only when factored */

    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++) {
            double g = gradient[r * cols + c];

            update_squares += g * g / adafactor_moment(state, rows, cols, r, c, mean);
        }
    step = learning_rate * scale / fmax(1.0, sqrt(update_squares / (double)n) / adafactor_clip);

    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++)
            value[r * cols + c] -= step * gradient[r * cols + c] /
                                   sqrt(adafactor_moment(state, rows, cols, r, c, mean));
}

double ref_learning_rate(int64_t t, int64_t steps, double lr0, int64_t warmup_steps,
                         double decay_fraction)
{
    double decay_steps = decay_fraction * (double)steps, left = (double)(steps - t + 1);
    double warmup = (double)warmup_steps;

    return lr0 * sqrt(warmup / fmax((double)t, warmup)) *
           (left < decay_steps ? left / decay_steps : 1.0);
}

/* ==== The whole T5 ==== */

struct attention {
    struct ref_tensor *norm;           /* (1, d_model) */
    struct ref_tensor *q, *k, *v;      /* (d_model, heads d_kv) */
    struct ref_tensor *o;              /* (heads d_kv, d_model) */
    const struct ref_tensor *bias;     /* (REF_BUCKETS, heads), the stack's; NULL in cross-attention */
    bool causal;
};

struct ffn {
    struct ref_tensor *norm;  /* (1, d_model) */
    struct ref_tensor *w, *v; /* (d_model, d_ff); v NULL when ungated */
    struct ref_tensor *w2;    /* (d_ff, d_model) */
};

struct block {
    struct attention self, cross; /* cross in the decoder only */
    struct ffn ffn;
};

struct stack {
    struct block *blocks;    /* (layers) */
    struct ref_tensor *norm; /* after the last block */
    double *states;          /* (sublayers + 1, length, d_model): the residual stream */
    int sublayers, length;
};

struct ref_t5 {
    struct ref_config config;
    const struct variant *variant;
    struct ref_tensor *tensors;
    int count;
    struct ref_tensor *embedding; /* (vocabulary, d_model) */
    struct stack encoder, decoder;
    double *numbers; /* what all of the pointers to double point into */

    /* Scratch of the sublayers; length is the longer of the two. */
    double *normed, *diff_normed;       /* (length, d_model) */
    double *q, *k, *v, *heads;          /* (length, heads d_kv) */
    double *diff_q, *diff_k, *diff_v, *diff_heads;
    double *out;                        /* (length, d_model) */

    double *memory, *diff_memory;       /* (input_length, d_model): what the encoder gives */
    double *hidden, *diff_hidden;       /* (target_length, d_model): what the softmax reads */
    double *logits, *diff_logits;       /* (target_length, vocabulary) */
    double *table_t, *diff_table_t;     /* (d_model, vocabulary): the embedding transposed */
    double *diff_encoder, *diff_decoder; /* (length, d_model): of the residual streams */
    int32_t *decoder_ids;               /* (target_length) */
};

GLU_PRINTF(4, 5)
static struct ref_tensor *tensor_add(struct ref_t5 *m, int rows, int cols, const char *format, ...)
{
    struct ref_tensor *tensor = &m->tensors[m->count++];
    va_list args;

    va_start(args, format);
    vsnprintf(tensor->name, sizeof tensor->name, format, args);
    va_end(args);
    tensor->rows = rows;
    tensor->cols = cols;
    return tensor;
}

/* `where` is like "encoder.block.0.layer.0", `kind` SelfAttention or EncDecAttention. */
static void attention_add(struct ref_t5 *m, struct attention *a, const char *where,
                          const char *kind)
{
    int d_model = m->config.d_model, inner = m->config.heads * m->config.d_kv;

    a->q = tensor_add(m, d_model, inner, "%s.%s.q.weight", where, kind);
    a->k = tensor_add(m, d_model, inner, "%s.%s.k.weight", where, kind);
    a->v = tensor_add(m, d_model, inner, "%s.%s.v.weight", where, kind);
    a->o = tensor_add(m, inner, d_model, "%s.%s.o.weight", where, kind);
    a->norm = tensor_add(m, 1, d_model, "%s.layer_norm.weight", where);
}

static void ffn_add(struct ref_t5 *m, struct ffn *f, const char *where)
{
    int d_model = m->config.d_model, d_ff = m->config.d_ff;
    bool gated = m->variant->gated;

    f->w = tensor_add(m, d_model, d_ff, "%s.DenseReluDense.%s.weight", where,
                      gated ? "wi_0" : "wi");
    f->v = gated ? tensor_add(m, d_model, d_ff, "%s.DenseReluDense.wi_1.weight", where) : NULL;
    f->w2 = tensor_add(m, d_ff, d_model, "%s.DenseReluDense.wo.weight", where);
    f->norm = tensor_add(m, 1, d_model, "%s.layer_norm.weight", where);
}

static void stack_add(struct ref_t5 *m, struct stack *stack, const char *name, bool decoder)
{
    const struct ref_tensor *bias = NULL;
    char where[48];

    for (int i = 0; i < m->config.layers; i++) {
        struct block *block = &stack->blocks[i];
        int layer = 0;

        snprintf(where, sizeof where, "%s.block.%d.layer.%d", name, i, layer++);
        attention_add(m, &block->self, where, "SelfAttention");
        if (!bias)
            bias = tensor_add(m, REF_BUCKETS, m->config.heads,
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
    stack->norm = tensor_add(m, 1, m->config.d_model, "%s.final_layer_norm.weight", name);
    stack->sublayers = m->config.layers * (decoder ? 3 : 2);
    stack->length = decoder ? m->config.target_length : m->config.input_length;
}

/* The next `n` numbers of the pool; a pool without a base only counts. */
struct pool {
    double *base;
    size_t used;
};

static double *take(struct pool *pool, size_t n)
{
    double *at = pool->base ? pool->base + pool->used : NULL;

    pool->used += n;
    return at;
}

static void layout(struct ref_t5 *m, struct pool *pool)
{
    const struct ref_config *c = &m->config;
    int longer = c->input_length > c->target_length ? c->input_length : c->target_length;
    size_t inner = (size_t)longer * c->heads * c->d_kv, model = (size_t)longer * c->d_model;
    size_t logits = (size_t)c->target_length * c->vocabulary;
    size_t table = (size_t)c->vocabulary * c->d_model;
    struct {
        double **array;
        size_t size;
    } arrays[] = {
        {&m->encoder.states, ((size_t)m->encoder.sublayers + 1) * model},
        {&m->decoder.states, ((size_t)m->decoder.sublayers + 1) * model},
        {&m->normed, model}, {&m->diff_normed, model}, {&m->out, model},
        {&m->q, inner}, {&m->k, inner}, {&m->v, inner}, {&m->heads, inner},
        {&m->diff_q, inner}, {&m->diff_k, inner}, {&m->diff_v, inner}, {&m->diff_heads, inner},
        {&m->memory, model}, {&m->diff_memory, model},
        {&m->hidden, model}, {&m->diff_hidden, model},
        {&m->logits, logits}, {&m->diff_logits, logits},
        {&m->table_t, table}, {&m->diff_table_t, table},
        {&m->diff_encoder, model}, {&m->diff_decoder, model},
    };

    for (int i = 0; i < m->count; i++) {
        struct ref_tensor *tensor = &m->tensors[i];

        tensor->value = take(pool, (size_t)tensor->rows * tensor->cols);
        tensor->gradient = take(pool, (size_t)tensor->rows * tensor->cols);
    }
    for (size_t i = 0; i < LENGTH_OF(arrays); i++)
        *arrays[i].array = take(pool, arrays[i].size);
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
    enum { ENCODER_BLOCK = 9, DECODER_BLOCK = 14, BESIDES = 5 }; /* most tensors of each */
    size_t layers = (size_t)config->layers;
    struct pool pool = {NULL, 0};
    struct ref_t5 *m = NULL;

    *model = NULL;
    if (config_check(config) != 0)
        return -1;
    m = calloc(1, sizeof *m);
    if (!m)
        goto no_memory;
    m->config = *config;
    m->variant = variant;
    m->tensors = calloc(layers * (ENCODER_BLOCK + DECODER_BLOCK) + BESIDES, sizeof *m->tensors);
    m->encoder.blocks = calloc(layers, sizeof *m->encoder.blocks);
    m->decoder.blocks = calloc(layers, sizeof *m->decoder.blocks);
    m->decoder_ids = calloc((size_t)config->target_length, sizeof *m->decoder_ids);
    if (!m->tensors || !m->encoder.blocks || !m->decoder.blocks || !m->decoder_ids)
        goto no_memory;

    m->embedding = tensor_add(m, config->vocabulary, config->d_model, "shared.weight");
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
    free(m->tensors);
    free(m);
}

struct ref_tensor *ref_t5_tensors(struct ref_t5 *m, int *count)
{
    *count = m->count;
    return m->tensors;
}

struct ref_tensor *ref_t5_tensor(struct ref_t5 *m, const char *name)
{
    for (int i = 0; i < m->count; i++)
        if (strcmp(m->tensors[i].name, name) == 0)
            return &m->tensors[i];
    return NULL;
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

static struct ref_attention_shape attention_shape(const struct ref_t5 *m,
                                                  const struct attention *a, int queries, int keys)
{
    return (struct ref_attention_shape){m->config.heads, m->config.d_kv, queries, keys, a->causal};
}

static void attention_forward(struct ref_t5 *m, const struct attention *a, double *y,
                              const double *x, int length, const double *memory, int keys)
{
    struct ref_attention_shape shape = attention_shape(m, a, length, keys);
    int d_model = m->config.d_model;

    attention_inside(m, a, &shape, x, memory);
    ref_matmul(y, m->heads, a->o->value, length, shape.heads * shape.d_kv, d_model);
    for (int i = 0; i < length * d_model; i++)
        y[i] += x[i];
}

/* diff comes in as y's and goes out as x's; diff_memory is added to. */
static void attention_backward(struct ref_t5 *m, const struct attention *a, double *diff,
                               const double *x, int length, double *diff_memory,
                               const double *memory, int keys)
{
    struct ref_attention_shape shape = attention_shape(m, a, length, keys);
    int d_model = m->config.d_model, inner = shape.heads * shape.d_kv;
    const double *source = memory ? memory : m->normed;
    double *diff_source = memory ? diff_memory : m->diff_normed;

    attention_inside(m, a, &shape, x, memory);
    clear(m->diff_heads, (size_t)length * inner);
    clear(m->diff_q, (size_t)length * inner);
    clear(m->diff_k, (size_t)keys * inner);
    clear(m->diff_v, (size_t)keys * inner);
    clear(m->diff_normed, (size_t)length * d_model);

    ref_matmul_backward(m->diff_heads, a->o->gradient, diff, m->heads, a->o->value, length, inner,
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

static void ffn_forward(struct ref_t5 *m, const struct ffn *f, double *y, const double *x,
                        int length)
{
    int d_model = m->config.d_model;

    ref_rms_norm(m->normed, x, f->norm->value, length, d_model);
    ref_ffn(y, m->normed, f->w->value, f->v ? f->v->value : NULL, f->w2->value, m->variant, length,
            d_model, m->config.d_ff);
    for (int i = 0; i < length * d_model; i++)
        y[i] += x[i];
}

static void ffn_backward(struct ref_t5 *m, const struct ffn *f, double *diff, const double *x,
                         int length)
{
    int d_model = m->config.d_model;

    ref_rms_norm(m->normed, x, f->norm->value, length, d_model);
    clear(m->diff_normed, (size_t)length * d_model);
    ref_ffn_backward(m->diff_normed, f->w->gradient, f->v ? f->v->gradient : NULL,
                     f->w2->gradient, diff, m->normed, f->w->value, f->v ? f->v->value : NULL,
                     f->w2->value, m->variant, length, d_model, m->config.d_ff);
    ref_rms_norm_backward(diff, f->norm->gradient, m->diff_normed, x, f->norm->value, length,
                          d_model);
}

/* ==== Stacks ==== */

/* The residual stream after `sublayer` sublayers. */
static double *state(const struct ref_t5 *m, const struct stack *stack, int sublayer)
{
    return stack->states + (size_t)sublayer * stack->length * m->config.d_model;
}

/* memory is NULL in the encoder.  dst (length, d_model). */
static void stack_forward(struct ref_t5 *m, struct stack *stack, double *dst, const int32_t *ids,
                          const double *memory)
{
    int length = stack->length, d_model = m->config.d_model, s = 0;

    ref_embedding(state(m, stack, 0), ids, m->embedding->value, length, d_model);
    for (int i = 0; i < m->config.layers; i++) {
        struct block *block = &stack->blocks[i];

        attention_forward(m, &block->self, state(m, stack, s + 1), state(m, stack, s), length,
                          NULL, length);
        s++;
        if (memory) {
            attention_forward(m, &block->cross, state(m, stack, s + 1), state(m, stack, s), length,
                              memory, m->config.input_length);
            s++;
        }
        ffn_forward(m, &block->ffn, state(m, stack, s + 1), state(m, stack, s), length);
        s++;
    }
    ref_rms_norm(dst, state(m, stack, s), stack->norm->value, length, d_model);
}

/* diff (length, d_model) is scratch. */
static void stack_backward(struct ref_t5 *m, struct stack *stack, double *diff,
                           const double *diff_dst, const int32_t *ids, double *diff_memory,
                           const double *memory)
{
    int length = stack->length, d_model = m->config.d_model, s = stack->sublayers;

    clear(diff, (size_t)length * d_model);
    ref_rms_norm_backward(diff, stack->norm->gradient, diff_dst, state(m, stack, s),
                          stack->norm->value, length, d_model);
    for (int i = m->config.layers - 1; i >= 0; i--) {
        struct block *block = &stack->blocks[i];

        ffn_backward(m, &block->ffn, diff, state(m, stack, --s), length);
        if (memory)
            attention_backward(m, &block->cross, diff, state(m, stack, --s), length, diff_memory,
                               memory, m->config.input_length);
        attention_backward(m, &block->self, diff, state(m, stack, --s), length, NULL, NULL, length);
    }
    ref_embedding_backward(m->embedding->gradient, diff, ids, length, d_model);
}

/* ==== Model ==== */

static void transpose(double *dst, const double *src, int rows, int cols)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++)
            dst[c * rows + r] = src[r * cols + c];
}

/* The sum of the example's cross-entropies, all intermediates left in m. */
static double example_forward(struct ref_t5 *m, const int32_t *inputs, const int32_t *targets)
{
    const struct ref_config *c = &m->config;
    double scale = 1.0 / sqrt(c->d_model);

    m->decoder_ids[0] = 0; /* pad starts the decoder */
    for (int t = 1; t < c->target_length; t++)
        m->decoder_ids[t] = targets[t - 1];
    stack_forward(m, &m->encoder, m->memory, inputs, NULL);
    stack_forward(m, &m->decoder, m->hidden, m->decoder_ids, m->memory);
    for (int i = 0; i < c->target_length * c->d_model; i++)
        m->hidden[i] *= scale;
    transpose(m->table_t, m->embedding->value, c->vocabulary, c->d_model);
    ref_matmul(m->logits, m->hidden, m->table_t, c->target_length, c->d_model, c->vocabulary);
    return ref_cross_entropy(m->logits, targets, c->target_length, c->vocabulary);
}

/* After example_forward() of the same example; adds to all gradients. */
static void example_backward(struct ref_t5 *m, const int32_t *inputs, const int32_t *targets,
                             double diff_loss)
{
    const struct ref_config *c = &m->config;
    double scale = 1.0 / sqrt(c->d_model);

    clear(m->diff_logits, (size_t)c->target_length * c->vocabulary);
    clear(m->diff_hidden, (size_t)c->target_length * c->d_model);
    clear(m->diff_table_t, (size_t)c->vocabulary * c->d_model);
    clear(m->diff_memory, (size_t)c->input_length * c->d_model);

    ref_cross_entropy_backward(m->diff_logits, diff_loss, m->logits, targets, c->target_length,
                               c->vocabulary);
    ref_matmul_backward(m->diff_hidden, m->diff_table_t, m->diff_logits, m->hidden, m->table_t,
                        c->target_length, c->d_model, c->vocabulary);
    for (int i = 0; i < c->target_length * c->d_model; i++)
        m->diff_hidden[i] *= scale;
    for (int w = 0; w < c->vocabulary; w++)
        for (int i = 0; i < c->d_model; i++)
            m->embedding->gradient[w * c->d_model + i] += m->diff_table_t[i * c->vocabulary + w];
    stack_backward(m, &m->decoder, m->diff_decoder, m->diff_hidden, m->decoder_ids,
                   m->diff_memory, m->memory);
    stack_backward(m, &m->encoder, m->diff_encoder, m->diff_memory, inputs, NULL, NULL);
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

double ref_t5_loss(struct ref_t5 *m, int examples, const int32_t *inputs, const int32_t *targets,
                   double *example_loss_nats)
{
    const struct ref_config *c = &m->config;
    double sum = 0;

    for (int e = 0; e < examples; e++) {
        const int32_t *target = targets + (size_t)e * c->target_length;
        double loss = example_forward(m, inputs + (size_t)e * c->input_length, target);

        sum += loss;
        if (example_loss_nats)
            example_loss_nats[e] = loss / target_tokens(m, target, 1);
    }
    return sum / target_tokens(m, targets, examples);
}

double ref_t5_gradient(struct ref_t5 *m, int examples, const int32_t *inputs,
                       const int32_t *targets)
{
    const struct ref_config *c = &m->config;
    int tokens = target_tokens(m, targets, examples);
    double sum = 0;

    for (int i = 0; i < m->count; i++)
        clear(m->tensors[i].gradient, (size_t)m->tensors[i].rows * m->tensors[i].cols);
    for (int e = 0; e < examples; e++) {
        const int32_t *input = inputs + (size_t)e * c->input_length;
        const int32_t *target = targets + (size_t)e * c->target_length;

        sum += example_forward(m, input, target);
        example_backward(m, input, target, 1.0 / tokens);
    }
    return sum / tokens;
}
