/* test-programs.c - a sweep beside another program that does a part of it or has died in the midst of it, and one of
 * an older program: what is done is not done again, and what is damaged is named. */
#include "src/glu.h"

#include "src/results/results.h"
#include "src/study/store.h"
#include "src/util/record.h"
#include "src/util/sealed.h"
#include "test/faults-fixture.h"
#include "test/faulty-io.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ==== Other programs ==== */

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

/* ==== Older ones ==== */

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

int main(int argc, char **argv)
{
    faults_open(argc, argv);
    test_claimed();
    test_other_program();
    test_records();
    test_older();
    faults_close();
    tap_plan(7);
    return tap_status();
}
