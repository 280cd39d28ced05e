/* plan.c - `glubench plan`: what would run, without running it. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/cli/settings.h"

#include "src/bench/peak.h"
#include "src/results/formats/format.h"
#include "src/results/results.h"
#include "src/setting/setting.h"
#include "src/study/cluster.h"
#include "src/study/files.h"
#include "src/study/forecast.h"
#include "src/study/slope.h"
#include "src/util/json_help.h"
#include "src/util/machine.h"
#include "src/util/progress.h"
#include "src/util/standard.h"
#include "src/util/wrap.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* All that the command tells. */
struct outlook {
    const struct setting *setting;
    struct forecast_row *rows; /* (setting->variant_count) */
    int runs, slopes; /* of half of the steps */
    double gemm_peak_gflop_per_s; /* on the threads of one run */
    struct cluster cluster; /* without ranks: not asked for */
    size_t peak_bytes, throughput_bytes, machine_bytes;
    bool has_detection;
    struct detection detection;
};

/* How many seeds would resolve a difference.  The spread comes from the file of --config when that
 * is a results file, else from the paper. */
static int detect(const struct setting *setting, double nats, struct detection *detection)
{
    json_t *document = setting->file ? results_read(setting->file) : NULL;
    int status;

    if (setting->file && (!document || results_recheck(document, setting->file))) {
        json_decref(document);
        return err_prepend("--detect takes the spread from --config");
    }
    status = results_detection(nats, document, setting->variant_count - 1, detection);
    json_decref(document);
    return status;
}

/* The cluster that is asked for, if any: 0; or -1, what is told of one is not all. */
static int check_cluster(struct settings *settings, const struct request *request)
{
    if (request->ranks == 0)
        return request->network_gbit_per_s > 0 || request->node_gflop_per_s > 0
                   ? err_set(FIELD("ranks") ": how many there are to be is missing, of which " FIELD("network")
                             " and " FIELD("node_gflops") " tell")
                   : 0;
    if (request->ranks > 1 && !(request->network_gbit_per_s > 0))
        return err_set(FIELD("network") ": what each of the %d ranks sends and gets, in Gbit a second, is "
                       "missing", request->ranks);
    for (int i = 0; i < settings->count; i++) {
        struct setting *setting = &settings->setting[i];

        if (setting_check_ranks(setting, request->ranks, FIELD("ranks")))
            return -1;
        setting->ranks_per_run = request->ranks == 1 ? 0 : request->ranks;
        setting->recipe.jobs = 1; /* as glubench_mpi has it */
    }
    return 0;
}

static struct cluster find_cluster(const struct outlook *outlook, const struct request *request)
{
    return (struct cluster){
        .ranks = request->ranks,
        .network_gbit_per_s = request->network_gbit_per_s,
        .node_gflop_per_s =
            request->node_gflop_per_s > 0
                ? request->node_gflop_per_s
                : forecast_reached_gflop_per_s(outlook->setting, outlook->gemm_peak_gflop_per_s)};
}

static double run_s(const struct outlook *outlook, const struct forecast_row *row)
{
    return outlook->cluster.ranks > 0
               ? cluster_run_s(&outlook->cluster, row, outlook->setting)
               : forecast_run_s(row, outlook->setting, outlook->gemm_peak_gflop_per_s);
}

/* At setting i.  `before` is of another one, or NULL: what is measured there holds here too, in one
 * precision. */
static int look_out(struct outlook *outlook, const struct settings *settings, int i,
                    const struct outlook *before, const struct request *request)
{
    const struct setting *setting = &settings->setting[i];

    *outlook = (struct outlook){.setting = setting,
                                .runs = setting->variant_count * setting->recipe.seeds,
                                .slopes = slope_count(settings->setting, settings->count, i),
                                .machine_bytes = machine_memory_bytes(),
                                .has_detection = request->detect_nats > 0};
    if (outlook->slopes < 0 || forecast_make(&outlook->rows, setting) ||
        (outlook->has_detection && detect(setting, request->detect_nats, &outlook->detection)))
        return -1;
    outlook->peak_bytes = forecast_peak_bytes(outlook->rows, setting);
    outlook->throughput_bytes = forecast_throughput_bytes(setting);
    if (before && before->setting->precision == setting->precision)
        outlook->gemm_peak_gflop_per_s = before->gemm_peak_gflop_per_s;
    else
        outlook->gemm_peak_gflop_per_s =
            peak_gemm_gflop_per_s(setting->precision, setting_threads_per_run(setting));
    outlook->cluster = find_cluster(outlook, request);
    return 0;
}

