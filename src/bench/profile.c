/* profile.c - see profile.h.
 *
 * All workers' seconds of a kind, divided by the workers, are what the kind takes of a step.  Data
 * are prepared by one thread while the workers wait.  What is left of the step is the rest, so
 * that the shares add up to the whole. */
#include "src/glu.h"

#include "src/bench/profile.h"

#include "src/nn/dnn.h"
#include "src/nn/stream.h"
#include "src/results/json_help.h"
#include "src/util/machine.h"
#include "src/util/progress.h"

#include <math.h>
#include <string.h>

/* Steps are profiled for about so long. */
static const double profile_s = 1;
enum { WARM_UP_STEPS = 5, STEPS_MIN = 5, STEPS_MAX = 1000, MEMORY_BYTES = 256 << 20 };

/* What memory-bound operations can reach. */
struct stream {
    size_t bytes; /* of each thread's arrays */
    double gb_per_s;
};

struct profiler {
    const struct setting *setting;
    double gemm_peak_gflop_per_s;
    struct stream cache, memory; /* cache: of the size of a layer's widest buffer */
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

struct subject {
    struct model *model;
    struct data_stream *stream;
    struct batch *batch;
    int64_t step;
};

static int subject_open(struct subject *subject, const struct setting *setting,
                        const struct variant *variant)
{
    struct model_options options = setting_model(setting, variant, setting->threads);
    struct data_config data = setting_data(setting);

    memset(subject, 0, sizeof *subject);
    if (batch_create(&subject->batch, options.batch, options.model.input_length,
                     options.model.target_length) ||
        data_open(&subject->stream, &data, (uint64_t)setting->first_seed) ||
        model_create(&subject->model, &options))
        return -1;
    model_init(subject->model, (uint64_t)setting->first_seed);
    return 0;
}

static void subject_close(struct subject *subject)
{
    model_destroy(subject->model);
    data_close(subject->stream);
    batch_destroy(subject->batch);
}

/* Prepare a batch and take a step; the memory of the step alone is looked at. */
static int step_once(struct subject *subject, struct profiled *seen)
{
    double start_s = machine_clock_s(), ready_s, loss_nats;
    uint64_t primitives = dnn_counters().primitives;
    size_t heap_before, heap_after;
    long faults;

    if (data_next(subject->stream, subject->batch))
        return -1;
    seen->data_s += machine_clock_s() - start_s;
    seen->heap_is_known = machine_heap_bytes(&heap_before);
    faults = machine_page_faults();
    ready_s = machine_clock_s();
    if (model_train_step(subject->model, subject->batch, ++subject->step, 1e-4, &loss_nats))
        return -1;
    seen->step_s += machine_clock_s() - ready_s;
    seen->page_faults += machine_page_faults() - faults;
    machine_heap_bytes(&heap_after);
    seen->heap_growth_bytes += (int64_t)heap_after - (int64_t)heap_before;
    seen->primitives += dnn_counters().primitives - primitives;
    seen->steps++;
    return 0;
}

static int profile_steps(struct subject *subject, struct profiled *seen)
{
    struct profiled warm_up = {0};
    int steps;

    for (int i = 0; i < WARM_UP_STEPS; i++)
        if (step_once(subject, &warm_up))
            return -1;
    steps = (int)fmin(fmax(profile_s * warm_up.steps / (warm_up.step_s + warm_up.data_s), STEPS_MIN),
                      STEPS_MAX);
    *seen = (struct profiled){0};
    model_profile_reset(subject->model);
    for (int i = 0; i < steps; i++)
        if (step_once(subject, seen))
            return -1;
    model_profile(subject->model, seen->rows);
    return 0;
}

/* ---- As JSON --------------------------------------------------------------------------------- */

/* Seconds of a step, and what was done in them by all threads together. */
static json_t *operation_json(const struct profiler *profiler, const char *name, double seconds,
                              double whole_s, double flops, double bytes)
{
    json_t *o = json_object();
    double gflop_per_s = flops > 0 && seconds > 0 ? 1e-9 * flops / seconds : NAN;
    double gb_per_s = bytes > 0 && seconds > 0 ? 1e-9 * bytes / seconds : NAN;
    int bad = 0;

    bad |= json_put(o, "operation", json_text(name));
    bad |= json_put(o, "s_per_step", json_number(seconds));
    bad |= json_put(o, "share", json_number(seconds / whole_s));
    bad |= json_put(o, "gflop_per_s", json_number(gflop_per_s));
    bad |= json_put(o, "fraction_of_gemm_peak",
                    json_number(gflop_per_s / profiler->gemm_peak_gflop_per_s));
    bad |= json_put(o, "gb_per_s", json_number(gb_per_s));
    bad |= json_put(o, "fraction_of_cache_stream", json_number(gb_per_s / profiler->cache.gb_per_s));
    bad |= json_put(o, "fraction_of_memory_stream",
                    json_number(gb_per_s / profiler->memory.gb_per_s));
    return json_finish(o, bad);
}

static json_t *operations_json(const struct profiler *profiler, const struct profiled *seen,
                               int workers)
{
    double steps = seen->steps, whole_s = (seen->step_s + seen->data_s) / steps;
    double rest_s = seen->step_s / steps;
    json_t *list = json_array();
    int bad = 0;

    for (int kind = 0; kind < PROFILE_KINDS; kind++) {
        const struct profile_row *row = &seen->rows[kind];
        double seconds = row->s / workers / steps;

        rest_s -= seconds;
        bad |= json_push(list, operation_json(profiler, profile_name(kind), seconds, whole_s,
                                              row->flops / steps, row->bytes / steps));
    }
    bad |= json_push(list, operation_json(profiler, "preparation of data", seen->data_s / steps,
                                          whole_s, 0, 0));
    bad |= json_push(list, operation_json(profiler, "the rest", rest_s, whole_s, 0, 0));
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

static json_t *stream_json(const struct stream *stream)
{
    json_t *o = json_object();
    int bad = 0;

    bad |= json_put(o, "bytes_per_thread", json_integer((json_int_t)stream->bytes));
    bad |= json_put(o, "gb_per_s", json_number(stream->gb_per_s));
    return json_finish(o, bad);
}

static json_t *subject_json(const struct profiler *profiler, const struct variant *variant,
                            const struct subject *subject, const struct profiled *seen)
{
    const struct model_options *options = model_get_options(subject->model);
    int workers = options->threads < options->batch ? options->threads : options->batch, bad = 0;
    json_t *o = json_object();

    bad |= json_put(o, "variant", json_text(variant->name));
    bad |= json_put(o, "pass", json_text("train"));
    bad |= json_put(o, "precision", json_text(precision_name(options->precision)));
    bad |= json_put(o, "threads", json_integer(options->threads));
    bad |= json_put(o, "batch", json_integer(options->batch));
    bad |= json_put(o, "micro_batch", json_integer(options->micro_batch));
    bad |= json_put(o, "steps", json_integer(seen->steps));
    bad |= json_put(o, "s_per_step", json_number((seen->step_s + seen->data_s) / seen->steps));
    bad |= json_put(o, "operations", operations_json(profiler, seen, workers));
    bad |= json_put(o, "gemm_peak_gflop_per_s", json_number(profiler->gemm_peak_gflop_per_s));
    bad |= json_put(o, "cache_stream", stream_json(&profiler->cache));
    bad |= json_put(o, "memory_stream", stream_json(&profiler->memory));
    bad |= json_put(o, "primitives_created", json_integer((json_int_t)seen->primitives));
    bad |= json_put(o, "heap_growth_bytes",
                    seen->heap_is_known ? json_integer(seen->heap_growth_bytes) : json_null());
    bad |= json_put(o, "page_faults", json_integer(seen->page_faults));
    bad |= json_put(o, "primitives", primitives_json(subject->model));
    return json_finish(o, bad);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static int stream_measure(struct stream *stream, size_t bytes, int threads)
{
    stream->bytes = bytes;
    return stream_peak(bytes, threads, &stream->gb_per_s);
}

/* Two buffers of a layer's activations, as the gate reads and writes them. */
static size_t layer_bytes(const struct model_options *options)
{
    return (size_t)options->micro_batch * (size_t)options->model.input_length *
           (size_t)options->model.d_ff * (options->precision == PRECISION_BF16 ? 2 : 4) * 2;
}

static int profile_variant(struct profiler *profiler, const struct variant *variant, json_t *profile)
{
    const struct setting *setting = profiler->setting;
    struct subject subject;
    struct profiled seen;
    int status = -1;

    progress_status("profile: %s", variant->name);
    if (subject_open(&subject, setting, variant))
        goto out;
    if (profiler->cache.bytes == 0 &&
        (stream_measure(&profiler->cache, layer_bytes(model_get_options(subject.model)),
                        setting->threads) ||
         stream_measure(&profiler->memory, MEMORY_BYTES / (size_t)setting->threads,
                        setting->threads)))
        goto out;
    if (profile_steps(&subject, &seen))
        goto out;
    status = json_push(profile, subject_json(profiler, variant, &subject, &seen))
                 ? err_set("out of memory")
                 : 0;
out:
    subject_close(&subject);
    return status ? err_prepend("%s", variant->name) : 0;
}

int profile_run(const struct setting *setting, double gemm_peak_gflop_per_s,
                const atomic_int *stop, json_t **profile)
{
    struct profiler profiler = {.setting = setting, .gemm_peak_gflop_per_s = gemm_peak_gflop_per_s};

    *profile = json_array();
    if (!*profile)
        return err_set("out of memory");
    for (int i = 0; i < setting->variant_count && !(stop && *stop); i++)
        if (profile_variant(&profiler, setting->variants[i], *profile)) {
            json_decref(*profile);
            *profile = NULL;
            return -1;
        }
    return 0;
}
