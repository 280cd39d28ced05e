/* test-attention.c - attention of one head among others, of every instruction set that has its kernels, in f32
 * and bf16, against the plain twin: lengths that are no multiple of anything, keys that do not count, causal
 * and in blocks of queries, with a bias of positions and without. */
#include "src/glu.h"

#include "src/nn/kernels.h"
#include "test/kernels-fixture.h"
#include "test/ref/ref.h"
#include "test/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct shape {
    int queries, keys, d, unused;
    bool causal, biased;
    int block;
} shapes[] = {
    {1, 1, 16, 0, false, false, 0},    {2, 3, 16, 1, false, true, 0},   {5, 7, 32, 0, false, true, 0},
    {17, 33, 48, 2, false, true, 0},   {16, 16, 16, 0, true, true, 0},  {31, 31, 16, 3, true, true, 0},
    {66, 50, 16, 20, false, true, 0},  {20, 90, 16, 17, false, false, 0}, {75, 75, 16, 0, true, false, 32},
    {33, 33, 64, 0, true, false, 32},  {90, 90, 16, 0, false, true, 0}, {64, 64, 32, 0, true, true, 0},
    {12, 12, 80, 0, true, false, 5},
};

enum { HEADS = 2, HEAD = 1 }; /* that lie side by side, and the one that is computed */

/* queries, keys, values, the gradient of what is mixed; what is mixed, gradients of the first three. */
static struct array given[4], made[4], line, diff_line;

/* The head's own columns as the twin takes them, and back; of a matrix of some rows. */
static void take(double *head, const double *all, int rows, int d)
{
    for (int i = 0; i < rows; i++)
        memcpy(head + i * d, all + (i * HEADS + HEAD) * d, (size_t)d * sizeof *head);
}

static void give(double *all, const double *head, int rows, int d)
{
    for (int i = 0; i < rows; i++)
        memcpy(all + (i * HEADS + HEAD) * d, head + i * d, (size_t)d * sizeof *head);
}

/* Of what the kernel made: the twin's where the head is, what was there before elsewhere. */
static void check(struct array *got, const double *head, int rows, int d, enum dnn_type type, double least)
{
    static double want[MOST];

    memcpy(want, got->exact, sizeof want);
    give(want, head, rows, d);
    compare_terms(got, want, rows * HEADS * d, type, least);
}

static void draw_all(const struct shape *s, enum dnn_type type, bool wide)
{
    int row = HEADS * s->d;

    for (int i = 0; i < 4; i++) {
        bool queries = i == 0 || i == 3;

        draw(&given[i], (queries ? s->queries : s->keys) * row, i < 2 ? 2 / sqrt(s->d) : 1, type);
        draw(&made[i], (i < 2 ? s->queries : s->keys) * row, 1, i > 0 && wide ? DNN_F32 : type);
    }
}

/* Lines of distances from a table of buckets, and a gradient back to it. */
static int bucket_of(const struct shape *s, int at)
{
    return ref_relative_bucket(at - (s->queries - 1), !s->causal);
}

