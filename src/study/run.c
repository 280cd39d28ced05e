/* sweep.c - see sweep.h. */
#include "src/glu.h"

#include "build-info.h"
#include "src/study/run.h"

#include "src/model/weights.h"
#include "src/nn/dnn.h"
#include "src/results/document.h"
#include "src/util/json_help.h"
#include "src/results/results.h"
#include "src/bench/peak.h"
#include "src/bench/profile.h"
#include "src/bench/scaling.h"
#include "src/bench/throughput.h"
#include "src/util/clock.h"
#include "src/util/machine.h"
#include "src/study/forecast.h"
#include "src/study/rundir.h"
#include "src/train/signals.h"
#include "src/train/train.h"
#include "src/util/atomic_file.h"
#include "src/util/progress.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One training of the sweep, at its place in the order: seed by seed, each through all variants,
 * so that a drift of the machine hits all alike. */
struct cell {
    const struct variant *variant;
    uint64_t seed;
    int64_t step; /* where it is, for the estimate of the time left */
    bool reported; /* step is where this program found it, or later */
    bool done;
    struct run_result result; /* when done */
};

/* Is there nothing more to find out?  A run that failed may do better when it is tried again. */
static bool is_settled(const struct cell *cell)
{
    return cell->done && (cell->result.status == RUN_OK || cell->result.status == RUN_DIVERGED);
}

static bool has_failed(const struct cell *cell)
{
    return cell->done && cell->result.status == RUN_FAILED;
}

static bool is_bad(const struct cell *cell)
{
    return cell->done && cell->result.status != RUN_OK;
}

struct sweep {
    const struct setting *setting;
    struct forecast_row *plan; /* (setting->variant_count) */
    struct cell *cells;    /* (cell_count) */
    int cell_count;
    struct dataset *dataset;
    struct tokenizer *tokenizer;
    struct task *task;
    struct dump *dump;
    struct rundir *rundir; /* NULL when the output is not a regular file */

    struct onednn_facts onednn;
    struct results results;
    struct variant_result *variants; /* (setting->variant_count) */
    struct run_result *finished;     /* (results.run_count): copies of cells' results */
    struct throughput_result *throughput;
    struct machine_times start; /* when the environment was described */
    json_t *document; /* as last written */

    pthread_mutex_t lock; /* of all below, of the cells' progress and of the results */
    int next_cell, running;
    double start_s;
    int64_t steps_done, steps_skipped; /* skipped: done by an earlier program, or never */
    int cells_restored; /* done by an earlier program */
    char write_error[512]; /* the last one; "" when the file is up to date */
};

/* A training and the sweep it belongs to: what the progress report needs. */
struct worker {
    struct sweep *sweep;
    struct cell *cell;
};

/* ---- The results file ------------------------------------------------------------------------ */

/* How far the timings can be trusted.  NAN when it cannot be told. */
static double others_share(const struct sweep *sweep)
{
    struct machine_times now;

    machine_times(&now);
    return machine_others_share(&sweep->start, &now);
}

/* Write what there is so far.  A failure is kept and the sweep goes on: the next write, when the
 * disk has room again, holds everything.  Called under the lock. */
static void write_results(struct sweep *sweep)
{
    struct results *results = &sweep->results;
    json_t *document = NULL;

    results->run_count = 0;
    for (int i = 0; i < sweep->cell_count; i++)
        if (sweep->cells[i].done)
            sweep->finished[results->run_count++] = sweep->cells[i].result;
    if (json_put(results->environment, "others_cpu_share", json_number(others_share(sweep))))
        err_set("out of memory");
    else
        document = results_json(results);
    if (!document || results_write(sweep->setting->output, document)) {
        snprintf(sweep->write_error, sizeof sweep->write_error, "%s", err_get());
        warn_add("%s; the results so far are kept in memory", err_get());
    } else {
        sweep->write_error[0] = '\0';
    }
    if (document) {
        json_decref(sweep->document);
        sweep->document = document;
    }
}

static json_t *command_json(int argc, char *const *argv)
{
    json_t *command = json_array();

    for (int i = 0; command && i < argc; i++)
        if (json_array_append_new(command, json_string(argv[i]))) {
            json_decref(command);
            return NULL; /* an argument that is not UTF-8: the file says null */
        }
    return command;
}

