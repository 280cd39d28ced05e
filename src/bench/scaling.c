/* scaling.c - see scaling.h. */
#include "src/glu.h"

#include "src/bench/scaling.h"

#include "src/bench/rig.h"
#include "src/results/statistics.h"
#include "src/util/json_help.h"
#include "src/util/list.h"
#include "src/util/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A point is sampled for about so long, and a sample is a mean over so long at least. */
static const double point_s = 0.8, sample_s = 0.05;
enum { WARM_UP = 2, SAMPLES_MIN = 3, SAMPLES_MAX = 15, THREAD_POINTS = 16 };

/* Of one row; the setting's own number is measured besides. */
static const int d_models[] = {64, 128, 256, 384, 512, 768, 1024, 2048, 4096};
static const int lengths[] = {64, 128, 256, 512};
static const int batches[] = {8, 16, 32, 64, 128};

struct point {
    const char *axis;
    int value;
    struct model_options options;
};

struct scaling {
    const struct setting *setting;
    const struct task *task;
    const atomic_int *stop;
    double gemm_peak_gflop_per_s;
    struct point *points;
    int count, room;
    json_t *rows;
};

/* ---- The points ------------------------------------------------------------------------------ */

static int add_point(struct scaling *scaling, const char *axis, int value,
                     const struct model_options *options)
{
    struct point *points =
        list_grow(scaling->points, scaling->count, &scaling->room, sizeof *points);

    if (!points)
        return -1;
    scaling->points = points;
    scaling->points[scaling->count++] = (struct point){axis, value, *options};
    return 0;
}

/* 1, 2, 3 .. threads; where these are many, powers of two and the last. */
static int add_threads(struct scaling *scaling, const struct model_options *base)
{
    int most = model_threads(base);

    for (int n = 1; n <= most; n++) {
        struct model_options options = *base;

        if (most > THREAD_POINTS && (n & (n - 1)) != 0 && n != most)
            continue;
        options.threads = n;
        options.team = options.team < n ? options.team : n;
        if (add_point(scaling, "threads", n, &options))
            return -1;
    }
    return 0;
}

/* A model so wide: heads of the setting's width or of 64, d_ff in the setting's proportion and
 * divisible by 48, so that gated layers stay equal. */
static int add_d_models(struct scaling *scaling, const struct model_options *base)
{
    const struct setting *setting = scaling->setting;
    const struct recipe *recipe = &setting->recipe;

    for (size_t i = 0; i < LENGTH_OF(d_models); i++) {
        struct model_options options = *base;
        int d = d_models[i], d_ff;

        if (d > setting->scaling_d_model)
            break;
        d_ff = (int)lround((double)recipe->d_ff / recipe->d_model * d / 48) * 48;
        options.model.d_model = d;
        options.model.heads = d / 64 > recipe->heads ? d / 64 : recipe->heads;
        options.model.d_kv = d / options.model.heads;
        options.model.d_ff = base->variant->gated ? d_ff / 3 * 2 : d_ff;
        if (d == recipe->d_model)
            options.model = base->model;
        if (add_point(scaling, "d_model", d, &options))
            return -1;
    }
    return 0;
}

static int add_lengths(struct scaling *scaling, const struct model_options *base)
{
    for (size_t i = 0; i < LENGTH_OF(lengths); i++) {
        struct model_options options = *base;
        struct task_options task = scaling->task->options;

        if (lengths[i] != task.input_length) {
            task.input_length = lengths[i];
            task.target_length = 0;
            if (task_lengths(&task))
                return -1;
        }
        options.model.input_length = task.input_length;
        options.model.target_length = task.target_length;
        if (add_point(scaling, "input_length", lengths[i], &options))
            return -1;
    }
    return 0;
}

static int add_batches(struct scaling *scaling, const struct model_options *base)
{
    for (size_t i = 0; i < LENGTH_OF(batches); i++) {
        struct model_options options = *base;

        options.batch = batches[i];
        if (options.micro_batch > options.batch)
            options.micro_batch = options.batch;
        if (add_point(scaling, "batch", batches[i], &options))
            return -1;
    }
    return 0;
}

