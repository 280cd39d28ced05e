/* model.h - what the whole models of ref.h, t5.c and lm.c, are made of alike. */
#ifndef GLU_TEST_REF_MODEL_H
#define GLU_TEST_REF_MODEL_H

#include "src/glu.h"

#include "test/ref/ref.h"

/* The tensors of a model. */
struct ref_tensors {
    struct ref_tensor *list; /* with room for all; the model's */
    int count;
};

/* The next one, without its numbers. */
GLU_PRINTF(4, 5)
struct ref_tensor *ref_tensor_add(struct ref_tensors *tensors, int rows, int cols,
                                  const char *format, ...);
/* By name, or NULL. */
struct ref_tensor *ref_tensor_find(const struct ref_tensors *tensors, const char *name);
/* All gradients 0. */
void ref_tensors_clear(const struct ref_tensors *tensors);

/* Numbers, of which the first `used` are taken; a pool without a base only counts. */
struct ref_pool {
    double *base;
    size_t used;
};

/* An array and how many numbers it has. */
struct ref_array {
    double **array;
    size_t size;
};

/* Give all tensors and `count` arrays their place. */
void ref_pool_take(struct ref_pool *pool, const struct ref_tensors *tensors,
                   const struct ref_array *arrays, size_t count);

void ref_clear(double *a, size_t n);
/* src (rows, cols), dst (cols, rows). */
void ref_transpose(double *dst, const double *src, int rows, int cols);

#endif
