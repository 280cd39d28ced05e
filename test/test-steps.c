/* test-steps.c - what a training step must not do: allocate, create primitives, or run one of
 * oneDNN's reference implementations.
 *
 * malloc() and its kin are replaced here, so that calls from this program's own code are told from
 * those of the libraries: oneDNN makes a list of arguments of each execution, and frees it. */
#include "src/glu.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/model/model.h"
#include "src/nn/dnn.h"
#include "src/util/rng.h"
#include "test/tap.h"
#include "variants/variant.h"

/* ==== Counting allocations ==== */

#if defined __GLIBC__ && !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
#define COUNTS_ALLOCATIONS 1
#else
#define COUNTS_ALLOCATIONS 0
#endif

static atomic_long own_allocations, other_allocations;

#if COUNTS_ALLOCATIONS
extern const char __executable_start, etext; /* of the linker: where the program's code lies */
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static void count_call(const void *caller)
{
    bool own = (const char *)caller >= &__executable_start && (const char *)caller < &etext;

    atomic_fetch_add(own ? &own_allocations : &other_allocations, 1);
}

void *malloc(size_t bytes)
{
    count_call(__builtin_return_address(0));
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    count_call(__builtin_return_address(0));
    return __libc_calloc(count, bytes);
}

void *realloc(void *old, size_t bytes)
{
    count_call(__builtin_return_address(0));
    return __libc_realloc(old, bytes);
}

int posix_memalign(void **memory, size_t alignment, size_t bytes)
{
    count_call(__builtin_return_address(0));
    *memory = __libc_memalign(alignment, bytes);
    return *memory ? 0 : ENOMEM;
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    count_call(__builtin_return_address(0));
    return __libc_memalign(alignment, bytes);
}
#endif

/* ==== Models and steps ==== */

static const struct model_config small = {
    .vocabulary = 384, .d_model = 64, .layers = 1, .heads = 4, .d_kv = 16, .d_ff = 192,
    .input_length = 32, .target_length = 9,
};

enum { BATCH = 3, THREADS = 2, WARM_UP = 2, STEPS = 3 }; /* workers with unequal shares */

static const double dropout = 0.1; /* which has work of its own in every step */

/* What was seen of one or of several models. */
struct seen {
    int models, primitives, slow;
    uint64_t created, memories;
    long own_allocations;
};

static void check(int status)
{
    if (status != 0)
        tap_bail_out("%s", err_get());
}

static struct batch *random_batch(void)
{
    struct batch *batch;
    struct rng rng;

    check(batch_create(&batch, BATCH, small.input_length, small.target_length));
    rng_start(&rng, 1, RNG_TEST, 2);
    for (int i = 0; i < BATCH * small.input_length; i++)
        batch->inputs[i] = 1 + (int32_t)rng_below(&rng, (uint32_t)small.vocabulary - 1);
    for (int i = 0; i < BATCH * small.target_length; i++)
        batch->targets[i] = 1 + (int32_t)rng_below(&rng, (uint32_t)small.vocabulary - 1);
    return batch;
}

static void look_at_primitives(const struct model *model, struct seen *seen)
{
    const struct primitive *primitive;

    for (int i = 0; (primitive = model_primitive(model, i)); i++) {
        seen->primitives++;
        if (!strstr(primitive->implementation, "ref"))
            continue;
        tap_diag("%s: %s is %s", model_get_options(model)->variant->name, primitive->role,
                 primitive->implementation);
        seen->slow++;
    }
}

/* Train a few steps and evaluate, and see what that costs besides time. */
static void take_steps(struct model *model, const struct batch *batch, struct seen *seen)
{
    double loss_nats, example_nats[BATCH];
    struct dnn_counters before, after;
    long own;

    for (int i = 1; i <= WARM_UP; i++)
        check(model_train_step(model, batch, i, 1e-3, &loss_nats));
    check(model_evaluate(model, batch, example_nats));
    before = dnn_counters();
    own = atomic_load(&own_allocations);
    for (int i = 1; i <= STEPS; i++)
        check(model_train_step(model, batch, WARM_UP + i, 1e-3, &loss_nats));
    check(model_evaluate(model, batch, example_nats));
    after = dnn_counters();
    seen->own_allocations += atomic_load(&own_allocations) - own;
    seen->created += after.primitives - before.primitives;
    seen->memories += after.memories - before.memories;
}

