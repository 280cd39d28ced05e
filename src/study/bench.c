/* bench.c - `bench` and the results file that it makes. */
#include "src/glu.h"

#include "src/study/run.h"

#include "src/bench/exchange.h"
#include "src/bench/peak.h"
#include "src/bench/profile.h"
#include "src/bench/scaling.h"
#include "src/comm/ranks.h"
#include "src/study/resume.h"
#include "src/study/study.h"
#include "src/train/signals.h"
#include "src/util/cpus.h"
#include "src/util/progress.h"
#include "src/util/standard.h"

/* How long a throughput sample lasts: here it is measured with care. */
static const double sample_s = 0.2;

/* By all ranks, which come to the same. */
static int measure_ranks(const struct setting *setting, const struct task *task, json_t **exchange,
                         json_t **steps)
{
    struct comm *all = ranks_get()->all;
    double stop[2];

    if (exchange_run(setting, &signals_stop, exchange) ||
        (setting->exchange_size == 0 && exchange_steps(setting, task, &signals_stop, steps)))
        return -1;
    stop[0] = signals_stop != 0;
    stop[1] = signals_stop;
    if (all->agree(all, stop, (int)LENGTH_OF(stop)))
        return -1;
    if (stop[0] > 0)
        signals_note_stop((int)(stop[1] / stop[0]));
    return 0;
}

/* A rank that is not the first: it measures with it and keeps nothing. */
static enum study_status follow(const struct setting *setting)
{
    json_t *exchange = NULL, *steps = NULL;
    int status;

    signals_catch();
    status = measure_ranks(setting, NULL, &exchange, &steps);
    signals_release();
    if (status)
        ranks_break();
    else
        err_set("%s", "");
    return status ? STUDY_FAILED : signals_stop ? STUDY_INTERRUPTED : STUDY_OK;
}

/* What `bench` was asked for. */
static int measure(struct study *study)
{
    const struct setting *setting = study->setting;
    struct part *part = &study->parts[0];
    double peak_gflop_per_s;

    if (setting->ffn && setting->decode)
        return err_set(FIELD("ffn") ": " FIELD("decode") " is of the whole model; leave one out");
    if (setting->task && (setting->scaling || setting->exchange || setting->ffn || setting->decode))
        return err_set(FIELD("task") ": %s is not of its batches; leave one out",
                       setting->scaling    ? FIELD("scaling")
                       : setting->exchange ? FIELD("exchange")
                       : setting->ffn      ? FIELD("ffn")
                                           : FIELD("decode"));
    if (!setting->profile && !setting->scaling && !setting->exchange)
        return part_measure_throughput(part, sample_s);
    if (setting->ffn || setting->decode)
        return err_set("%s: " FIELD("profile") ", " FIELD("scaling") " and " FIELD("exchange")
                       " are of training steps; leave one out",
                       setting->ffn ? FIELD("ffn") : FIELD("decode"));
    if (setting->exchange &&
        measure_ranks(setting, part->task, &part->results.exchange, &part->results.rank_steps))
        return -1;
    if (!setting->profile && !setting->scaling)
        return 0;
    progress_status("measuring the peak of the matrix product");
    peak_gflop_per_s = peak_gemm_gflop_per_s(setting->precision, setting->threads);
    if (setting->profile &&
        profile_run(setting, part->task, peak_gflop_per_s, &signals_stop, &part->results.profile))
        return -1;
    if (setting->scaling &&
        scaling_run(setting, part->task, peak_gflop_per_s, &signals_stop, &part->results.scaling))
        return -1;
    return 0;
}

static enum study_status conclude(struct study *study, json_t **document)
{
    study_warn_of_others(study);
    if (part_write(&study->parts[0], NULL, 0, 0, document))
        return STUDY_FAILED;
    if (!signals_stop)
        return STUDY_OK;
    err_set("interrupted; the results so far are in %s", study_output(study));
    return STUDY_INTERRUPTED;
}

static int open_bench(struct study *study, const struct study_options *options)
{
    if (study_open(study, options))
        return -1;
    return resume_is_unfinished(study)
               ? err_set(FIELD("output") ": %s belongs to an unfinished sweep; give another one",
                         study_output(study))
               : 0;
}

enum study_status study_bench(const struct study_options *options, json_t **document)
{
    struct study study = {.options = options};
    struct comm *all = ranks_get()->all;
    enum study_status status = STUDY_FAILED;
    int threads, measured;

    *document = NULL;
    if (all->rank > 0)
        return ranks_all(all, 0) ? STUDY_FAILED : follow(options->settings);
    if (ranks_all(all, open_bench(&study, options)))
        goto out;
    signals_catch();
    threads = study.setting->threads;
    cpus_enter_job(0, 1, threads);
    measured = measure(&study);
    cpus_leave_job(1, threads);
    if (measured == 0)
        status = conclude(&study, document);
    else if (all->size > 1)
        ranks_break();
out:
    signals_release();
    study_close(&study);
    return status;
}
