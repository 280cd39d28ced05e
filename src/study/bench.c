/* bench.c - `bench` and the results file that it makes. */
#include "src/glu.h"

#include "src/study/run.h"

#include "src/bench/peak.h"
#include "src/bench/profile.h"
#include "src/bench/scaling.h"
#include "src/study/resume.h"
#include "src/study/study.h"
#include "src/train/signals.h"
#include "src/util/progress.h"
#include "src/util/standard.h"

/* How long a throughput sample lasts: here it is measured with care. */
static const double sample_s = 0.2;

/* What `bench` was asked for. */
static int measure(struct study *study)
{
    const struct setting *setting = study->setting;
    struct part *part = &study->parts[0];
    double peak_gflop_per_s;

    if (setting->ffn && setting->decode)
        return err_set(FIELD("ffn") ": " FIELD("decode") " is of the whole model; leave one out");
    if (!setting->profile && !setting->scaling)
        return part_measure_throughput(part, sample_s);
    if (setting->ffn || setting->decode)
        return err_set("%s: " FIELD("profile") " and " FIELD("scaling")
                       " are of training steps; leave one out",
                       setting->ffn ? FIELD("ffn") : FIELD("decode"));
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

enum study_status study_bench(const struct study_options *options, json_t **document)
{
    struct study study;
    enum study_status status = STUDY_FAILED;

    *document = NULL;
    if (study_open(&study, options))
        goto out;
    if (resume_is_unfinished(&study)) {
        err_set(FIELD("output") ": %s belongs to an unfinished sweep; give another one",
                study_output(&study));
        goto out;
    }
    signals_catch();
    if (measure(&study) == 0)
        status = conclude(&study, document);
out:
    signals_release();
    study_close(&study);
    return status;
}