/* An output that cannot be written must fail now, not after the first run. */
static int check_output(const char *path)
{
    struct atomic_file file = {.fd = -1};
    int status = atomic_open(&file, path);

    atomic_abandon(&file);
    return status ? err_prepend(FIELD("output")) : 0;
}

/* ---- Preparation ----------------------------------------------------------------------------- */

static int make_cells(struct sweep *sweep)
{
    const struct setting *setting = sweep->setting;

    sweep->cell_count = setting->variant_count * setting->recipe.seeds;
    sweep->cells = calloc((size_t)sweep->cell_count, sizeof *sweep->cells);
    sweep->finished = calloc((size_t)sweep->cell_count, sizeof *sweep->finished);
    sweep->variants = calloc((size_t)setting->variant_count, sizeof *sweep->variants);
    if (!sweep->cells || !sweep->finished || !sweep->variants)
        return err_set("out of memory");
    for (int i = 0; i < sweep->cell_count; i++) {
        sweep->cells[i].variant = setting->variants[i % setting->variant_count];
        sweep->cells[i].seed = (uint64_t)setting->first_seed + (uint64_t)(i / setting->variant_count);
    }
    for (int i = 0; i < setting->variant_count; i++) {
        const struct forecast_row *row = &sweep->plan[i];

        sweep->variants[i] = (struct variant_result){
            .variant = row->variant,
            .d_ff = row->d_ff,
            .parameters = row->counts.parameters,
            .ffn_parameters = row->counts.ffn_parameters,
            .train_flops_per_step = row->counts.train_flops,
            .parameter_difference_vs_baseline = row->parameter_difference,
        };
    }
    return 0;
}

static const struct onednn_facts *describe_onednn(struct onednn_facts *facts)
{
    struct dnn_description description;

    dnn_describe(&description);
    snprintf(facts->version, sizeof facts->version, "%s", description.version);
    snprintf(facts->cpu_runtime, sizeof facts->cpu_runtime, "%s", description.cpu_runtime);
    snprintf(facts->isa, sizeof facts->isa, "%s", description.isa);
    return facts;
}

/* What a sweep is, for the run directory: the configuration, and the program whose bits it has. */
static json_t *sweep_json(const struct sweep *sweep)
{
    return json_pack("{s:s, s:O, s:s, s:s, s:s, s:s}", "kind", "sweep", "config",
                     sweep->results.config, "version", PACKAGE_VERSION, "commit", BUILD_GIT_COMMIT,
                     "onednn", sweep->onednn.version, "isa", sweep->onednn.isa);
}

static bool same_text(const json_t *a, const json_t *b, const char *key)
{
    return json_equal(json_object_get(a, key), json_object_get(b, key));
}

/* Does a sweep's or a results file's configuration agree with ours in all that decides a result?
 * Lists in `text` what does not. */
static bool agrees(const json_t *ours, const json_t *theirs, char *text, size_t bytes)
{
    text[0] = '\0';
    return document_differences(theirs, ours, setting_affects, AFFECTS_BITS, text, bytes) == 0;
}

/* Take over the runs of a results file that are done. */
static int take_over_runs(struct sweep *sweep, const json_t *document)
{
    const json_t *run;
    size_t i;

    json_array_foreach(json_object_get(document, "runs"), i, run) {
        const char *name = json_string_value(json_object_get(run, "variant"));
        const char *status = json_string_value(json_object_get(run, "status"));
        uint64_t seed = (uint64_t)json_integer_value(json_object_get(run, "seed"));

        if (!name || !status || (strcmp(status, "ok") != 0 && strcmp(status, "diverged") != 0))
            continue;
        for (int k = 0; k < sweep->cell_count; k++) {
            struct cell *cell = &sweep->cells[k];

            if (cell->done || cell->seed != seed || strcmp(cell->variant->name, name) != 0)
                continue;
            if (run_result_restore(&cell->result, run, cell->variant))
                return -1;
            cell->done = true;
            cell->step = sweep->setting->recipe.steps;
            sweep->cells_restored++;
        }
    }
    return 0;
}

/* Go on where an earlier program stopped: its run directory says what was being done, its results
 * file what is done.  A results file of something else, which that sweep was about to replace, is
 * left out of account. */
