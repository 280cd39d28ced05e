/* mixture.c - see mixture.h. */
#include "src/glu.h"

#include "src/task/mixture.h"

#include "src/util/rng.h"

#include <stdlib.h>

/* The examples of a set, and where the pass over them is. */
struct order {
    uint32_t *example; /* (count), shuffled; owned */
    size_t count, next;
    uint32_t pass;
};

struct mixture {
    struct order *orders; /* (sets) */
    double *until;        /* (sets): a uniform number below it, and not below the one before, is this set */
    int sets;
    uint64_t seed;
    struct rng rng; /* of the sets */
};

/* Lanes of the random numbers: 0 tells which set, the others the orders. */
enum { PASSES_MAX = 1 << 20 };

/* Another order for another pass (Fisher and Yates). */
static void shuffle(const struct mixture *mixture, struct order *order)
{
    uint32_t set = (uint32_t)(order - mixture->orders);
    struct rng rng;

    rng_start(&rng, mixture->seed, RNG_EXAMPLES, 1 + set * PASSES_MAX + order->pass % PASSES_MAX);
    for (size_t i = 0; i < order->count; i++)
        order->example[i] = (uint32_t)i;
    for (size_t i = order->count; i > 1; i--) {
        size_t other = rng_below(&rng, (uint32_t)i);
        uint32_t kept = order->example[i - 1];

        order->example[i - 1] = order->example[other];
        order->example[other] = kept;
    }
    order->next = 0;
}

void mixture_shares(const size_t *counts, int sets, size_t cap, double *shares)
{
    double sum = 0;

    for (int i = 0; i < sets; i++) {
        shares[i] = (double)(cap > 0 && counts[i] > cap ? cap : counts[i]);
        sum += shares[i];
    }
    for (int i = 0; i < sets; i++)
        shares[i] /= sum;
}

int mixture_open(struct mixture **result, const size_t *counts, int sets, size_t cap, uint64_t seed)
{
    struct mixture *mixture = calloc(1, sizeof *mixture);
    double sum = 0;

    *result = NULL;
    if (!mixture)
        return err_set("out of memory");
    mixture->sets = sets;
    mixture->seed = seed;
    mixture->orders = calloc((size_t)sets, sizeof *mixture->orders);
    mixture->until = calloc((size_t)sets, sizeof *mixture->until);
    if (!mixture->orders || !mixture->until)
        goto no_memory;
    mixture_shares(counts, sets, cap, mixture->until);
    for (int i = 0; i < sets; i++) {
        struct order *order = &mixture->orders[i];

        if (counts[i] > UINT32_MAX)
            goto no_memory;
        order->count = counts[i];
        order->example = calloc(counts[i] + 1, sizeof *order->example);
        if (!order->example)
            goto no_memory;
        shuffle(mixture, order);
        sum = mixture->until[i] += sum;
    }
    rng_start(&mixture->rng, seed, RNG_EXAMPLES, 0);
    *result = mixture;
    return 0;
no_memory:
    mixture_close(mixture);
    return err_set("no memory for the order of the examples");
}

void mixture_close(struct mixture *mixture)
{
    if (!mixture)
        return;
    for (int i = 0; mixture->orders && i < mixture->sets; i++)
        free(mixture->orders[i].example);
    free(mixture->orders);
    free(mixture->until);
    free(mixture);
}

/* The set of a uniform number: rounding must not give one that is empty. */
static int find_set(const struct mixture *mixture, double uniform)
{
    int last = 0;

    for (int i = 0; i < mixture->sets; i++) {
        if (mixture->orders[i].count == 0)
            continue;
        last = i;
        if (uniform < mixture->until[i])
            break;
    }
    return last;
}

void mixture_next(struct mixture *mixture, int *set, size_t *example)
{
    struct order *order;

    *set = find_set(mixture, rng_uniform(&mixture->rng));
    order = &mixture->orders[*set];
    if (order->next == order->count) {
        order->pass++;
        shuffle(mixture, order);
    }
    *example = order->example[order->next++];
}
