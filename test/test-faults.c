/* test-faults.c - a sweep whose files fail it: at every call in turn an error, a full disk, a write
 * of a part, the end of the program, a directory that vanishes.  It never crashes, names the file that failed,
 * loses nothing that was there, and goes on with --resume to the very same results. */
#include "src/glu.h"

#include "src/results/results.h"
#include "test/faults-fixture.h"
#include "test/faulty-io.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <string.h>

/* Every call is failed in turn; under sanitizers every so many. */
#ifdef BUILT_WITH_SANITIZERS
enum { FAIL_EVERY = 7 };
#else
enum { FAIL_EVERY = 1 };
#endif

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
        if (alive && done != 2)
            right = false;
        if (!right)
            tap_diag("killed at call %d: %d runs", n, done);
        wrong += !resumes(2) || !right;
    }
    tap_ok(wrong == 0, "killed at every few of %d calls, and gone on with",
           n - END_EVERY);
}

/* ---- What is there before, and what happens -------------------------------------------------- */

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
    faults_open(argc, argv);
    test_deaths();
    for (size_t i = 0; i < LENGTH_OF(scenarios); i++)
        test_scenario(&scenarios[i]);
    test_vanishing();
    test_clock();
    faults_close();
    tap_plan(1 + (int)LENGTH_OF(scenarios) + 2);
    return tap_status();
}
