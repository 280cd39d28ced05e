/* exchange.c - see exchange.h.
 *
 * Rank 0's clock counts: an exchange ends for it when all have come to it. */
#include "src/glu.h"

#include "src/bench/exchange.h"

#include "src/bench/turns.h"
#include "src/comm/ranks.h"
#include "src/util/cpus.h"
#include "src/util/json_help.h"
#include "src/util/machine.h"
#include "src/util/progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double exchange_s = 0.1, step_s = 0.2; /* a sample lasts about so long */

/* Of `bytes` on each rank of this machine, with what else is there. */
static int check_memory(double bytes)
{
    int here = ranks_get()->here;
    double available = (double)machine_memory_bytes();
    char needs[32], has[32];

    if (available <= 0 || bytes * here <= available)
        return 0;
    format_bytes(bytes * here, needs, sizeof needs);
    format_bytes(available, has, sizeof has);
    return err_set("%d rank%s on this machine would take %s of memory, and there are %s", here,
                   here == 1 ? "" : "s", needs, has);
}

/* A new array for rank 0. */
static int open_rows(json_t **rows)
{
    *rows = ranks_get()->group->rank == 0 ? json_array() : NULL;
    return *rows || ranks_get()->group->rank > 0 ? 0 : err_set("out of memory");
}

/* What all rows begin with. */
static int put_ranks(json_t *row, const struct setting *setting)
{
    const struct ranks *ranks = ranks_get();

    return json_put(row, "ranks", json_integer(ranks->group->size)) |
           json_put(row, "ranks_on_machine", json_integer(ranks->here)) |
           json_put(row, "library", ranks->library ? json_text(ranks->library) : json_null()) |
           json_put(row, "threads", json_integer(setting->threads));
}

/* ==== The exchange of a gradient ==== */

struct exchange {
    struct comm *comm;
    size_t floats;
    float *x, *room;
};

static int sum_once(void *context)
{
    struct exchange *exchange = context;

    return exchange->comm->sum(exchange->comm, exchange->x, exchange->floats);
}

static int sum_at_once(void *context)
{
    struct exchange *exchange = context;

    return exchange->comm->sum_at_once(exchange->comm, exchange->x, exchange->room, exchange->floats);
}

/* Memory of its own, every page of it, before it is timed; zeros stay what they are, however often they
 * are added. */
static int open_exchange(struct exchange *exchange, size_t floats)
{
    size_t ranks = (size_t)exchange->comm->size;

    exchange->floats = (floats + ranks - 1) / ranks * ranks;
    if (check_memory(2.0 * sizeof(float) * (double)exchange->floats))
        return -1;
    exchange->x = malloc(exchange->floats * sizeof *exchange->x);
    exchange->room = malloc(exchange->floats * sizeof *exchange->room);
    if (!exchange->x || !exchange->room)
        return err_set("no memory for an exchange of %zu numbers", exchange->floats);
    for (size_t i = 0; i < exchange->floats; i++)
        exchange->x[i] = exchange->room[i] = 0;
    return 0;
}

static json_t *exchange_json(const struct setting *setting, const struct turns *turns, size_t floats)
{
    double bytes = (double)(floats * sizeof(float));
    json_t *row = json_object();
    int bad = put_ranks(row, setting);

    bad |= json_put(row, "variant",
                    setting->exchange_size > 0 ? json_null() : json_text(setting->baseline->name));
    bad |= json_put(row, "bytes", json_integer((json_int_t)(floats * sizeof(float))));
    bad |= turns_put(turns, 0, row, "");
    bad |= json_put(row, "gb_per_s", json_number(1e-9 * bytes / turns_median_s(turns, 0)));
    bad |= turns_put(turns, 1, row, "bare_");
    bad |= turns_put_speed(turns, 1, row, "rate_vs_bare");
    return json_finish(row, bad);
}

