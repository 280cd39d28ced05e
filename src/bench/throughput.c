/* bench.c - see bench.h. */
#include "src/glu.h"

#include "src/bench/throughput.h"

#include "src/model/ffn.h"
#include "src/nn/dnn.h"
#include "src/util/machine.h"
#include "src/util/progress.h"
#include "src/util/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCHES = 4, WARM_UP = 2, PASSES = 2, REPEATS_MAX = 10000 };

/* What is measured of one variant. */
struct subject {
    const struct variant *variant;
    struct model *model;
    struct batch *rows; /* of layer_kind */
    int64_t step;
};

struct bench {
    const struct bench_options *options;
    const struct kind *kind;
    struct subject *subjects; /* (setting->variant_count) */
    struct batch *batches[BATCHES];
    double *example_nats; /* (batch) */
    int repeats[PASSES];  /* how often a sample does a pass */
    bool resident;        /* all subjects stay open; if not, each is opened anew for every sample */
};

/* What can be measured: how to make it and how to do each of its passes once. */
struct kind {
    const char *pass[PASSES];
    int (*open)(struct bench *bench, struct subject *subject);
    int (*once[PASSES])(struct bench *bench, struct subject *subject);
    void (*close)(struct subject *subject);
    /* What doing a pass once amounts to: batch, and of row tokens and FLOPs. */
    int (*size)(const struct bench *bench, const struct subject *subject, int pass,
                struct throughput_result *row);
};

/* ---- The whole model ------------------------------------------------------------------------- */

static int model_open(struct bench *bench, struct subject *subject)
{
    const struct setting *setting = bench->options->setting;
    struct model_options options = setting_model(setting, subject->variant, setting->threads);

    if (model_create(&subject->model, &options))
        return -1;
    model_init(subject->model, (uint64_t)setting->first_seed);
    subject->step = 0;
    return 0;
}

static void model_close(struct subject *subject)
{
    model_destroy(subject->model);
    subject->model = NULL;
}

static int model_train(struct bench *bench, struct subject *subject)
{
    const struct batch *batch = bench->batches[subject->step++ % BATCHES];
    double loss_nats;

    /* The rate is small, so that the weights stay what they are in a real training. */
    return model_train_step(subject->model, batch, subject->step, 1e-4, &loss_nats);
}

static int model_forward(struct bench *bench, struct subject *subject)
{
    return model_evaluate(subject->model, bench->batches[subject->step++ % BATCHES],
                       bench->example_nats);
}

static int model_size(const struct bench *bench, const struct subject *subject, int pass,
                      struct throughput_result *row)
{
    const struct recipe *recipe = &bench->options->setting->recipe;
    struct model_counts counts;

    if (model_counts(model_get_options(subject->model), &counts))
        return -1;
    row->batch = recipe->batch;
    row->tokens_per_sample = (int64_t)recipe->batch * (recipe->input_length + recipe->target_length);
    row->flops_per_sample = (double)(pass == 0 ? counts.train_flops : counts.forward_flops);
    return 0;
}

static const struct kind model_kind = {
    .pass = {"train", "forward"},
    .open = model_open,
    .once = {model_train, model_forward},
    .close = model_close,
    .size = model_size,
};

/* ---- One feed-forward layer, at the paper's shape -------------------------------------------- */

enum { LAYER_TOKENS = 4096, LAYER_D_MODEL = 768, LAYER_D_FF = 3072 };

static int layer_open(struct bench *bench, struct subject *subject)
{
    const struct setting *setting = bench->options->setting;
    int d_ff = variant_d_ff(subject->variant, LAYER_D_FF);
    struct model_options options;

    if (d_ff < 0)
        return -1;
    options = ffn_options(subject->variant, LAYER_TOKENS, LAYER_D_MODEL, d_ff, setting->threads,
                          setting->precision);
    return model_create(&subject->model, &options) ||
                   ffn_batch_create(&subject->rows, LAYER_TOKENS)
               ? -1
               : 0;
}

static void layer_close(struct subject *subject)
{
    batch_destroy(subject->rows);
    subject->rows = NULL;
    model_close(subject);
}

/* Weights are packed anew as after an update. */
static int layer_train(struct bench *bench, struct subject *subject)
{
    double loss_nats;

    (void)bench;
    model_refresh(subject->model);
    return model_gradient(subject->model, subject->rows, 0, &loss_nats);
}

static int layer_forward(struct bench *bench, struct subject *subject)
{
    double example_nats[LAYER_TOKENS];

    (void)bench;
    model_refresh(subject->model);
    return model_evaluate(subject->model, subject->rows, example_nats);
}