/* ---- Measuring ------------------------------------------------------------------------------- */

/* What was seen of a point. */
struct measured {
    struct rig_size size;
    double samples_s[SAMPLES_MAX]; /* of one training step */
    int count;
};

/* 1: stopped. */
static int take_samples(struct rig *rig, struct measured *seen)
{
    double once_s;
    int repeats, status = rig_choose_repeats(rig, 0, RIG_TRAIN, sample_s, &repeats, &once_s);

    if (status)
        return status;
    seen->count = (int)fmin(fmax(point_s / (once_s * repeats), SAMPLES_MIN), SAMPLES_MAX);
    for (int i = 0; i < seen->count && status == 0; i++) {
        status = rig_sample(rig, 0, RIG_TRAIN, repeats, &seen->samples_s[i]);
        seen->samples_s[i] /= repeats;
    }
    return status;
}

/* 1: stopped. */
static int measure(const struct scaling *scaling, const struct point *point, struct measured *seen)
{
    struct rig_options options = {.kind = &rig_model,
                                  .setting = scaling->setting,
                                  .task = scaling->task,
                                  .models = &point->options,
                                  .subjects = 1,
                                  .batches = 1,
                                  .passes = 1,
                                  .warm_up = WARM_UP,
                                  .resident = true,
                                  .stop = scaling->stop};
    struct rig rig;
    int status = rig_open(&rig, &options);

    if (status == 0)
        status = rig_prepare(&rig, 0);
    if (status == 0)
        status = rig_size(&rig, 0, &seen->size);
    if (status == 0)
        status = take_samples(&rig, seen);
    rig_close(&rig);
    return status < 0 ? err_prepend("%s, %s %d", point->options.variant->name, point->axis,
                                    point->value)
                      : status;
}

static json_t *samples_json(const double *samples_s, int count)
{
    json_t *list = json_array();
    int bad = 0;

    for (int i = 0; i < count; i++)
        bad |= json_push(list, json_number(samples_s[i]));
    return json_finish(list, bad);
}

static json_t *row_json(const struct scaling *scaling, const struct point *point,
                        const struct measured *seen)
{
    const struct model_options *options = &point->options;
    const struct model_config *model = &options->model;
    struct interval interval;
    double median_s, gflop_per_s;
    json_t *o = json_object();
    int bad = stats_median(seen->samples_s, seen->count, 0.95, &median_s, &interval);

    if (bad) {
        json_decref(o);
        return NULL;
    }
    gflop_per_s = 1e-9 * (double)seen->size.flops[RIG_TRAIN] / median_s;
    bad |= json_put(o, "axis", json_text(point->axis));
    bad |= json_put(o, "value", json_integer(point->value));
    bad |= json_put(o, "variant", json_text(options->variant->name));
    bad |= json_put(o, "precision", json_text(precision_name(options->precision)));
    bad |= json_put(o, "threads", json_integer(options->threads));
    bad |= json_put(o, "batch", json_integer(options->batch));
    bad |= json_put(o, "d_model", json_integer(model->d_model));
    bad |= json_put(o, "d_ff", json_integer(model->d_ff));
    bad |= json_put(o, "heads", json_integer(model->heads));
    bad |= json_put(o, "d_kv", json_integer(model->d_kv));
    bad |= json_put(o, "input_length", json_integer(model->input_length));
    bad |= json_put(o, "target_length", json_integer(model->target_length));
    bad |= json_put(o, "tokens_per_step", json_integer(seen->size.tokens));
    bad |= json_put(o, "flops_per_step", json_integer(seen->size.flops[RIG_TRAIN]));
    bad |= json_put(o, "samples_s", samples_json(seen->samples_s, seen->count));
    bad |= json_put(o, "median_s", json_number(median_s));
    bad |= json_put(o, "median_s_ci95", json_interval(interval));
    bad |= json_put(o, "tokens_per_s", json_number((double)seen->size.tokens / median_s));
    bad |= json_put(o, "gflop_per_s", json_number(gflop_per_s));
    bad |= json_put(o, "fraction_of_gemm_peak",
                    json_number(gflop_per_s / scaling->gemm_peak_gflop_per_s));
    bad |= json_put(o, "parallel_efficiency", json_null());
    return json_finish(o, bad);
}