static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

/* How many seeds there are is seen on the way. */
static const char *at_most(const struct setting *setting)
{
    return setting->until_decided ? "at most " : "";
}

/* Frees it.  0, or -1 and a message. */
static int print_sheet(struct sheet *sheet)
{
    int status = sheet->bad ? err_set("not enough memory for the table")
                            : format_terminal.print(standard_data(), sheet);

    sheet_free(sheet);
    return status;
}

/* The rows as a table.  0, or -1 and a message. */
static int print_rows(const struct outlook *outlook)
{
    static const struct sheet_heading headings[] = {
        {'l', "variant", 0},       {'r', "d_ff", 0},          {'r', "parameters", 0},
        {'r', "feed-forward", 0},  {'r', "vs. base", 0},      {'r', "GFLOP/step", 0},
        {'r', "memory", 0},        {'r', "time", 0},         {'r', "s/step", 0},
        {'r', "exchange", 0},
    };
    struct sheet sheet = {.bad = false};
    bool cluster = outlook->cluster.ranks > 0;

    sheet_columns(&sheet, headings, LENGTH_OF(headings) - (cluster ? 0 : 2));
    for (int i = 0; i < outlook->setting->variant_count; i++) {
        const struct forecast_row *row = &outlook->rows[i];
        char memory[32], time[32];

        format_bytes((double)row->memory.total, memory, sizeof memory);
        format_duration(run_s(outlook, row), time, sizeof time);
        sheet_cell(&sheet, "%s", row->variant->name);
        sheet_cell(&sheet, "%d", row->d_ff);
        sheet_cell(&sheet, "%lld", (long long)row->counts.parameters);
        sheet_cell(&sheet, "%lld", (long long)row->counts.ffn_parameters);
        sheet_cell(&sheet, "%+.3f%%", 100 * row->parameter_difference);
        sheet_cell(&sheet, "%.3f", 1e-9 * (double)row->counts.train_flops);
        sheet_cell(&sheet, "%s", memory);
        sheet_cell(&sheet, "%s", time);
        if (cluster) {
            struct cluster_step step = cluster_step_of(&outlook->cluster, row);

            sheet_cell(&sheet, "%.3g", step.step_s);
            sheet_cell(&sheet, "%.0f%%", 100 * step.exchange_share);
        }
    }
    return print_sheet(&sheet);
}

static void print_detection(const struct detection *detection)
{
    char seeds[32];

    snprintf(seeds, sizeof seeds, "%d", detection->seeds);
    wrap_print(standard_data(),
               "Seeds: %s would resolve a difference of %g nats (paired t test, two-sided 5 %%, "
               "Holm over %d contrasts, power 80 %%; standard deviation %.4f, from %s)\n",
               detection->seeds == INT_MAX ? "more than a million" : seeds,
               detection->difference_nats, detection->contrasts, detection->stddev_nats,
               detection->source);
}

/* What decides the number of threads, where that is not what one expects. */
static const char *decided_by(const struct setting *setting)
{
    if (strcmp(setting->threads_from, "OMP_NUM_THREADS") == 0)
        return ", as OMP_NUM_THREADS says";
    if (strcmp(setting->threads_from, "OMP_THREAD_LIMIT") == 0)
        return ", as OMP_THREAD_LIMIT says";
    return strcmp(setting->threads_from, "quota") == 0 ? ", as the control group's quota allows" : "";
}

/* " in teams of 2", or nothing. */
static const char *text_team(const struct setting *setting, char text[32])
{
    text[0] = '\0';
    if (setting->team > 1)
        snprintf(text, 32, " in teams of %d", setting->team);
    return text;
}

