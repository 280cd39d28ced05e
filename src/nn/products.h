/* products.h - the table of a model's matrix products, from which its primitives are made, its
 * floating-point operations counted and its least activation memory summed.
 *
 * A row is a shape, not a matrix: all layers' products of one shape share it. */
#ifndef GLU_NN_PRODUCTS_H
#define GLU_NN_PRODUCTS_H

#include "src/nn/linear.h"

/* (tokens, in) times (in, out), `times` over in the forward pass of one example. */
struct product {
    char role[32]; /* "encoder q" */
    enum profile_kind kind;
    int tokens, in, out;
    int64_t times;
    /* Activations of one example that the backward pass needs for this product and that no other row
     * counts: what any implementation without recomputation keeps. */
    int64_t kept;

    bool weights; /* `in` by `out` are weights: there is a plan; if not, both factors are activations */
    bool dst_f32;          /* dst is f32: the residual stream, the logits */
    bool dst_accumulate;   /* ... and the stream is added to, or will be after its dropout */
    bool diff_typed;       /* diff_src is of the storage type, else f32 */
    bool diff_accumulate;  /* diff_src is a second or third contribution to the same gradient */
    bool plain_transposed; /* see linear.h */
    bool slices; /* its rows are done in slices, see loss.h */
};

/* Zeroed: an empty table. */
struct products {
    struct product *rows; /* (count) */
    int count, room;
    struct linear **linears; /* (linear_count): the weight matrices of the model, borrowed */
    int linear_count, linear_room;
};

/* Append a row.  Its index, or -1 and a message without memory. */
int products_add(struct products *products, const struct product *product);
/* Note a weight matrix, whose `plan` is a row's index and which stays where it is. */
int products_note(struct products *products, struct linear *linear);
void products_free(struct products *products);

/* Of the forward pass of one example, multiply-adds counted twice; exact up to 2^53.  Of one kind, or
 * of all with PROFILE_KINDS. */
double products_flops(const struct products *products, enum profile_kind kind);
/* Elements that a backward pass without recomputation needs of one example at least. */
double products_kept(const struct products *products);

/* The primitives of every row with weights for `examples` at a time, a thread's own: plans is
 * (products->count), zeroed.  like: another thread's, see linear.h, or NULL.  0, or -1 and a message that
 * names the row. */
int products_open(const struct products *products, struct nn *nn, int examples,
                  struct linear_plan *plans, const struct linear_plan *like);
void products_close(const struct products *products, struct linear_plan *plans);
/* Note the primitives of these plans. */
int products_list(const struct products *products, const struct linear_plan *plans,
                  struct primitives *primitives);

/* Room for the packed weights of all matrices, from the arena.  `plans` are any worker's. */
int products_pack_create(struct products *products, struct nn *nn, const struct linear_plan *plans,
                         struct arena *arena);
void products_pack_destroy(struct products *products);
/* Copy the weights out of `plain`, all parameters in the storage type, into the packed layouts: the
 * part `part` of `parts`. */
void products_pack(struct products *products, struct nn *nn, const struct linear_plan *plans,
                   const void *plain, int part, int parts);

#endif
