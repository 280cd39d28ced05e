/* record.c - what a run directory holds, read as by --resume. */
#include "src/glu.h"

#include "src/util/record.h"
#include "src/train/state.h"
#include "test/fuzz/fuzz.h"
#include "test/model-fixture.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int fuzz_record(const uint8_t *data, size_t size);
int fuzz_state(const uint8_t *data, size_t size);

enum { SEED = 3, STEP = 2, STEPS = 10 };

/* A run directory that stands as long as the program, with a model to read states into. */
struct site {
    struct rundir *rundir;
    struct model *model;
    const struct variant *variant;
    char path[PATH_MAX]; /* of the state of STEP */
};

static const struct site *the_site(void)
{
    static struct site site;

    if (site.rundir)
        return &site;
    site.model = model_fixture("relu", 12, 1);
    site.variant = model_get_options(site.model)->variant;
    /* The file makes the directory above; a results file need not be there. */
    if (rundir_open(&site.rundir, scratch_text("run/out.json", "")))
        tap_bail_out("%s", err_get());
    rundir_state_path(site.rundir, site.variant, SEED, STEP, site.path);
    return &site;
}

/* Read the state that is there. */
static int load_state(const struct site *site)
{
    struct run_result result = {.variant = site->variant, .seed = SEED};
    struct train_state state = {0};
    int64_t before = 0;

    if (!state_load(site->rundir, site->model, STEPS, &state, &result))
        return err_set("%s", warn_get(0) ? warn_get(0) : "");
    fuzz_check(state.step == STEP, "the step is the one that was asked for");
    fuzz_check(state.interval_steps >= 0 && state.interval_steps <= STEP, "an interval is in the past");
    fuzz_check(isfinite(state.interval_nats) && isfinite(result.train_s) && result.train_s >= 0,
               "sums are numbers");
    for (int i = 0; i < result.curve_count; i++) {
        fuzz_check(result.curve[i].step >= before && result.curve[i].step <= STEP,
                   "a curve goes forward to the step");
        before = result.curve[i].step + 1;
    }
    free(result.curve);
    return 0;
}

int fuzz_record(const uint8_t *data, size_t size)
{
    const struct site *site = the_site();
    char path[PATH_MAX];
    json_t *sweep;

    if (snprintf(path, sizeof path, "%s/sweep.record", rundir_path(site->rundir)) >= (int)sizeof path)
        tap_bail_out("the path is too long");
    scratch_store(path, data, size);
    if (rundir_read_sweep(site->rundir, &sweep) == 0)
        fuzz_check(json_is_object(sweep), "a record has a header");
    json_decref(sweep);
    scratch_store(site->path, data, size);
    return load_state(site);
}

int fuzz_state(const uint8_t *data, size_t size)
{
    const struct site *site = the_site();
    int count, status;
    struct tensor *tensors = model_tensors(site->model, &count);
    size_t floats;
    struct record_part zeros = {NULL, 0};
    json_t *header = json_loadb((const char *)data, size, 0, NULL);

    if (!header)
        return err_set("not JSON");
    model_optimizer_state(site->model, &floats);
    zeros.bytes = floats * sizeof(float);
    for (int i = 0; i < count; i++)
        zeros.bytes += (size_t)tensors[i].rows * (size_t)tensors[i].cols * sizeof(float);
    zeros.data = calloc(1, zeros.bytes);
    if (!zeros.data)
        tap_bail_out("no memory");
    if (record_write(site->path, header, &zeros, 1))
        tap_bail_out("%s", err_get());
    status = load_state(site);
    free((void *)zeros.data);
    json_decref(header);
    return status;
}
