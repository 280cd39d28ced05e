/* embedding.c - see embedding.h. */
#include "src/glu.h"

#include "src/nn/embedding.h"

#include <string.h>

void embedding_forward(struct nn *nn, const float *table, int d_model, int tokens,
                       const int32_t *ids, float *dst)
{
    struct share rows = nn_share(nn, tokens);
    double start = clock_now_s();

    for (int i = rows.first; i < rows.first + rows.count; i++)
        memcpy(dst + (size_t)i * (size_t)d_model, table + (size_t)ids[i] * (size_t)d_model,
               (size_t)d_model * sizeof *dst);
    nn_book(nn, PROFILE_EMBEDDING, &start, 0, 8.0 * rows.count * d_model);
}

void embedding_backward(struct nn *nn, float *diff_table, int d_model, int tokens,
                        const int32_t *ids, const float *diff_dst)
{
    struct share columns = nn_share(nn, d_model);
    double start;

    nn_wait(nn);
    start = clock_now_s();
    for (int i = 0; i < tokens; i++)
        nn->kernels->add(columns.count, diff_dst + (size_t)i * (size_t)d_model + columns.first,
                         diff_table + (size_t)ids[i] * (size_t)d_model + columns.first);
    nn_book(nn, PROFILE_EMBEDDING, &start, 0, 12.0 * tokens * columns.count);
    nn_wait(nn);
}
