/* profile.c - see profile.h.
 *
 * All workers' seconds of a kind, divided by the workers, are what the kind takes of a step.  Data
 * are prepared by one thread while the workers wait.  What is left of the step is the rest, so
 * that the shares add up to the whole. */
#include "src/glu.h"

#include "src/bench/profile.h"

#include "src/bench/floor.h"
#include "src/bench/rig.h"
#include "src/nn/dnn.h"
#include "src/util/json_help.h"
#include "src/util/machine.h"
#include "src/util/progress.h"

#include <math.h>

/* Steps are profiled for about so long. */
static const double profile_s = 1;
enum { WARM_UP_STEPS = 5, STEPS_MIN = 5, STEPS_MAX = 1000 };

struct profiler {
    const struct setting *setting;
    const struct task *task;
    const atomic_int *stop;
    struct floor_limits limits;
    struct peak_stream cache; /* of the size of a layer's widest buffer; .bytes 0: nothing is measured yet */
};

/* What was seen over the timed steps. */
struct profiled {
    int steps;
    double step_s, data_s;               /* sums over the steps */
    struct profile_row rows[PROFILE_KINDS];
    uint64_t primitives;                 /* created */
    bool heap_is_known;
    int64_t heap_growth_bytes;
    long page_faults;
};

/* Prepare a batch and take a step; the memory of the step alone is looked at.  1: stopped. */
static int step_once(struct rig *rig, struct profiled *seen)
{
    double data_s, step_s;
    uint64_t primitives;
    size_t heap_before, heap_after;
    long faults;
    int status;

    if (rig_refill(rig, &data_s))
        return -1;
    primitives = dnn_counters().primitives;
    seen->heap_is_known = machine_heap_bytes(&heap_before);
    faults = machine_page_faults();
    status = rig_repeat(rig, 0, RIG_TRAIN, 1, &step_s);
    if (status)
        return status;
    seen->page_faults += machine_page_faults() - faults;
    machine_heap_bytes(&heap_after);
    seen->heap_growth_bytes += (int64_t)heap_after - (int64_t)heap_before;
    seen->primitives += dnn_counters().primitives - primitives;
    seen->data_s += data_s;
    seen->step_s += step_s;
    seen->steps++;
    return 0;
}

/* 1: stopped. */
static int profile_steps(struct rig *rig, struct profiled *seen)
{
    struct model *model = rig->subjects[0].model;
    struct profiled warm_up = {0};
    int steps, status = 0;

    for (int i = 0; i < WARM_UP_STEPS && status == 0; i++)
        status = step_once(rig, &warm_up);
    if (status)
        return status;
    steps = (int)fmin(fmax(profile_s * warm_up.steps / (warm_up.step_s + warm_up.data_s), STEPS_MIN),
                      STEPS_MAX);
    *seen = (struct profiled){0};
    model_profile_reset(model);
    for (int i = 0; i < steps && status == 0; i++)
        status = step_once(rig, seen);
    model_profile(model, seen->rows);
    return status;
}

/* ---- As JSON --------------------------------------------------------------------------------- */

static const struct peak_stream *memory(const struct profiler *profiler)
{
    return &profiler->limits.streams[FLOOR_STREAMS - 1];
}

/* The least that an operation can take, and why; NULL: it has no limit that was measured. */
static int put_floor(json_t *o, double seconds, const struct floor *least)
{
    json_t *parts = json_object();
    double all_s = least ? least->all_s : 0;
    int bad = 0;

    for (int i = 0; i < FLOOR_KINDS; i++)
        bad |= json_put(parts, floor_name((enum floor_kind)i), json_number(least ? least->s[i] : NAN));
    bad |= json_put(o, "floor", least && all_s > 0 ? json_text(floor_name(least->kind)) : json_null());
    bad |= json_put(o, "floor_s", json_number(all_s > 0 ? all_s : NAN));
    bad |= json_put(o, "times_floor", json_number(all_s > 0 ? seconds / all_s : NAN));
    return bad | json_put(o, "floors_s", json_finish(parts, 0));
}

