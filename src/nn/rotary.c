/* rotary.c - see rotary.h. */
#include "src/glu.h"

#include "src/nn/rotary.h"

#include <math.h>

void rotary_alloc(struct rotary *rotary, struct arena *arena, int length, int d_kv)
{
    int half = d_kv / 2;

    *rotary = (struct rotary){.length = length, .d_kv = d_kv};
    rotary->turn = arena_alloc(arena, nn_count(length, d_kv, 1), sizeof *rotary->turn);
    for (int i = 0; rotary->turn && i < half; i++) {
        double frequency = pow(ROTARY_BASE, -2.0 * i / d_kv);

        for (int position = 0; position < length; position++) {
            float *turn = rotary->turn + (size_t)position * (size_t)d_kv;

            turn[i] = (float)cos(position * frequency);
            turn[half + i] = (float)sin(position * frequency);
        }
    }
}

/* A thread's rows of example i. */
struct turned {
    struct share rows;
    const float *turn; /* of the first of them */
    size_t at;         /* elements before it in x */
};

static struct turned turned_of(const struct nn *nn, const struct rotary *rotary, int examples, int heads,
                               int i)
{
    struct share all = nn_share(nn, examples * rotary->length);
    struct share rows = crew_share_of_example(all, i, rotary->length);

    return (struct turned){rows, rotary->turn + nn_count(rows.first, rotary->d_kv, 1),
                           nn_count(i * rotary->length + rows.first, heads, rotary->d_kv)};
}

void rotary_forward(struct nn *nn, const struct rotary *rotary, int examples, int heads, float factor,
                    void *x)
{
    size_t bytes = dnn_type_bytes(nn->type);
    double start = clock_now_s(), cells = 0;

    for (int i = 0; i < examples; i++) {
        struct turned turned = turned_of(nn, rotary, examples, heads, i);

        if (turned.rows.count == 0)
            continue;
        nn->typed->rotate(turned.rows.count, heads, rotary->d_kv / 2, turned.turn, factor,
                          (char *)x + turned.at * bytes);
        cells += (double)turned.rows.count * heads * rotary->d_kv;
    }
    nn_book(nn, PROFILE_SOFTMAX, &start, 0, 2.0 * cells * (double)bytes);
}

void rotary_backward(struct nn *nn, const struct rotary *rotary, int examples, int heads,
                     float factor, const float *diff_turned, void *diff_x)
{
    size_t bytes = dnn_type_bytes(nn->type);
    double start = clock_now_s(), cells = 0;

    for (int i = 0; i < examples; i++) {
        struct turned turned = turned_of(nn, rotary, examples, heads, i);

        if (turned.rows.count == 0)
            continue;
        nn->typed->rotate_back(turned.rows.count, heads, rotary->d_kv / 2, turned.turn, factor,
                               diff_turned + turned.at, (char *)diff_x + turned.at * bytes);
        cells += (double)turned.rows.count * heads * rotary->d_kv;
    }
    nn_book(nn, PROFILE_SOFTMAX, &start, 0, cells * (4 + (double)bytes));
}
