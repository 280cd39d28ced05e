/* run.c - see run.h. */
#include "src/glu.h"

#include "src/study/run.h"

#include "src/comm/ranks.h"
#include "src/model/weights.h"
#include "src/study/files.h"
#include "src/study/extend.h"
#include "src/study/group.h"
#include "src/study/records.h"
#include "src/study/resume.h"
#include "src/study/study.h"
#include "src/train/signals.h"
#include "src/train/train.h"
#include "src/util/clock.h"
#include "src/util/cpus.h"
#include "src/util/progress.h"
#include "src/util/standard.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* Writing the results file takes at most about 1 / (1 + this) of the time of one job. */
enum { WRITING_PAUSE = 9, NAME_BYTES = SETTING_NAME_BYTES + 160 };

/* How long a throughput sample lasts, in passing. */
static const double sample_s = 0.05;

/* Threads that take one cell after the other. */
struct jobs {
    struct study *study;
    struct dump *dump;
    struct journal *journal;

    pthread_mutex_t lock; /* of all below, of the runs' progress and of what is done */
    int next;
    int started; /* threads that have begun to take cells */
    double start_s;
    int64_t steps_all, steps_done;
    int64_t steps_skipped; /* done by another program, or never */

    bool is_writing;
    double due_s; /* when results may be written again */
    struct run_result *finished; /* (run_count) of the one who writes: copies of results */
    char write_error[512]; /* of the last time; "" when it went well */
};

/* A training and the jobs it belongs to: what the progress report needs. */
struct attempt {
    struct jobs *jobs;
    struct run *run;
};

static bool is_bad(const struct run *run)
{
    return run->done && run->result.status != RUN_OK;
}

static bool has_failed(const struct run *run)
{
    return run->done && run->result.status == RUN_FAILED;
}

static bool is_done(const struct run *run)
{
    return run->done;
}

static bool is_elsewhere(const struct run *run)
{
    return run->elsewhere;
}

/* ---- The results files ----------------------------------------------------------------------- */

/* A part that has something new, or NULL.  Called under the lock. */
static struct part *find_dirty(const struct study *study)
{
    for (int i = 0; i < study->count; i++)
        if (study->parts[i].is_dirty)
            return &study->parts[i];
    return NULL;
}

/* Called under the lock. */
static bool is_due(const struct jobs *jobs, double now_s)
{
    return jobs->study->parts[0].direct < 0 && !jobs->is_writing && now_s >= jobs->due_s &&
           find_dirty(jobs->study);
}

/* Called under the lock. */
static void set_dirty(const struct jobs *jobs, const struct run *run, bool dirty)
{
    struct part *part = &jobs->study->parts[run->part - jobs->study->parts];

    part->is_dirty = part->is_dirty || (dirty && !group_helps());
}

/* Write what there is so far of a setting.  A failure is kept and the work goes on: the next write,
 * when the disk has room again, holds everything.  Called without the lock, by one thread at a time,
 * which holds up no other: what is done does not change any more. */
static void write_results(struct jobs *jobs, struct part *part, json_t **document)
{
    struct study *study = jobs->study;
    int count = 0;

    pthread_mutex_lock(&jobs->lock);
    part->is_dirty = false;
    for (int i = 0; i < study->run_count; i++)
        if (study->runs[i].done && study->runs[i].part == part)
            jobs->finished[count++] = study->runs[i].result;
    pthread_mutex_unlock(&jobs->lock);
    if (part_write(part, jobs->finished, count, document)) {
        snprintf(jobs->write_error, sizeof jobs->write_error, "%s", err_get());
        warn_add("%s; the results so far are kept in memory", err_get());
    }
}

/* Write when something is new and nobody is writing, but not all the time: runs may end faster than
 * their statistics are computed.  Whoever comes by does it, between two steps or two runs, so that
 * no training is timed meanwhile on its own threads. */
static void write_if_due(struct jobs *jobs)
{
    double start_s = clock_now_s(), end_s;
    struct part *part;
    bool due;

    pthread_mutex_lock(&jobs->lock);
    due = is_due(jobs, start_s);
    jobs->is_writing = jobs->is_writing || due;
    pthread_mutex_unlock(&jobs->lock);
    if (!due)
        return;
    jobs->write_error[0] = '\0';
    do {
        json_t *document = NULL;

        pthread_mutex_lock(&jobs->lock);
        part = find_dirty(jobs->study);
        pthread_mutex_unlock(&jobs->lock);
        if (part)
            write_results(jobs, part, &document);
        json_decref(document);
    } while (part);
    end_s = clock_now_s();
    pthread_mutex_lock(&jobs->lock);
    jobs->is_writing = false;
    jobs->due_s = end_s + WRITING_PAUSE * (end_s - start_s);
    pthread_mutex_unlock(&jobs->lock);
}

