/* throughput.c - see throughput.h. */
#include "src/glu.h"

#include "src/bench/throughput.h"

#include "src/bench/peak.h"
#include "src/bench/rig.h"
#include "src/util/machine.h"
#include "src/util/progress.h"
#include "src/util/rng.h"

#include <math.h>
#include <stdlib.h>

enum { BATCHES = 4, WARM_UP = 2 };

struct throughput {
    const struct throughput_options *options;
    struct rig rig; /* a subject is a variant of the setting */
    int repeats[RIG_PASSES]; /* how often a sample does a pass */
    struct throughput_result *rows; /* variants x passes, row = RIG_PASSES * variant + pass */
    int count;
};

/* The rows of a variant: what its samples consist of. */
static int make_rows(const struct throughput *self, int subject)
{
    const struct throughput_options *options = self->options;
    struct rig_size size;

    if (rig_size(&self->rig, subject, &size))
        return -1;
    for (int pass = 0; pass < RIG_PASSES; pass++) {
        struct throughput_result *row = &self->rows[RIG_PASSES * subject + pass];

        *row = (struct throughput_result){
            .variant = options->setting->variants[subject],
            .pass = self->rig.options.kind->pass[pass],
            .precision = precision_name(options->setting->precision),
            .threads = options->setting->threads,
            .batch = size.batch,
            .tokens_per_sample = size.tokens * self->repeats[pass],
            .examples_per_sample = size.examples * self->repeats[pass],
            .padding_share = size.padding_share,
            .flops_per_sample = (double)size.flops[pass] * self->repeats[pass],
            .samples_s = calloc((size_t)options->samples, sizeof *row->samples_s),
        };
        if (!row->samples_s)
            return err_set("out of memory");
    }
    return 0;
}

/* How often a sample must do each pass to last as long as it should; batches of several lengths all come
 * equally often. */
static int choose_repeats(struct throughput *self, int subject)
{
    double once_s;
    int status = 0;

    for (int pass = 0; pass < RIG_PASSES && status == 0; pass++)
        status = rig_choose_repeats(&self->rig, subject, (enum rig_pass)pass,
                                    self->options->sample_s, &self->repeats[pass], &once_s);
    for (int pass = 0; pass < RIG_PASSES && self->rig.subjects[subject].options.buckets > 1; pass++)
        self->repeats[pass] = (self->repeats[pass] + BATCHES - 1) / BATCHES * BATCHES;
    return status;
}

/* Warm up all variants and make their rows.  Every variant's sample repeats its pass as often as
 * the first one's.  1: stopped. */
static int warm_up(struct throughput *self)
{
    const struct setting *setting = self->options->setting;
    int status = 0;

    for (int i = 0; i < setting->variant_count && status == 0; i++) {
        progress_status("throughput: warming up %s", setting->variants[i]->name);
        status = rig_prepare(&self->rig, i);
        if (status == 0 && i == 0)
            status = choose_repeats(self, i);
        if (status == 0)
            status = make_rows(self, i);
        rig_rest(&self->rig, i);
        if (status < 0)
            err_prepend("%s", setting->variants[i]->name);
    }
    return status;
}

static void shuffle(int *order, int count, struct rng *rng)
{
    for (int i = count - 1; i > 0; i--) {
        int k = (int)rng_below(rng, (uint32_t)i + 1), kept = order[i];

        order[i] = order[k];
        order[k] = kept;
    }
}

static int take_sample(struct throughput *self, int index, int round)
{
    struct throughput_result *row = &self->rows[index];
    int pass = index % RIG_PASSES, status;

    progress_status("throughput: round %d of %d, %s %s", round + 1, self->options->samples,
                    row->variant->name, row->pass);
    status = rig_sample(&self->rig, index / RIG_PASSES, (enum rig_pass)pass, self->repeats[pass],
                        &row->samples_s[row->samples]);
    if (status == 0)
        row->samples++;
    return status < 0 ? err_prepend("%s", row->variant->name) : status;
}

/* 1: stopped. */
static int measure(struct throughput *self)
{
    int *order = calloc((size_t)self->count, sizeof *order), status = 0;
    struct rng rng;

    if (!order)
        return err_set("out of memory");
    for (int i = 0; i < self->count; i++)
        order[i] = i;
    rng_start(&rng, (uint64_t)self->options->setting->first_seed, RNG_BENCH, 0);
    for (int round = 0; round < self->options->samples && status == 0; round++) {
        shuffle(order, self->count, &rng);
        for (int i = 0; i < self->count && status == 0; i++)
            status = take_sample(self, order[i], round);
    }
    free(order);
    return status;
}

static int open_rig(struct throughput *self)
{
    const struct throughput_options *options = self->options;
    const struct setting *setting = options->setting;
    struct model_options *models = calloc((size_t)setting->variant_count, sizeof *models);
    struct rig_options rig = {.kind = options->kind,
                              .setting = setting,
                              .task = options->task,
                              .models = models,
                              .subjects = setting->variant_count,
                              .batches = BATCHES,
                              .passes = RIG_PASSES,
                              .warm_up = WARM_UP,
                              .resident = true,
                              .stop = options->stop};
    int status = models ? 0 : err_set("out of memory");

    for (int i = 0; i < setting->variant_count && status == 0; i++)
        status = rig.kind->model(setting, setting->variants[i], &models[i]);
    if (options->kind != &rig_layer)
        throughput_bytes(setting, &rig.resident);
    if (status == 0)
        status = rig_open(&self->rig, &rig);
    free(models);
    return status;
}

size_t throughput_bytes(const struct setting *setting, bool *resident)
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

/* 1: stopped. */
static int run(struct throughput *self)
{
    const struct throughput_options *options = self->options;
    const struct setting *setting = options->setting;
    double peak_gflop_per_s;
    int status;

    progress_status("throughput: measuring the peak of the matrix product");
    peak_gflop_per_s = peak_gemm_gflop_per_s(setting->precision, setting->threads);
    status = open_rig(self);
    if (status == 0)
        status = warm_up(self);
    if (status == 0)
        status = measure(self);
    if (status)
        return status;
    /* Again, and the better one: a peak that something disturbed would flatter all else. */
    peak_gflop_per_s = fmax(peak_gflop_per_s,
                            peak_gemm_gflop_per_s(setting->precision, setting->threads));
    for (int i = 0; i < self->count; i++)
        self->rows[i].gemm_peak_gflop_per_s = peak_gflop_per_s;
    return 0;
}

int throughput_run(const struct throughput_options *options, struct throughput_result **rows,
                   int *count)
{
    struct throughput self = {.options = options,
                              .count = RIG_PASSES * options->setting->variant_count};
    int status;

    *rows = NULL;
    *count = 0;
    if (options->samples < 6)
        warn_add("%d throughput sample%s cannot give an interval; use " FIELD("samples")
                 " 6 or more",
                 options->samples, options->samples == 1 ? "" : "s");
    self.rows = calloc((size_t)self.count, sizeof *self.rows);
    status = self.rows ? run(&self) : err_set("out of memory");
    rig_close(&self.rig);
    if (status == 0) {
        *rows = self.rows;
        *count = self.count;
        return 0;
    }
    throughput_free(self.rows, self.count);
    return status < 0 ? -1 : 0;
}

void throughput_free(struct throughput_result *rows, int count)
{
    for (int i = 0; rows && i < count; i++)
        free(rows[i].samples_s);
    free(rows);
}
