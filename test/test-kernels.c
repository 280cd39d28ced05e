/* test-kernels.c - the kernels of activations, but the gates, of every instruction set that runs here, in f32 and
 * bf16, over odd sizes, against the plain twins. */
#include "src/glu.h"

#include <math.h>
#include <string.h>

#include "src/nn/attention.h"
#include "src/nn/kernels.h"
#include "test/kernels-fixture.h"
#include "test/ref/ref.h"
#include "test/tap.h"
#include "test/worse.h"

static struct array a, b, c, d, e, f;
static double want[MOST], want2[MOST];

/* ==== Element by element ==== */

static void test_multiply(const struct kernels *kernels, enum dnn_type type)
{
    check_begin();
    for (size_t s = 0; s < LENGTH_OF(sizes); s++) {
        int n = sizes[s];

        draw(&a, n, 1, type);
        draw(&b, n, 1, type);
        for (int i = 0; i < n; i++)
            want[i] = a.exact[i] * b.exact[i];
        kernels->type[type].multiply(n, data(&a, type), data(&b, type), data(&a, type));
        compare(&a, want, n, type);
    }
    check_end(kernels->isa, type, "multiply, in place");
}

static void test_convert(const struct kernels *kernels, enum dnn_type type)
{
    int wrong = 0;

    check_begin();
    for (size_t s = 0; s < LENGTH_OF(sizes); s++) {
        int n = sizes[s];

        draw(&a, n, 1, DNN_F32);
        draw(&b, n, 1, type);
        kernels->type[type].convert(n, a.f32, data(&b, type));
        compare(&b, a.exact, n, type);
        for (int i = 0; type == DNN_BF16 && i < n; i++)
            wrong += b.bf16[i] != to_bf16(a.f32[i]);
    }
    trampled += wrong;
    check_end(kernels->isa, type, "convert, to nearest even");
}

/* ==== Norm, softmax, cross-entropy ==== */

static void test_norm(const struct kernels *kernels, enum dnn_type type)
{
    enum { ROWS = 3 };
    const struct typed_kernels *k = &kernels->type[type];
    const float scale = 0.25f;
    static float rstd[ROWS];
    double scaled[2049];
    int not_copied = 0;

    check_begin();
    for (size_t s = 0; s < LENGTH_OF(sizes); s++) {
        int size = sizes[s], n = ROWS * size;

        draw(&a, n, 2, DNN_F32);    /* src */
        draw(&b, size, 1, DNN_F32); /* gain */
        draw(&c, n, 1, DNN_F32);    /* copy */
        draw(&d, n, 1, type);       /* dst */
        for (int i = 0; i < size; i++)
            scaled[i] = b.exact[i] * scale;
        ref_rms_norm(want, a.exact, scaled, ROWS, size);
        k->norm_forward(ROWS, size, a.f32, b.f32, scale, data(&d, type), rstd, c.f32);
        compare(&d, want, n, type);
        not_copied += memcmp(a.f32, c.f32, (size_t)n * sizeof *a.f32) != 0;

        /* The gradients are added to what is there. */
        draw(&c, n, 1, DNN_F32); /* diff_dst */
        draw(&e, n, 1, DNN_F32); /* diff_src */
        draw(&f, size, 1, DNN_F32); /* diff_gain */
        draw(&d, n, 1, type);    /* diff_copy */
        memcpy(want, e.exact, sizeof want);
        memset(want2, 0, sizeof want2);
        ref_rms_norm_backward(want, want2, c.exact, a.exact, scaled, ROWS, size);
        for (int i = 0; i < size; i++)
            want2[i] = want2[i] * scale + f.exact[i];
        k->norm_backward(ROWS, size, c.f32, a.f32, b.f32, scale, rstd, e.f32, f.f32,
                         type == DNN_BF16 ? data(&d, type) : NULL);
        if (type == DNN_BF16)
            compare(&d, want, n, type);
        compare(&e, want, n, DNN_F32);
        compare(&f, want2, size, DNN_F32);
    }
    trampled += not_copied;
    check_end(kernels->isa, type, "RMSNorm");
}

/* Rows and columns of a head's scores; the last is longer than what the kernel keeps. */
static const struct {
    int rows, n;
} shapes[] = {{1, 1}, {1, 7}, {7, 1}, {5, 16}, {16, 5}, {13, 13}, {33, 31}, {70, 70}, {2, 2049}};