static int layer_size(const struct bench *bench, const struct subject *subject, int pass,
                      struct throughput_result *row)
{
    struct model_counts counts;

    (void)bench;
    if (model_counts(model_get_options(subject->model), &counts))
        return -1;
    row->batch = LAYER_TOKENS;
    row->tokens_per_sample = LAYER_TOKENS;
    row->flops_per_sample = (double)(pass == 0 ? counts.train_flops : counts.forward_flops);
    return 0;
}

static const struct kind layer_kind = {
    .pass = {"ffn_train", "ffn_forward"},
    .open = layer_open,
    .once = {layer_train, layer_forward},
    .close = layer_close,
    .size = layer_size,
};

/* ---- Measuring ------------------------------------------------------------------------------- */

static int repeat(struct bench *bench, struct subject *subject, int pass, int times,
                  double *seconds)
{
    double start_s = machine_clock_s();

    for (int i = 0; i < times; i++)
        if (bench->kind->once[pass](bench, subject))
            return err_prepend("%s", subject->variant->name);
    *seconds = machine_clock_s() - start_s;
    return 0;
}

/* Open a subject and do each of its passes a few times, so that memory and caches are warm. */
static int open_warm(struct bench *bench, struct subject *subject)
{
    double seconds;

    if (bench->kind->open(bench, subject))
        return -1;
    for (int pass = 0; pass < PASSES; pass++)
        if (repeat(bench, subject, pass, WARM_UP, &seconds))
            return -1;
    return 0;
}

/* How often a sample must do a pass to last as long as it should. */
static int choose_repeats(struct bench *bench, struct subject *subject)
{
    for (int pass = 0; pass < PASSES; pass++) {
        double seconds = 0, times;

        if (repeat(bench, subject, pass, 1, &seconds))
            return -1;
        times = ceil(bench->options->sample_s / fmax(seconds, 1e-9));
        bench->repeats[pass] = (int)fmin(fmax(times, 1), REPEATS_MAX);
    }
    return 0;
}

/* The rows of a subject: what its samples consist of.  rows is (PASSES). */
static int make_rows(const struct bench *bench, const struct subject *subject,
                     struct throughput_result *rows)
{
    const struct bench_options *options = bench->options;

    for (int pass = 0; pass < PASSES; pass++) {
        struct throughput_result *row = &rows[pass];

        row->variant = subject->variant;
        row->pass = bench->kind->pass[pass];
        row->precision = precision_name(options->setting->precision);
        row->threads = options->setting->threads;
        row->samples_s = calloc((size_t)options->samples, sizeof *row->samples_s);
        if (!row->samples_s)
            return err_set("out of memory");
        if (bench->kind->size(bench, subject, pass, row))
            return -1;
        row->tokens_per_sample *= bench->repeats[pass];
        row->flops_per_sample *= bench->repeats[pass];
    }
    return 0;
}

/* Open and warm up all subjects and make their rows.  Every variant's sample repeats its pass as
 * often as the first one's. */
static int warm_up(struct bench *bench, struct throughput_result *rows)
{
    for (int i = 0; i < bench->options->setting->variant_count; i++) {
        struct subject *subject = &bench->subjects[i];

        progress_status("throughput: warming up %s", subject->variant->name);
        if (open_warm(bench, subject) || (i == 0 && choose_repeats(bench, subject)) ||
            make_rows(bench, subject, &rows[PASSES * i]))
            return -1;
        if (!bench->resident)
            bench->kind->close(subject);
    }
    return 0;
}

static int take_sample(struct bench *bench, struct subject *subject, int pass,
                       struct throughput_result *row)
{
    if (!bench->resident && open_warm(bench, subject))
        return -1;
    if (repeat(bench, subject, pass, bench->repeats[pass], &row->samples_s[row->samples]))
        return -1;
    row->samples++;
    if (!bench->resident)
        bench->kind->close(subject);
    return 0;
}

static void shuffle(int *order, int count, struct rng *rng)
{
    for (int i = count - 1; i > 0; i--) {
        int k = (int)rng_below(rng, (uint32_t)i + 1), kept = order[i];

        order[i] = order[k];
        order[k] = kept;
    }
}