/* "2+2 layers" and "512/114 tokens", or "2 layers" and "512 tokens" where there is one stack. */
static void print_model(const struct setting *setting)
{
    const struct recipe *recipe = &setting->recipe;
    bool one = architecture_is_shifted(architecture_find(setting->architecture_name));
    int threads = setting_threads_per_run(setting);
    FILE *out = standard_data();
    char layers[32], tokens[32], team[32];

    if (one) {
        snprintf(layers, sizeof layers, "%d layer%s", recipe->layers, plural(recipe->layers));
        snprintf(tokens, sizeof tokens, "%d", recipe->input_length);
    } else {
        snprintf(layers, sizeof layers, "%d+%d layers", recipe->layers, recipe->layers);
        snprintf(tokens, sizeof tokens, "%d/%d", recipe->input_length, recipe->target_length);
    }
    wrap_print(out, "Preset %s: %sd_model %d, %s, %d heads of %d, %d token ids, %s\n",
               setting->preset, one ? "a decoder alone, " : "", recipe->d_model, layers,
               recipe->heads, recipe->d_kv, setting->vocabulary, precision_name(setting->precision));
    wrap_print(out,
               "%lld step%s of %d examples of %s tokens; %d variant%s x %s%d seed%s, %d job%s of %d "
               "thread%s%s%s\n\n",
               (long long)recipe->steps, recipe->steps == 1 ? "" : "s", recipe->batch, tokens,
               setting->variant_count, plural(setting->variant_count), at_most(setting), recipe->seeds,
               plural(recipe->seeds), recipe->jobs, plural(recipe->jobs), threads, plural(threads),
               text_team(setting, team), decided_by(setting));
}

static double total_s(const struct outlook *outlooks, int count)
{
    double seconds = 0;

    for (int i = 0; i < count; i++)
        seconds += outlooks[i].cluster.ranks > 0
                       ? cluster_sweep_s(&outlooks[i].cluster, outlooks[i].rows, outlooks[i].setting,
                                         outlooks[i].slopes)
                       : forecast_sweep_s(outlooks[i].rows, outlooks[i].setting, outlooks[i].slopes,
                                          outlooks[i].gemm_peak_gflop_per_s);
    return seconds;
}

/* ", and 3 of relu for half of the steps", or nothing. */
static const char *text_slopes(int slopes, const char *of, char text[160])
{
    text[0] = '\0';
    if (slopes > 0)
        snprintf(text, 160, ", and %d%s%.96s for half of the steps", slopes, of ? " of " : "",
                 of ? of : "");
    return text;
}

/* What times are computed from. */
static void print_from(const struct outlook *outlook, char *text, size_t size)
{
    const struct cluster *cluster = &outlook->cluster;

    if (cluster->ranks == 0)
        snprintf(text, size, "a matrix product of %.0f GFLOP/s", outlook->gemm_peak_gflop_per_s);
    else if (cluster->ranks == 1)
        snprintf(text, size, "a rank that reaches %.0f GFLOP/s", cluster->node_gflop_per_s);
    else
        snprintf(text, size,
                 "%d ranks that reach %.0f GFLOP/s each, and exchange %.0f MB a step at %g Gbit/s",
                 cluster->ranks, cluster->node_gflop_per_s,
                 1e-6 * sizeof(float) * (double)outlook->rows[0].counts.parameters,
                 cluster->network_gbit_per_s);
}

static int print_text(const struct outlook *outlook)
{
    const struct setting *setting = outlook->setting;
    const struct model_memory *memory = &outlook->rows[0].memory;
    FILE *out = standard_data();
    char peak[32], throughput[32], has[32], time[32], slopes[160], from[160];

    print_model(setting);
    if (print_rows(outlook))
        return -1;

    wrap_print(out, "\nActivations: %zu bytes per token; any implementation keeps at least %zu\n",
               memory->activations_per_token, memory->activations_per_token_minimum);
    format_bytes((double)outlook->peak_bytes, peak, sizeof peak);
    format_bytes((double)outlook->throughput_bytes, throughput, sizeof throughput);
    format_bytes((double)outlook->machine_bytes, has, sizeof has);
    wrap_print(out, "Memory: about %s to train, %s to measure throughput, of %s\n", peak,
               throughput, has);
    format_duration(total_s(outlook, 1), time, sizeof time);
    print_from(outlook, from, sizeof from);
    wrap_print(out, "Time: %sabout %s for %d run%s%s, from %s\n", at_most(setting), time, outlook->runs,
               plural(outlook->runs), text_slopes(outlook->slopes, setting->baseline->name, slopes), from);
    if (outlook->has_detection)
        print_detection(&outlook->detection);
    return 0;
}

static json_t *step_json(const struct outlook *outlook, const struct forecast_row *row)
{
    struct cluster_step step;

    if (outlook->cluster.ranks == 0)
        return json_null();
    step = cluster_step_of(&outlook->cluster, row);
    return json_pack("{s:o, s:o, s:o, s:o}", "compute_s", json_number(step.compute_s), "exchange_s",
                     json_number(step.exchange_s), "step_s", json_number(step.step_s), "exchange_share",
                     json_number(step.exchange_share));
}