static int resume(struct sweep *sweep, const json_t *ours)
{
    const char *output = sweep->setting->output;
    json_t *theirs = NULL, *document = NULL;
    char differences[700];
    int status = -1;

    if (rundir_read_sweep(sweep->rundir, &theirs))
        goto out;
    if (theirs && !agrees(ours, theirs, differences, sizeof differences)) {
        err_set(FIELD("resume") ": the sweep in %s has another configuration: %s; give the same "
                "one, or " FIELD("restart"),
                rundir_path(sweep->rundir), differences);
        goto out;
    }
    if (theirs && !(same_text(ours, theirs, "commit") && same_text(ours, theirs, "onednn") &&
                    same_text(ours, theirs, "isa")))
        warn_add("the sweep was begun by another build, oneDNN or kind of processor; the last bits "
                 "of what follows may differ from an uninterrupted one");
    if (access(output, F_OK) == 0) {
        document = results_read(output);
        if (!document)
            goto out;
        if (agrees(ours, document, differences, sizeof differences)) {
            if (take_over_runs(sweep, document))
                goto out;
        } else if (!theirs) {
            err_set(FIELD("resume") ": %s has another configuration: %s; give the same one, or "
                    "another " FIELD("output"),
                    output, differences);
            goto out;
        }
    }
    progress_print("going on: %d of %d runs are done", sweep->cells_restored, sweep->cell_count);
    status = 0;
out:
    json_decref(theirs);
    json_decref(document);
    return status;
}

/* Settle what becomes of a sweep that was stopped. */
static int enter_rundir(struct sweep *sweep)
{
    const struct setting *setting = sweep->setting;
    json_t *ours;
    int status;

    if (!sweep->rundir)
        return setting->resume ? err_set(FIELD("resume") " needs an " FIELD("output")
                                         " that is a regular file")
                               : 0;
    if (!setting->resume && !setting->restart && rundir_has_states(sweep->rundir))
        return err_set(FIELD("output") ": there is an unfinished sweep in %s; go on with it by "
                       FIELD("resume") ", or throw it away by " FIELD("restart"),
                       rundir_path(sweep->rundir));
    if (!setting->resume)
        return 0;
    ours = sweep_json(sweep);
    status = ours ? resume(sweep, ours) : err_set("out of memory");
    json_decref(ours);
    return status;
}

/* Where a run's checkpoint is: the directory itself when it is the only run. */
static const char *run_directory(const struct sweep *sweep, const char *directory,
                                 const struct cell *cell, char path[PATH_MAX])
{
    if (!directory || sweep->cell_count == 1)
        return directory;
    snprintf(path, PATH_MAX, "%s/%s-s%" PRIu64, directory, cell->variant->name, cell->seed);
    return path;
}

/* The checkpoints that trainings will start from: a wrong one must fail now. */
static int check_init_checkpoints(const struct sweep *sweep)
{
    const struct setting *setting = sweep->setting;

    for (int i = 0; setting->init_checkpoint && i < sweep->cell_count; i++) {
        const struct cell *cell = &sweep->cells[i];
        struct model_options options = setting_model(setting, cell->variant,
                                                 setting_threads_per_run(setting));
        char path[PATH_MAX];
        int64_t step;

        if (cell->done || (setting->resume && rundir_states(sweep->rundir, cell->variant, cell->seed,
                                                           &step, 1) > 0))
            continue; /* needs it no more */
        if (weights_check(run_directory(sweep, setting->init_checkpoint, cell, path), &options))
            return -1;
    }
    return 0;
}

/* All is checked: note the sweep in the run directory, in place of what --restart throws away. */
static int note_sweep(struct sweep *sweep)
{
    json_t *ours;
    int status;

    if (!sweep->rundir)
        return 0;
    if (sweep->setting->restart)
        rundir_clear(sweep->rundir);
    ours = sweep_json(sweep);
    status = ours ? rundir_write_sweep(sweep->rundir, ours) : err_set("out of memory");
    json_decref(ours);
    return status;
}

