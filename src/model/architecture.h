/* architecture.h - what an architecture is, and the model that it works on.  For the files of this
 * folder; all others see model.h.
 *
 * An architecture is a file and a row: it lays out its tensors and products, makes what a worker needs
 * of buffers and primitives, and runs forward and backward over one slice of a batch at a time.  All
 * else (shares, sums, steps, counts, memory) is of model.c and step.c, the same for every one. */
#ifndef GLU_MODEL_ARCHITECTURE_H
#define GLU_MODEL_ARCHITECTURE_H

#include "src/model/model.h"
#include "src/nn/products.h"
#include "src/nn/team.h"

#include <jansson.h>

struct model {
    struct model_options options;
    struct tensors tensors;
    struct products products;
    struct team team;
    struct arena arena;
    struct model_memory memory;
    float *parameters;
    void *plain; /* parameters in the storage type: `parameters` themselves in f32 */
    struct optimizer optimizer;
    struct primitives primitives;
    uint64_t seed; /* of dropout */
    void *own;     /* of the architecture: what it laid out */
};

/* For step.c, of a struct model: a part of the weights into the library's layout. */
void model_pack_part(void *model, int thread, int part);
/* Of a worker's share of so many examples, in slices of at most `most`: those of its second slot. */
int model_second_slot(int examples, int most);
/* A model whose memory is counted, and which has none: for what is to be counted beside it.  0, or -1 and a
 * message. */
int model_measure(struct model **model, const struct model_options *options) GLU_MUST_USE;

/* What a worker takes at once: examples first .. first + count - 1 of a batch, to be filled up to
 * options.micro_batch, times 2^bucket, with examples that count nothing. */
struct slice {
    const struct batch *batch;
    int first, count;
    int bucket;           /* of the batch, see model_bucket() */
    float scale;          /* of the loss in the gradient: 1 / target tokens; 0 when there is no backward */
    double *example_nats; /* (count): set to the sum over each example's target tokens; NULL: not asked */
};

/* Add the losses of the slice's rows, (count, length), to the worker's and to each example's.  The worker's
 * first thread does it. */
void slice_losses(struct worker *worker, const struct slice *slice, const double *row_nats, int length);

/* A tensor that weights files of others hold besides the model's own. */
struct hf_tensor {
    const char *name;
    const char *copy_of; /* the model's tensor that it must equal, or be in place of; NULL: unused */
    const char *why;     /* of a copy: what it means when it differs, for the message */
};

/* A member of config.json that tells which function the feed-forward layers apply. */
enum hf_form {
    HF_PROJECTION, /* T5's: "silu", "gated-silu"; "gated-gelu" is "gated-gelu_new" */
    HF_ACTIVATION, /* "silu" */
    HF_GATED       /* true or false */
};

struct hf_function {
    const char *field;
    enum hf_form form;
    const char *when_absent; /* what Hugging Face takes then; NULL: not known */
};

/* A size of the model in config.json.  Two rows of one size must agree where both are there. */
struct hf_size {
    const char *field;
    size_t offset;  /* of the int in struct model_config */
    bool is_needed; /* or else it follows from the others */
};

/* A member of config.json that says of other weights what this model cannot be. */
struct hf_flag {
    const char *field;
    bool refused;    /* this value is */
    const char *why; /* what it means, for the message */
};

struct decoding; /* see decoding.h */

struct architecture {
    const char *name;
    const char *task; /* the kind that it is trained on; NULL: to be measured alone */
    bool has_buckets; /* takes batches of other buckets than the first */
    bool shifted; /* an example's inputs are its targets, shifted right: its tokens count once */
    /* What it asks of the sizes besides; NULL: nothing.  0, or -1 and a message. */
    int (*check)(const struct model_options *options);
    /* Fill model->tensors and model->products from model->options, and set model->own.  0 or -1. */
    int (*lay_out)(struct model *model);
    /* Free model->own; may be called after a layout that failed, and on NULL. */
    void (*free)(struct model *model);
    /* Make a thread's plans and what its worker's forward keeps for backward (worker->own, from
     * model->arena); called anew for measuring and for the real arena.  All threads of a worker ask the
     * arena for the same and get the same.  worker->plans are open.  0 or -1. */
    int (*open)(struct model *model, struct worker *worker);
    /* ... and what it needs besides. */
    void (*open_scratch)(struct model *model, struct worker *worker);
    /* Destroy the worker's primitives; its buffers belong to the arena.  worker->own stays. */
    void (*close)(struct model *model, struct worker *worker);
    /* Free worker->own; may be NULL. */
    void (*free_worker)(struct worker *worker);
    /* Note the primitives besides those of worker->plans. */
    int (*list)(struct model *model, struct worker *worker);
    /* What follows is called by all threads of a worker, and each does its share (src/nn/crew.h).
     * Before a worker's first slice of a slot of a step (team.h), or of an evaluation. */
    void (*begin)(struct model *model, struct worker *worker);
    /* Add the slice's losses to worker->loss_nats. */
    void (*forward)(struct model *model, struct worker *worker, const struct slice *slice);
    /* Gradients of the last forward's slice, added to worker->nn.diff. */
    void (*backward)(struct model *model, struct worker *worker, const struct slice *slice);
    /* After its last backward of a slot: add what was kept aside to worker->nn.diff. */
    void (*end)(struct model *model, struct worker *worker);
    const struct decoding *decoding; /* NULL: it does not decode */
    /* The fields of config.json that Hugging Face's class of this architecture reads.  New reference,
     * or NULL without memory. */
    json_t *(*hf_config)(const struct model_options *options);
    const struct hf_tensor *hf_tensors;     /* up to one without a name; NULL: none */
    /* Up to one without a field; NULL: none.  The first names the function; in the form HF_ACTIVATION, of a
     * gated layer unless the name is ours. */
    const struct hf_function *hf_functions;
    const struct hf_flag *hf_flags;         /* the same */
    const struct hf_size *hf_sizes;         /* the same */
    const char *hf_dropout;                 /* what config.json calls it; NULL: nothing */
    const char *const *hf_types;            /* each model_type that is one of these, and NULL; NULL: none */
};

/* The rows, by file. */
extern const struct architecture architecture_t5;
extern const struct architecture architecture_lm;
extern const struct architecture architecture_ffn;

#endif
