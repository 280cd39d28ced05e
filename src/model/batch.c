/* batch.c - see batch.h. */
#include "src/glu.h"

#include "src/model/batch.h"

#include "src/util/spread.h"

#include <stdlib.h>
#include <string.h>

int batch_create(struct batch **batch, int examples, int input_length, int target_length)
{
    return batch_create_buckets(batch, examples, input_length, target_length, 1);
}

int batch_create_buckets(struct batch **batch, int examples, int input_length, int target_length,
                         int buckets)
{
    size_t most = (size_t)examples << (buckets - 1);
    struct batch *new = calloc(1, sizeof *new);

    *batch = NULL;
    if (!new)
        goto fail;
    new->examples = examples;
    new->input_length = input_length;
    new->target_length = target_length;
    /* int times int fits size_t; calloc() checks the product with the element's size. */
    new->inputs = calloc((size_t)examples * (size_t)input_length, sizeof *new->inputs);
    new->targets = calloc((size_t)examples * (size_t)target_length, sizeof *new->targets);
    new->inputs_used = calloc(most, sizeof *new->inputs_used);
    new->targets_used = calloc(most, sizeof *new->targets_used);
    if (!new->inputs || !new->targets || !new->inputs_used || !new->targets_used)
        goto fail;
    for (int i = 0; i < examples; i++) {
        new->inputs_used[i] = input_length;
        new->targets_used[i] = target_length;
    }
    *batch = new;
    return 0;
fail:
    batch_destroy(new);
    return err_set("no memory for a batch of %d examples of %d and %d tokens: try a smaller "
                   FIELD("batch"), examples, input_length, target_length);
}

void batch_set_bucket(struct batch *batch, int bucket)
{
    batch->examples = batch->examples >> batch->bucket << bucket;
    batch->input_length = batch->input_length << batch->bucket >> bucket;
    batch->target_length = batch->target_length << batch->bucket >> bucket;
    batch->bucket = bucket;
}

void batch_destroy(struct batch *batch)
{
    if (!batch)
        return;
    free(batch->inputs);
    free(batch->targets);
    free(batch->inputs_used);
    free(batch->targets_used);
    free(batch);
}

int batch_spread(struct batch **batch, const struct batch *whole, int count)
{
    const size_t inputs = (size_t)whole->input_length, targets = (size_t)whole->target_length;

    if (batch_create(batch, count, whole->input_length, whole->target_length))
        return -1;
    for (int i = 0; i < count; i++) {
        size_t to = (size_t)i, from = spread_at((size_t)whole->examples, (size_t)count, to);

        memcpy((*batch)->inputs + to * inputs, whole->inputs + from * inputs,
               inputs * sizeof *whole->inputs);
        memcpy((*batch)->targets + to * targets, whole->targets + from * targets,
               targets * sizeof *whole->targets);
        (*batch)->inputs_used[i] = whole->inputs_used[from];
        (*batch)->targets_used[i] = whole->targets_used[from];
    }
    return 0;
}

int batch_targets(const struct batch *batch, int example)
{
    const int32_t *targets = batch->targets + (size_t)example * (size_t)batch->target_length;
    int count = 0;

    for (int i = 0; i < batch->target_length; i++)
        count += targets[i] != TOKEN_PAD;
    return count;
}

int64_t batch_all_targets(const struct batch *batch)
{
    int64_t count = 0;

    for (int i = 0; i < batch->examples; i++)
        count += batch_targets(batch, i);
    return count;
}

int batch_share(struct batch *batch, struct comm *comm)
{
    size_t examples = (size_t)batch->examples;
    size_t inputs = examples * (size_t)batch->input_length;
    size_t targets = examples * (size_t)batch->target_length;

    if (comm->size == 1)
        return 0;
    return comm->share(comm, batch->inputs, inputs * sizeof *batch->inputs) ||
                   comm->share(comm, batch->targets, targets * sizeof *batch->targets) ||
                   comm->share(comm, batch->inputs_used, examples * sizeof *batch->inputs_used) ||
                   comm->share(comm, batch->targets_used, examples * sizeof *batch->targets_used)
               ? -1
               : 0;
}

struct batch batch_part(const struct batch *batch, const struct comm *comm)
{
    struct batch part = *batch;
    size_t first;

    part.examples /= comm->size;
    first = (size_t)part.examples * (size_t)comm->rank;
    part.inputs += first * (size_t)part.input_length;
    part.targets += first * (size_t)part.target_length;
    part.inputs_used += first;
    part.targets_used += first;
    return part;
}