/* Everything up to the first step.  What fails fast comes first. */
static int prepare(struct sweep *sweep, const struct setting *setting, int argc, char *const *argv)
{
    struct dataset_options text = setting_dataset(setting);
    struct task_options task = setting_task(setting);

    *sweep = (struct sweep){.setting = setting, .lock = PTHREAD_MUTEX_INITIALIZER};
    if (rundir_open(&sweep->rundir, setting->output) || check_output(setting->output) ||
        (setting->save_checkpoint && weights_prepare(setting->save_checkpoint)) ||
        forecast_make(&sweep->plan, setting) || forecast_check(sweep->plan, setting) || make_cells(sweep))
        return -1;
    progress_status("reading the corpus");
    if (dataset_open(&sweep->dataset, &text) ||
        tokenizer_open(&sweep->tokenizer, setting->tokenizer) ||
        task_open(&sweep->task, &task, sweep->dataset, sweep->tokenizer))
        return -1;
    dataset_forget_heldout(sweep->dataset);
    progress_clear();
    machine_times(&sweep->start);
    sweep->results = (struct results){
        .environment = environment_json(),
        .onednn = describe_onednn(&sweep->onednn),
        .command = command_json(argc, argv),
        .config = setting_json(setting, dataset_training(sweep->dataset),
                               dataset_heldout(sweep->dataset)),
        .baseline = setting->baseline,
        .variants = sweep->variants,
        .variant_count = setting->variant_count,
        .runs = sweep->finished,
    };
    if (!sweep->results.config || !sweep->results.environment)
        return -1;
    return 0;
}

static void release(struct sweep *sweep)
{
    for (int i = 0; sweep->cells && i < sweep->cell_count; i++)
        if (sweep->cells[i].done)
            run_result_free(&sweep->cells[i].result);
    rundir_close(sweep->rundir);
    throughput_free(sweep->throughput, sweep->results.throughput_count);
    task_close(sweep->task);
    tokenizer_close(sweep->tokenizer);
    dataset_close(sweep->dataset);
    json_decref(sweep->results.environment);
    json_decref(sweep->results.command);
    json_decref(sweep->results.config);
    json_decref(sweep->results.profile);
    json_decref(sweep->results.scaling);
    json_decref(sweep->document);
    free(sweep->plan);
    free(sweep->cells);
    free(sweep->finished);
    free(sweep->variants);
    pthread_mutex_destroy(&sweep->lock);
}

/* ---- Training -------------------------------------------------------------------------------- */

/* Seconds until all runs are done, from the steps done so far by this program. */
static double time_left_s(const struct sweep *sweep)
{
    double elapsed_s = clock_now_s() - sweep->start_s;
    double left = (double)(sweep->cell_count - sweep->cells_restored) *
                      (double)sweep->setting->recipe.steps -
                  (double)sweep->steps_skipped - (double)sweep->steps_done;

    return sweep->steps_done > 0 ? elapsed_s * left / (double)sweep->steps_done : NAN;
}

static void report_progress(void *context, const struct train_progress *progress)
{
    const struct worker *worker = context;
    struct sweep *sweep = worker->sweep;
    struct cell *cell = worker->cell;
    int number = (int)(cell - sweep->cells) + 1;
    double left_s;
    char left[32];

    pthread_mutex_lock(&sweep->lock);
    /* The first report of a training that goes on is where it was. */
    *(cell->reported ? &sweep->steps_done : &sweep->steps_skipped) += progress->step - cell->step;
    cell->reported = true;
    cell->step = progress->step;
    left_s = time_left_s(sweep);
    pthread_mutex_unlock(&sweep->lock);

    if (isnan(progress->heldout_log_perplexity_nats)) {
        format_duration(left_s, left, sizeof left);
        progress_status("[%d/%d] %s, seed %" PRIu64 ": step %" PRId64 "/%" PRId64
                        ", loss %.4f nats, %s left",
                        number, sweep->cell_count, cell->variant->name, cell->seed, progress->step,
                        progress->steps, progress->train_loss_nats, left);
    } else {
        progress_detail("[%d/%d] %s, seed %" PRIu64 ": step %" PRId64 "/%" PRId64
                        ", held-out %.4f nats",
                        number, sweep->cell_count, cell->variant->name, cell->seed, progress->step,
                        progress->steps, progress->heldout_log_perplexity_nats);
    }
}

