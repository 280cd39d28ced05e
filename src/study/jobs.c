/* jobs.c - see jobs.h. */
#include "src/glu.h"

#include "src/study/jobs.h"

#include "src/comm/ranks.h"
#include "src/study/group.h"
#include "src/study/records.h"
#include "src/train/signals.h"
#include "src/train/train.h"
#include "src/util/clock.h"
#include "src/util/cpus.h"
#include "src/util/progress.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Writing the results files takes at most about 1 / (1 + this) of the time of one job. */
enum { WRITING_PAUSE = 199, NAME_BYTES = SETTING_NAME_BYTES + 160 };

/* A training and the jobs it belongs to: what the progress report needs. */
struct attempt {
    struct jobs *jobs;
    struct run *run;
};

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
    for (int i = 0; i < jobs->study->count && dirty; i++) {
        struct part *part = &jobs->study->parts[i];

        if ((run->part == part && !run->slope) || study_is_slope_of(run, part))
            part->is_dirty = !jobs->study->options->cells && !group_helps();
    }
}

/* Take the results of a part that are there: its runs and, behind them, those of half of the steps.
 * Returns how many there are of the former.  Called under the lock. */
static int take_finished(struct jobs *jobs, const struct part *part, int *slopes)
{
    const struct study *study = jobs->study;
    int count = 0;

    *slopes = 0;
    for (int i = 0; i < study->run_count; i++)
        if (study->runs[i].done && study->runs[i].part == part && !study->runs[i].slope)
            jobs->finished[count++] = study->runs[i].result;
    for (int i = 0; i < study->run_count; i++)
        if (study->runs[i].done && study_is_slope_of(&study->runs[i], part))
            jobs->finished[count + (*slopes)++] = study->runs[i].result;
    return count;
}

/* Has a run of a part ended by itself? */
static bool has_ended(const struct study *study, const struct part *part)
{
    for (int i = 0; i < study->run_count; i++)
        if (study->runs[i].done && study->runs[i].result.status != RUN_INTERRUPTED &&
            (study->runs[i].part == part || study_is_slope_of(&study->runs[i], part)))
            return true;
    return false;
}

/* Is there a file that has more to tell than we do? */
static bool is_kept(const struct study *study, const struct part *part)
{
    struct stat info;

    return signals_stop && part->direct < 0 && !has_ended(study, part) && stat(part->output, &info) == 0 &&
           info.st_size > 0;
}

/* Write what there is so far of a setting.  A failure is kept and the work goes on: the next write,
 * when the disk has room again, holds everything.  Called without the lock, by one thread at a time,
 * which holds up no other: what is done does not change any more. */
void jobs_write(struct jobs *jobs, struct part *part, json_t **document)
{
    int count, slopes;
    bool kept;

    pthread_mutex_lock(&jobs->lock);
    part->is_dirty = false;
    kept = is_kept(jobs->study, part);
    part->seeds = looks_seeds(&jobs->looks);
    count = take_finished(jobs, part, &slopes);
    pthread_mutex_unlock(&jobs->lock);
    if (!kept && part_write(part, jobs->finished, count, slopes, document)) {
        snprintf(jobs->write_error, sizeof jobs->write_error, "%s", err_get());
        warn_add("%s; the results so far are kept in memory", err_get());
    }
}

/* Write when something is new and nobody is writing, but not all the time: runs may end faster than
 * their statistics are computed.  Whoever comes by does it, between two steps or two runs, so that
 * no training is timed meanwhile on its own threads. */
void jobs_write_if_due(struct jobs *jobs)
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
            jobs_write(jobs, part, &document);
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

/* "[3/24] swiglu, seed 1" in text; with several settings "[3/24] c4-en_100: swiglu, seed 1"; "[3/24 at
 * most]" where that is to be seen; and "[half 1/3] relu, seed 1" of half of the steps. */
