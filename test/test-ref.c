/* test-ref.c - the plain twins of the layers, the optimizer and the schedule: values against hand
 * calculation, gradients against central differences. */
#include "src/glu.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "test/ref/ref.h"
#include "src/util/rng.h"
#include "test/tap.h"
#include "test/worse.h"
#include "variants/variant.h"

static bool close_to(double a, double b)
{
    return fabs(a - b) <= 1e-12 * fmax(1.0, fabs(b));
}

/* ==== Values worked out by hand ==== */

static void test_matmul(void)
{
    const double src[] = {1, 2, 3, 4}, wei[] = {5, 6, 7, 8, 9, 10}; /* (2, 2) (2, 3) */
    const double want[] = {1 * 5 + 2 * 8, 1 * 6 + 2 * 9, 1 * 7 + 2 * 10,
                           3 * 5 + 4 * 8, 3 * 6 + 4 * 9, 3 * 7 + 4 * 10};
    double dst[6];

    ref_matmul(dst, src, wei, 2, 2, 3);
    tap_ok(memcmp(dst, want, sizeof want) == 0, "matmul by hand");
}

/* src (1, 2) W is 1, src V is 3 and the sole hidden unit is doubled into dst. */
static void test_ffn(void)
{
    const double src[] = {2, -1}, w[] = {1, 1}, v[] = {2, 1}, w2[] = {2, -2};
    const struct {
        const char *name;
        double hidden;
    } cases[] = {
        {"relu", 1},
        {"gelu", 0.8413447460685429},
        {"swish", 0.7310585786300049},
        {"glu", 3 * 0.7310585786300049},
        {"bilinear", 3},
        {"geglu", 3 * 0.8413447460685429},
        {"swiglu", 3 * 0.7310585786300049},
        {"reglu", 3},
        {"relu2", 1},
        {"gelu_tanh", 0.8411919906082768},
        {"custom:linear,gated,alpha=2,beta=1", 9},
    };
    int wrong = 0;

    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct variant_storage storage;
        const struct variant *variant = variant_find(cases[i].name, &storage);
        double dst[2];

        ref_ffn(dst, src, w, variant->gated ? v : NULL, w2, variant, NULL, 1, 2, 1);
        if (!close_to(dst[0], 2 * cases[i].hidden) || !close_to(dst[1], -2 * cases[i].hidden)) {
            tap_diag("%s: %.17g, not %.17g", variant->name, dst[0], 2 * cases[i].hidden);
            wrong++;
        }
    }
    tap_ok(wrong == 0, "feed-forward layers by hand");
}

static void test_rms_norm(void)
{
    const double src[] = {3, 4, 0, 0}, scale[] = {1, 2};
    double dst[4], rms = sqrt((9.0 + 16.0) / 2 + 1e-6); /* the mean of squares, epsilon inside */

    ref_rms_norm(dst, src, scale, 2, 2);
    tap_ok(close_to(dst[0], 3 / rms) && close_to(dst[1], 8 / rms) && dst[2] == 0 && dst[3] == 0,
           "RMSNorm by hand");
}

static void test_softmax(void)
{
    const double src[] = {0, log(2), log(3), 1000, 1000 + log(2), 1000 + log(3)};
    double dst[6];

    ref_softmax(dst, src, 2, 3);
    tap_ok(close_to(dst[0], 1.0 / 6) && close_to(dst[1], 2.0 / 6) && close_to(dst[2], 3.0 / 6) &&
               fabs(dst[3] - 1.0 / 6) < 1e-9 && fabs(dst[5] - 3.0 / 6) < 1e-9,
           "softmax of 0, ln 2, ln 3, also when a large number is added");
}

/* One head of width 2, so that a scale of 1/sqrt(d_kv) would show.  Query 0 scores the two keys 0
 * and ln 3, query 1 scores them 0 and 2 ln 3. */
