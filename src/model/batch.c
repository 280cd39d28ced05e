/* batch.c - see batch.h. */
#include "src/glu.h"

#include "src/model/batch.h"

#include <stdlib.h>

int batch_create(struct batch **batch, int examples, int input_length, int target_length)
{
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
    if (!new->inputs || !new->targets)
        goto fail;
    *batch = new;
    return 0;
fail:
    batch_destroy(new);
    return err_set("no memory for a batch of %d examples of %d and %d tokens: try a smaller "
                   "--batch", examples, input_length, target_length);
}

void batch_destroy(struct batch *batch)
{
    if (!batch)
        return;
    free(batch->inputs);
    free(batch->targets);
    free(batch);
}