/* ---- Telling --------------------------------------------------------------------------------- */

/* Seconds until all runs are done, from the steps done so far by this program. */
static double time_left_s(const struct jobs *jobs, double now_s)
{
    double left = (double)(jobs->steps_all - jobs->steps_skipped - jobs->steps_done);

    return jobs->steps_done > 0 ? (now_s - jobs->start_s) * left / (double)jobs->steps_done : NAN;
}

/* "[3/24] swiglu, seed 1" in text; with several settings "[3/24] c4-en_100: swiglu, seed 1". */
static void name_run(const struct study *study, const struct run *run, char text[NAME_BYTES])
{
    bool one = study->count == 1;

    snprintf(text, NAME_BYTES, "[%d/%d] %s%s%.96s, seed %" PRIu64, (int)(run - study->runs) + 1,
             study->run_count, one ? "" : run->part->name, one ? "" : ": ", run->cell->variant->name,
             run->cell->seed);
}

static void report_progress(void *context, const struct train_progress *progress)
{
    const struct attempt *attempt = context;
    struct jobs *jobs = attempt->jobs;
    struct run *run = attempt->run;
    double left_s, now_s = clock_now_s();
    char name[NAME_BYTES], left[32];
    bool due;

    pthread_mutex_lock(&jobs->lock);
    /* The first report of a training that goes on is where it was. */
    *(run->reported ? &jobs->steps_done : &jobs->steps_skipped) += progress->step - run->step;
    run->reported = true;
    run->step = progress->step;
    left_s = time_left_s(jobs, now_s);
    due = is_due(jobs, now_s);
    pthread_mutex_unlock(&jobs->lock);

    name_run(jobs->study, run, name);
    if (isnan(progress->heldout_log_perplexity_nats)) {
        format_duration(left_s, left, sizeof left);
        progress_status("%s: step %" PRId64 "/%" PRId64 ", loss %.4f nats, %s left", name,
                        progress->step, progress->steps, progress->train_loss_nats, left);
    } else {
        progress_detail("%s: step %" PRId64 "/%" PRId64 ", held-out %.4f nats", name, progress->step,
                        progress->steps, progress->heldout_log_perplexity_nats);
    }
    if (due)
        write_if_due(jobs);
}

static void print_result(const struct study *study, const struct run *run)
{
    const struct run_result *result = &run->result;
    char name[NAME_BYTES], time[32];

    name_run(study, run, name);
    format_duration(result->train_s, time, sizeof time);
    if (result->status == RUN_OK)
        progress_print("%s: held-out %.4f nats, %s, %.0f tokens/s", name,
                       result->heldout_log_perplexity_nats, time, result->train_tokens_per_s);
    else
        progress_print("%s: %s%s%s", name, run_status_name(result->status), result->error ? ": " : "",
                       result->error ? result->error : "");
}

/* ---- Training -------------------------------------------------------------------------------- */

/* Train one cell in the job of that number.  Called without the lock.  -1 and a message: the other ranks
 * of the group wait in vain. */
static int train(struct jobs *jobs, int job_number, struct run *run)
{
    const struct study *study = jobs->study;
    const struct cell *cell = run->cell;
    const struct setting *setting = cell->setting;
    struct attempt attempt = {jobs, run};
    struct state_place place;
    char save[PATH_MAX], init[PATH_MAX];
    struct train_job job = {
        .setting = setting,
        .variant = cell->variant,
        .seed = cell->seed,
        .threads = setting_threads_per_run(setting),
        .comm = ranks_get()->group,
        .task = run->part->task,
        .dump = jobs->dump,
        .journal = jobs->journal,
        .setting_name = study->options->axes ? run->part->name : NULL,
        .save_directory = study_weights(study, run->part, cell, setting->save_checkpoint, save),
        .init_directory = study_weights(study, run->part, cell, setting->init_checkpoint, init),
        .init_sha256 = cell->init_sha256,
        .resume = setting->resume,
        .report = report_progress,
        .context = &attempt,
    };

    if (study->store) {
        place = store_states(study->store, cell);
        job.states = &place;
    }
    cpus_enter_job(job_number, setting->recipe.jobs, job.threads);
    if (group_order(study, run)) {
        ranks_break();
        return -1;
    }
    train_run(&job, &run->result);
    if (run->result.status != RUN_FAILED || job.comm->size == 1)
        return 0;
    ranks_break();
    err_set("%s", run->result.error ? run->result.error : "out of memory");
    run_result_free(&run->result);
    return -1;
}

