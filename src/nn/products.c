/* products.c - see products.h. */
#include "src/glu.h"

#include "src/nn/products.h"

#include "src/nn/loss.h"
#include "src/util/list.h"

#include <stdlib.h>

/* ==== The table ==== */

int products_add(struct products *products, const struct product *product)
{
    struct product *rows =
        list_grow(products->rows, products->count, &products->room, sizeof *rows);

    if (!rows)
        return -1;
    products->rows = rows;
    products->rows[products->count] = *product;
    return products->count++;
}

int products_note(struct products *products, struct linear *linear)
{
    struct linear **linears = list_grow(products->linears, products->linear_count,
                                        &products->linear_room, sizeof(*linears));

    if (!linears)
        return -1;
    products->linears = linears;
    products->linears[products->linear_count++] = linear;
    return 0;
}

void products_free(struct products *products)
{
    free(products->rows);
    free(products->linears);
    *products = (struct products){0};
}

double products_flops(const struct products *products, enum profile_kind kind)
{
    double flops = 0;

    for (int i = 0; i < products->count; i++) {
        const struct product *row = &products->rows[i];

        if (kind == PROFILE_KINDS || kind == row->kind)
            flops += 2.0 * (double)row->times * row->tokens * row->in * row->out;
    }
    return flops;
}

double products_kept(const struct products *products)
{
    double kept = 0;

    for (int i = 0; i < products->count; i++)
        kept += (double)products->rows[i].kept;
    return kept;
}

/* ==== Primitives ==== */

int products_open(const struct products *products, struct nn *nn, int examples,
                  struct linear_plan *plans, const struct linear_plan *like)
{
    for (int i = 0; i < products->count; i++) {
        const struct product *row = &products->rows[i];
        struct linear_spec spec = {
            .kind = row->kind,
            .tokens = row->slices ? loss_slice(examples * row->tokens, row->out)
                                  : examples * row->tokens,
            .in = row->in,
            .out = row->out,
            .dst_type = row->dst_f32 ? DNN_F32 : nn->type,
            .dst_accumulate = row->dst_accumulate && nn->dropout.rate == 0,
            .diff_type = row->diff_typed ? nn->type : DNN_F32,
            .diff_accumulate = row->diff_accumulate,
        };

        if (row->weights && linear_plan_create(&plans[i], nn, &spec, row->plain_transposed,
                                               like ? &like[i] : NULL))
            return err_prepend("%s", row->role);
    }
    return 0;
}

void products_close(const struct products *products, struct linear_plan *plans)
{
    for (int i = 0; i < products->count; i++)
        linear_plan_destroy(&plans[i]);
}

int products_list(const struct products *products, const struct linear_plan *plans,
                  struct primitives *primitives)
{
    for (int i = 0; i < products->count; i++)
        if (linear_plan_list(&plans[i], products->rows[i].role, primitives))
            return -1;
    return 0;
}

/* ==== Packed weights ==== */

int products_pack_create(struct products *products, struct nn *nn, const struct linear_plan *plans,
                         struct arena *arena)
{
    for (int i = 0; i < products->linear_count; i++) {
        struct linear *linear = products->linears[i];

        if (linear_create(linear, nn, &plans[linear->plan], arena))
            return -1;
    }
    return 0;
}

void products_pack_destroy(struct products *products)
{
    for (int i = 0; i < products->linear_count; i++)
        linear_destroy(products->linears[i]);
}

void products_pack(struct products *products, struct nn *nn, const struct linear_plan *plans,
                   const void *plain, int part, int parts)
{
    double start = clock_now_s();

    for (int i = part; i < products->linear_count; i += parts) {
        struct linear *linear = products->linears[i];
        const struct linear_spec *spec = &plans[linear->plan].spec;

        linear_pack(nn, &plans[linear->plan], linear, plain);
        nn_book(nn, PROFILE_PACK, &start, 0,
                (double)nn_count(spec->in, spec->out, nn->train ? 4 : 2) *
                    (double)dnn_type_bytes(nn->type));
    }
}
