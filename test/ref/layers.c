/* layers.c - the layers of ref.h.
 *
 * The layers follow their formulas word for word and store nothing between forward and backward:
 * a backward pass computes again what the forward had.  That costs time, which is no concern here,
 * and leaves nothing that could be stale. */
#include "src/glu.h"

#include <math.h>
#include <stdlib.h>

#include "src/util/rng.h"
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
             const struct variant *variant, const double *mask, int tokens, int d_model, int d_ff)
{
    const struct activation *act = activation_get(variant->act);

    clear(dst, (size_t)tokens * d_model);
    for (int t = 0; t < tokens; t++, src += d_model, dst += d_model)
        for (int j = 0; j < d_ff; j++) {
            double gate = project(src, w, d_model, d_ff, j);
            double hidden = mask ? mask[j] : 1.0;

            if (variant->gated)
                hidden *= activation_gate(act, gate, project(src, v, d_model, d_ff, j),
                                          variant->alpha, variant->beta).value;
            else
                hidden *= act->value(gate, variant->alpha, variant->beta);
            for (int i = 0; i < d_model; i++)
                dst[i] += hidden * w2[j * d_model + i];
        }
}

/* What the hidden element is of both branches, and its slopes; of one, y is 1. */
static struct act_pair hidden_of(const struct variant *variant, double x, double y)
{
    const struct activation *act = activation_get(variant->act);
    double alpha = variant->alpha, beta = variant->beta;

    if (variant->gated)
        return activation_gate(act, x, y, alpha, beta);
    return (struct act_pair){act->value(x, alpha, beta), act->derivative(x, alpha, beta), 0};
}

void ref_ffn_backward(double *diff_src, double *diff_w, double *diff_v, double *diff_w2,
                      const double *diff_dst, const double *src, const double *w, const double *v,
                      const double *w2, const struct variant *variant, const double *mask,
                      int tokens, int d_model, int d_ff)
{
    for (int t = 0; t < tokens; t++, src += d_model, diff_src += d_model, diff_dst += d_model)
        for (int j = 0; j < d_ff; j++) {
            double gate = project(src, w, d_model, d_ff, j);
            double linear = variant->gated ? project(src, v, d_model, d_ff, j) : 1.0;
            struct act_pair hidden = hidden_of(variant, gate, linear);
            double keep = mask ? mask[j] : 1.0, diff_hidden = 0;

            for (int i = 0; i < d_model; i++) {
                diff_hidden += keep * diff_dst[i] * w2[j * d_model + i];
                diff_w2[j * d_model + i] += keep * hidden.value * diff_dst[i];
            }
            for (int i = 0; i < d_model; i++) {
                double diff_gate = diff_hidden * hidden.by_gate;

                diff_w[i * d_ff + j] += src[i] * diff_gate;
                diff_src[i] += w[i * d_ff + j] * diff_gate;
            }
            for (int i = 0; variant->gated && i < d_model; i++) {
                double diff_linear = diff_hidden * hidden.by_up;

                diff_v[i * d_ff + j] += src[i] * diff_linear;
                diff_src[i] += v[i * d_ff + j] * diff_linear;
            }
        }
}

void ref_ffn_scalars_backward(double *diff_scalars, const double *diff_dst, const double *src,
                              const double *w, const double *v, const double *w2,
                              const struct variant *variant, const double *mask, int tokens,
                              int d_model, int d_ff)
{
    for (int t = 0; t < tokens; t++, src += d_model, diff_dst += d_model)
        for (int j = 0; j < d_ff; j++) {
            struct act_by by = activation_get(variant->act)
                                   ->by(project(src, w, d_model, d_ff, j), variant->alpha,
                                        variant->beta);
            double diff = (mask ? mask[j] : 1.0) *
                          (variant->gated ? project(src, v, d_model, d_ff, j) : 1.0);

            diff *= dot(diff_dst, w2 + j * d_model, d_model);
            diff_scalars[0] += diff * by.alpha;
            diff_scalars[1] += diff * by.beta;
        }
}

struct variant ref_trained(const struct variant *variant, double *const scalars[2])
{
    struct variant trained = *variant;

    if (scalars[0])
        trained.alpha = *scalars[0];
    if (scalars[1])
        trained.beta = *scalars[1];
    return trained;
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

/* What the weight of a key is multiplied by. */
static double kept(const struct ref_attention_shape *s, int key, int head)
{
    return s->mask ? s->mask[key * s->heads + head] : 1.0;
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
                double p = exp(score(q, k, bias, s, query, key, head) - lse) * kept(s, key, head);

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
                mean += exp(score(q, k, bias, s, query, key, head) - lse) * kept(s, key, head) *
                        dot(diff_dst + at_q, v + head_at(s, key, head), s->d_kv);

            for (int key = 0; key < visible_keys(s, query); key++) {
                size_t at_k = head_at(s, key, head);
                double p = exp(score(q, k, bias, s, query, key, head) - lse);
                double keep = kept(s, key, head);
                double diff_p = keep * dot(diff_dst + at_q, v + at_k, s->d_kv);
                double diff_score = p * (diff_p - mean);

                for (int i = 0; i < s->d_kv; i++) {
                    diff_v[at_k + i] += keep * p * diff_dst[at_q + i];
                    diff_q[at_q + i] += diff_score * k[at_k + i];
                    diff_k[at_k + i] += diff_score * q[at_q + i];
                }
                if (bias)
                    diff_bias[bias_at(s, query, key, head)] += diff_score;
            }
        }
}

/* ==== Rotary positions ==== */

void ref_rotary(double *x, double direction, int tokens, int heads, int d_kv)
{
    for (int t = 0; t < tokens; t++)
        for (int h = 0; h < heads; h++, x += d_kv)
            for (int i = 0; i < d_kv / 2; i++) {
                double angle = direction * t * pow(10000, -2.0 * i / d_kv);
                double a = x[i], b = x[i + d_kv / 2];

                x[i] = a * cos(angle) - b * sin(angle);
                x[i + d_kv / 2] = a * sin(angle) + b * cos(angle);
            }
}

/* ==== Dropout (src/nn/dropout.h says which bits) ==== */

const double *ref_dropout_mask(double *mask, const struct ref_dropout *dropout, int layer,
                               enum dropout_site site, int example, int columns)
{
    uint32_t lane = ((uint32_t)layer * 8 + (uint32_t)site) * (1u << 17) + (uint32_t)example;
    struct rng rng;

    if (dropout->rate == 0)
        return NULL;
    rng_start(&rng, dropout->seed, RNG_DROPOUT, lane);
    for (int i = 0; i < columns; i++) {
        rng.position = (uint64_t)dropout->step * ((uint64_t)1 << 32) + (uint64_t)i;
        mask[i] = rng_u32(&rng) * 0x1p-32 < dropout->rate ? 0.0 : 1.0 / (1.0 - dropout->rate);
    }
    return mask;
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