static void test_masks(const struct kernels *kernels, enum dnn_type type)
{
    check_begin();
    for (size_t s = 0; s < LENGTH_OF(shapes); s++) {
        int rows = shapes[s].rows, n = shapes[s].n, cells = rows * n;

        draw(&a, cells, 1, type);
        draw(&b, n, 1, DNN_F32);
        for (int i = 0; i < cells; i++)
            want[i] = a.exact[i] * b.exact[i % n];
        kernels->type[type].mask(rows, n, b.f32, data(&a, type), data(&a, type));
        compare(&a, want, cells, type);

        draw(&a, cells, 1, type);
        for (int i = 0; i < cells; i++)
            want[i] = 1.25 * a.exact[i];
        kernels->type[type].scale(cells, 1.25f, data(&a, type));
        compare(&a, want, cells, type);

        draw(&a, cells, 1, DNN_F32);
        draw(&c, cells, 1, DNN_F32);
        for (int i = 0; i < cells; i++)
            want[i] = c.exact[i] + a.exact[i] * b.exact[i % n];
        kernels->add_masked(rows, n, b.f32, a.f32, c.f32);
        compare(&c, want, cells, DNN_F32);
    }
    check_end(kernels->isa, type, "masks");
}

/* `unused`: columns at the end that do not count, where there are so many. */
static void test_softmax(const struct kernels *kernels, enum dnn_type type, bool causal, int unused)
{
    const struct typed_kernels *k = &kernels->type[type];
    static double scores[MOST], p[MOST], diff[MOST];

    check_begin();
    for (size_t s = 0; s < 2 * LENGTH_OF(shapes); s++) {
        int rows = shapes[s / 2].rows, n = shapes[s / 2].n, cells = rows * n;
        int used = n > unused ? n - unused : n;
        double terms = 0; /* of p (diff - mean), which cancel where one p is nearly 1 */
        bool biased = s % 2;

        draw(&a, cells, 3, DNN_F32);        /* scores */
        draw(&b, rows + n - 1, 1, DNN_F32); /* bias at distances 1 - rows .. n - 1 */
        draw(&c, cells, 1, type);           /* dst */
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < n; j++)
                scores[i * n + j] = (causal && j > i) || j >= used ? -INFINITY
                                    : a.exact[i * n + j] + (biased ? b.exact[rows - 1 + j - i] : 0);
        ref_softmax(p, scores, rows, n);
        k->softmax_forward(rows, n, used, causal ? 0 : n, a.f32, biased ? b.f32 + rows - 1 : NULL,
                           data(&c, type));
        compare(&c, p, cells, type);

        /* Backward from the probabilities as they were stored. */
        for (int i = 0; i < cells; i++)
            p[i] = element(&c, i, type);
        draw(&d, cells, 1, DNN_F32);        /* diff_dst */
        draw(&e, cells, 1, type);           /* diff_scores */
        draw(&f, rows + n - 1, 1, DNN_F32); /* diff_bias */
        memset(diff, 0, sizeof diff);
        ref_softmax_backward(diff, d.exact, p, rows, n);
        memcpy(want, f.exact, sizeof want);
        for (int i = 0; i < cells; i++) {
            want[rows - 1 + i % n - i / n] += diff[i];
            terms = fmax(terms, fabs(p[i] * d.exact[i]));
        }
        k->softmax_backward(rows, n, used, causal, data(&c, type), d.f32, data(&e, type),
                            biased ? f.f32 + rows - 1 : NULL);
        compare_terms(&e, diff, cells, type, terms);
        if (biased)
            compare_terms(&f, want, rows + n - 1, DNN_F32, terms);
    }
    check_end(kernels->isa, type,
        unused ? "softmax of used columns" : causal ? "softmax with bias, causal" : "softmax with bias");
}

/* Rows of a causal matrix that begin at some column; what they do not see is 0. */
static void test_softmax_causal(const struct kernels *kernels, enum dnn_type type)
{
    static double scores[MOST], p[MOST];

    check_begin();
    for (size_t s = 0; s < LENGTH_OF(shapes); s++) {
        int n = shapes[s].n, rows = shapes[s].rows < n ? shapes[s].rows : n, cells = rows * n;
        int first = n - rows;

        draw(&a, cells, 3, DNN_F32);
        draw(&c, cells, 1, type);
        for (int i = 0; i < cells; i++)
            scores[i] = i % n > first + i / n ? -INFINITY : a.exact[i];
        ref_softmax(p, scores, rows, n);
        kernels->type[type].softmax_forward(rows, n, n, first, a.f32, NULL, data(&c, type));
        compare(&c, p, cells, type);
        for (int i = 0; i < cells; i++)
            if (i % n > first + i / n && element(&c, i, type) != 0)
                worst = INFINITY;
    }
    check_end(kernels->isa, type, "softmax of causal rows");
}