/* Are we to train this cell?  It may be another program's, or done by one that was here before.  A
 * claim that fails, on a disk that is full or gone, does not keep us from it. */
static bool begin(struct jobs *jobs, struct run *run, int *claim)
{
    const struct study *study = jobs->study;
    json_t *row = NULL;
    int status;

    *claim = -1;
    if (!study->store)
        return true;
    status = store_claim(study->store, run->cell, claim);
    if (status < 0)
        warn_add("%s; the run is done all the same", err_get());
    if (status == 0 && store_get(study->store, run->cell, &row))
        warn_add("%s; the record is not used", err_get());
    if (status != 1 && (!row || records_restore(run, row)))
        return true;
    pthread_mutex_lock(&jobs->lock);
    run->elsewhere = status == 1;
    run->done = run->recorded = row != NULL;
    jobs->steps_skipped += run->cell->setting->recipe.steps;
    set_dirty(jobs, run, run->done);
    pthread_mutex_unlock(&jobs->lock);
    json_decref(row);
    store_release(study->store, run->cell, claim);
    return false;
}

/* A run has ended: record it, if there is nothing more to find out.  Only when the result is safe is
 * the way there not needed any more. */
static void end(struct jobs *jobs, struct run *run, int *claim)
{
    const struct study *study = jobs->study;
    bool recorded;

    pthread_mutex_lock(&jobs->lock);
    run->done = true;
    jobs->steps_skipped += run->cell->setting->recipe.steps - run->step;
    set_dirty(jobs, run, true);
    pthread_mutex_unlock(&jobs->lock);

    print_result(study, run);
    recorded = study->store && run_is_settled(run) && records_put(study, run);
    if (recorded) {
        struct state_place place = store_states(study->store, run->cell);

        state_prune(&place, -1, 0);
    }
    run->recorded = recorded;
    if (study->store)
        store_release(study->store, run->cell, claim);
    write_if_due(jobs);
}

/* The next cell that is to be done, or NULL. */
static struct run *next_run(struct jobs *jobs)
{
    struct study *study = jobs->study;
    struct run *run = NULL;

    pthread_mutex_lock(&jobs->lock);
    while (!run && !signals_stop && jobs->next < study->run_count) {
        run = &study->runs[jobs->next++];
        if (run->done || !group_has(study, run))
            run = NULL;
    }
    pthread_mutex_unlock(&jobs->lock);
    return run;
}

/* A thread that takes one cell after the other. */
static void *work(void *context)
{
    struct jobs *jobs = context;
    const struct setting *setting = jobs->study->setting;
    struct run *run;
    int number;

    pthread_mutex_lock(&jobs->lock);
    number = jobs->started++;
    pthread_mutex_unlock(&jobs->lock);
    while ((run = next_run(jobs)) != NULL) {
        int claim;

        if (!begin(jobs, run, &claim))
            continue;
        if (train(jobs, number, run))
            break;
        end(jobs, run, &claim);
    }
    cpus_leave_job(setting->recipe.jobs, setting_threads_per_run(setting));
    return NULL;
}

/* Start as many jobs as are asked for, this thread being one of them. */
static int work_all(struct jobs *jobs)
{
    int others = 0, count = jobs->study->setting->recipe.jobs;
    pthread_t *threads = calloc((size_t)count, sizeof *threads);

    if (!threads)
        return err_set("out of memory");
    jobs->start_s = clock_now_s();
    while (others < count - 1 && pthread_create(&threads[others], NULL, work, jobs) == 0)
        others++;
    if (others < count - 1)
        warn_add("only %d of %d jobs could be started", others + 1, count);
    work(jobs);
    for (int i = 0; i < others; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    return ranks_get()->broken ? -1 : 0;
}

/* ---- The whole ------------------------------------------------------------------------------- */

/* The weights that trainings will start from: wrong ones must fail now. */
static int check_init_checkpoints(const struct study *study)
{
    for (int i = 0; i < study->run_count; i++) {
        const struct cell *cell = study->runs[i].cell;
        const struct setting *setting = cell->setting;
        struct model_options options = setting_model(setting, cell->variant,
                                                     setting_threads_per_run(setting));
        struct state_place place;
        char path[PATH_MAX];
        int64_t step;

        if (!setting->init_checkpoint)
            continue;
        if (setting->resume) {
            place = store_states(study->store, cell);
            if (study->runs[i].done || state_steps(&place, &step, 1) > 0)
                continue; /* needs them no more */
        }
        if (weights_check(study_weights(study, study->runs[i].part, cell, setting->init_checkpoint,
                                        path),
                          &options))
            return -1;
    }
    return 0;
}

/* Is there something of it already, which a log is gone on with for? */
static bool goes_on(const struct study *study)
{
    return study->setting->resume && (resume_is_unfinished(study) || study_count(study, is_done) > 0);
}

static int open_jobs(struct jobs *jobs, struct study *study)
{
    assert(study->run_count > 0); /* every setting has a variant and a seed */
    jobs->study = study;
    jobs->finished = calloc((size_t)study->run_count, sizeof *jobs->finished);
    if (!jobs->finished)
        return err_set("out of memory");
    for (int i = 0; i < study->run_count; i++)
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
        if (study->runs[i].part == part && !is_bad(&study->runs[i]))
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

        write_results(jobs, &jobs->study->parts[i], i == 0 ? document : &other);
        json_decref(other);
    }
}

