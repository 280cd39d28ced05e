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

/* A slice of which the first `used` tokens count.  All threads have done with the one before. */
static void run_slice(struct nn *nn, const struct linear_plan *plan, const struct linear *table,
                      struct loss_scratch *scratch, const void *src, const int32_t *targets, int used,
                      double *row_nats, float scale, float *diff_src)
{
    int vocabulary = plan->spec.out, first = plan->tokens.first, end = first + plan->tokens.count;
    int last = used < first ? first : used < end ? used : end; /* of this thread's that count */
    float *logits = scratch->logits + nn_count(first, vocabulary, 1);
    void *diff_logits =
        diff_src ? nn_row(scratch->diff_logits, first, vocabulary, nn->type) : NULL;
    double start;

    linear_forward(nn, plan, table, src, scratch->logits);
    start = clock_now_s();
    if (last > first)
        nn->typed->cross_entropy(last - first, vocabulary, logits, targets + first, scale,
                                 diff_logits, row_nats + first);
    if (diff_src)
        memset(nn_row(scratch->diff_logits, last, vocabulary, nn->type), 0,
               nn_count(end - last, vocabulary, 1) * dnn_type_bytes(nn->type));
    nn_book(nn, PROFILE_LOSS, &start, 0,
            (double)(last - first) * vocabulary *
                (4 + (diff_src ? (double)dnn_type_bytes(nn->type) : 0)));
    nn_book_exponentials(nn, PROFILE_LOSS, (double)(last - first) * vocabulary * (diff_src ? 2 : 1));
    nn_wait(nn);
    if (!diff_src)
        return;
    linear_weights(nn, plan, table, src, scratch->diff_logits);
    linear_backward(nn, plan, table, scratch->diff_logits, diff_src);
    nn_wait(nn);
}

/* The last slice, of `rows` tokens, in a place of its own that is as long as the others. */
static void run_last(struct nn *nn, const struct linear_plan *plan, const struct linear *table,
                     struct loss_scratch *scratch, const void *src, const int32_t *targets, int rows,
                     double *row_nats, float scale, float *diff_src)
{
    const size_t width = (size_t)plan->spec.in, bytes = width * dnn_type_bytes(nn->type);

    if (nn->member == 0) {
        memcpy(scratch->last_src, src, (size_t)rows * bytes);
        memset((char *)scratch->last_src + (size_t)rows * bytes, 0,
               (size_t)(scratch->slice - rows) * bytes);
    }
    nn_wait(nn);
    run_slice(nn, plan, table, scratch, scratch->last_src, targets, rows, row_nats, scale,
              diff_src ? scratch->last_diff_src : NULL);
    if (diff_src && nn->member == 0)
        memcpy(diff_src, scratch->last_diff_src, (size_t)rows * width * sizeof *diff_src);
    nn_wait(nn);
}

void loss_run(struct nn *nn, const struct linear_plan *plan, const struct linear *table,
              struct loss_scratch *scratch, const void *src, const int32_t *targets, float scale,
              float *diff_src)
{
    int width = plan->spec.in, done = 0;

    nn_wait(nn);
    for (; done + scratch->slice <= scratch->tokens; done += scratch->slice)
        run_slice(nn, plan, table, scratch, nn_row(src, done, width, nn->type), targets + done,
                  scratch->slice, scratch->row_nats + done, scale,
                  diff_src ? diff_src + nn_count(done, width, 1) : NULL);
    if (done < scratch->tokens)
        run_last(nn, plan, table, scratch, nn_row(src, done, width, nn->type), targets + done,
                 scratch->tokens - done, scratch->row_nats + done, scale,
                 diff_src ? diff_src + nn_count(done, width, 1) : NULL);
}