/* Widths beside those of vectors; the angles are those of the positions. */
static void test_rotate(const struct kernels *kernels, enum dnn_type type)
{
    static const struct {
        int rows, heads, half;
    } heads_of[] = {{5, 3, 8}, {7, 2, 3}, {3, 1, 32}, {2, 4, 1}, {3, 2, 19}, {1, 1, 1}};

    check_begin();
    for (size_t s = 0; s < LENGTH_OF(heads_of); s++) {
        int rows = heads_of[s].rows, heads = heads_of[s].heads, half = heads_of[s].half, d_kv = 2 * half;
        int cells = rows * heads * d_kv;
        double factor = 0.5;

        for (int i = 0; i < rows * half; i++) {
            int row = i / half, pair = i % half;
            double angle = row * pow(10000, -2.0 * pair / d_kv);

            b.f32[row * d_kv + pair] = (float)cos(angle);
            b.f32[row * d_kv + half + pair] = (float)sin(angle);
        }
        draw(&a, cells, 1, type);
        memcpy(want, a.exact, sizeof want);
        ref_rotary(want, 1, rows, heads, d_kv);
        for (int i = 0; i < cells; i++)
            want[i] *= factor;
        kernels->type[type].rotate(rows, heads, half, b.f32, (float)factor, data(&a, type));
        compare(&a, want, cells, type);

        draw(&c, cells, 1, DNN_F32);
        draw(&d, cells, 1, type);
        memcpy(want, c.exact, sizeof want);
        ref_rotary(want, -1, rows, heads, d_kv);
        for (int i = 0; i < cells; i++)
            want[i] *= factor;
        kernels->type[type].rotate_back(rows, heads, half, b.f32, (float)factor, c.f32,
                                        data(&d, type));
        compare(&d, want, cells, type);
    }
    check_end(kernels->isa, type, "rotary positions");
}

static void test_cross_entropy(const struct kernels *kernels, enum dnn_type type)
{
    enum { ROWS = 3 };
    const float scale = 0.125f;
    double nats[ROWS], off = 0;
    int32_t targets[ROWS];

    check_begin();
    for (size_t s = 0; s < LENGTH_OF(sizes); s++) {
        int n = sizes[s], cells = ROWS * n;
        double sum;

        draw(&a, cells, 5, DNN_F32);
        a.exact[0] = a.f32[0] = 80; /* beyond what exp() of f32 can sum */
        draw(&b, cells, 1, type);
        for (int r = 0; r < ROWS; r++)
            targets[r] = r == 1 ? 0 : n - 1; /* the middle one is pad */
        memset(want, 0, sizeof want);
        ref_cross_entropy_backward(want, scale, a.exact, targets, ROWS, n);
        sum = ref_cross_entropy(a.exact, targets, ROWS, n);
        kernels->type[type].cross_entropy(ROWS, n, a.f32, targets, scale, NULL, nats);
        off = worse(off, fabs(nats[0] + nats[1] + nats[2] - sum) / fmax(1, sum));
        if (type == DNN_F32) { /* in place */
            kernels->type[type].cross_entropy(ROWS, n, a.f32, targets, scale, a.f32, nats);
            compare(&a, want, cells, type);
        } else {
            kernels->type[type].cross_entropy(ROWS, n, a.f32, targets, scale, data(&b, type),
                                              nats);
            compare(&b, want, cells, type);
        }
        off = worse(off, fabs(nats[0] + nats[1] + nats[2] - sum) / fmax(1, sum));
    }
    trampled += !(off <= 1e-6);
    check_end(kernels->isa, type, "cross-entropy");
}

/* ==== Attention, gradients ==== */