static void name_run(const struct study *study, const struct run *run, char text[NAME_BYTES])
{
    bool one = study->count == 1;

    snprintf(text, NAME_BYTES, "[%s%d/%d%s] %s%s%.96s, seed %" PRIu64, run->slope ? "half " : "",
             run->number, study_size(study, run->slope),
             study->setting->until_decided ? " at most" : "", one ? "" : run->part->name,
             one ? "" : ": ", run->cell->variant->name, run->cell->seed);
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
        progress_status("%s: step %" PRId64 "/%" PRId64 ", loss %.4f nats, %s%s left", name,
                        progress->step, progress->steps, progress->train_loss_nats,
                        jobs->study->setting->until_decided ? "at most " : "", left);
    } else {
        progress_detail("%s: step %" PRId64 "/%" PRId64 ", held-out %.4f nats", name, progress->step,
                        progress->steps, progress->heldout_log_perplexity_nats);
    }
    if (due)
        jobs_write_if_due(jobs);
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

/* The run of half of the steps that begins with this one's, if it is to be done; NULL: none.  Called under the
 * lock. */
static const struct run *find_half(const struct study *study, const struct run *run)
{
    const struct cell *cell = run->cell;

    if (run->slope || cell->variant != cell->setting->baseline)
        return NULL;
    for (int i = 0; i < study->run_count; i++) {
        const struct run *half = &study->runs[i];

        if (half->slope && !half->done && half->cell->seed == cell->seed &&
            slope_has(&run->part->slope, half->cell))
            return half;
    }
    return NULL;
}

/* Where a training's states go, and those of one of half of the steps that begins with its own. */
struct places {
    struct state_place own, half;
};

static void add_places(struct jobs *jobs, const struct run *run, struct places *places, struct train_job *job)
{
    const struct study *study = jobs->study;
    const struct run *half;

    if (!study->store)
        return;
    places->own = store_states(study->store, run->cell);
    job->states = &places->own;
    pthread_mutex_lock(&jobs->lock);
    half = find_half(study, run);
    pthread_mutex_unlock(&jobs->lock);
    if (!half)
        return;
    places->half = store_states(study->store, half->cell);
    job->shorter_states = &places->half;
    job->shorter = half->cell->setting;
}

/* Train one cell in the job of that number.  Called without the lock.  -1 and a message: the other ranks
 * of the group wait in vain. */
