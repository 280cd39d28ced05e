/* faults-fixture.c - see faults-fixture.h. */
#include "src/glu.h"

#include "test/faults-fixture.h"

#include "src/results/results.h"
#include "src/setting/setting.h"
#include "src/study/options.h"
#include "src/study/run.h"
#include "src/util/progress.h"
#include "test/faulty-io.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

const char *output, *rundir;
json_t *expected;

static const char *dump, *weights; /* of a sweep likewise */
static json_t *config;             /* of the sweep that nothing happened to */

/* ==== A sweep ==== */

enum study_status sweep(enum how how, int seeds)
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

struct cell cell_of(int seed)
{
    struct cell cell = {.config = cell_config(config), .variant = variant_find("relu", NULL),
                        .seed = (uint64_t)seed};

    if (!cell.config || cell_key(cell.key, cell.config, "relu", cell.seed))
        tap_bail_out("%s", err_get());
    return cell;
}

bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

void clean(void)
{
    scratch_remove(scratch_path("results"));
    scratch_remove(scratch_path("others"));
    if (mkdir(scratch_path("results"), 0777) != 0 || mkdir(scratch_path("others"), 0777) != 0)
        tap_bail_out("cannot make directories");
}

/* ==== What it left ==== */

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

int check_file(bool *valid)
{
    json_t *runs = read_runs(valid);
    int count = right_runs(runs, valid);

    json_decref(runs);
    return count;
}

bool is_complete(int seeds)
{
    bool valid = true;

    return check_file(&valid) == seeds && valid;
}

bool resumes(int seeds)
{
    enum study_status status = sweep(RESUME, seeds);
    bool right = status == STUDY_OK && is_complete(seeds) && !exists(rundir) &&
                 exists(seeds == 1 ? scratch_path("others/weights/model.safetensors")
                                   : scratch_path("others/weights/relu-s2/model.safetensors"));

    if (!right)
        tap_diag("resumed: status %d: %s", status, err_get());
    return right;
}

bool warns(const char *what)
{
    const char *text;

    for (int i = 0; (text = warn_get(i)); i++)
        if (strstr(text, what))
            return true;
    return false;
}

bool has_warned(void)
{
    return warns("scratch.");
}

/* ==== The end of the program ==== */

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

/* The child begins anew, for the threads of OpenMP do not survive a fork, and some versions wait for them. */
bool killed_at(int n)
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

/* The call before which one run is done and the other has a checkpoint. */
static int half_way(void)
{
    static int call;

    for (int n = 1; !call; n += END_EVERY) {
        bool valid = true;

        clean();
        if (!killed_at(n))
            tap_bail_out("no call at which a sweep is half done");
        if (check_file(&valid) == 1 && has_state("relu-s2", 1))
            call = n;
    }
    return call;
}

/* The first time by killing a sweep there, and from then on by a copy of what that left. */
void interrupted(void)
{
    const char *copy = scratch_path("copy");
    char command[256];

    if (!exists(copy))
        half_way();
    else
        clean();
    snprintf(command, sizeof command, "cd %s && %s", scratch_path("."),
             exists(copy) ? "cp -R copy/. ." : "mkdir copy && cp -R results others copy");
    if (system(command) != 0)
        tap_bail_out("cannot copy");
}

/* ==== Before and after ==== */

void faults_open(int argc, char **argv)
{
    enum { CHILD = 5 }; /* killed_at()'s arguments */
    bool valid = true;
    json_t *document;

    progress_start(true, false);
    if (argc == CHILD)
        exit(be_killed(argv + 1));
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
}

void faults_close(void)
{
    json_decref(expected);
    json_decref(config);
    warn_clear();
}