static void test_attention(void)
{
    const double q[] = {1, 0, 2, 0}, k[] = {0, 5, log(3), 7}, v[] = {4, 0, 8, 1};
    double bias[REF_BUCKETS] = {0}, dst[4];
    struct ref_attention_shape shape = {.heads = 1, .d_kv = 2, .queries = 2, .keys = 2};

    ref_attention(dst, q, k, v, NULL, &shape);
    tap_ok(close_to(dst[0], 4 * 0.25 + 8 * 0.75) && close_to(dst[1], 0.75) &&
               close_to(dst[2], 4 * 0.1 + 8 * 0.9) && close_to(dst[3], 0.9),
           "attention by hand, without a scale");

    shape.causal = true;
    ref_attention(dst, q, k, v, NULL, &shape);
    tap_ok(dst[0] == 4 && dst[1] == 0 && close_to(dst[2], 7.6), "causal: query 0 sees key 0 only");

    /* Key 1 is one to the right of query 0 (bucket 17), key 0 one to the left of query 1 (1). */
    shape.causal = false;
    bias[17] = -log(3);
    bias[1] = log(9);
    ref_attention(dst, q, k, v, bias, &shape);
    tap_ok(close_to(dst[0], 6) && close_to(dst[2], 6), "relative position bias, both ways");
    shape.causal = true;
    ref_attention(dst, q, k, v, bias, &shape);
    tap_ok(dst[0] == 4 && close_to(dst[2], 6), "relative position bias, causal");
}

/* Worked out from the formula: with 16 buckets a side the first 8 distances are exact, bucket
 * 8 + k starts at 8 * 16^(k/8) = 8, 11.3, 16, 22.6, 32, 45.3, 64, 90.5; with 32 one-sided ones the
 * first 16 are, and bucket 16 + k starts at 16 * 8^(k/16) = 16, 18.2, 20.7, ... */
static void test_buckets(void)
{
    static const int two_sided[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91};
    static const int one_sided[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                    16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113};
    int wrong = 0;

    for (int distance = 0, a = 0, b = 0; distance < 3000; distance++) {
        a += a + 1 < (int)LENGTH_OF(two_sided) && distance == two_sided[a + 1];
        b += b + 1 < (int)LENGTH_OF(one_sided) && distance == one_sided[b + 1];
        wrong += ref_relative_bucket(-distance, true) != a;
        wrong += ref_relative_bucket(distance, true) != (distance ? 16 + a : 0);
        wrong += ref_relative_bucket(-distance, false) != b;
        wrong += ref_relative_bucket(distance, false) != 0;
    }
    tap_ok(wrong == 0, "every bucket of relative positions -2999 to 2999");
}

static void test_cross_entropy(void)
{
    const double logits[] = {0, 0, 0, 1, 2, 3, 0, log(2), log(5)};
    const int32_t targets[] = {1, 0, 2}; /* the second is pad */

    tap_ok(close_to(ref_cross_entropy(logits, targets, 3, 3), log(3) - log(5.0 / 8)),
           "cross-entropy ln 3 - ln 5/8, pad left out");
}

static void test_adafactor(void)
{
    double value[] = {3, 4}, state[2] = {0}, zero[] = {0, 0}, zero_state[2] = {0};
    const double first[] = {1, -2}, second[] = {2, 0}, huge[] = {3e6, 4e6}, none[] = {0, 0};
    double rms = sqrt(12.5), beta2 = 1 - pow(2, -0.8), before, moment, clipped;

    /* t = 1: beta2 is 0, so the update is the sign. */
    ref_adafactor(value, state, first, 1, 2, 1, 0.01);
    tap_ok(close_to(value[0], 3 - 0.01 * rms) && close_to(value[1], 4 + 0.01 * rms),
           "Adafactor: the first step is the sign times RMS(parameter)");

    /* t = 2: beta2 = 0.42565..., the moments are beta2 g1^2 + (1 - beta2) g2^2; RMS(update) < 1. */
    rms = sqrt((value[0] * value[0] + value[1] * value[1]) / 2);
    before = value[0];
    moment = beta2 * 1 + (1 - beta2) * 4;
    ref_adafactor(value, state, second, 1, 2, 2, 0.01);
    tap_ok(close_to(state[0], moment) && close_to(state[1], beta2 * 4) &&
               close_to(value[0], before - 0.01 * rms * 2 / sqrt(moment)),
           "Adafactor: the second step decays by 1 - 2^-0.8");

    /* t = 3: gradients so large that the old moments vanish; both updates are
     * 1 / sqrt(1 - beta2) = 3^0.4 = 1.55..., which is clipped to RMS 1. */
    rms = sqrt((value[0] * value[0] + value[1] * value[1]) / 2);
    before = value[0];
    ref_adafactor(value, state, huge, 1, 2, 3, 0.01);
    clipped = (before - value[0]) / (0.01 * rms);
    tap_ok(fabs(clipped - 1) < 1e-9, "Adafactor: the update is clipped at RMS 1");

    ref_adafactor(zero, zero_state, none, 1, 2, 1, 0.01);
    tap_ok(zero[0] == 0 && zero_state[0] == 1e-30, "Adafactor: a zero gradient moves nothing");
    ref_adafactor(zero, zero_state, first, 1, 2, 2, 0.01);
    tap_ok(fabs(zero[1] - 1e-5) < 1e-7, "Adafactor: a zero parameter moves by lr 1e-3");
}