/* A head's query to keys in columns and values in rows, behind which there are others. */
static void test_attend(const struct kernels *kernels, enum dnn_type type)
{
    static const struct {
        int width, room, keys;
    } heads[] = {{1, 192, 130}, {5, 192, 192}, {16, 128, 1},  {16, 128, 64},
                 {33, 128, 65}, {48, 128, 99}, {64, 64, 17}, {90, 64, 63}};
    static double scores[MOST], p[MOST];
    static float scratch[MOST];

    check_begin();
    for (size_t s = 0; s < 2 * LENGTH_OF(heads); s++) {
        int width = heads[s / 2].width, room = heads[s / 2].room, keys = heads[s / 2].keys;
        bool biased = s % 2;

        draw(&a, width, 1, type);        /* query */
        draw(&b, width * room, 1, type); /* keys */
        draw(&c, room * width, 1, type); /* values */
        draw(&f, keys, 1, DNN_F32);
        draw(&e, width, 1, type); /* dst */
        for (int j = 0; j < keys; j++) {
            scores[j] = biased ? f.exact[j] : 0;
            for (int i = 0; i < width; i++)
                scores[j] += a.exact[i] * b.exact[i * room + j];
        }
        ref_softmax(p, scores, 1, keys);
        memset(want, 0, sizeof want);
        for (int j = 0; j < keys; j++)
            for (int i = 0; i < width; i++)
                want[i] += p[j] * c.exact[j * width + i];
        kernels->type[type].attend(keys, width, room, data(&a, type), data(&b, type), data(&c, type),
                                   biased ? f.f32 : NULL, scratch, data(&e, type));
        compare(&e, want, width, type);
    }
    check_end(kernels->isa, type, "attention of one query");
}

/* Some rows of a gradient, over sizes that fill no panel, one and several. */
static void test_gradient(const struct kernels *kernels, enum dnn_type type)
{
    static const struct {
        int rows, columns, tokens, others; /* others: rows that are not asked for */
    } cases[] = {{1, 1, 1, 0},  {5, 3, 2, 2},   {16, 33, 7, 0},   {64, 64, 16, 0},
                  {67, 70, 31, 5}, {270, 9, 21, 3}, {9, 280, 21, 0}, {5, 3, 1030, 0}};
    static float scratch[GRADIENT_ROOM] __attribute__((aligned(64)));

    if (!kernels->type[type].gradient) {
        tap_skip(1, "%s has no gradient of weights in %s", kernels->isa, type == DNN_BF16 ? "bf16" : "f32");
        return;
    }
    check_begin();
    for (size_t s = 0; s < LENGTH_OF(cases); s++) {
        int rows = cases[s].rows, columns = cases[s].columns, tokens = cases[s].tokens;
        int pitch = rows + cases[s].others;

        draw(&a, pitch * tokens, 1, type);
        draw(&b, columns * tokens, 1, type);
        draw(&e, rows * columns, 1, DNN_F32);
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) {
                double *sum = &want[i * columns + j];

                *sum = e.exact[i * columns + j];
                for (int t = 0; t < tokens; t++)
                    *sum += a.exact[t * pitch + i] * b.exact[t * columns + j];
            }
        kernels->type[type].gradient(rows, columns, tokens, data(&a, type), pitch, data(&b, type), e.f32,
                                     scratch);
        compare(&e, want, rows * columns, DNN_F32);
    }
    check_end(kernels->isa, DNN_F32, type == DNN_BF16 ? "gradient of weights from bf16" : "gradient of weights");
}

/* ==== All of it ==== */

static void test_buckets(void)
{
    int wrong = 0;

    for (int distance = -3000; distance <= 3000; distance++)
        for (int both = 0; both < 2; both++)
            wrong += position_bucket(distance, both) != ref_relative_bucket(distance, both);
    tap_ok(wrong == 0, "position buckets are the twin's");
}

enum { CHECKS = 12 }; /* of a set of kernels, in each type */

static void test_typed(const struct kernels *kernels, enum dnn_type type)
{
    test_multiply(kernels, type);
    test_convert(kernels, type);
    test_norm(kernels, type);
    test_softmax(kernels, type, false, 0);
    test_softmax(kernels, type, true, 0);
    test_softmax(kernels, type, false, 2);
    test_softmax_causal(kernels, type);
    test_attend(kernels, type);
    test_rotate(kernels, type);
    test_masks(kernels, type);
    test_cross_entropy(kernels, type);
    test_gradient(kernels, type);
}

int main(void)
{
    int sets = 0;

    while (kernels_at(sets))
        sets++;
    tap_plan(sets * 2 * CHECKS + 1);
    for (int i = 0; i < sets; i++) {
        test_typed(kernels_at(i), DNN_F32);
        test_typed(kernels_at(i), DNN_BF16);
    }
    test_buckets();
    return tap_status();
}