static void test_shape(const struct typed_kernels *kernels, const struct shape *s, enum dnn_type type,
                       bool wide)
{
    static double in[4][MOST], out[4][MOST], table[REF_BUCKETS], want[REF_BUCKETS], got[REF_BUCKETS];
    struct ref_attention_shape twin = {1, s->d, s->queries, s->keys - s->unused, s->causal, NULL};
    struct attention_head head = {s->queries, s->keys, s->d, HEADS * s->d, s->keys - s->unused,
                                  s->causal, s->block, NULL};
    size_t bytes = dnn_type_bytes(type), at = (size_t)(HEAD * s->d), kept_bytes;
    int distances = s->queries + s->keys - 1;
    enum dnn_type diff_type = wide ? DNN_F32 : type;
    float *scratch = aligned_alloc(64, kernels->attention_scratch(&head) * sizeof(float));
    char *kept, *from[4], *to[4];

    draw_all(s, type, wide);
    draw(&line, distances + ATTENTION_LANES, 1, DNN_F32);
    for (int i = 0; i < distances; i++) {
        table[bucket_of(s, i)] = line.exact[i];
        line.f32[i] = (float)table[bucket_of(s, i)];
    }
    for (int i = 0; i < distances; i++) /* the last of a bucket is all of it */
        line.f32[i] = (float)table[bucket_of(s, i)];
    put_zeros(&diff_line, distances);
    for (int i = 0; i < 4; i++) {
        take(in[i], given[i].exact, i == 0 || i == 3 ? s->queries : s->keys, s->d);
        from[i] = (char *)data(&given[i], type) + at * bytes;
        to[i] = (char *)data(&made[i], i > 0 ? diff_type : type) +
                at * (i > 0 ? dnn_type_bytes(diff_type) : bytes);
    }
    kept_bytes = attention_head_kept(&head) * bytes;
    kept = malloc(kept_bytes + 1);
    if (!scratch || !kept)
        abort();
    kept[kept_bytes] = 'g';
    memset(scratch, 0xff, kernels->attention_scratch(&head) * sizeof(float)); /* no numbers */
    head.bias = s->biased ? line.f32 + s->queries - 1 : NULL;
    kernels->attention_forward(&head, from[0], from[1], from[2], kept, to[0], scratch);
    kernels->attention_backward(&head, from[0], from[1], from[2], kept, from[3], wide, to[1], to[2],
                                to[3], s->biased ? diff_line.f32 + s->queries - 1 : NULL, scratch);
    trampled += kept[kept_bytes] != 'g';

    memset(out, 0, sizeof out);
    memset(want, 0, sizeof want);
    memset(got, 0, sizeof got);
    ref_attention(out[0], in[0], in[1], in[2], s->biased ? table : NULL, &twin);
    ref_attention_backward(out[1], out[2], out[3], s->biased ? want : NULL, in[3], in[0], in[1], in[2],
                           s->biased ? table : NULL, &twin);
    for (int i = 0; i < 4; i++)
        check(&made[i], out[i], i < 2 ? s->queries : s->keys, s->d, i > 0 ? diff_type : type, 1);
    for (int i = 0; s->biased && i < distances; i++)
        got[bucket_of(s, i)] += diff_line.f32[i];
    for (int i = 0; s->biased && i < REF_BUCKETS; i++)
        check_error(fabs(got[i] - want[i]) / s->queries);
    free(kept);
    free(scratch);
}

static void test_heads(const struct kernels *kernels, enum dnn_type type, bool wide)
{
    check_begin();
    for (size_t i = 0; i < LENGTH_OF(shapes); i++)
        test_shape(&kernels->type[type], &shapes[i], type, wide);
    check_end(kernels->isa, type, wide ? "attention of a head, gradients in f32" : "attention of a head");
}

int main(void)
{
    static const struct {
        enum dnn_type type;
        bool wide;
    } kinds[] = {{DNN_F32, false}, {DNN_BF16, false}, {DNN_BF16, true}};
    const struct kernels *kernels;
    int checks = 0;

    for (int i = 0; (kernels = kernels_at(i)); i++)
        for (size_t k = 0; k < LENGTH_OF(kinds); k++)
            checks += kernels->type[kinds[k].type].attention_forward != NULL;
    if (checks == 0) {
        tap_plan(1);
        tap_ok(true, "no instruction set here has kernels of attention");
        return tap_status();
    }
    tap_plan(checks);
    for (int i = 0; (kernels = kernels_at(i)); i++)
        for (size_t k = 0; k < LENGTH_OF(kinds); k++)
            if (kernels->type[kinds[k].type].attention_forward)
                test_heads(kernels, kinds[k].type, kinds[k].wide);
    return tap_status();
}