static void print_result(const struct sweep *sweep, const struct cell *cell)
{
    const struct run_result *result = &cell->result;
    char time[32];

    format_duration(result->train_s, time, sizeof time);
    if (result->status == RUN_OK)
        progress_print("[%d/%d] %s, seed %" PRIu64 ": held-out %.4f nats, %s, %.0f tokens/s",
                       (int)(cell - sweep->cells) + 1, sweep->cell_count, cell->variant->name,
                       cell->seed, result->heldout_log_perplexity_nats, time,
                       result->train_tokens_per_s);
    else
        progress_print("[%d/%d] %s, seed %" PRIu64 ": %s%s%s", (int)(cell - sweep->cells) + 1,
                       sweep->cell_count, cell->variant->name, cell->seed,
                       run_status_name(result->status), result->error ? ": " : "",
                       result->error ? result->error : "");
}

/* Train one cell.  Called without the lock. */
static void train_cell(struct sweep *sweep, struct cell *cell)
{
    const struct setting *setting = sweep->setting;
    struct worker worker = {sweep, cell};
    char save[PATH_MAX], init[PATH_MAX];
    struct train_job job = {
        .setting = setting,
        .variant = cell->variant,
        .seed = cell->seed,
        .threads = setting_threads_per_run(setting),
        .task = sweep->task,
        .dump = sweep->dump,
        .save_directory = run_directory(sweep, setting->save_checkpoint, cell, save),
        .init_directory = run_directory(sweep, setting->init_checkpoint, cell, init),
        .rundir = sweep->rundir,
        .resume = setting->resume,
        .report = report_progress,
        .context = &worker,
    };

    train_run(&job, &cell->result);
}

/* The next cell to train, or NULL.  Called under the lock. */
static struct cell *next_cell(struct sweep *sweep)
{
    while (!signals_stop && sweep->next_cell < sweep->cell_count) {
        struct cell *cell = &sweep->cells[sweep->next_cell++];

        if (!cell->done)
            return cell;
    }
    return NULL;
}

/* A thread that takes one cell after the other. */
static void *work(void *context)
{
    struct sweep *sweep = context;
    struct cell *cell;

    pthread_mutex_lock(&sweep->lock);
    while ((cell = next_cell(sweep)) != NULL) {
        pthread_mutex_unlock(&sweep->lock);
        train_cell(sweep, cell);
        pthread_mutex_lock(&sweep->lock);

        cell->done = true;
        sweep->steps_skipped += sweep->setting->recipe.steps - cell->step;
        print_result(sweep, cell);
        write_results(sweep);
        /* Only now that the result is safe is the way there not needed any more. */
        if (sweep->rundir && !sweep->write_error[0] && is_settled(cell))
            rundir_prune(sweep->rundir, cell->variant, cell->seed, -1, 0);
    }
    pthread_mutex_unlock(&sweep->lock);
    return NULL;
}