static json_t *row_json(const struct outlook *outlook, const struct forecast_row *row)
{
    const struct model_memory *memory = &row->memory;

    return json_pack(
        "{s:s, s:i, s:I, s:I, s:f, s:I, s:I, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I}, s:I, s:I, s:o, s:o}",
        "variant", row->variant->name, "d_ff", row->d_ff, "parameters",
        (json_int_t)row->counts.parameters, "ffn_parameters",
        (json_int_t)row->counts.ffn_parameters, "parameter_difference_vs_baseline",
        row->parameter_difference, "train_flops_per_step", (json_int_t)row->counts.train_flops,
        "forward_flops_per_step", (json_int_t)row->counts.forward_flops, "memory_bytes",
        "parameters", (json_int_t)memory->parameters, "gradients", (json_int_t)memory->gradients,
        "optimizer", (json_int_t)memory->optimizer, "activations",
        (json_int_t)memory->activations, "packed_weights", (json_int_t)memory->packed_weights,
        "scratch", (json_int_t)memory->scratch, "total", (json_int_t)memory->total,
        "activation_bytes_per_token", (json_int_t)memory->activations_per_token,
        "activation_bytes_per_token_minimum", (json_int_t)memory->activations_per_token_minimum,
        "estimated_s", json_number(run_s(outlook, row)), "cluster_step", step_json(outlook, row));
}

static json_t *cluster_json(const struct cluster *cluster)
{
    if (cluster->ranks == 0)
        return json_null();
    return json_pack("{s:i, s:o, s:f}", "ranks", cluster->ranks, "network_gbit_per_s",
                     cluster->network_gbit_per_s > 0 ? json_real(cluster->network_gbit_per_s) : json_null(),
                     "node_gflop_per_s", cluster->node_gflop_per_s);
}

static json_t *detection_json(const struct outlook *outlook)
{
    const struct detection *detection = &outlook->detection;

    if (!outlook->has_detection)
        return json_null();
    return json_pack("{s:f, s:f, s:i, s:o, s:s}", "difference_nats", detection->difference_nats,
                     "stddev_nats", detection->stddev_nats, "contrasts", detection->contrasts,
                     "seeds",
                     detection->seeds == INT_MAX ? json_null() : json_integer(detection->seeds),
                     "source", detection->source);
}

static json_t *outlook_json(const struct outlook *outlook)
{
    const struct setting *setting = outlook->setting;
    double seconds = total_s(outlook, 1);
    json_t *variants = json_array(), *document;
    int failed = 0;

    for (int i = 0; i < setting->variant_count; i++)
        failed |= json_array_append_new(variants, row_json(outlook, &outlook->rows[i]));
    document = json_pack("{s:o, s:i, s:i, s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "config",
                         setting_json(setting, NULL, NULL), "runs", outlook->runs, "slope_runs",
                         outlook->slopes, "variants", variants, "peak_memory_bytes",
                         (json_int_t)outlook->peak_bytes,
                         "throughput_memory_bytes", (json_int_t)outlook->throughput_bytes,
                         "machine_memory_bytes", (json_int_t)outlook->machine_bytes,
                         "gemm_peak_gflop_per_s", json_number(outlook->gemm_peak_gflop_per_s),
                         "estimated_s", json_number(seconds), "detection",
                         detection_json(outlook), "cluster", cluster_json(&outlook->cluster));
    if (!failed && document)
        return document;
    json_decref(document);
    err_set("out of memory");
    return NULL;
}

/* ---- A study --------------------------------------------------------------------------------- */