/* 0, 1: a rank is to stop; or -1. */
static int measure_exchange(const struct setting *setting, size_t floats, const atomic_int *stop,
                            json_t *rows)
{
    struct exchange exchange = {.comm = ranks_get()->group};
    struct turns turns = {.comm = exchange.comm,
                          .context = &exchange,
                          .ways = 2,
                          .way = {{.once = sum_once}, {.once = sum_at_once}},
                          .samples = setting->recipe.samples,
                          .sample_s = exchange_s,
                          .stop = stop};
    int status = open_exchange(&exchange, floats);

    progress_status("the exchange of %.1f MB", 4e-6 * (double)floats);
    if (status == 0)
        status = turns_take(&turns);
    if (status == 0 && rows && json_push(rows, exchange_json(setting, &turns, floats)))
        status = err_set("out of memory");
    turns_free(&turns);
    free(exchange.x);
    free(exchange.room);
    return status;
}

int exchange_run(const struct setting *setting, const atomic_int *stop, json_t **rows)
{
    struct model_options options = setting_model(setting, setting->baseline, setting->threads);
    struct model_counts counts;
    size_t floats = (size_t)(1e6 * setting->exchange_size / sizeof(float));

    if (open_rows(rows))
        return -1;
    if (ranks_get()->group->size == 1)
        return 0;
    if (floats == 0) {
        if (model_counts(&options, &counts))
            return -1;
        floats = (size_t)counts.parameters;
    }
    return measure_exchange(setting, floats, stop, *rows) < 0 ? -1 : 0;
}

/* ==== A training step ==== */

enum way { TOGETHER, APART, ALONE, WAYS };

struct steps {
    struct comm *comm;
    bool alone; /* one process can do what all do */
    struct batch *batch, part;
    struct model *model[WAYS];
    int64_t done[WAYS];
};

static int step(struct steps *steps, enum way way, const struct batch *batch)
{
    double loss_nats;

    /* The rate is small, so that the weights stay what they are in a real training. */
    return model_train_step(steps->model[way], batch, ++steps->done[way], 1e-4, &loss_nats);
}

/* With the batch on its way, and a word about signals, as a training has them at every step. */
static int step_together(void *context)
{
    struct steps *steps = context;
    double flags[4] = {0};

    return steps->comm->agree(steps->comm, flags, (int)LENGTH_OF(flags)) ||
                   batch_share(steps->batch, steps->comm) ||
                   step(steps, TOGETHER, &steps->part)
               ? -1
               : 0;
}

static int step_apart(void *context)
{
    struct steps *steps = context;

    return step(steps, APART, &steps->part);
}

static int step_alone(void *context)
{
    struct steps *steps = context;

    return step(steps, ALONE, steps->batch);
}

/* The model as one of the ways has it. */
static struct model_options options_of(const struct steps *steps, const struct setting *setting,
                                       const struct variant *variant, enum way way)
{
    struct model_options options = setting_model(setting, variant, setting->threads);

    if (way == ALONE)
        options.threads *= steps->comm->size;
    else
        options.batch /= steps->comm->size;
    if (way == TOGETHER)
        options.comm = steps->comm;
    return options;
}

static bool has_way(const struct steps *steps, enum way way)
{
    switch (way) {
    case TOGETHER:
        return true;
    case APART:
        return steps->comm->size > 1;
    default:
        return steps->alone;
    }
}

static int make_models(struct steps *steps, const struct setting *setting, const struct variant *variant)
{
    double bytes = 0;
    struct model_memory memory;

    for (enum way way = TOGETHER; way < WAYS; way++) {
        struct model_options options = options_of(steps, setting, variant, way);

        if (!has_way(steps, way))
            continue;
        if (model_memory(&options, &memory))
            return -1;
        bytes += (double)memory.total / (way == ALONE ? ranks_get()->here : 1);
    }
    if (check_memory(bytes))
        return -1;
    for (enum way way = TOGETHER; way < WAYS; way++) {
        struct model_options options = options_of(steps, setting, variant, way);

        if (!has_way(steps, way) || (way == ALONE && steps->comm->rank > 0))
            continue;
        if (model_create(&steps->model[way], &options))
            return -1;
        model_init(steps->model[way], (uint64_t)setting->first_seed);
    }
    return 0;
}

/* Rank 0 knows its processors; a launcher may have bound it to one of them. */
static int find_alone(struct steps *steps, const struct setting *setting)
{
    const struct ranks *ranks = ranks_get();
    struct cpus cpus;

    cpus_find(&cpus);
    steps->alone = ranks->group->size > 1 && ranks->here == ranks->group->size &&
                   (int64_t)ranks->here * setting->threads <= cpus.usable;
    return steps->comm->share(steps->comm, &steps->alone, sizeof steps->alone);
}

