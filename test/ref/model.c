/* model.c - see model.h. */
#include "src/glu.h"

#include "test/ref/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct ref_tensor *ref_tensor_add(struct ref_tensors *tensors, int rows, int cols,
                                  const char *format, ...)
{
    struct ref_tensor *tensor = &tensors->list[tensors->count++];
    va_list args;

    va_start(args, format);
    vsnprintf(tensor->name, sizeof tensor->name, format, args);
    va_end(args);
    tensor->rows = rows;
    tensor->cols = cols;
    return tensor;
}

struct ref_tensor *ref_tensor_find(const struct ref_tensors *tensors, const char *name)
{
    for (int i = 0; i < tensors->count; i++)
        if (strcmp(tensors->list[i].name, name) == 0)
            return &tensors->list[i];
    return NULL;
}

void ref_tensors_clear(const struct ref_tensors *tensors)
{
    for (int i = 0; i < tensors->count; i++)
        ref_clear(tensors->list[i].gradient, (size_t)tensors->list[i].rows * tensors->list[i].cols);
}

static double *take(struct ref_pool *pool, size_t n)
{
    double *at = pool->base ? pool->base + pool->used : NULL;

    pool->used += n;
    return at;
}

void ref_pool_take(struct ref_pool *pool, const struct ref_tensors *tensors,
                   const struct ref_array *arrays, size_t count)
{
    for (int i = 0; i < tensors->count; i++) {
        struct ref_tensor *tensor = &tensors->list[i];

        tensor->value = take(pool, (size_t)tensor->rows * tensor->cols);
        tensor->gradient = take(pool, (size_t)tensor->rows * tensor->cols);
    }
    for (size_t i = 0; i < count; i++)
        *arrays[i].array = take(pool, arrays[i].size);
}

void ref_clear(double *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        a[i] = 0;
}

void ref_transpose(double *dst, const double *src, int rows, int cols)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c++)
            dst[c * rows + r] = src[r * cols + c];
}