/* g is 1 everywhere but for one 3, whose square is 9: its row and column means are
 * 1 + 8/128 = 1.0625, the mean of all is 1 + 8/128^2, so its moment is 1.0625^2 / 1.00048828125. */
static void test_adafactor_factored(void)
{
    enum { N = 128 };
    static double value[N * N], gradient[N * N], state[2 * N];
    double corner, edge, inside, squares, scale;

    for (int i = 0; i < N * N; i++) {
        value[i] = 0.5;
        gradient[i] = 1;
    }
    gradient[0] = 3;
    ref_adafactor(value, state, gradient, N, N, 1, 0.02);
    corner = 3 / sqrt(1.0625 * 1.0625 / 1.00048828125);
    edge = 1 / sqrt(1.0625 / 1.00048828125);
    inside = 1 / sqrt(1 / 1.00048828125);
    squares = corner * corner + 2 * 127 * edge * edge + 127 * 127 * inside * inside;
    scale = 0.02 * 0.5 / fmax(1, sqrt(squares / (N * N)));
    tap_ok(fabs(value[0] - (0.5 - scale * corner)) < 1e-12 &&
               fabs(value[5] - (0.5 - scale * edge)) < 1e-12 &&
               fabs(value[5 * N] - (0.5 - scale * edge)) < 1e-12 &&
               fabs(value[N + 1] - (0.5 - scale * inside)) < 1e-12,
           "Adafactor: factored moments by hand");
    tap_ok(ref_adafactor_state_size(128, 128) == 256 &&
               ref_adafactor_state_size(127, 128) == 127 * 128 &&
               ref_adafactor_state_size(1000, 127) == 127000,
           "Adafactor: factored when both dimensions are 128 or more");
}

static void test_learning_rate(void)
{
    const struct {
        int64_t t;
        double rate;
    } cases[] = {
        {1, 0.02},                            /* the warm-up is flat */
        {300, 0.02},
        {1200, 0.01},                         /* 0.02 sqrt(300 / 1200) */
        {1351, 0.02 * sqrt(300.0 / 1351)},    /* 150 steps left of the last 150: not yet less */
        {1426, 0.01 * sqrt(300.0 / 1426)},    /* 75 left: half */
        {1500, 0.02 / 150 * sqrt(300.0 / 1500)}, /* the last: 1 / 150 */
    };
    int wrong = 0;

    for (size_t i = 0; i < LENGTH_OF(cases); i++)
        wrong += !close_to(ref_learning_rate(cases[i].t, 1500, 0.02, 300, 0.1), cases[i].rate);
    tap_ok(wrong == 0, "the schedule by hand: 1500 steps, 300 of warm-up, a tenth of decay");
    tap_ok(close_to(ref_learning_rate(1500, 1500, 0.02, 1500, 0), 0.02), "the schedule without decay");
}

/* ==== Layers: gradients against central differences ==== */

enum { ARRAYS = 4, NUMBERS = 2048 };

/* The layer under test reads in[..] and writes dst; its loss is the sum of dst * probe. */
static double in[ARRAYS][NUMBERS], diff[ARRAYS][NUMBERS], dst[NUMBERS], probe[NUMBERS];
static const struct variant *variant;
static const int32_t ids[] = {3, 1, 3, 0, 2};
static const int32_t targets[] = {3, 0, 1, 2};
static struct ref_attention_shape attention;

