/* test-faults.c - a sweep whose files fail it: at every call in turn an error, a full disk, a write
 * of a part, the end of the program, a directory that vanishes, or another program that does a part of
 * it.  It never crashes, names the file that failed, loses nothing that was there, and goes on with
 * --resume to the very same results. */
#include "src/glu.h"

#include "src/results/results.h"
#include "src/setting/setting.h"
#include "src/study/run.h"
#include "src/study/study.h"
#include "src/study/store.h"
#include "src/util/progress.h"
#include "src/util/record.h"
#include "src/util/sealed.h"
#include "test/faulty-io.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <glob.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Every call is failed in turn, and the program ends, or a directory goes, at every third; under
 * sanitizers, where a sweep takes longer, at every so many. */
#ifdef BUILT_WITH_SANITIZERS
enum { FAIL_EVERY = 7, END_EVERY = 23 };
#else
enum { FAIL_EVERY = 1, END_EVERY = 3 };
#endif

/* Where a sweep writes: directories of their own, which can vanish one by one. */
static const char *output, *rundir, *dump, *weights;
static json_t *expected; /* the runs of a sweep that nothing happened to */
static json_t *config;   /* and its configuration */

/* ---- A sweep --------------------------------------------------------------------------------- */

enum how { FRESH, RESUME };

/* One or two trainings of two steps, with a checkpoint between the two, weights at the end, and,
 * unless it goes on with an earlier one, a dump.  How it ended; its message is in err_get(). */
static enum study_status sweep(enum how how, int seeds)
{
    const char *words[][2] = {
        {"preset", "smoke"}, {"variant", "relu"},       {"seeds", seeds == 1 ? "1" : "2"},
        {"d-model", "8"},    {"heads", "1"},            {"d-kv", "4"},
        {"d-ff", "12"},      {"layers", "1"},           {"batch", "1"},
        {"steps", "2"},      {"input-length", "16"},    {"heldout-examples", "1"},
        {"samples", "0"},    {"threads", "1"},          {"precision", "f32"},
        {"output", output},  {"save-checkpoint", weights}, {"checkpoint-every", "1"},
        {how == RESUME ? "resume" : "dump-batches", how == RESUME ? NULL : dump},
    };
    struct setting_argument arguments[LENGTH_OF(words)];
    enum study_status status = STUDY_FAILED;
    json_t *document = NULL;
    struct setting setting;

    for (size_t i = 0; i < LENGTH_OF(words); i++)
        arguments[i] = (struct setting_argument){setting_option_find(words[i][0]), words[i][1]};
    err_set("%s", "");
    warn_clear();
    if (setting_resolve(&setting, arguments, (int)LENGTH_OF(words)) == 0)
        status = study_run(&(struct study_options){.settings = &setting, .count = 1}, &document);
    json_decref(document);
    setting_free(&setting);
    return status;
}

/* The cell of a seed. */
static struct cell cell_of(int seed)
{
    struct cell cell = {.config = cell_config(config), .variant = variant_find("relu", NULL),
                        .seed = (uint64_t)seed};

