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

void rotary_forward(struct nn *nn, const struct rotary *rotary, int examples, int heads, float factor,
                    void *x)
{
    size_t example = nn_count(rotary->length, heads, rotary->d_kv);
    size_t bytes = dnn_type_bytes(nn->type);
    double start = clock_now_s();

    for (int i = 0; i < examples; i++)
        nn->typed->rotate(rotary->length, heads, rotary->d_kv / 2, rotary->turn, factor,
                          (char *)x + (size_t)i * example * bytes);
    nn_book(nn, PROFILE_SOFTMAX, &start, 0, 2.0 * examples * (double)(example * bytes));
}

void rotary_backward(struct nn *nn, const struct rotary *rotary, int examples, int heads,
                     float factor, const float *diff_turned, void *diff_x)
{
    size_t example = nn_count(rotary->length, heads, rotary->d_kv);
    size_t bytes = dnn_type_bytes(nn->type);
    double start = clock_now_s();

    for (int i = 0; i < examples; i++)
        nn->typed->rotate_back(rotary->length, heads, rotary->d_kv / 2, rotary->turn, factor,
                               diff_turned + (size_t)i * example,
                               (char *)diff_x + (size_t)i * example * bytes);
    nn_book(nn, PROFILE_SOFTMAX, &start, 0, (double)examples * (double)example * (4 + (double)bytes));
}
