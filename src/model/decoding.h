/* decoding.h - how an architecture decodes, for the files of this folder; all others see decode.h.
 *
 * A worker of a decoder is a thread that goes with one of the model's, which reads the inputs for it.  Where
 * the model's workers have several threads, the first of each decodes, and the others help it to read.  It has a few slots: an
 * example that is being decoded has one, its place among what is kept, until it is done. */
#ifndef GLU_MODEL_DECODING_H
#define GLU_MODEL_DECODING_H

#include "src/model/architecture.h"
#include "src/model/decode.h"

/* An example's next token is to be had. */
struct decoding_row {
    int slot, example;
    int position; /* of the token: how many there are before it */
    int32_t last; /* the one before it; pad at first */
};

/* What all threads of a worker are to do: read a slice, or find the next tokens of rows. */
struct decoding_order {
    const struct slice *slice; /* NULL: rows */
    const int *slots;
    const struct decoding_row *rows;
    int count;
};

struct decoding_worker {
    struct nn nn; /* of its own primitives, which go with single tokens */
    struct decoder *decoder;
    struct worker *worker;     /* the model's */
    void *own;                 /* of the architecture */
    float *logits;             /* (slots, vocabulary) */
    struct decoding_row *rows; /* (slots), those that are being decoded first */
    int *free_slots;           /* (slots), a stack of those that are not */
    int32_t *targets;          /* (slots) */
    double *row_nats;          /* (slots) */
    const struct decoding_order *order; /* for the other threads of the model's worker; NULL: there is no more */
};

struct decoder {
    struct decoder_options options;
    struct model *model;
    struct arena arena;
    int slots;
    struct decoding_worker *workers; /* (model->team.size); of a worker's other threads, decoder and worker alone */
};

struct decoding {
    /* Make a worker's plans, and what it keeps from decoder->arena; called anew for measuring and for the real
     * arena.  0 or -1. */
    int (*open)(struct model *model, struct decoding_worker *worker);
    /* Destroy its primitives. */
    void (*close)(struct decoding_worker *worker);
    /* Free worker->own; may be NULL. */
    void (*free_worker)(struct decoding_worker *worker);
    /* What follows is called by all threads of the model's worker where these work for it: begin and read, and
     * next of a decoder that does all anew.  Before its first slice of a call. */
    void (*begin)(struct model *model, struct decoding_worker *worker);
    /* Read the inputs of a slice, whose examples get these slots. */
    void (*read)(struct model *model, struct decoding_worker *worker, const struct slice *slice,
                 const int *slots);
    /* Logits of each row's token to worker->logits. */
    void (*next)(struct model *model, struct decoding_worker *worker, const struct decoding_row *rows,
                 int count);
};

#endif