/* Seconds of a step, and what was done in them by all threads together. */
static json_t *operation_json(const struct profiler *profiler, const char *name, double seconds,
                              double whole_s, const struct profile_row *step, const struct floor *least)
{
    json_t *o = json_object();
    double flops = step ? step->flops : 0, bytes = step ? step->bytes : 0;
    double gflop_per_s = flops > 0 && seconds > 0 ? 1e-9 * flops / seconds : NAN;
    double gb_per_s = bytes > 0 && seconds > 0 ? 1e-9 * bytes / seconds : NAN;
    int bad = 0;

    bad |= json_put(o, "operation", json_text(name));
    bad |= json_put(o, "s_per_step", json_number(seconds));
    bad |= json_put(o, "share", json_number(seconds / whole_s));
    bad |= json_put(o, "gflop_per_s", json_number(gflop_per_s));
    bad |= json_put(o, "fraction_of_gemm_peak",
                    json_number(gflop_per_s / profiler->limits.gemm_peak_gflop_per_s));
    bad |= json_put(o, "gb_per_s", json_number(gb_per_s));
    bad |= json_put(o, "fraction_of_cache_stream", json_number(gb_per_s / profiler->cache.gb_per_s));
    bad |= json_put(o, "fraction_of_memory_stream",
                    json_number(gb_per_s / memory(profiler)->gb_per_s));
    bad |= json_put(o, "calls", json_number(step ? step->calls : NAN));
    bad |= json_put(o, "exponentials", json_number(step ? step->exponentials : NAN));
    bad |= put_floor(o, seconds, least);
    return json_finish(o, bad);
}

static struct profile_row of_a_step(const struct profile_row *all, int steps)
{
    return (struct profile_row){.s = all->s / steps,
                                .flops = all->flops / steps,
                                .bytes = all->bytes / steps,
                                .exponentials = all->exponentials / steps,
                                .calls = all->calls / steps};
}

static json_t *operations_json(const struct profiler *profiler, const struct profiled *seen)
{
    double steps = seen->steps, whole_s = (seen->step_s + seen->data_s) / steps;
    double rest_s = seen->step_s / steps;
    json_t *list = json_array();
    int bad = 0;

    for (int kind = 0; kind < PROFILE_KINDS; kind++) {
        struct profile_row step = of_a_step(&seen->rows[kind], seen->steps);
        struct floor least = floor_of(&profiler->limits, (enum profile_kind)kind, &step);
        double seconds = step.s / profiler->limits.workers;

        if (step.calls == 0)
            continue; /* no part of this training */
        rest_s -= seconds;
        bad |= json_push(list, operation_json(profiler, profile_name(kind), seconds, whole_s, &step, &least));
    }
    bad |= json_push(list, operation_json(profiler, "preparation of data", seen->data_s / steps,
                                          whole_s, NULL, NULL));
    bad |= json_push(list, operation_json(profiler, "the rest", rest_s, whole_s, NULL, NULL));
    return json_finish(list, bad);
}

static json_t *primitives_json(const struct model *model)
{
    json_t *list = json_array();
    const struct primitive *primitive;
    int bad = 0;

    for (int i = 0; (primitive = model_primitive(model, i)); i++) {
        json_t *o = json_object();

        bad |= json_put(o, "role", json_text(primitive->role));
        bad |= json_put(o, "implementation", json_text(primitive->implementation));
        bad |= json_push(list, o);
    }
    return json_finish(list, bad);
}

static json_t *stream_json(const struct peak_stream *stream)
{
    json_t *o = json_object();
    int bad = 0;

    bad |= json_put(o, "bytes_per_thread", json_integer((json_int_t)stream->bytes));
    bad |= json_put(o, "gb_per_s", json_number(stream->gb_per_s));
    return json_finish(o, bad);
}

static json_t *streams_json(const struct profiler *profiler)
{
    json_t *list = json_array();
    int bad = 0;

    for (int i = 0; i < FLOOR_STREAMS; i++)
        bad |= json_push(list, stream_json(&profiler->limits.streams[i]));
    return json_finish(list, bad);
}

static json_t *calls_json(const struct calls *calls)
{
    json_t *o = json_object();
    int bad = 0;

    bad |= json_put(o, "product_s", json_number(calls->product_s));
    bad |= json_put(o, "kernel_s", json_number(calls->kernel_s));
    bad |= json_put(o, "wait_s", json_number(calls->wait_s));
    bad |= json_put(o, "exponentials_per_s", json_number(calls->exponentials_per_s));
    return json_finish(o, bad);
}

