/* optimizer.h - from the summed gradient to the next values.  An optimizer is a row and a file.
 *
 * An update goes in phases, one after the other, each in parts that any threads may do at once; work is
 * cut into blocks of fixed size, and sums over blocks go in a fixed order, so that the result does not
 * depend on the number of parts. */
#ifndef GLU_NN_OPTIMIZER_H
#define GLU_NN_OPTIMIZER_H

#include "src/nn/nn.h"
#include "src/nn/tensors.h"

/* One update. */
struct update {
    int64_t t; /* from 1 */
    double learning_rate;
};

/* What an optimizer can be told. */
struct optimizer_options {
    double weight_decay, beta1, beta2;
    double clip_norm; /* the largest norm of the whole gradient; 0: any */
};

struct optimizer {
    const struct optimizer_type *type;
    struct optimizer_options options;
    const struct tensors *tensors; /* borrowed, like all pointers to floats */
    int parts;                     /* of a phase */
    float *parameters;
    float *gradient; /* summed over workers and processes, or summed as it is taken */
    /* Where one process trains, the workers' gradients are summed piece by piece as the first phase
     * comes to them, and are in cache then: sums `count` elements from `offset` on.  NULL: they are
     * summed. */
    void (*sum)(void *context, struct nn *nn, size_t offset, size_t count);
    void *context;
    int gradients; /* that sum() adds up */
    void *plain;  /* parameters in the storage type, to be kept up to date; NULL in f32 */
    float *state; /* (state_count): what is kept from update to update, tensor by tensor */
    size_t state_count;
    double *squares; /* (blocks of the gradient), where its norm has a limit */
    float clip;      /* what this update's gradient is multiplied by */
    void *own; /* of the type */
};

/* Which of the options a type takes; all of them take clip_norm. */
enum { TAKES_WEIGHT_DECAY = 1, TAKES_BETA1 = 2, TAKES_BETA2 = 4 };

struct optimizer_type {
    const char *name; /* "adafactor" */
    double learning_rate; /* a usual one */
    unsigned takes;       /* bits */
    struct optimizer_options defaults;
    int phases;
    /* Numbers of state that a tensor has which is not frozen. */
    size_t (*state_floats)(const struct tensor *tensor);
    /* Set optimizer->own; buffers come from the arena, and with a measuring arena are only counted.
     * close() takes what open() has made, in either case. */
    int (*open)(struct optimizer *optimizer, struct arena *arena);
    void (*close)(struct optimizer *optimizer);
    /* A part of a phase, of optimizer->parts; nn is the calling thread's. */
    void (*phase)(struct optimizer *optimizer, struct nn *nn, const struct update *update, int phase,
                  int part);
};

/* The i-th of all optimizers, or NULL past the last; the first is the default. */
const struct optimizer_type *optimizer_type_at(int i);
/* By name, or NULL. */
const struct optimizer_type *optimizer_type_find(const char *name);

/* Numbers of state that a type keeps of a tensor. */
size_t optimizer_state_floats(const struct optimizer_type *type, const struct tensor *tensor);

/* An optimizer of zeroed state for all tensors that are not frozen, whose gradients must be 0; its arrays are set by the caller before the first
 * phase.  0 or -1; optimizer_close() in either case. */
int optimizer_open(struct optimizer *optimizer, const struct optimizer_type *type,
                   const struct optimizer_options *options, const struct tensors *tensors, int parts,
                   struct arena *arena) GLU_MUST_USE;
/* A zeroed optimizer is fine. */
void optimizer_close(struct optimizer *optimizer);

/* The phases of an update, and a part of one: first those that limit the norm of the gradient,
 * where there is a limit, and then the type's own. */
int optimizer_phases(const struct optimizer *optimizer);
void optimizer_phase(struct optimizer *optimizer, struct nn *nn, const struct update *update, int phase,
                     int part);

/* For a type: `count` elements of the gradient from `offset` on, summed and clipped.  Its first phase
 * takes each piece once through this, before anything reads it; later phases read
 * optimizer->gradient. */
const float *optimizer_take(const struct optimizer *optimizer, struct nn *nn, size_t offset,
                            size_t count);
/* Numbers that this reads and writes for each, besides those that it gives. */
int optimizer_take_floats(const struct optimizer *optimizer);

/* The rows, by file. */
extern const struct optimizer_type optimizer_adafactor;
extern const struct optimizer_type optimizer_adamw;

#endif
