/* run.c - see run.h. */
#include "src/glu.h"

#include "src/study/run.h"

#include "src/comm/ranks.h"
#include "src/model/weights.h"
#include "src/study/extend.h"
#include "src/study/files.h"
#include "src/study/group.h"
#include "src/study/jobs.h"
#include "src/study/partial.h"
#include "src/study/resume.h"
#include "src/study/study.h"
#include "src/train/signals.h"
#include "src/train/train.h"
#include "src/util/standard.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* How long a throughput sample lasts, in passing. */
static const double sample_s = 0.05;

static bool is_bad(const struct run *run)
{
    return run->done && run->result.status != RUN_OK;
}

static bool has_failed(const struct run *run)
{
    return run->done && run->result.status == RUN_FAILED;
}

static bool is_elsewhere(const struct run *run)
{
    return run->elsewhere;
}

/* ---- The whole ------------------------------------------------------------------------------- */

/* The weights that trainings will start from: wrong ones must fail now. */
static int check_init_checkpoints(struct study *study)
{
    for (int i = study->begin; i < study->end; i++) {
        const struct cell *cell = study->runs[i].cell;
        const struct setting *setting = cell->setting;
        struct model_options options = setting_model(setting, cell->variant,
                                                     setting_threads_per_run(setting));
        struct state_place place;
        char path[PATH_MAX];
        int64_t step;
        int status;

        if (!setting->init_checkpoint)
            continue;
        if (setting->resume) {
            place = store_states(study->store, cell);
            if (study->runs[i].done || state_steps(&place, &step, 1) > 0)
                continue; /* needs them no more */
        }
        status = weights_check(study_init(study, study->runs[i].part, cell, path), &options);
        study->misfits = status == WEIGHTS_MISFIT || setting->from;
        if (status)
            return err_prepend("%s", setting_init_field(setting));
    }
    return 0;
}

/* Is there something of it already, which a log is gone on with for? */
static bool goes_on(const struct study *study)
{
    return study->setting->resume && (resume_is_unfinished(study) || study_has_done(study));
}

static int open_jobs(struct jobs *jobs, struct study *study)
{
    assert(study->begin < study->end); /* every setting has a variant and a seed */
    jobs->study = study;
    jobs->finished = calloc((size_t)study->run_count, sizeof *jobs->finished);
    if (!jobs->finished)
        return err_set("out of memory");
    for (int i = study->begin; i < study->end; i++)
        if (!study->runs[i].done && group_has(study, &study->runs[i]))
            jobs->steps_all += study->runs[i].cell->setting->recipe.steps;
    if (study->setting->dump_batches && dump_open(&jobs->dump, study->setting->dump_batches))
        return -1;
    if (study->setting->log &&
        journal_open(&jobs->journal, study->setting->log, goes_on(study)))
        return -1;
    return 0;
}

/* Is there a run of a part for its throughput to go with? */
static bool has_good(const struct study *study, const struct part *part)
{
    for (int i = 0; i < study->run_count; i++)
        if (study->runs[i].part == part && !study->runs[i].slope && !is_bad(&study->runs[i]))
            return true;
    return false;
}

static void measure_throughput(struct study *study)
{
    for (int i = 0; i < study->count && !signals_stop; i++)
        if (has_good(study, &study->parts[i]) &&
            part_measure_throughput(&study->parts[i], sample_s)) {
            warn_add("throughput was not measured: %s", err_get());
            err_set("%s", "");
        }
}

/* The last time, all of them; *document is the first's. */
static void write_all(struct jobs *jobs, json_t **document)
{
    jobs->write_error[0] = '\0';
    for (int i = 0; i < jobs->study->count; i++) {
        json_t *other = NULL;

        jobs_write(jobs, &jobs->study->parts[i], i == 0 ? document : &other);
        json_decref(other);
    }
}

/* Say what did not end well, of the runs or of those of half of the steps.  Is there something? */
static bool tell_bad(const struct study *study, bool slope)
{
    const char *output = study_output(study), *what = slope ? "runs of half of the steps" : "runs";
    int bad = study_count(study, slope, is_bad), elsewhere = study_count(study, slope, is_elsewhere);
    int all = study_size(study, slope);

    if (bad > 0)
        err_set("%d of %d %s did not end well; see their status in %s%s", bad, all, what, output,
                study->store && study_count(study, slope, has_failed) > 0
                    ? "; " FIELD("resume") " tries those that failed again"
                    : "");
    else if (elsewhere > 0)
        err_set("%d of %d %s are another program's; %s takes their results into %s when they are done",
                elsewhere, all, what, study_is_directory(study) ? "the same command" : FIELD("resume"),
                output);
    return bad > 0 || elsewhere > 0;
}

static enum study_status conclude(struct jobs *jobs, json_t **document)
{
    struct study *study = jobs->study;

