/* gradient.c - gradients of the whole models of ref.h against differences of their losses. */
#include "src/glu.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "test/ref/ref.h"
#include "test/worse.h"

enum { NUMBERS = 2048, SAMPLES = 4 }; /* at least what any tensor has; single elements of each */

struct problem {
    ref_loss_fn *loss;
    void *model;
    const struct batch *batch;
};

/* The loss's derivative along `direction`, an array like the tensor's: central differences of
 * fourth order, since the loss curves sharply where a row that RMSNorm reads is small. */
static double slope_along(const struct problem *p, const struct ref_tensor *tensor,
                          const double *direction)
{
    static const struct {
        double step, weight;
    } stencil[] = {{-2, 1}, {-1, -8}, {1, 8}, {2, -1}};
    const double h = 5e-5;
    double saved[NUMBERS], slope = 0;
    int n = tensor->rows * tensor->cols;

    memcpy(saved, tensor->value, (size_t)n * sizeof *saved);
    for (size_t k = 0; k < LENGTH_OF(stencil); k++) {
        for (int i = 0; i < n; i++)
            tensor->value[i] = saved[i] + stencil[k].step * h * direction[i];
        slope += stencil[k].weight * p->loss(p->model, p->batch, NULL) / (12 * h);
    }
    memcpy(tensor->value, saved, (size_t)n * sizeof *saved);
    return slope;
}

/* Largest error over single elements and one direction, relative to the largest element. */
static double tensor_error(const struct problem *p, const struct ref_tensor *tensor, struct rng *rng)
{
    double direction[NUMBERS] = {0}, worst = 0, largest = 0, along = 0;
    int n = tensor->rows * tensor->cols;

    assert(n <= NUMBERS);
    for (int i = 0; i < n; i++)
        largest = fmax(largest, fabs(tensor->gradient[i]));
    for (int s = 0; s < SAMPLES; s++) {
        int i = (int)rng_below(rng, (uint32_t)n);

        direction[i] = 1;
        worst = worse(worst, fabs(slope_along(p, tensor, direction) - tensor->gradient[i]));
        direction[i] = 0;
    }
    for (int i = 0; i < n; i++) {
        direction[i] = rng_normal(rng) / sqrt(n);
        along += direction[i] * tensor->gradient[i];
    }
    worst = worse(worst, fabs(slope_along(p, tensor, direction) - along));
    return largest > 1e-6 ? worst / largest : INFINITY;
}

double ref_gradient_error(ref_loss_fn *loss, void *model, const struct batch *batch,
                          const struct ref_tensor *tensors, int count, struct rng *rng,
                          const char **where)
{
    const struct problem problem = {loss, model, batch};
    double worst = 0;

    *where = "";
    for (int i = 0; i < count; i++) {
        double error = tensor_error(&problem, &tensors[i], rng);

        if (is_worse(error, worst)) {
            worst = error;
            *where = tensors[i].name;
        }
    }
    return worst;
}
