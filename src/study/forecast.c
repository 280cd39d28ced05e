/* forecast.c - see forecast.h. */
#include "src/glu.h"

#include "src/study/forecast.h"

#include "src/bench/throughput.h"
#include "src/study/slope.h"
#include "src/train/answers.h"
#include "src/train/evaluate.h"
#include "src/util/machine.h"
#include "src/util/progress.h"

#include <math.h>
#include <stdlib.h>

static const double parity_limit = 1e-3;

/* A stream of real text: 1,024 documents to shuffle and the open files, as measured on C4. */
enum { STREAM_BYTES = 5 << 20 };

/* What a byte of a tokenizer's model takes once it is read, as measured of T5's. */
enum { TOKENIZER_BYTES_PER_BYTE = 8 };

/* More than a decoder has at once; how many there are is not known yet. */
enum { DEV_EXAMPLES = 1 << 20 };

/* Far beyond any machine: measuring such a model would itself take minutes and memory. */
static int check_size(const struct forecast_row *row)
{
    const int64_t most = 100000000000;

    if (row->counts.parameters > most)
        return err_set("%lld parameters do not fit the memory of a machine; give a smaller "
                       FIELD("d_model") ", " FIELD("d_ff") " or " FIELD("layers"),
                       (long long)row->counts.parameters);
    return 0;
}

/* The caches of decoding, and the best weights so far where a test set waits for them. */
static int count_answers(struct forecast_row *row, const struct setting *setting,
                         const struct model_options *model)
{
    const struct decoder_options options = {
        .limit = questions_limit(setting->recipe.target_length, setting->tokenizer_file == NULL),
        .examples = DEV_EXAMPLES,
    };

    if (!setting->task)
        return 0;
    if (decoder_memory(model, &options, &row->answers))
        return -1;
    if (setting->test)
        row->answers += (size_t)row->counts.parameters * sizeof(float);
    return 0;
}

int forecast_make(struct forecast_row **rows, const struct setting *setting)
{
    struct forecast_row *made = calloc((size_t)setting->variant_count, sizeof *made);
    int threads = setting_threads_per_run(setting), baseline = 0, i;

    *rows = NULL;
    if (!made)
        return err_set("out of memory");
    for (i = 0; i < setting->variant_count; i++) {
        const struct variant *variant = setting->variants[i];
        struct model_options options = setting_model(setting, variant, threads);

        made[i].variant = variant;
        made[i].d_ff = setting_d_ff(setting, variant);
        if (model_counts(&options, &made[i].counts) || check_size(&made[i]))
            goto failed;
        options.batch /= setting_ranks_per_run(setting);
        if (model_memory(&options, &made[i].memory) || count_answers(&made[i], setting, &options))
            goto failed;
        if (variant == setting->baseline)
            baseline = i;
    }
    for (i = 0; i < setting->variant_count; i++)
        made[i].parameter_difference =
            (double)(made[i].counts.parameters - made[baseline].counts.parameters) /
            (double)made[baseline].counts.parameters;
    *rows = made;
    return 0;
failed:
    free(made);
    return err_prepend("%s", setting->variants[i]->name);
}

/* Besides the models: the program and its libraries, with the code that oneDNN generates.  How much
 * of them is resident differs from one build of oneDNN to the next by more than a small model
 * takes, so it is measured: forecast_make() has created every primitive once. */
static size_t program_bytes(void)
{
    const size_t unknown = 16 << 20;
    size_t resident = machine_resident_bytes();

    return resident > 0 ? resident : unknown;
}

static int descending(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    return (x < y) - (x > y);
}

/* As far as they are known unread. */
static double heldout_examples(const struct setting *setting)
{
    return setting->task ? (double)text_sets_dev_examples(setting->task) : setting->recipe.heldout_examples;
}

size_t forecast_peak_bytes(const struct forecast_row *rows, const struct setting *setting)
{
    size_t totals[1024], heldout;
    size_t sum = program_bytes() +
                 (size_t)setting->tokenizer_facts.bytes * TOKENIZER_BYTES_PER_BYTE;
    int count = setting->variant_count < 1024 ? setting->variant_count : 1024;
    const struct recipe *recipe = &setting->recipe;

    for (int i = 0; i < count; i++)
        totals[i] = rows[i].memory.total + rows[i].answers;
    qsort(totals, (size_t)count, sizeof *totals, descending);
    /* The largest variants at once, each as often as it has seeds. */
    for (int job = 0; job < recipe->jobs; job++) {
        size_t one = totals[(job / recipe->seeds) % count];

        if (sum > SIZE_MAX - one)
            return SIZE_MAX;
        sum += one;
    }
    if (setting_dataset(setting).corpus_count > 0)
        sum += (size_t)recipe->jobs * STREAM_BYTES;
    heldout = (size_t)heldout_examples(setting) *
              (size_t)(recipe->input_length + recipe->target_length) * sizeof(int32_t);
    return sum > SIZE_MAX - heldout ? SIZE_MAX : sum + heldout;
}

