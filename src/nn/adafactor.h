/* adafactor.h - Adafactor without momentum (Shazeer and Stern 2018, algorithms 4 and 5):
 *
 *     beta2_t = 1 - t^-0.8,  v_t = beta2_t v_{t-1} + (1 - beta2_t) (g^2 + 1e-30)
 *     u = g / sqrt(v_t),  u /= max(1, RMS(u)),  w -= lr max(1e-3, RMS(w)) u
 *
 * v is factored into row and column means for matrices with both dimensions >= 128.  The work is
 * cut into blocks of fixed size, and sums over blocks go in a fixed order, so that the result does
 * not depend on the number of workers beyond the order in which their gradients are summed.
 *
 * All workers call the phases in order with a barrier between them. */
#ifndef GLU_NN_ADAFACTOR_H
#define GLU_NN_ADAFACTOR_H

#include "src/nn/nn.h"

#include <stddef.h>
#include <stdint.h>

enum { ADAFACTOR_FACTORED_MINIMUM = 128 };

/* A tensor of the flat parameter array. */
struct adafactor_shape {
    size_t offset;
    int rows, columns;
};

struct adafactor;

/* Bytes come from the arena; with a measuring arena nothing but the count is made and *result is
 * still valid for adafactor_destroy().  `shapes` is copied. */
int adafactor_create(struct adafactor **result, struct arena *arena,
                     const struct adafactor_shape *shapes, int count);
void adafactor_destroy(struct adafactor *adafactor);

/* Second moments: one flat array, for checkpoints.  Zeroed by a new arena. */
float *adafactor_state(struct adafactor *adafactor, size_t *count);

struct adafactor_step {
    int64_t t; /* from 1 */
    double learning_rate;
    float *parameters;
    float *const *gradients; /* one array per worker; the sum is left in the first */
    int workers;
    void *plain; /* parameters in the storage type, to be kept up to date; NULL in f32 */
};

enum { ADAFACTOR_PHASES = 4 };
/* Phase 0 sums the gradients and takes their squares, 1 and 2 make the update's RMS, 3 applies it. */
void adafactor_phase(struct adafactor *adafactor, struct nn *nn, const struct adafactor_step *step,
                     int phase, int worker);
/* Phase 0's first half alone: the sum of the gradients, for those who want just that. */
void adafactor_sum(struct adafactor *adafactor, struct nn *nn, const struct adafactor_step *step,
                   int worker);

#endif