static enum study_status conclude(struct jobs *jobs, json_t **document)
{
    struct study *study = jobs->study;
    const char *output = study_output(study);
    int bad = study_count(study, is_bad), elsewhere = study_count(study, is_elsewhere);

    study_warn_of_others(study);
    write_all(jobs, document);
    if (study_is_directory(study))
        extend_note_tables(study);
    if (jobs->write_error[0]) {
        err_set("%s", jobs->write_error);
        return STUDY_FAILED;
    }
    if (signals_stop) {
        err_set("interrupted; the results so far are in %s%s", output,
                study_is_directory(study) ? "; the same command goes on"
                : study->store && study_count(study, is_done) > 0 ? ", go on with " FIELD("resume")
                                                                  : "");
        return STUDY_INTERRUPTED;
    }
    if (bad > 0) {
        err_set("%d of %d runs did not end well; see their status in %s%s", bad, study->run_count,
                output,
                study->store && study_count(study, has_failed) > 0
                    ? "; " FIELD("resume") " tries those that failed again"
                    : "");
        return STUDY_RUNS_FAILED;
    }
    if (elsewhere > 0) {
        err_set("%d of %d runs are another program's; " FIELD("resume") " takes their results into %s "
                "when they are done",
                elsewhere, study->run_count, output);
        return STUDY_RUNS_FAILED;
    }
    return STUDY_OK;
}

/* What is complete leaves its results file alone; the states of runs that failed stay.  The directory
 * of a study keeps its cells. */
static void leave_store(struct study *study)
{
    if (!study->store || study_count(study, is_elsewhere) > 0)
        return;
    for (int i = 0; i < study->run_count; i++) {
        struct state_place place = store_states(study->store, study->runs[i].cell);

        if (run_is_settled(&study->runs[i]))
            state_prune(&place, -1, 0);
    }
    if (study_is_directory(study) || store_count_states(study->store) > 0)
        return;
    store_remove(study->store);
    study->store = NULL;
}

/* Check and enter what is to be done. */
static int open_all(struct jobs *jobs, struct study *study, const struct study_options *options)
{
    if (study_open(study, options) || resume_enter(study) || check_init_checkpoints(study) ||
        open_jobs(jobs, study))
        return -1;
    signals_catch();
    return resume_note(study);
}

/* The same with the leaders of all groups of ranks, the first of which goes first. */
static int begin_all(struct jobs *jobs, struct study *study, const struct study_options *options)
{
    struct comm *leaders = ranks_get()->leaders;
    bool helps = group_helps();

    if (ranks_all(leaders, helps ? 0 : open_all(jobs, study, options)))
        return -1;
    return ranks_all(leaders, helps && (group_join(study, options) || open_jobs(jobs, study)));
}

/* All runs and their throughput, which is of a process by itself, and the results files. */
static enum study_status lead(struct jobs *jobs, struct study *study, json_t **document)
{
    if (work_all(jobs) || group_gather(study)) {
        if (ranks_get()->all->size > 1)
            ranks_break();
        return STUDY_FAILED;
    }
    if (group_helps())
        return STUDY_OK;
    jobs->due_s = 0;
    write_if_due(jobs);
    if (ranks_get()->all->size == 1)
        measure_throughput(study);
    return conclude(jobs, document);
}

enum study_status study_run(const struct study_options *options, json_t **document)
{
    struct jobs jobs = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct study study = {.options = options};
    enum study_status status = STUDY_FAILED;

    *document = NULL;
    if (ranks_get()->group->rank > 0)
        return group_follow(options);
    if (begin_all(&jobs, &study, options) == 0)
        status = lead(&jobs, &study, document);
    if ((status == STUDY_OK || status == STUDY_RUNS_FAILED) && !group_helps())
        leave_store(&study);
    signals_release();
    if (dump_close(jobs.dump) || journal_close(jobs.journal))
        status = STUDY_FAILED;
    free(jobs.finished);
    pthread_mutex_destroy(&jobs.lock);
    study_close(&study);
    return group_end(status);
}