/* Run `jobs` workers, this thread being one of them. */
static int train_all(struct sweep *sweep)
{
    int others = 0, jobs = sweep->setting->recipe.jobs;
    pthread_t *threads = calloc((size_t)jobs, sizeof *threads);

    if (!threads)
        return err_set("out of memory");
    sweep->start_s = clock_now_s();
    while (others < jobs - 1 && pthread_create(&threads[others], NULL, work, sweep) == 0)
        others++;
    if (others < jobs - 1)
        warn_add("only %d of %d jobs could be started", others + 1, jobs);
    work(sweep);
    for (int i = 0; i < others; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    return 0;
}

static int count_cells(const struct sweep *sweep, bool (*is)(const struct cell *cell))
{
    int count = 0;

    for (int i = 0; i < sweep->cell_count; i++)
        count += is(&sweep->cells[i]);
    return count;
}

static int measure_throughput(struct sweep *sweep, double sample_s)
{
    const struct setting *setting = sweep->setting;
    struct throughput_options options = {.setting = setting,
                                         .task = sweep->task,
                                         .samples = setting->recipe.samples,
                                         .sample_s = sample_s,
                                         .ffn = setting->ffn,
                                         .stop = &signals_stop};

    if (setting->recipe.samples == 0 || count_cells(sweep, is_bad) == sweep->cell_count)
        return 0; /* not wanted, or there is nothing to go with it */
    if (throughput_run(&options, &sweep->throughput, &sweep->results.throughput_count))
        return -1;
    sweep->results.throughput = sweep->throughput;
    return 0;
}

/* ---- The whole ------------------------------------------------------------------------------- */

/* How long a throughput sample lasts: `run` measures in passing, `bench` with care. */
static const double run_sample_s = 0.05, bench_sample_s = 0.2;

/* More than this, and the machine was not quiet. */
static const double others_share_limit = 0.05;

static enum study_status conclude(struct sweep *sweep, json_t **document)
{
    double others = others_share(sweep);
    int bad = count_cells(sweep, is_bad);

    if (others > others_share_limit)
        warn_add("other work took %.0f %% of the processors' time: do not rely on the timings; "
                 "repeat them on a quiet machine",
                 100 * others);
    write_results(sweep);
    *document = json_incref(sweep->document);
    if (sweep->write_error[0]) {
        err_set("%s", sweep->write_error);
        return STUDY_FAILED;
    }
    if (signals_stop) {
        err_set("interrupted; the results so far are in %s%s", sweep->setting->output,
                sweep->rundir && sweep->results.run_count > 0 ? ", go on with " FIELD("resume")
                                                              : "");
        return STUDY_INTERRUPTED;
    }
    if (bad > 0) {
        err_set("%d of %d runs did not end well; see their status in %s%s", bad, sweep->cell_count,
                sweep->setting->output,
                sweep->rundir && count_cells(sweep, has_failed) > 0
                    ? "; " FIELD("resume") " tries those that failed again"
                    : "");
        return STUDY_RUNS_FAILED;
    }
    return STUDY_OK;
}

/* What is complete leaves its results file alone; the checkpoints of runs that failed stay. */
static void leave_rundir(struct sweep *sweep)
{
    if (!sweep->rundir)
        return;
    for (int i = 0; i < sweep->cell_count; i++)
        if (is_settled(&sweep->cells[i]))
            rundir_prune(sweep->rundir, sweep->cells[i].variant, sweep->cells[i].seed, -1, 0);
    if (rundir_has_states(sweep->rundir))
        return;
    rundir_remove(sweep->rundir);
    sweep->rundir = NULL;
}

enum study_status study_run(const struct setting *setting, int argc, char *const *argv,
                            json_t **document)
{
    struct sweep sweep;
    enum study_status status = STUDY_FAILED;

    *document = NULL;
    if (prepare(&sweep, setting, argc, argv) || enter_rundir(&sweep) ||
        check_init_checkpoints(&sweep) ||
        (setting->dump_batches && dump_open(&sweep.dump, setting->dump_batches)))
        goto out;
    signals_catch();
    if (note_sweep(&sweep) || train_all(&sweep))
        goto out;
    if (!signals_stop && measure_throughput(&sweep, run_sample_s)) {
        warn_add("throughput was not measured: %s", err_get());
        err_set("%s", "");
    }
    status = conclude(&sweep, document);
    if (status == STUDY_OK || status == STUDY_RUNS_FAILED)
        leave_rundir(&sweep);
out:
    signals_release();
    if (dump_close(sweep.dump))
        status = STUDY_FAILED;
    release(&sweep);
    return status;
}

/* What `bench` was asked for. */
static int measure(struct sweep *sweep)
{
    const struct setting *setting = sweep->setting;
    double peak_gflop_per_s;

    if (!setting->profile && !setting->scaling)
        return measure_throughput(sweep, bench_sample_s);
    if (setting->ffn)
        return err_set(FIELD("ffn") ": " FIELD("profile") " and " FIELD("scaling")
                       " are of the whole model; leave one out");
    progress_status("measuring the peak of the matrix product");
    peak_gflop_per_s = peak_gemm_gflop_per_s(setting->precision, setting->threads);
    if (setting->profile &&
        profile_run(setting, sweep->task, peak_gflop_per_s, &signals_stop, &sweep->results.profile))
        return -1;
    if (setting->scaling &&
        scaling_run(setting, sweep->task, peak_gflop_per_s, &signals_stop, &sweep->results.scaling))
        return -1;
    return 0;
}

enum study_status study_bench(const struct setting *setting, int argc, char *const *argv,
                              json_t **document)
{
    struct sweep sweep;
    enum study_status status = STUDY_FAILED;

    *document = NULL;
    if (prepare(&sweep, setting, argc, argv))
        goto out;
    if (sweep.rundir && rundir_has_states(sweep.rundir)) {
        err_set(FIELD("output") ": %s belongs to an unfinished sweep; give another one",
                setting->output);
        goto out;
    }
    signals_catch();
    if (measure(&sweep) == 0)
        status = conclude(&sweep, document);
out:
    signals_release();
    release(&sweep);
    return status;
}