/* One batch, again and again. */
static int make_batch(struct steps *steps, const struct setting *setting, const struct task *task)
{
    struct model_options options = setting_model(setting, setting->baseline, setting->threads);
    struct task_stream *stream = NULL;
    int status = batch_create(&steps->batch, options.batch, options.model.input_length,
                              options.model.target_length);

    if (status == 0 && steps->comm->rank == 0) {
        status = task_stream_open(&stream, task, (uint64_t)setting->first_seed);
        if (status == 0)
            status = task_stream_next(stream, steps->batch);
        task_stream_close(stream);
    }
    if (status || batch_share(steps->batch, steps->comm))
        return -1;
    steps->part = batch_part(steps->batch, steps->comm);
    return 0;
}

static json_t *steps_json(const struct setting *setting, const struct variant *variant,
                          const struct turns *turns)
{
    struct model_options options = setting_model(setting, variant, setting->threads);
    double median_s = turns_median_s(turns, TOGETHER), tokens;
    struct model_counts counts;
    json_t *row = json_object();
    int bad = put_ranks(row, setting) | model_counts(&options, &counts);

    if (bad) {
        json_decref(row);
        return NULL;
    }
    tokens = (double)options.batch * model_tokens(&options);
    bad |= json_put(row, "variant", json_text(variant->name));
    bad |= json_put(row, "precision", json_text(precision_name(options.precision)));
    bad |= json_put(row, "batch", json_integer(options.batch));
    bad |= json_put(row, "d_model", json_integer(options.model.d_model));
    bad |= json_put(row, "parameters", json_integer(counts.parameters));
    bad |= json_put(row, "tokens_per_step", json_integer((json_int_t)tokens));
    bad |= json_put(row, "flops_per_step", json_integer(counts.train_flops));
    bad |= turns_put(turns, TOGETHER, row, "");
    bad |= json_put(row, "tokens_per_s", json_number(tokens / median_s));
    bad |= json_put(row, "gflop_per_s", json_number(1e-9 * (double)counts.train_flops / median_s));
    bad |= turns_put(turns, APART, row, "apart_");
    bad |= turns_put_speed(turns, APART, row, "speed_vs_apart");
    bad |= turns_put(turns, ALONE, row, "alone_");
    bad |= turns_put_speed(turns, ALONE, row, "speed_vs_alone");
    return json_finish(row, bad);
}

/* 0, 1: a rank is to stop; or -1. */
static int measure_variant(struct steps *steps, const struct setting *setting,
                           const struct variant *variant, const atomic_int *stop, json_t *rows)
{
    struct turns turns = {.comm = steps->comm,
                          .context = steps,
                          .ways = WAYS,
                          .way = {[TOGETHER] = {.once = step_together},
                                  [APART] = {.once = step_apart, .apart = true},
                                  [ALONE] = {.once = step_alone, .alone = true}},
                          .samples = setting->recipe.samples,
                          .sample_s = step_s,
                          .stop = stop};
    int status = make_models(steps, setting, variant);

    progress_status("steps of %d ranks: %s", steps->comm->size, variant->name);
    for (enum way way = TOGETHER; way < WAYS; way++)
        if (!has_way(steps, way))
            turns.way[way].once = NULL;
    if (status == 0)
        status = turns_take(&turns);
    if (status == 0 && rows && json_push(rows, steps_json(setting, variant, &turns)))
        status = err_set("out of memory");
    turns_free(&turns);
    for (enum way way = TOGETHER; way < WAYS; way++) {
        model_destroy(steps->model[way]);
        steps->model[way] = NULL;
        steps->done[way] = 0;
    }
    return status < 0 ? err_prepend("%s", variant->name) : status;
}

int exchange_steps(const struct setting *setting, const struct task *task, const atomic_int *stop,
                   json_t **rows)
{
    struct steps steps = {.comm = ranks_get()->group};
    int status = open_rows(rows);

    if (status == 0)
        status = make_batch(&steps, setting, task) || find_alone(&steps, setting) ? -1 : 0;
    for (int i = 0; i < setting->variant_count && status == 0; i++)
        status = measure_variant(&steps, setting, setting->variants[i], stop, *rows);
    batch_destroy(steps.batch);
    return status < 0 ? -1 : 0;
}
