/* loss.c - see loss.h. */
#include "src/glu.h"

#include "src/nn/loss.h"

void loss_scratch_alloc(struct loss_scratch *scratch, const struct nn *nn, struct arena *arena,
                        int tokens, int vocabulary)
{
    size_t count = nn_count(tokens, vocabulary, 1);

    scratch->logits = arena_alloc(arena, count, sizeof *scratch->logits);
    scratch->diff_logits = NULL;
    if (nn->train)
        scratch->diff_logits =
            nn->type == DNN_F32 ? (void *)scratch->logits : nn_alloc(nn, arena, count);
    scratch->row_nats = arena_alloc(arena, (size_t)tokens, sizeof *scratch->row_nats);
}

void loss_run(struct nn *nn, const struct linear_plan *plan, const struct linear *table,
              struct loss_scratch *scratch, const void *src, const int32_t *targets, float scale,
              float *diff_src)
{
    int tokens = plan->spec.tokens, vocabulary = plan->spec.out;
    double start;

    linear_forward(nn, plan, table, src, scratch->logits);
    start = clock_now_s();
    nn->typed->cross_entropy(tokens, vocabulary, scratch->logits, targets, scale,
                             diff_src ? scratch->diff_logits : NULL, scratch->row_nats);
    nn_book(nn, PROFILE_LOSS, &start, 0,
            (double)tokens * vocabulary * (4 + (diff_src ? (double)dnn_type_bytes(nn->type) : 0)));
    if (!diff_src)
        return;
    linear_weights(nn, plan, table, src, scratch->diff_logits);
    linear_backward(nn, plan, table, scratch->diff_logits, diff_src);
}