static json_t *variant_json(const struct profiler *profiler, const struct model *model,
                            const struct profiled *seen)
{
    const struct model_options *options = model_get_options(model);
    int bad = 0;
    json_t *o = json_object();

    bad |= json_put(o, "variant", json_text(options->variant->name));
    bad |= json_put(o, "pass", json_text(rig_model.pass[RIG_TRAIN]));
    bad |= json_put(o, "precision", json_text(precision_name(options->precision)));
    bad |= json_put(o, "threads", json_integer(options->threads));
    bad |= json_put(o, "batch", json_integer(options->batch));
    bad |= json_put(o, "micro_batch", json_integer(options->micro_batch));
    bad |= json_put(o, "steps", json_integer(seen->steps));
    bad |= json_put(o, "s_per_step", json_number((seen->step_s + seen->data_s) / seen->steps));
    bad |= json_put(o, "operations", operations_json(profiler, seen));
    bad |= json_put(o, "gemm_peak_gflop_per_s", json_number(profiler->limits.gemm_peak_gflop_per_s));
    bad |= json_put(o, "cache_stream", stream_json(&profiler->cache));
    bad |= json_put(o, "memory_stream", stream_json(memory(profiler)));
    bad |= json_put(o, "streams", streams_json(profiler));
    bad |= json_put(o, "call_costs", calls_json(&profiler->limits.calls));
    bad |= json_put(o, "primitives_created", json_integer((json_int_t)seen->primitives));
    bad |= json_put(o, "heap_growth_bytes",
                    seen->heap_is_known ? json_integer(seen->heap_growth_bytes) : json_null());
    bad |= json_put(o, "page_faults", json_integer(seen->page_faults));
    bad |= json_put(o, "primitives", primitives_json(model));
    return json_finish(o, bad);
}

/* ---- The whole ------------------------------------------------------------------------------- */

/* Two buffers of a layer's activations, as the gate reads and writes them. */
static size_t layer_bytes(const struct model_options *options)
{
    return (size_t)options->micro_batch * (size_t)options->model.input_length *
           (size_t)options->model.d_ff * (options->precision == PRECISION_BF16 ? 2 : 4) * 2;
}

/* What does not depend on the variant is measured once. */
static int measure_limits(struct profiler *profiler, const struct model *model)
{
    const struct model_options *options = model_get_options(model);
    int threads = model_threads(options);
    struct model_counts counts;

    if (model_counts(options, &counts))
        return -1;
    profiler->limits.sweep_bytes = sizeof(float) * (double)counts.parameters;
    return profiler->cache.bytes == 0 &&
                   (floor_measure(&profiler->limits, options->precision, threads) ||
                    peak_stream(&profiler->cache, layer_bytes(options), threads))
               ? -1
               : 0;
}

/* 1: stopped. */
static int profile_variant(struct profiler *profiler, const struct variant *variant, json_t *profile)
{
    const struct setting *setting = profiler->setting;
    struct model_options model = setting_model(setting, variant, setting->threads);
    struct rig_options options = {.kind = &rig_model,
                                  .setting = setting,
                                  .task = profiler->task,
                                  .models = &model,
                                  .subjects = 1,
                                  .batches = 1,
                                  .refills = true,
                                  .passes = 1,
                                  .stop = profiler->stop};
    struct profiled seen;
    struct rig rig;
    int status;

    progress_status("profile: %s", variant->name);
    status = rig_open(&rig, &options);
    if (status == 0)
        status = rig_prepare(&rig, 0);
    if (status == 0)
        status = measure_limits(profiler, rig.subjects[0].model);
    if (status == 0)
        status = profile_steps(&rig, &seen);
    if (status == 0 && json_push(profile, variant_json(profiler, rig.subjects[0].model, &seen)))
        status = err_set("out of memory");
    rig_close(&rig);
    return status < 0 ? err_prepend("%s", variant->name) : status;
}

int profile_run(const struct setting *setting, const struct task *task,
                double gemm_peak_gflop_per_s, const atomic_int *stop, json_t **profile)
{
    struct profiler profiler = {.setting = setting,
                                .task = task,
                                .stop = stop,
                                .limits.gemm_peak_gflop_per_s = gemm_peak_gflop_per_s};
    int status = 0;

    *profile = json_array();
    if (!*profile)
        return err_set("out of memory");
    for (int i = 0; i < setting->variant_count && status == 0; i++)
        status = profile_variant(&profiler, setting->variants[i], *profile);
    if (status >= 0)
        return 0;
    json_decref(*profile);
    *profile = NULL;
    return -1;
}
