/* optimizer.c - the table of optimizers, and what they share.  See optimizer.h. */
#include "src/glu.h"

#include "src/nn/optimizer.h"

static const struct optimizer_type *const types[] = {
    &optimizer_adafactor,
};

const struct optimizer_type *optimizer_type_at(int i)
{
    return i >= 0 && i < (int)LENGTH_OF(types) ? types[i] : NULL;
}

int optimizer_open(struct optimizer *optimizer, const struct optimizer_type *type,
                   const struct tensors *tensors, int workers, struct arena *arena)
{
    *optimizer = (struct optimizer){.type = type, .tensors = tensors, .workers = workers};
    for (int i = 0; i < tensors->count; i++)
        optimizer->state_count += type->state_floats(&tensors->list[i]);
    optimizer->state = arena_alloc(arena, optimizer->state_count, sizeof *optimizer->state);
    return type->open(optimizer, arena);
}

void optimizer_close(struct optimizer *optimizer)
{
    if (optimizer->type)
        optimizer->type->close(optimizer);
    *optimizer = (struct optimizer){0};
}

const float *optimizer_take(const struct optimizer *optimizer, struct nn *nn, size_t offset,
                            size_t count)
{
    if (optimizer->sum)
        optimizer->sum(optimizer->context, nn, offset, count);
    return optimizer->gradient + offset;
}
