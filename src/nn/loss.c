/* loss.c - see loss.h. */
#include "src/glu.h"

#include "src/nn/loss.h"

#include <string.h>

/* Logits of a slice: 64 MiB in f32, 522 tokens of T5's vocabulary, so many that the table's gradient,
 * which each slice reads and writes whole, costs little beside its product. */
enum { SLICE_LOGITS = 1 << 24 };

int loss_slice(int tokens, int vocabulary)
{
    int most = vocabulary < SLICE_LOGITS ? SLICE_LOGITS / vocabulary : 1;
    int slices = (int)(((int64_t)tokens + most - 1) / most);

    return (tokens + slices - 1) / slices;
}

void loss_scratch_alloc(struct loss_scratch *scratch, const struct nn *nn, struct arena *arena,
                        int tokens, int vocabulary, int d_model)
{
    int slice = loss_slice(tokens, vocabulary);
    size_t count = nn_count(slice, vocabulary, 1), last = nn_count(slice, d_model, 1);

    *scratch = (struct loss_scratch){.tokens = tokens, .slice = slice};
    scratch->logits = arena_alloc(arena, count, sizeof *scratch->logits);
    if (nn->train)
        scratch->diff_logits =
            nn->type == DNN_F32 ? (void *)scratch->logits : nn_alloc(nn, arena, count);
    scratch->row_nats = arena_alloc(arena, (size_t)tokens, sizeof *scratch->row_nats);
    if (tokens % slice == 0)
        return;
    scratch->last_src = nn_alloc(nn, arena, last);
    if (nn->train)
        scratch->last_diff_src = arena_alloc(arena, last, sizeof *scratch->last_diff_src);
}

/* A slice of which the first `rows` tokens count. */
static void run_slice(struct nn *nn, const struct linear_plan *plan, const struct linear *table,
                      struct loss_scratch *scratch, const void *src, const int32_t *targets, int rows,
                      double *row_nats, float scale, float *diff_src)
{
    int vocabulary = plan->spec.out;
    size_t used = nn_count(rows, vocabulary, 1) * dnn_type_bytes(nn->type);
    size_t all = nn_count(scratch->slice, vocabulary, 1) * dnn_type_bytes(nn->type);
    double start;

    linear_forward(nn, plan, table, src, scratch->logits);
    start = clock_now_s();
    nn->typed->cross_entropy(rows, vocabulary, scratch->logits, targets, scale,
                             diff_src ? scratch->diff_logits : NULL, row_nats);
    if (diff_src)
        memset((char *)scratch->diff_logits + used, 0, all - used);
    nn_book(nn, PROFILE_LOSS, &start, 0,
            (double)rows * vocabulary * (4 + (diff_src ? (double)dnn_type_bytes(nn->type) : 0)));
    if (!diff_src)
        return;
    linear_weights(nn, plan, table, src, scratch->diff_logits);
    linear_backward(nn, plan, table, scratch->diff_logits, diff_src);
}

void loss_run(struct nn *nn, const struct linear_plan *plan, const struct linear *table,
              struct loss_scratch *scratch, const void *src, const int32_t *targets, float scale,
              float *diff_src)
{
    const size_t width = (size_t)plan->spec.in, bytes = width * dnn_type_bytes(nn->type);
    int done = 0;

    for (; done + scratch->slice <= scratch->tokens; done += scratch->slice)
        run_slice(nn, plan, table, scratch, (const char *)src + (size_t)done * bytes, targets + done,
                  scratch->slice, scratch->row_nats + done, scale,
                  diff_src ? diff_src + (size_t)done * width : NULL);
    if (done < scratch->tokens) {
        size_t rows = (size_t)(scratch->tokens - done);

        memcpy(scratch->last_src, (const char *)src + (size_t)done * bytes, rows * bytes);
        memset((char *)scratch->last_src + rows * bytes, 0,
               ((size_t)scratch->slice - rows) * bytes);
        run_slice(nn, plan, table, scratch, scratch->last_src, targets + done, (int)rows,
                  scratch->row_nats + done, scale, diff_src ? scratch->last_diff_src : NULL);
        if (diff_src)
            memcpy(diff_src + (size_t)done * width, scratch->last_diff_src,
                   rows * width * sizeof *diff_src);
    }
}
