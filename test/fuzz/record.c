/* record.c - what a study's directory holds, read as by --resume. */
#include "src/glu.h"

#include "src/study/store.h"
#include "src/train/state.h"
#include "src/util/record.h"
#include "test/fuzz/fuzz.h"
#include "test/model-fixture.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int fuzz_record(const uint8_t *data, size_t size);
int fuzz_cell(const uint8_t *data, size_t size);
int fuzz_state(const uint8_t *data, size_t size);

enum { SEED = 3, STEP = 2, STEPS = 10 };

/* A study's directory that stands as long as the program, with a cell and a model of it. */
struct site {
    struct store *store;
    struct model *model;
    struct cell cell;
    struct state_place place;
    char state[PATH_MAX], study[PATH_MAX], older[PATH_MAX], record[PATH_MAX];
};

/* Paths in the directory. */
static void name_files(struct site *site)
{
    const char *path = store_path(site->store);

    if (strlen(path) > PATH_MAX - 200)
        tap_bail_out("the path is too long");
    state_path(&site->place, STEP, site->state);
    snprintf(site->study, PATH_MAX, "%.*s/study.json", PATH_MAX - 200, path);
    snprintf(site->older, PATH_MAX, "%.*s/sweep.record", PATH_MAX - 200, path);
    snprintf(site->record, PATH_MAX, "%.*s/cells/%s.json", PATH_MAX - 200, path, site->cell.key);
}

static const struct site *the_site(void)
{
    static struct site site;

    if (site.store)
        return &site;
    site.model = model_fixture("relu", 12, 1);
    site.cell = (struct cell){.config = json_object(), .seed = SEED,
                              .variant = model_get_options(site.model)->variant};
    if (cell_key(site.cell.key, site.cell.config, site.cell.variant->name, SEED) ||
        store_open(&site.store, scratch_path("study")))
        tap_bail_out("%s", err_get());
    site.place = store_states(site.store, &site.cell);
    name_files(&site);
    scratch_text("study/cells/none", ""); /* makes the directory */
    return &site;
}

/* Read the state that is there. */
static int load_state(const struct site *site)
{
    struct run_result result = {.variant = site->cell.variant, .seed = SEED};
    struct train_state state = {0};
    int64_t before = 0;

    if (!state_load(&site->place, site->model, STEPS, &state, NULL, &result))
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

/* Read the cell's record that is there, as a study does that goes on. */
static int load_record(const struct site *site)
{
    struct run_result result;
    json_t *row;
    int status = store_get(site->store, &site->cell, &row);

    fuzz_check(status == 0 || !row, "a record that is refused gives nothing");
    if (row && run_result_restore(&result, row, site->cell.variant) == 0) {
        fuzz_check(result.status == RUN_DIVERGED ||
                       (result.status == RUN_OK && isfinite(result.heldout_log_perplexity_nats)),
                   "a record is of a run that is done");
        run_result_free(&result);
    }
    json_decref(row);
    return status;
}

int fuzz_record(const uint8_t *data, size_t size)
{
    const struct site *site = the_site();
    json_t *study;
    int status;

    for (int older = 0; older < 2; older++) {
        const char *path = older ? site->older : site->study;

        scratch_store(path, data, size);
        if (store_read_study(site->store, &study) == 0)
            fuzz_check(json_is_object(study), "a study is an object");
        json_decref(study);
        unlink(path);
    }
    scratch_store(site->record, data, size);
    status = load_record(site);
    unlink(site->record);
    scratch_store(site->state, data, size);
    return load_state(site) == 0 ? 0 : status;
}

int fuzz_cell(const uint8_t *data, size_t size)
{
    const struct site *site = the_site();
    json_t *row = json_loadb((const char *)data, size, 0, NULL);
    int status;

    if (!row)
        return err_set("not JSON");
    if (store_put(site->store, &site->cell, row))
        tap_bail_out("%s", err_get());
    status = load_record(site);
    unlink(site->record);
    json_decref(row);
    return status;
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
    if (record_write(site->state, header, &zeros, 1))
        tap_bail_out("%s", err_get());
    status = load_state(site);
    free((void *)zeros.data);
    json_decref(header);
    return status;
}
