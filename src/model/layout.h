/* layout.h - what architectures made of stacks lay out alike: rows of the tables of products and
 * tensors.  All return 0, or -1 and a message. */
#ifndef GLU_MODEL_LAYOUT_H
#define GLU_MODEL_LAYOUT_H

#include "src/model/architecture.h"
#include "src/model/block.h"

/* Append a row; *index: which it is. */
int layout_product(struct model *model, int *index, const struct product *product);
/* The products of a stack's feed-forward layers, as "SIDE W" and so on. */
int layout_ffn_products(struct model *model, const char *side, struct stack *stack);

/* A weight matrix by its name, the row of its product and its initial standard deviation; without a
 * `linear` there is none. */
struct layout_linear {
    const char *name;
    struct linear *linear;
    int product;
    double stddev;
};
/* Append them as "WHERE.NAME.weight". */
int layout_linears(struct model *model, const char *where, const struct layout_linear *rows,
                   size_t count);

#endif