static int train(struct jobs *jobs, int job_number, struct run *run)
{
    const struct study *study = jobs->study;
    const struct cell *cell = run->cell;
    const struct setting *setting = cell->setting;
    struct attempt attempt = {jobs, run};
    struct places places;
    char save[PATH_MAX], init[PATH_MAX];
    struct train_job job = {
        .setting = setting,
        .variant = cell->variant,
        .seed = cell->seed,
        .threads = setting_threads_per_run(setting),
        .comm = ranks_get()->group,
        .task = run->part->task,
        .dump = run->slope ? NULL : jobs->dump,
        .journal = run->slope ? NULL : jobs->journal,
        .setting_name = study->options->axes ? run->part->name : NULL,
        .save_directory = study_weights(study, run->part, cell, setting->save_checkpoint, save),
        .init_directory = study_init(study, run->part, cell, init),
        .init_sha256 = cell->init_sha256,
        .resume = setting->resume || run->slope,
        .report = report_progress,
        .context = &attempt,
    };

    add_places(jobs, run, &places, &job);
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

static void say_elsewhere(const struct jobs *jobs, const struct run *run)
{
    char name[NAME_BYTES];

    if (jobs->again)
        return;
    name_run(jobs->study, run, name);
    progress_print("%s: another program is at work on it; going on to the next", name);
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
    if (status == 1)
        say_elsewhere(jobs, run);
    if (status < 0)
        warn_add("%s; the run is done all the same", err_get());
    if (status == 0 && store_get(study->store, run->cell, &row))
        warn_add("%s; the record is not used", err_get());
    if (status != 1 && (!row || records_restore(run, row))) {
        run->elsewhere = false;
        json_decref(row);
        return true;
    }
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

/* A run has ended: is there more to do?  `idle`: how many threads have none now. */
static void look(struct jobs *jobs, int idle)
{
    pthread_mutex_lock(&jobs->lock);
    looks_update(&jobs->looks);
    jobs->working -= idle;
    pthread_cond_broadcast(&jobs->ended);
    pthread_mutex_unlock(&jobs->lock);
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
    look(jobs, 0);
    recorded = study->store && run_is_settled(run) && records_put(study, run);
    if (recorded) {
        struct state_place place = store_states(study->store, run->cell);

        state_prune(&place, -1, 0);
    }
    run->recorded = recorded;
    if (study->store)
        store_release(study->store, run->cell, claim);
    jobs_write_if_due(jobs);
}

/* Is there nothing to do for that run: it is done, is another group's, is not needed any more, or was ours to
 * begin with and is not looked at again?  Called under the lock. */
static bool is_passed(const struct jobs *jobs, int i)
{
    const struct run *run = &jobs->study->runs[i];

    return run->done || !group_has(jobs->study, run) || (jobs->again && !run->elsewhere) ||
           (looks_are_over(&jobs->looks) && !looks_are_due(&jobs->looks, i));
}

/* Called under the lock. */
static bool is_more(struct jobs *jobs)
{
    const struct study *study = jobs->study;

    while (jobs->next < study->end && is_passed(jobs, jobs->next))
        jobs->next++;
    return !signals_stop && jobs->next < study->end;
}

/* The next cell that is to be done, or NULL.  It may have to wait for a look at those before it, which
 * never comes when one of them is another program's. */
static struct run *next_run(struct jobs *jobs)
{
    struct run *run = NULL;
    bool more;

    pthread_mutex_lock(&jobs->lock);
    while ((more = is_more(jobs)) && !looks_are_due(&jobs->looks, jobs->next) && jobs->working > 0)
        pthread_cond_wait(&jobs->ended, &jobs->lock);
    if (more && looks_are_due(&jobs->looks, jobs->next)) {
        run = &jobs->study->runs[jobs->next++];
        jobs->working++;
    }
    if (run && jobs->again)
        jobs->steps_skipped -= run->cell->setting->recipe.steps;
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
        bool failed = false;
        int claim;

        if (begin(jobs, run, &claim)) {
            failed = train(jobs, number, run) != 0;
            if (!failed)
                end(jobs, run, &claim);
        }
        look(jobs, 1);
        if (failed)
            break;
    }
    cpus_leave_job(setting->recipe.jobs, setting_threads_per_run(setting));
    return NULL;
}

/* Start as many jobs as are asked for, this thread being one of them, and let them take all cells from the
 * first. */
static int work_once(struct jobs *jobs)
{
    int others = 0, count = jobs->study->setting->recipe.jobs;
    pthread_t *threads = calloc((size_t)count, sizeof *threads);

    if (!threads)
        return err_set("out of memory");
    jobs->next = jobs->study->begin;
    jobs->started = 0;
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

int jobs_elsewhere(const struct study *study)
{
    return study_count(study, false, is_elsewhere) + study_count(study, true, is_elsewhere);
}

/* All cells, and at the end those once more that other programs had: they may have left them, ended or not. */
int jobs_work(struct jobs *jobs)
{
    int status, before, elsewhere;

    jobs->start_s = clock_now_s();
    status = work_once(jobs);
    elsewhere = jobs_elsewhere(jobs->study);
    do {
        jobs->again = true;
        before = elsewhere;
        if (status == 0 && before > 0 && !signals_stop)
            status = work_once(jobs);
        elsewhere = jobs_elsewhere(jobs->study);
    } while (status == 0 && elsewhere < before);
    return status;
}