size_t forecast_throughput_bytes(const struct setting *setting)
{
    bool resident;
    size_t bytes = throughput_bytes(setting, &resident), program = program_bytes();

    if (setting->recipe.samples == 0)
        return 0;
    return bytes > SIZE_MAX - program ? SIZE_MAX : bytes + program;
}

static int check_parity(const struct forecast_row *rows, const struct setting *setting)
{
    for (int i = 0; i < setting->variant_count; i++)
        if (fabs(rows[i].parameter_difference) > parity_limit && !setting->allow_unequal)
            return err_set("%s has %lld parameters, %.2f %% %s than %s; choose a " FIELD("d_ff")
                           " that is a multiple of 3, or give " FIELD("allow_unequal"),
                           rows[i].variant->name, (long long)rows[i].counts.parameters,
                           100 * fabs(rows[i].parameter_difference),
                           rows[i].parameter_difference > 0 ? "more" : "fewer",
                           setting->baseline->name);
    return 0;
}

static int check_memory(const struct forecast_row *rows, const struct setting *setting)
{
    size_t needed = forecast_peak_bytes(rows, setting), available = machine_memory_bytes();
    char needs[32], has[32];

    format_bytes((double)needed, needs, sizeof needs);
    format_bytes((double)available, has, sizeof has);
    if (available > 0 && needed > available)
        return err_set("%d training%s side by side would take %s of memory, and there are %s; give "
                       "fewer " FIELD("jobs") ", a smaller " FIELD("batch") " or "
                       FIELD("micro_batch") ", or a smaller model",
                       setting->recipe.jobs, setting->recipe.jobs == 1 ? "" : "s", needs, has);
    if (available > 0 && (double)needed > 0.8 * (double)available)
        warn_add("this will take %s of the machine's %s of memory", needs, has);
    return 0;
}

int forecast_check(const struct forecast_row *rows, const struct setting *setting)
{
    return check_parity(rows, setting) || check_memory(rows, setting) ? -1 : 0;
}

double forecast_run_flops(const struct forecast_row *row, const struct setting *setting)
{
    const struct recipe *recipe = &setting->recipe;
    double forward = (double)row->counts.forward_flops / recipe->batch; /* of an example */

    /* A task's are all taken each time, and answered too, which is a pass of its own. */
    double all = heldout_examples(setting), curve = setting->task ? all : fmin(recipe->curve_examples, all);
    double passes = setting->task ? 2 : 1;
    double evaluated = passes * (all + curve * (double)(evaluation_count(setting) - 1));

    return (double)recipe->steps * (double)row->counts.train_flops + forward * evaluated;
}

double forecast_reached_gflop_per_s(const struct setting *setting, double gemm_peak_gflop_per_s)
{
    /* The products of a narrow model wait for everything else: about most * d / (d + half) of the peak is
     * reached.  Fitted to what `glubench bench` measures of ReLU and SwiGLU at d_model 64 and 256 on 2 cores of
     * an AMD EPYC (Zen 4): about 0.69 and 0.87 in f32, 0.67 and 0.83 in bf16. */
    static const struct {
        double most, half;
    } reached[] = {[PRECISION_F32] = {0.93, 22}, [PRECISION_BF16] = {0.91, 24}};
    double d_model = setting->recipe.d_model;

    return gemm_peak_gflop_per_s * reached[setting->precision].most * d_model /
           (d_model + reached[setting->precision].half);
}

double forecast_run_s(const struct forecast_row *row, const struct setting *setting,
                  double gemm_peak_gflop_per_s)
{
    return forecast_run_flops(row, setting) /
           (1e9 * forecast_reached_gflop_per_s(setting, gemm_peak_gflop_per_s));
}

double forecast_all_s(const struct forecast_row *rows, const struct setting *setting, int slopes,
                      forecast_one_s *one, const void *with)
{
    struct slope half;
    double seconds = 0;

    slope_halve(&half, setting);
    if (slopes > 0)
        half.setting.recipe.steps -= setting_shared_steps(setting, &half.setting);
    for (int i = 0; i < setting->variant_count; i++) {
        seconds += setting->recipe.seeds * one(with, &rows[i], setting);
        if (rows[i].variant == setting->baseline)
            seconds += slopes * one(with, &rows[i], &half.setting);
    }
    return seconds;
}

static double run_s(const void *gemm_peak_gflop_per_s, const struct forecast_row *row,
                    const struct setting *setting)
{
    return forecast_run_s(row, setting, *(const double *)gemm_peak_gflop_per_s);
}

double forecast_sweep_s(const struct forecast_row *rows, const struct setting *setting, int slopes,
                    double gemm_peak_gflop_per_s)
{
    return forecast_all_s(rows, setting, slopes, run_s, &gemm_peak_gflop_per_s) / setting->recipe.jobs;
}