/* 0, or -1 and a message. */
static int print_study(const struct settings *settings, const struct outlook *outlooks)
{
    static const struct sheet_heading headings[] = {
        {'l', "setting", 0},    {'r', "runs", 0},   {'r', "parameters", 0},
        {'r', "GFLOP/step", 0}, {'r', "memory", 0}, {'r', "time", 0},
    };
    struct sheet sheet = {.bad = false};
    char memory[32], time[32];
    char half[160];
    size_t most = 0;
    int runs = 0, slopes = 0;

    sheet_columns(&sheet, headings, LENGTH_OF(headings));
    for (int i = 0; i < settings->count; i++) {
        const struct outlook *outlook = &outlooks[i];
        char name[SETTING_NAME_BYTES];

        axes_name(&settings->axes, i, name);
        format_bytes((double)outlook->peak_bytes, memory, sizeof memory);
        format_duration(total_s(outlook, 1), time, sizeof time);
        sheet_cell(&sheet, "%s", name);
        sheet_cell(&sheet, "%d", outlook->runs);
        sheet_cell(&sheet, "%lld", (long long)outlook->rows[0].counts.parameters);
        sheet_cell(&sheet, "%.3f", 1e-9 * (double)outlook->rows[0].counts.train_flops);
        sheet_cell(&sheet, "%s", memory);
        sheet_cell(&sheet, "%s", time);
        runs += outlook->runs;
        slopes += outlook->slopes;
        most = outlook->peak_bytes > most ? outlook->peak_bytes : most;
    }
    format_bytes((double)most, memory, sizeof memory);
    format_duration(total_s(outlooks, settings->count), time, sizeof time);
    sheet_note(&sheet, "Memory: at most about %s to train", memory);
    sheet_note(&sheet, "Time: about %s for %d runs of %d settings%s", time, runs, settings->count,
               text_slopes(slopes, NULL, half));
    return print_sheet(&sheet);
}

static json_t *study_json(const struct settings *settings, const struct outlook *outlooks)
{
    json_t *all = json_object(), *document;
    int runs = 0, slopes = 0, failed = !all;

    for (int i = 0; i < settings->count && !failed; i++) {
        char name[SETTING_NAME_BYTES];

        axes_name(&settings->axes, i, name);
        failed = json_object_set_new(all, name, outlook_json(&outlooks[i]));
        runs += outlooks[i].runs;
        slopes += outlooks[i].slopes;
    }
    document = failed ? NULL
                      : json_pack("{s:o, s:O, s:i, s:i, s:o}", "axes", axes_json(&settings->axes),
                                  "settings", all, "runs", runs, "slope_runs", slopes, "estimated_s",
                                  json_number(total_s(outlooks, settings->count)));
    json_decref(all);
    if (!document)
        err_set("out of memory");
    return document;
}

/* ---- The command ----------------------------------------------------------------------------- */

static int print_json(const struct settings *settings, const struct outlook *outlooks)
{
    json_t *document = settings->is_study ? study_json(settings, outlooks) : outlook_json(outlooks);

    if (!document)
        return -1;
    json_dumpf(document, standard_data(), JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    standard_print("\n");
    json_decref(document);
    return 0;
}

/* A plan that could not run is still told, and then refused. */
static int check(const struct outlook *outlooks, int count)
{
    for (int i = 0; i < count; i++)
        if (forecast_check(outlooks[i].rows, outlooks[i].setting))
            return -1;
    return 0;
}

/* A plan writes nothing but to standard output. */
static int check_files(const struct settings *settings, const struct invocation *invocation)
{
    const struct study_options options = {.settings = settings->setting,
                                          .count = settings->count,
                                          .axes = settings->is_study ? &settings->axes : NULL,
                                          .file = invocation->request.study};

    return study_files_check(&options);
}

int command_plan(const struct invocation *invocation)
{
    const struct request *request = &invocation->request;
    struct settings settings;
    struct outlook *outlooks = NULL;
    bool json = strcmp(request->format, "json") == 0;
    int status = EXIT_USAGE, looked = 0;

    if (settings_open(&settings, invocation))
        goto out;
    if (!json && strcmp(request->format, "terminal") != 0) {
        err_set("--format: 'plan' knows terminal and json, not %s", request->format);
        goto out;
    }
    if (check_cluster(&settings, request))
        goto out;
    status = EXIT_FAILED;
    if (check_files(&settings, invocation))
        goto out;
    outlooks = calloc((size_t)settings.count, sizeof *outlooks);
    if (!outlooks) {
        err_set("out of memory");
        goto out;
    }
    for (; looked < settings.count; looked++)
        if (look_out(&outlooks[looked], &settings, looked,
                     looked > 0 ? &outlooks[looked - 1] : NULL, request))
            goto out;
    if (json) {
        if (print_json(&settings, outlooks))
            goto out;
    } else if (settings.is_study ? print_study(&settings, outlooks) : print_text(outlooks)) {
        goto out;
    }
    status = check(outlooks, settings.count) ? EXIT_FAILED : EXIT_OK;
out:
    for (int i = 0; outlooks && i < settings.count; i++)
        free(outlooks[i].rows);
    free(outlooks);
    settings_close(&settings);
    return status;
}