    if (!cell.config || cell_key(cell.key, cell.config, "relu", cell.seed))
        tap_bail_out("%s", err_get());
    return cell;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Nothing of an earlier sweep is left. */
static void clean(void)
{
    scratch_remove(scratch_path("results"));
    scratch_remove(scratch_path("others"));
    if (mkdir(scratch_path("results"), 0777) != 0 || mkdir(scratch_path("others"), 0777) != 0)
        tap_bail_out("cannot make directories");
}

/* ---- What it left ---------------------------------------------------------------------------- */

/* Take out what is another time in every run. */
static void drop_times(json_t *value)
{
    static const char *const times[] = {"train_s", "evaluate_s", "train_tokens_per_s", "peak_memory_bytes"};
    json_t *item;
    const char *key;
    size_t i;

    for (i = 0; i < LENGTH_OF(times); i++)
        json_object_del(value, times[i]);
    json_object_foreach (value, key, item)
        drop_times(item);
    json_array_foreach (value, i, item)
        drop_times(item);
}

/* The runs in the results file without their times: new reference, NULL when there is no file.
 * Whatever happened, a file that is there is whole. */
static json_t *read_runs(bool *valid)
{
    json_t *document, *runs = NULL;
    char *text = NULL, *line, *rest;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    int faults = 0;

    if (!exists(output)) {
        fclose(out);
        free(text);
        return NULL;
    }
    if (results_validate(output, out, &faults) != 0)
        *valid = false;
    fclose(out);
    /* That runs are still to come is the one thing that may be said of it. */
    for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (!strstr(line, "runs: has 0 rows of relu")) {
            tap_diag("%s", line);
            *valid = false;
        }
    free(text);
    document = results_read(output);
    if (document)
        runs = json_incref(json_object_get(document, "runs"));
    json_decref(document);
    drop_times(runs);
    return runs;
}

/* Is every run of the file that is ok as it is to be?  How many there are. */
static int right_runs(const json_t *runs, bool *valid)
{
    int count = 0;

    for (size_t i = 0; i < json_array_size(runs); i++) {
        const json_t *run = json_array_get(runs, i);
        const char *status = json_string_value(json_object_get(run, "status"));
        const char *error = json_string_value(json_object_get(run, "error"));

        if (status && strcmp(status, "ok") == 0) {
            *valid = *valid && (json_equal(run, json_array_get(expected, 0)) ||
                                json_equal(run, json_array_get(expected, 1)));
            count++;
        } else if (!error || !strstr(error, "scratch.")) { /* it names the file */
            tap_diag("run %zu: %s: %s", i, status ? status : "?", error ? error : "(no error)");
            *valid = false;
        }
    }
    return count;
}

/* Check the file; how many runs are done in it. */
static int check_file(bool *valid)
{
    json_t *runs = read_runs(valid);
    int count = right_runs(runs, valid);

    json_decref(runs);
    return count;
}

static bool is_complete(int seeds)
{
    bool valid = true;

    return check_file(&valid) == seeds && valid;
}

/* Go on as if the fault had never been: the same runs, and nothing left beside them. */
static bool resumes(int seeds)
{
    enum study_status status = sweep(RESUME, seeds);
    bool right = status == STUDY_OK && is_complete(seeds) && !exists(rundir) &&
                 exists(seeds == 1 ? scratch_path("others/weights/model.safetensors")
                                   : scratch_path("others/weights/relu-s2/model.safetensors"));

    if (!right)
        tap_diag("resumed: status %d: %s", status, err_get());
    return right;
}

/* Is there a warning that says this? */
static bool warns(const char *what)
{
    const char *text;

    for (int i = 0; (text = warn_get(i)); i++)
        if (strstr(text, what))
            return true;
    return false;
}

/* Is there a warning that names a file? */
static bool has_warned(void)
{
    return warns("scratch.");
}

/* ---- Faults ---------------------------------------------------------------------------------- */

struct scenario {
    const char *name;
    enum faulty_kind kind;
    enum how how;
    int seeds, done_before; /* runs, and of these, none of which may be lost */
    int every;              /* how many calls */
    void (*prepare)(void);  /* what is there before */
    void (*event)(void);
    bool survives; /* it makes no difference at all */
};

/* What is seen of one sweep and the one that goes on with it. */
static bool one_fault(const struct scenario *scenario, int n, int *calls)
{
    enum study_status status;
    bool right = true;
    int done;

    scenario->prepare();
    faulty_io_start("scratch.", scenario->kind, n, scenario->event);
    status = sweep(scenario->how, scenario->seeds);
    *calls = faulty_io_stop();
    done = check_file(&right);
    if (done < scenario->done_before)
        right = false;
    /* It ends well with all that was asked for, or it says what did not go well. */
    if (status == STUDY_OK ? done != scenario->seeds : !strstr(err_get(), "scratch."))
        right = false;
    if (scenario->survives && (status != STUDY_OK || has_warned()))
        right = false;
    if (faulty_io_open_files() != 0)
        right = false;
    if (!right)
        tap_diag("call %d: status %d, %d runs, %d open files: %s", n, status, done,
                 faulty_io_open_files(), err_get());
    return (scenario->survives || resumes(scenario->seeds)) && right;
}

static void test_scenario(const struct scenario *scenario)
{
    int n = 1, calls, wrong = 0;

    for (;; n += scenario->every) {
        wrong += !one_fault(scenario, n, &calls);
        if (calls < n) /* this time nothing happened */
            break;
    }
    tap_ok(wrong == 0 && n > 50, "%s, at every %s of %d calls", scenario->name,
           scenario->every == 1 ? "one" : "few", calls);
}

/* ---- The end of the program ------------------------------------------------------------------ */

static void die(void)
{
    raise(SIGKILL);
}

/* What the program does as a child: a sweep that is killed before call n. */
static int be_killed(char *const *arguments)
{
    output = arguments[1];
    dump = arguments[2];
    weights = arguments[3];
    faulty_io_start("scratch.", FAULTY_EVENT, atoi(arguments[0]), die);
    return sweep(FRESH, 2) == STUDY_OK ? 0 : 1;
}

/* A sweep in a process of its own, killed before call n; true when that came to pass.  The child
 * begins anew, for the threads of OpenMP do not survive a fork, and some versions wait for them. */
static bool killed_at(int n)
{
    char number[16];
    pid_t child;
    int status;

    snprintf(number, sizeof number, "%d", n);
    child = fork();
    if (child == 0) {
        execl("/proc/self/exe", "test-faults", number, output, dump, weights, (char *)NULL);
        _exit(1);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        tap_bail_out("no process");
    if (!WIFSIGNALED(status) && status != 0)
        tap_bail_out("a sweep that nothing happened to fails");
    return WIFSIGNALED(status);
}

/* Has the run directory a state of this training? */
static bool has_state(const char *name, int step)
{
    char pattern[160];
    glob_t found;
    bool has;

    snprintf(pattern, sizeof pattern, "%s/run/%s.*.%012d.state", rundir, name, step);
    has = glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc == 1;
    globfree(&found);
    return has;
}

static int half_way; /* the call before which one run is done and the other has a checkpoint */

static void test_deaths(void)
{
    int n, wrong = 0;
    bool alive = false;

    for (n = 1; !alive; n += END_EVERY) {
        bool right = true;
        int done;

        clean();
        alive = !killed_at(n);
        done = check_file(&right);
        if (!half_way && done == 1 && has_state("relu-s2", 1))
            half_way = n;
        if (alive && done != 2)
            right = false;
        if (!right)
            tap_diag("killed at call %d: %d runs", n, done);
        wrong += !resumes(2) || !right;
    }
    tap_ok(wrong == 0 && half_way > 0, "killed at every few of %d calls, and gone on with",
           n - END_EVERY);
}

/* ---- What is there before, and what happens -------------------------------------------------- */

/* The first time by killing a sweep there, and from then on by a copy of what that left. */
static void interrupted(void)
{
    const char *copy = scratch_path("copy");
    char command[256];

    clean();
    if (!exists(copy) && !killed_at(half_way))
        tap_bail_out("not killed");
    snprintf(command, sizeof command, "cd %s && %s", scratch_path("."),
             exists(copy) ? "cp -R copy/. ." : "mkdir copy && cp -R results others copy");
    if (system(command) != 0)
        tap_bail_out("cannot copy");
}

static void rundir_vanishes(void)
{
    scratch_remove(rundir);
}

static void all_vanishes(void)
{
    scratch_remove(scratch_path("results"));
}

static const struct scenario scenarios[] = {
    {"an error", FAULTY_EIO, FRESH, 1, 0, FAIL_EVERY, clean, NULL, false},
    {"a full disk", FAULTY_FULL, FRESH, 1, 0, FAIL_EVERY, clean, NULL, false},
    {"a part", FAULTY_PART, FRESH, 1, 0, FAIL_EVERY, clean, NULL, true},
    {"an error when going on", FAULTY_EIO, RESUME, 2, 1, FAIL_EVERY, interrupted, NULL, false},
    {"a full disk when going on", FAULTY_FULL, RESUME, 2, 1, FAIL_EVERY, interrupted, NULL, false},
    {"a part when going on", FAULTY_PART, RESUME, 2, 1, FAIL_EVERY, interrupted, NULL, true},
    {"the run directory vanishes", FAULTY_EVENT, FRESH, 1, 0, END_EVERY, clean, rundir_vanishes,
     false},
};

/* The directory of the results is gone: what was complete before may have been all. */
static bool was_complete;

static void note_and_vanish(void)
{
    was_complete = is_complete(1);
    all_vanishes();
}

static void test_vanishing(void)
{
    int calls, wrong = 0;

    for (int n = 1;; n += END_EVERY) {
        enum study_status status;

        clean();
        faulty_io_start("scratch.", FAULTY_EVENT, n, note_and_vanish);
        status = sweep(FRESH, 1);
        calls = faulty_io_stop();
        if ((status == STUDY_OK && !was_complete) ||
            (status != STUDY_OK && !strstr(err_get(), "scratch.")) || faulty_io_open_files() != 0) {
            tap_diag("call %d: status %d: %s", n, status, err_get());
            wrong++;
        }
        if (calls < n)
            break;
    }
    tap_ok(wrong == 0, "the directory of the results vanishes, at every few of %d calls", calls);
}

/* ---- Other programs, and older ones ---------------------------------------------------------- */

/* The training time of a run of the results file; below 0 when there is none. */
static double train_s_of(int i)
{
    json_t *document = exists(output) ? results_read(output) : NULL;
    json_t *run = json_array_get(json_object_get(document, "runs"), (size_t)i);
    double train_s = run ? json_number_value(json_object_get(run, "train_s")) : -1;

    json_decref(document);
    return train_s;
}

/* Another program has claimed the second cell, and does not come to an end. */
static void test_claimed(void)
{
    struct cell cell = cell_of(2);
    enum study_status status;
    bool right, valid = true;
    int ends[2];
    pid_t child;
    char byte = 0;

    clean();
    child = pipe(ends) == 0 ? fork() : -1;
    if (child < 0)
        tap_bail_out("no process");
    if (child == 0) {
        struct store *store;
        int claim;

        if (store_open(&store, rundir) == 0 && store_claim(store, &cell, &claim) == 0 &&
            write(ends[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    close(ends[1]);
    right = read(ends[0], &byte, 1) == 1;
    close(ends[0]);
    status = sweep(FRESH, 2);
    right = right && status == STUDY_RUNS_FAILED && strstr(err_get(), "another program") &&
            check_file(&valid) == 1 && valid;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    tap_ok(right && resumes(2), "a cell that another program has claimed is left to it, until it dies");
    json_decref(cell.config);
}

enum { ANOTHER_TIME = 12345 }; /* what no training here takes, in seconds */

/* Another program has done the second cell, unless this one is about to write its record: it would
 * wait for that, and here for ever. */
static void other_program_puts(void)
{
    struct cell cell = cell_of(2);
    json_t *row = json_deep_copy(json_array_get(expected, 1));
    struct store *store;
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/cells/%s.json.tmp", rundir, cell.key);
    if (exists(path))
        goto out;
    scratch_text("others/weights/relu-s2/model.safetensors",
                 "(length){\"__metadata__\": {\"producer\": \"glubench 0\"}}");

    json_object_set_new(row, "train_s", json_real(ANOTHER_TIME));
    json_object_set_new(row, "train_tokens_per_s", json_null());
    json_object_set_new(row, "peak_memory_bytes", json_integer(1));
    for (size_t i = 0; i < json_array_size(json_object_get(row, "curve")); i++)
        json_object_set_new(json_array_get(json_object_get(row, "curve"), i), "train_s",
                            json_real(ANOTHER_TIME));
    if (store_open(&store, rundir) || store_put(store, &cell, row))
        tap_diag("%s", err_get());
    store_close(store);
out:
    json_decref(cell.config);
    json_decref(row);
}

static void test_other_program(void)
{
    int calls, wrong = 0, taken = 0;

    for (int n = 1;; n += END_EVERY) {
        enum study_status status;
        bool valid = true;

        clean();
        faulty_io_start("scratch.", FAULTY_EVENT, n, other_program_puts);
        status = sweep(FRESH, 2);
        calls = faulty_io_stop();
        taken += status == STUDY_OK && train_s_of(1) == ANOTHER_TIME;
        wrong += status == STUDY_OK ? check_file(&valid) != 2 || !valid
                                    : !strstr(err_get(), "unfinished");
        wrong += !resumes(2);
        if (calls < n)
            break;
    }
    tap_ok(wrong == 0 && taken > 0, "another program does a cell, at every few of %d calls: %d times "
                                    "it is taken",
           calls, taken);
}

/* A record is all that is needed. */
static void test_records(void)
{
    struct cell cell = cell_of(1);
    char path[PATH_MAX], *data;
    double before_s;
    size_t bytes;

    interrupted();
    before_s = train_s_of(0);
    unlink(output);
    tap_ok(resumes(2) && !has_warned() && train_s_of(0) == before_s,
           "no results file: a run that has a record is not done again");

    interrupted();
    unlink(output);
    snprintf(path, sizeof path, "%s/cells/%s.json", rundir, cell.key);
    data = scratch_load(path, &bytes);
    data[bytes / 2] ^= 1;
    scratch_store(path, data, bytes);
    tap_ok(resumes(2) && warns(path) && train_s_of(0) != before_s,
           "a damaged record is named, and its run done again");
    free(data);
    json_decref(cell.config);
}

/* What a half-done sweep looked like before cells had records. */
static void make_older(char state[PATH_MAX])
{
    json_t *study = sealed_read(scratch_path("results/x.json.run/study.json")), *header;
    const json_t *program = json_object_get(study, "program");
    char pattern[160];
    glob_t found;

    header = json_pack("{s:s, s:O, s:O, s:O, s:O, s:O}", "kind", "sweep", "config",
                       json_object_get(json_object_get(study, "settings"), "main"), "version",
                       json_object_get(program, "version"), "commit",
                       json_object_get(program, "git_commit"), "onednn",
                       json_object_get(program, "onednn"), "isa", json_object_get(program, "isa"));
    snprintf(pattern, sizeof pattern, "%s/run/relu-s2.*.000000000001.state", rundir);
    snprintf(state, PATH_MAX, "%s/relu-s2.000000000001.state", rundir);
    if (!header || record_write(scratch_path("results/x.json.run/sweep.record"), header, NULL, 0) ||
        glob(pattern, 0, NULL, &found) != 0 || rename(found.gl_pathv[0], state) != 0)
        tap_bail_out("no older sweep: %s", err_get());
    globfree(&found);
    unlink(scratch_path("results/x.json.run/study.json"));
    scratch_remove(scratch_path("results/x.json.run/cells"));
    scratch_remove(scratch_path("results/x.json.run/run"));
    json_decref(header);
    json_decref(study);
}

static void test_older(void)
{
    char state[PATH_MAX], *data;
    double before_s;
    size_t bytes;

    interrupted();
    make_older(state);
    before_s = train_s_of(0);
    tap_ok(sweep(FRESH, 2) == STUDY_FAILED && strstr(err_get(), "unfinished") && exists(state),
           "an older version's sweep is not thrown away by accident");
    tap_ok(resumes(2) && !has_warned() && train_s_of(0) == before_s,
           "an older version's sweep is gone on with");
    interrupted();
    make_older(state);
    data = scratch_load(state, &bytes);
    data[bytes / 2] ^= 1;
    scratch_store(state, data, bytes);
    tap_ok(resumes(2) && warns("run/relu-s2.") && warns("going on from the start"),
           "... from its checkpoint");
    free(data);
}

static void test_clock(void)
{
    json_t *document;
    const json_t *curve;
    bool positive;

    clean();
    if (sweep(FRESH, 1) != STUDY_OK)
        tap_bail_out("%s", err_get());
    document = results_read(output);
    curve = json_object_get(json_array_get(json_object_get(document, "runs"), 0), "curve");
    positive = json_array_size(curve) > 1;
    for (size_t i = 1; i < json_array_size(curve); i++)
        positive = positive && json_number_value(json_object_get(json_array_get(curve, i),
                                                                 "train_s")) > 0;
    tap_ok(positive && is_complete(1), "a clock that is set back again and again: no time is negative");
    json_decref(document);
}

int main(int argc, char **argv)
{
    enum { CHILD = 5 }; /* killed_at()'s arguments */
    bool valid = true;
    json_t *document;

    progress_start(true, false);
    if (argc == CHILD)
        return be_killed(argv + 1);
    /* Files that live in memory make it faster. */
    if (chdir("/dev/shm") != 0)
        tap_diag("no /dev/shm");
    output = scratch_path("results/x.json");
    rundir = scratch_path("results/x.json.run");
    dump = scratch_path("others/dump");
    weights = scratch_path("others/weights");
    clean();
    if (sweep(FRESH, 2) != STUDY_OK || !(expected = read_runs(&valid)) || !valid ||
        json_array_size(expected) != 2)
        tap_bail_out("a sweep that nothing happens to: %s", err_get());
    document = results_read(output);
    config = json_incref(json_object_get(document, "config"));
    json_decref(document);

    test_deaths();
    for (size_t i = 0; i < LENGTH_OF(scenarios); i++)
        test_scenario(&scenarios[i]);
    test_vanishing();
    test_claimed();
    test_other_program();
    test_records();
    test_older();
    test_clock();
    json_decref(expected);
    json_decref(config);
    warn_clear();
    tap_plan(1 + (int)LENGTH_OF(scenarios) + 9);
    return tap_status();
}