/* A model of a variant, whose workers have `team` threads; `steps`: train it, else look at its primitives
 * alone. */
static void look_at(const struct variant *variant, enum precision precision,
                    const struct batch *batch, int team, bool steps, struct seen *seen)
{
    struct model_options options = {
        .model = small, .variant = variant, .batch = BATCH, .threads = THREADS * team, .team = team,
        .precision = precision, .dropout = steps ? dropout : 0,
    };
    struct model *model;

    options.model.d_ff = variant_d_ff(variant, small.d_ff);
    check(model_create(&model, &options));
    model_init(model, 1);
    seen->models++;
    look_at_primitives(model, seen);
    if (steps)
        take_steps(model, batch, seen);
    model_destroy(model);
}

/* ==== The checks ==== */

static void test_registry(enum precision precision, const struct batch *batch)
{
    const char *name = precision == PRECISION_F32 ? "f32" : "bf16";
    struct seen seen = {0};

    if (precision == PRECISION_BF16 && !model_has_bf16()) {
        tap_skip(3, "this CPU has no bf16");
        return;
    }
    for (int i = 0; i < variant_count(); i++)
        for (int team = 1; team <= 2; team++)
            look_at(variant_at(i), precision, batch, team, true, &seen);
    tap_ok(seen.slow == 0 && seen.primitives > 0,
           "%s: none of the %d primitives of %d models is a reference implementation", name,
           seen.primitives, seen.models);
    tap_ok(seen.created == 0 && seen.memories == 0,
           "%s: steps create no primitives (%d) and no memory objects (%d)", name,
           (int)seen.created, (int)seen.memories);
    if (COUNTS_ALLOCATIONS)
        tap_ok(seen.own_allocations == 0, "%s: steps allocate nothing (%ld allocations)", name,
               seen.own_allocations);
    else
        tap_skip(1, "allocations are counted with glibc and without a sanitizer");
}

/* Every activation, gated and not, as custom: makes it. */
static void test_custom(enum precision precision)
{
    const char *name = precision == PRECISION_F32 ? "f32" : "bf16";
    struct seen seen = {0};

    if (precision == PRECISION_BF16 && !model_has_bf16()) {
        tap_skip(1, "this CPU has no bf16");
        return;
    }
    for (int act = 0; act < ACT_COUNT; act++)
        for (int gated = 0; gated < 2; gated++) {
            struct variant_storage storage;
            const struct variant *variant;
            char text[96];

            snprintf(text, sizeof text, "custom:%s%s", activation_get((enum act)act)->name,
                     gated ? ",gated" : "");
            variant = variant_find(text, &storage);
            if (!variant)
                tap_bail_out("%s", err_get());
            look_at(variant, precision, NULL, 1, false, &seen);
        }
    tap_ok(seen.slow == 0 && seen.primitives > 0,
           "%s: nor of the %d primitives of %d models with custom activations", name,
           seen.primitives, seen.models);
}

/* The counting counts: a check of the check. */
static void test_counting(void)
{
    long own = atomic_load(&own_allocations);
    void *volatile memory = malloc(10);

    free(memory);
    if (COUNTS_ALLOCATIONS)
        tap_ok(atomic_load(&own_allocations) == own + 1, "an allocation is counted");
    else
        tap_skip(1, "allocations are counted with glibc and without a sanitizer");
}

int main(void)
{
    struct batch *batch = random_batch();

    tap_plan(9);
    test_counting();
    for (int precision = PRECISION_F32; precision <= PRECISION_BF16; precision++) {
        test_registry((enum precision)precision, batch);
        test_custom((enum precision)precision);
    }
    tap_diag("allocations of the libraries: %ld", atomic_load(&other_allocations));
    batch_destroy(batch);
    return tap_status();
}