enum { FFN_TOKENS = 5, FFN_D_MODEL = 7, FFN_D_FF = 9 };

/* Of dropout: of the hidden layer's columns, and of (key, head). */
static const double ffn_mask[FFN_D_FF] = {0, 2, 2, 0, 2, 2, 2, 0, 2};
static const double attention_mask[7 * 2] = {1.5, 0, 0, 1.5, 1.5, 1.5, 0, 0, 1.5, 0, 1.5, 1.5, 0, 1.5};
static const double *hidden_mask; /* NULL, or ffn_mask */

static void matmul_forward(void)
{
    ref_matmul(dst, in[0], in[1], 3, 5, 4);
}

static void matmul_backward(void)
{
    ref_matmul_backward(diff[0], diff[1], probe, in[0], in[1], 3, 5, 4);
}

static void ffn_forward(void)
{
    ref_ffn(dst, in[0], in[1], variant->gated ? in[3] : NULL, in[2], variant, hidden_mask,
            FFN_TOKENS, FFN_D_MODEL, FFN_D_FF);
}

static void ffn_backward(void)
{
    ref_ffn_backward(diff[0], diff[1], variant->gated ? diff[3] : NULL, diff[2], probe, in[0],
                     in[1], variant->gated ? in[3] : NULL, in[2], variant, hidden_mask, FFN_TOKENS,
                     FFN_D_MODEL, FFN_D_FF);
}

static void norm_forward(void)
{
    ref_rms_norm(dst, in[0], in[1], 4, 6);
}

static void norm_backward(void)
{
    ref_rms_norm_backward(diff[0], diff[1], probe, in[0], in[1], 4, 6);
}

static void softmax_forward(void)
{
    ref_softmax(dst, in[0], 3, 5);
}

static void softmax_backward(void)
{
    double p[3 * 5];

    ref_softmax(p, in[0], 3, 5);
    ref_softmax_backward(diff[0], probe, p, 3, 5);
}

static void attention_forward(void)
{
    ref_attention(dst, in[0], in[1], in[2], in[3], &attention);
}

static void attention_backward(void)
{
    ref_attention_backward(diff[0], diff[1], diff[2], diff[3], probe, in[0], in[1], in[2], in[3],
                           &attention);
}

static void cross_attention_forward(void)
{
    ref_attention(dst, in[0], in[1], in[2], NULL, &attention);
}

static void cross_attention_backward(void)
{
    ref_attention_backward(diff[0], diff[1], diff[2], NULL, probe, in[0], in[1], in[2], NULL,
                           &attention);
}

static void embedding_forward(void)
{
    ref_embedding(dst, ids, in[0], (int)LENGTH_OF(ids), 3);
}

static void embedding_backward(void)
{
    ref_embedding_backward(diff[0], probe, ids, (int)LENGTH_OF(ids), 3);
}

static void loss_forward(void)
{
    dst[0] = ref_cross_entropy(in[0], targets, (int)LENGTH_OF(targets), 5);
}

static void loss_backward(void)
{
    ref_cross_entropy_backward(diff[0], probe[0], in[0], targets, (int)LENGTH_OF(targets), 5);
}

struct layer {
    const char *name;
    void (*forward)(void), (*backward)(void);
    int dst_numbers;
    int numbers[ARRAYS]; /* of each input; 0: not there */
    struct ref_attention_shape attention;
};