/* Rows are variants x passes, row = PASSES * variant + pass.  Returns 1 when it was stopped. */
static int measure(struct bench *bench, struct throughput_result *rows, int count)
{
    const struct bench_options *options = bench->options;
    int *order = calloc((size_t)count, sizeof *order), status = 0;
    struct rng rng;

    if (!order)
        return err_set("out of memory");
    for (int i = 0; i < count; i++)
        order[i] = i;
    rng_start(&rng, (uint64_t)options->setting->first_seed, RNG_BENCH, 0);
    for (int round = 0; round < options->samples && status == 0; round++) {
        shuffle(order, count, &rng);
        for (int i = 0; i < count && status == 0; i++) {
            struct throughput_result *row = &rows[order[i]];
            int pass = order[i] % PASSES;

            progress_status("throughput: round %d of %d, %s %s", round + 1, options->samples,
                            row->variant->name, row->pass);
            status = take_sample(bench, &bench->subjects[order[i] / PASSES], pass, row);
            if (status == 0 && options->stop && *options->stop)
                status = 1;
        }
    }
    free(order);
    return status;
}

size_t bench_bytes(const struct setting *setting, bool *resident)
{
    size_t most = 0, sum = 0;

    for (int i = 0; i < setting->variant_count; i++) {
        struct model_options options = setting_model(setting, setting->variants[i], setting->threads);
        struct model_memory memory;

        if (model_memory(&options, &memory) || memory.total > SIZE_MAX / 2 - sum) {
            *resident = false;
            return SIZE_MAX;
        }
        sum += memory.total;
        most = memory.total > most ? memory.total : most;
    }
    *resident = sum <= machine_memory_bytes() / 4;
    return *resident ? sum : most;
}

static int open_bench(struct bench *bench)
{
    const struct setting *setting = bench->options->setting;
    struct data_config data = setting_data(setting);
    struct data_stream *stream = NULL;
    int status = -1;

    bench->subjects = calloc((size_t)setting->variant_count, sizeof *bench->subjects);
    bench->example_nats = calloc((size_t)setting->recipe.batch, sizeof *bench->example_nats);
    if (!bench->subjects || !bench->example_nats) {
        err_set("out of memory");
        goto out;
    }
    for (int i = 0; i < setting->variant_count; i++)
        bench->subjects[i].variant = setting->variants[i];
    if (data_open(&stream, &data, (uint64_t)setting->first_seed))
        goto out;
    for (int i = 0; i < BATCHES; i++)
        if (batch_create(&bench->batches[i], setting->recipe.batch, setting->recipe.input_length,
                         setting->recipe.target_length) ||
            data_next(stream, bench->batches[i]))
            goto out;
    status = 0;
out:
    data_close(stream);
    return status;
}

static void close_bench(struct bench *bench)
{
    for (int i = 0; bench->subjects && i < bench->options->setting->variant_count; i++)
        bench->kind->close(&bench->subjects[i]);
    for (int i = 0; i < BATCHES; i++)
        batch_destroy(bench->batches[i]);
    free(bench->subjects);
    free(bench->example_nats);
}

double bench_gemm_peak(enum precision precision, int threads)
{
    double gflop_per_s;

    if (dnn_gemm_peak(precision == PRECISION_BF16 ? DNN_BF16 : DNN_F32, threads, &gflop_per_s)) {
        warn_add("the peak of the matrix product was not measured: %s", err_get());
        return NAN;
    }
    return gflop_per_s;
}

int bench_run(const struct bench_options *options, struct throughput_result **rows, int *count)
{
    struct bench bench = {.options = options, .kind = options->ffn ? &layer_kind : &model_kind};
    int made = options->setting->variant_count * PASSES, status = -1;
    double peak_gflop_per_s;

    *count = 0;
    *rows = calloc((size_t)made, sizeof **rows);
    if (!*rows)
        return err_set("out of memory");
    if (options->samples < 6)
        warn_add("%d throughput sample%s cannot give an interval; use " FIELD("samples")
                 " 6 or more",
                 options->samples, options->samples == 1 ? "" : "s");
    progress_status("throughput: measuring the peak of the matrix product");
    peak_gflop_per_s = bench_gemm_peak(options->setting->precision, options->setting->threads);
    bench.resident = true;
    if (!options->ffn)
        bench_bytes(options->setting, &bench.resident);
    if (open_bench(&bench) == 0 && warm_up(&bench, *rows) == 0)
        status = measure(&bench, *rows, made);
    /* Again, and the better one: a peak that something disturbed would flatter all else. */
    if (status == 0)
        peak_gflop_per_s = fmax(peak_gflop_per_s, bench_gemm_peak(options->setting->precision,
                                                                  options->setting->threads));
    for (int i = 0; i < made; i++)
        (*rows)[i].gemm_peak_gflop_per_s = peak_gflop_per_s;
    close_bench(&bench);
    if (status != 0) {
        bench_free(*rows, made);
        *rows = NULL;
        return status < 0 ? -1 : 0;
    }
    *count = made;
    return 0;
}

void bench_free(struct throughput_result *rows, int count)
{
    for (int i = 0; rows && i < count; i++)
        free(rows[i].samples_s);
    free(rows);
}