    study_warn_of_others(study);
    write_all(jobs, document);
    if (study_is_directory(study))
        extend_note_tables(study->store);
    if (jobs->write_error[0]) {
        err_set("%s", jobs->write_error);
        return STUDY_FAILED;
    }
    looks_tell(&jobs->looks);
    if (signals_stop) {
        err_set(*document ? "interrupted; the results so far are in %s%s"
                          : "interrupted before a run had ended; %s is as it was%s", study_output(study),
                study_is_directory(study)          ? "; the same command goes on"
                : study->store && study_has_done(study) ? ", go on with " FIELD("resume")
                                                   : "");
        return STUDY_INTERRUPTED;
    }
    return tell_bad(study, false) || tell_bad(study, true) ? STUDY_RUNS_FAILED : STUDY_OK;
}

/* Is a run done, be it by another program, that ours has left a state for? */
static bool is_over(const struct study *study, const struct run *run, const struct state_place *place)
{
    json_t *row = NULL;
    int64_t step;
    bool over = run_is_settled(run);

    if (!over && state_steps(place, &step, 1) > 0 && store_get(study->store, run->cell, &row) == 0)
        over = row != NULL;
    json_decref(row);
    return over;
}

/* What is complete leaves its results file alone; the states of runs that failed stay.  The directory
 * of a study keeps its cells. */
static void leave_store(struct study *study)
{
    if (!study->store || jobs_elsewhere(study) > 0)
        return;
    for (int i = 0; i < study->run_count; i++) {
        struct state_place place = store_states(study->store, study->runs[i].cell);

        if (is_over(study, &study->runs[i], &place))
            state_prune(&place, -1, 0);
    }
    if (study_is_directory(study) || store_count_states(study->store) > 0)
        return;
    store_remove(study->store);
    study->store = NULL;
}

/* From here on to resume_note() no other program changes what the directory of a study is for. */
static int enter(struct study *study)
{
    if (study_is_directory(study) && store_lock_study(study->store))
        return -1;
    if (resume_enter(study))
        return -1;
    study_drop_slopes(study);
    if (study->options->cells)
        partial_say(study);
    return 0;
}

/* There may be more parts than runs. */
static bool is_empty(const struct study *study)
{
    return study->begin == study->end;
}

/* Check and enter what is to be done. */
static int open_all(struct jobs *jobs, struct study *study, const struct study_options *options)
{
    if (study_open(study, options))
        return -1;
    if (is_empty(study)) {
        partial_say(study);
        return 0;
    }
    if (enter(study) || check_init_checkpoints(study) || open_jobs(jobs, study))
        return -1;
    signals_catch();
    if (resume_note(study) || looks_open(&jobs->looks, study))
        return -1;
    store_unlock_study(study->store);
    return 0;
}

/* For a leader that helps. */
static int join_all(struct jobs *jobs, struct study *study, const struct study_options *options)
{
    if (group_join(study, options))
        return -1;
    return is_empty(study) ? 0 : open_jobs(jobs, study);
}

/* The same with the leaders of all groups of ranks, the first of which goes first. */
static int begin_all(struct jobs *jobs, struct study *study, const struct study_options *options)
{
    struct comm *leaders = ranks_get()->leaders;
    bool helps = group_helps();

    if (ranks_all(leaders, helps ? 0 : open_all(jobs, study, options)))
        return -1;
    return ranks_all(leaders, helps ? join_all(jobs, study, options) : 0);
}

/* Is throughput to be measured, which takes a while? */
static bool asks_throughput(const struct study *study)
{
    for (int i = 0; i < study->count; i++)
        if (study->parts[i].setting->recipe.samples > 0)
            return true;
    return false;
}

/* When all runs are done: their throughput, which is of a process by itself, and the results files. */
static enum study_status finish(struct jobs *jobs, json_t **document)
{
    if (ranks_get()->all->size == 1 && asks_throughput(jobs->study)) {
        jobs->due_s = 0;
        jobs_write_if_due(jobs);
        measure_throughput(jobs->study);
    }
    return conclude(jobs, document);
}

/* All runs, and the end of it. */
static enum study_status lead(struct jobs *jobs, struct study *study, json_t **document)
{
    if (is_empty(study))
        return STUDY_OK;
    if (jobs_work(jobs) || group_gather(study)) {
        if (ranks_get()->all->size > 1)
            ranks_break();
        return STUDY_FAILED;
    }
    if (group_helps())
        return STUDY_OK;
    return study->options->cells ? partial_conclude(study) : finish(jobs, document);
}

enum study_status study_run(const struct study_options *options, json_t **document)
{
    struct jobs jobs = {.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};
    struct study study = {.options = options};
    enum study_status status = STUDY_FAILED;

    *document = NULL;
    if (ranks_get()->group->rank > 0)
        return group_follow(options);
    if (begin_all(&jobs, &study, options) == 0)
        status = lead(&jobs, &study, document);
    else if (study.misfits)
        status = STUDY_MISFIT;
    if ((status == STUDY_OK || status == STUDY_RUNS_FAILED) && !group_helps())
        leave_store(&study);
    signals_release();
    if (dump_close(jobs.dump))
        status = STUDY_FAILED;
    if (journal_close(jobs.journal))
        status = STUDY_FAILED;
    looks_close(&jobs.looks);
    free(jobs.finished);
    pthread_cond_destroy(&jobs.ended);
    pthread_mutex_destroy(&jobs.lock);
    study_close(&study);
    return group_end(status);
}