static const struct layer layers[] = {
    {"matmul", matmul_forward, matmul_backward, 3 * 4, {3 * 5, 5 * 4}, {0}},
    {"RMSNorm", norm_forward, norm_backward, 4 * 6, {4 * 6, 6}, {0}},
    {"softmax", softmax_forward, softmax_backward, 3 * 5, {3 * 5}, {0}},
    {"attention of the encoder", attention_forward, attention_backward, 19 * 6,
     {19 * 6, 19 * 6, 19 * 6, REF_BUCKETS * 2}, {2, 3, 19, 19, false, NULL}},
    {"attention of the decoder", attention_forward, attention_backward, 19 * 6,
     {19 * 6, 19 * 6, 19 * 6, REF_BUCKETS * 2}, {2, 3, 19, 19, true, NULL}},
    {"attention across", cross_attention_forward, cross_attention_backward, 4 * 6,
     {4 * 6, 7 * 6, 7 * 6}, {2, 3, 4, 7, false, NULL}},
    {"attention across, with dropout", cross_attention_forward, cross_attention_backward, 4 * 6,
     {4 * 6, 7 * 6, 7 * 6}, {2, 3, 4, 7, false, attention_mask}},
    {"embedding", embedding_forward, embedding_backward, 5 * 3, {4 * 3}, {0}},
    {"cross-entropy", loss_forward, loss_backward, 1, {4 * 5}, {0}},
};

static void fill(double *a, int n, double stddev, struct rng *rng)
{
    for (int i = 0; i < n; i++)
        a[i] = stddev * rng_normal(rng);
}

static double layer_loss(const struct layer *layer)
{
    double sum = 0;

    layer->forward();
    for (int i = 0; i < layer->dst_numbers; i++)
        sum += dst[i] * probe[i];
    return sum;
}

/* Largest error of an element of diff[array], relative to the largest element. */
static double array_error(const struct layer *layer, int array)
{
    const double h = 1e-5;
    double worst = 0, largest = 0;

    for (int i = 0; i < layer->numbers[array]; i++) {
        double saved = in[array][i], up, down;

        in[array][i] = saved + h;
        up = layer_loss(layer);
        in[array][i] = saved - h;
        down = layer_loss(layer);
        in[array][i] = saved;
        worst = worse(worst, fabs((up - down) / (2 * h) - diff[array][i]));
        largest = fmax(largest, fabs(diff[array][i]));
    }
    return largest > 0 ? worst / largest : INFINITY;
}

static void test_layer(const struct layer *layer, const char *name, struct rng *rng)
{
    double worst = 0, accumulated = 0;

    attention = layer->attention;
    memset(diff, 0, sizeof diff);
    for (int a = 0; a < ARRAYS; a++)
        fill(in[a], layer->numbers[a], 1.0, rng);
    fill(probe, layer->dst_numbers, 1.0, rng);
    layer->backward();
    for (int a = 0; a < ARRAYS; a++)
        if (layer->numbers[a])
            worst = worse(worst, array_error(layer, a));

    for (int i = 0; i < layer->numbers[0]; i++)
        accumulated -= 2 * diff[0][i];
    layer->backward();
    for (int i = 0; i < layer->numbers[0]; i++)
        accumulated += diff[0][i];
    tap_ok(worst < 1e-8 && fabs(accumulated) < 1e-10,
           "%s: backward against central differences, error %.1e", name, worst);
}

static void test_layers(void)
{
    struct layer ffn = {"ffn", ffn_forward, ffn_backward, FFN_TOKENS * FFN_D_MODEL, {0}, {0}};
    struct rng rng;

    rng_start(&rng, 1, RNG_TEST, 0);
    for (size_t i = 0; i < LENGTH_OF(layers); i++)
        test_layer(&layers[i], layers[i].name, &rng);

    ffn.numbers[0] = FFN_TOKENS * FFN_D_MODEL;
    ffn.numbers[1] = ffn.numbers[2] = FFN_D_MODEL * FFN_D_FF;
    for (int i = 0; i < variant_count(); i++) {
        variant = variant_at(i);
        ffn.numbers[3] = variant->gated ? FFN_D_MODEL * FFN_D_FF : 0;
        test_layer(&ffn, variant->name, &rng);
    }
    hidden_mask = ffn_mask;
    test_layer(&ffn, "the last of them, with dropout", &rng);
    hidden_mask = NULL;
}

int main(void)
{
    tap_plan(19 + (int)LENGTH_OF(layers) + variant_count() + 1);
    test_matmul();
    test_ffn();
    test_rms_norm();
    test_softmax();
    test_attention();
    test_buckets();
    test_cross_entropy();
    test_adafactor();
    test_adafactor_factored();
    test_learning_rate();
    test_layers();
    return tap_status();
}