/* All else is the setting's. */
static bool same_options(const struct model_options *a, const struct model_options *b)
{
    return a->variant == b->variant && a->batch == b->batch && a->threads == b->threads &&
           a->team == b->team &&
           a->micro_batch == b->micro_batch && /* of int alone: there is no padding */
           memcmp(&a->model, &b->model, sizeof a->model) == 0;
}

/* The row of the same measurement on another axis, or NULL: the setting's own point lies on all. */
static json_t *same_row(const struct scaling *scaling, int index)
{
    for (int i = 0; i < index; i++)
        if (same_options(&scaling->points[i].options, &scaling->points[index].options))
            return json_array_get(scaling->rows, (size_t)i);
    return NULL;
}

/* tokens/s of n threads over n times that of one, which is the first point of the axis. */
static int set_efficiency(const struct scaling *scaling, int index, json_t *row)
{
    double one = NAN;

    for (int i = 0; i <= index; i++)
        if (scaling->points[i].options.variant == scaling->points[index].options.variant &&
            strcmp(scaling->points[i].axis, "threads") == 0 && scaling->points[i].value == 1)
            one = i == index ? number_at(row, "tokens_per_s")
                             : number_at(json_array_get(scaling->rows, (size_t)i), "tokens_per_s");
    return json_put(row, "parallel_efficiency",
                    json_number(number_at(row, "tokens_per_s") /
                                (one * scaling->points[index].value)));
}

/* The same row once more, on another axis. */
static json_t *row_again(const json_t *same, const struct point *point)
{
    json_t *row = json_deep_copy(same);
    int bad = 0;

    bad |= json_put(row, "axis", json_text(point->axis));
    bad |= json_put(row, "value", json_integer(point->value));
    bad |= json_put(row, "parallel_efficiency", json_null());
    return json_finish(row, bad);
}

/* 1: stopped. */
static int do_point(struct scaling *scaling, int index)
{
    const struct point *point = &scaling->points[index];
    json_t *same = same_row(scaling, index), *row;
    int bad = 0;

    progress_status("scaling: [%d/%d] %s, %s %d", index + 1, scaling->count,
                    point->options.variant->name, point->axis, point->value);
    if (same) {
        row = row_again(same, point);
    } else {
        struct measured seen;
        int status = measure(scaling, point, &seen);

        if (status)
            return status;
        row = row_json(scaling, point, &seen);
    }
    if (row && strcmp(point->axis, "threads") == 0)
        bad |= set_efficiency(scaling, index, row);
    bad |= json_push(scaling->rows, row);
    return bad ? err_set("out of memory") : 0;
}

static int add_points(struct scaling *scaling, const struct variant *variant)
{
    const struct setting *setting = scaling->setting;
    struct model_options base = setting_model(setting, variant, setting->threads);

    return add_threads(scaling, &base) || add_d_models(scaling, &base) ||
                   add_lengths(scaling, &base) || add_batches(scaling, &base)
               ? -1
               : 0;
}

int scaling_run(const struct setting *setting, const struct task *task,
                double gemm_peak_gflop_per_s, const atomic_int *stop, json_t **rows)
{
    struct scaling scaling = {.setting = setting,
                              .task = task,
                              .stop = stop,
                              .gemm_peak_gflop_per_s = gemm_peak_gflop_per_s,
                              .rows = json_array()};
    int status = scaling.rows ? 0 : err_set("out of memory");

    for (int i = 0; i < setting->variant_count && status == 0; i++)
        status = add_points(&scaling, setting->variants[i]);
    for (int i = 0; i < scaling.count && status == 0; i++)
        status = do_point(&scaling, i);
    if (status < 0) {
        json_decref(scaling.rows);
        scaling.rows = NULL;
    }
    free(scaling.points);
    *rows = scaling.rows;
    return status < 0 ? -1 : 0;
}
