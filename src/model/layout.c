/* layout.c - see layout.h. */
#include "src/glu.h"

#include "src/model/layout.h"

#include <stdio.h>

int layout_product(struct model *model, int *index, const struct product *product)
{
    *index = products_add(&model->products, product);
    return *index < 0 ? -1 : 0;
}

/* What the activations keep besides is what must be kept of a token: a layer's normed input, its gate,
 * up and hidden layer. */
int layout_ffn_products(struct model *model, const char *side, struct stack *stack)
{
    const struct model_config *c = &model->options.model;
    int64_t tokens = (int64_t)c->layers * stack->length;
    struct product in = {.kind = PROFILE_FFN, .tokens = stack->length, .in = c->d_model,
                         .out = c->d_ff, .times = c->layers,
                         .kept = tokens * (c->d_model + c->d_ff), .weights = true};
    struct product out = {.kind = PROFILE_FFN, .tokens = stack->length, .in = c->d_ff,
                          .out = c->d_model, .times = c->layers, .kept = tokens * c->d_ff,
                          .weights = true, .dst_f32 = true, .dst_accumulate = true,
                          .diff_typed = true};

    snprintf(in.role, sizeof in.role, "%s W", side);
    snprintf(out.role, sizeof out.role, "%s W2", side);
    if (layout_product(model, &stack->products.gate, &in))
        return -1;
    if (model->options.variant->gated) {
        struct product up = in;

        up.kept = tokens * c->d_ff;
        up.diff_accumulate = true;
        snprintf(up.role, sizeof up.role, "%s V", side);
        if (layout_product(model, &stack->products.up, &up))
            return -1;
    }
    return layout_product(model, &stack->products.out, &out);
}

int layout_linears(struct model *model, const char *where, const struct layout_linear *rows,
                   size_t count)
{
    char name[112];

    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%s.%s.weight", where, rows[i].name);
        if (rows[i].linear && linear_add(&model->tensors, &model->products, rows[i].linear,
                                         rows[i].product, name, rows[i].stddev))
            return -1;
    }
    return 0;
}
