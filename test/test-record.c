/* test-record.c - checksummed records, and states of trainings. */
#include "src/glu.h"

#include "src/util/record.h"
#include "src/train/state.h"
#include "test/model-fixture.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEPS = 10 }; /* of a whole training */

static int open_and_close(const char *path)
{
    struct record record;
    int status = record_open(&record, path);

    record_close(&record);
    return status;
}

static void test_record(void)
{
    const char *path = scratch_path("a.record");
    json_t *header = json_pack("{s:s, s:f}", "text", "x", "number", 0.1);
    struct record_part parts[] = {{"hello", 5}, {NULL, 0}, {"world", 5}};
    struct record record;
    char data[11] = "";
    size_t bytes;
    char *good;
    int wrong = 0;

    tap_ok(record_write(path, header, parts, 3) == 0, "record: written");
    tap_ok(record_open(&record, path) == 0 && json_equal(record.header, header) &&
               record_read(&record, data, 10) == 0 && strcmp(data, "helloworld") == 0,
           "record: read back");
    tap_ok(record_read(&record, data, 1) == -1, "record: no more than there is");
    record_close(&record);
    json_decref(header);

    /* Every single byte counts, and every length but the right one is wrong. */
    good = scratch_load(path, &bytes);
    for (size_t i = 0; i < bytes; i++) {
        good[i] ^= 0x10;
        scratch_store(path, good, bytes);
        wrong += open_and_close(path) == 0 || !strstr(err_get(), path);
        good[i] ^= 0x10;
    }
    tap_ok(wrong == 0, "record: a damaged byte is found, wherever it is (%zu bytes)", bytes);
    for (size_t length = 0; length < bytes; length++) {
        scratch_store(path, good, length);
        wrong += open_and_close(path) == 0 || !strstr(err_get(), path);
    }
    tap_ok(wrong == 0, "record: a cut is found, wherever it is");
    scratch_store(path, good, bytes);
    tap_ok(open_and_close(path) == 0, "record: undamaged it is read again");
    good[8] = 2;
    scratch_store(path, good, bytes);
    tap_ok(open_and_close(path) == -1 && strstr(err_get(), "version 2"),
           "record: another version is named");
    unlink(path);
    tap_ok(open_and_close(path) == -1 && strstr(err_get(), path), "record: no file");
    free(good);

    scratch_text("outside", "ours");
    if (symlink("outside", path))
        tap_bail_out("no symbolic links");
    header = json_object();
    good = NULL;
    if (record_write(path, header, NULL, 0) == 0)
        good = scratch_load(scratch_path("outside"), &bytes);
    tap_ok(good && bytes == 4 && open_and_close(path) == 0, "record: a link is replaced, not followed");
    unlink(path);
    json_decref(header);
    free(good);
}

static void train(struct model *model, int64_t from, int64_t to, double *loss_nats)
{
    struct batch *batch;

    if (batch_create(&batch, 2, 8, 4))
        tap_bail_out("batch_create");
    for (int64_t step = from; step <= to; step++) {
        for (int i = 0; i < 16; i++)
            batch->inputs[i] = (int32_t)((step * 7 + i * 5) % 13);
        for (int i = 0; i < 8; i++)
            batch->targets[i] = (int32_t)((step * 3 + i) % 13);
        if (model_train_step(model, batch, step, 0.01, loss_nats))
            tap_bail_out("model_train_step: %s", err_get());
    }
    batch_destroy(batch);
}

/* Changes of a state's result and sums that no training could have made. */
static const struct {
    struct curve_point curve[2];
    struct train_state state;
    double train_s;
    const char *what;
} impossible[] = {
    {{{0, NAN, 2.5, 0}, {5, 2, 2, 1}}, {.step = 4, .interval_steps = 1}, 1,
     "a curve that goes beyond the step"},
    {{{2, NAN, 2.5, 0}, {2, 2, 2, 1}}, {.step = 4, .interval_steps = 1}, 1,
     "two points of one step"},
    {{{-1, NAN, 2.5, 0}, {2, 2, 2, 1}}, {.step = 4, .interval_steps = 1}, 1,
     "a point before the start"},
    {{{0, NAN, 2.5, 0}, {2, 2, 2, 1}}, {.step = 4, .interval_steps = 5}, 1,
     "a sum over more steps than there were"},
    {{{0, NAN, 2.5, 0}, {2, 2, 2, 1}}, {.step = 4, .interval_steps = -1}, 1,
     "a sum over less than no steps"},
    {{{0, NAN, 2.5, 0}, {2, 2, 2, 1}}, {.step = 4, .interval_steps = 1}, -1,
     "less than no time"},
    {{{0, NAN, 2.5, 0}, {2, 2, 2, 1}},
     {.step = 4, .interval_steps = 1, .has_place = true, .place.tokens = UINT64_MAX},
     1, "a place after less than no tokens"},
    {{{0, NAN, 2.5, 0}, {2, 2, 2, 1}},
     {.step = 4, .interval_steps = 1, .has_place = true, .place.document.file = UINT32_MAX},
     1, "a place in a file that no corpus has"},
};

static void test_impossible_states(const struct state_place *place, struct model *model)
{
    for (size_t i = 0; i < LENGTH_OF(impossible); i++) {
        struct curve_point curve[2] = {impossible[i].curve[0], impossible[i].curve[1]};
        struct run_result saved = {.variant = variant_find("relu", NULL), .seed = 5, .curve = curve,
                                   .curve_count = 2, .train_s = impossible[i].train_s};
        struct run_result found = {.variant = saved.variant, .seed = 5};
        struct train_state got = {0};

        if (state_save(place, model, &impossible[i].state, &saved))
            tap_bail_out("%s", err_get());
        warn_clear();
        tap_ok(!state_load(place, model, STEPS, &got, &found) && found.curve_count == 0 &&
                   warn_get(0) && strstr(warn_get(0), "no training"),
               "state: refused: %s", impossible[i].what);
        state_prune(place, -1, 0);
    }
}

static void test_state(void)
{
    const struct state_place place_here = {scratch_path("."), "relu-s3"}, *place = &place_here;
    struct model *model = model_fixture("relu", 12, 1), *resumed = model_fixture("relu", 12, 2);
    struct curve_point curve[] = {{0, NAN, 2.5, 0}, {2, 2.25, NAN, 0.125}};
    struct run_result result = {.variant = variant_find("relu", NULL), .seed = 3, .train_s = 0.125,
                                .curve = curve, .curve_count = 2};
    struct run_result found = {.variant = result.variant, .seed = 3};
    const struct segments_place there = {{3, 2, {(uint64_t)1 << 40, 7, 6, 5}}, 1234};
    struct train_state state = {.step = 2, .interval_nats = 0.1, .interval_steps = 1, .has_place = true,
                                .place = there}, got = {0};
    char path[PATH_MAX], *file;
    double loss, loss_resumed;
    int64_t steps[8];
    size_t bytes;

    tap_ok(!state_load(place, resumed, STEPS, &got, &found), "state: none at first");
    train(model, 1, 2, &loss);
    tap_ok(state_save(place, model, &state, &result) == 0, "state: saved");
    tap_ok(state_load(place, resumed, STEPS, &got, &found) && got.step == 2 &&
               got.interval_nats == 0.1 && got.interval_steps == 1 && found.train_s == 0.125 &&
               found.curve_count == 2 && isnan(found.curve[0].train_loss_nats) &&
               found.curve[1].train_loss_nats == 2.25,
           "state: loaded with curve and sums");
    tap_ok(got.has_place && got.place.tokens == there.tokens && got.place.document.pass == 3 &&
               got.place.document.file == 2 &&
               memcmp(&got.place.document.in_file, &there.document.in_file, sizeof(struct reader_place)) == 0,
           "state: ... and the place in the text");
    state.has_place = false;
    train(model, 3, 6, &loss);
    train(resumed, 3, 6, &loss_resumed);
    tap_ok(loss == loss_resumed, "state: the training goes on with the same bits");
    run_result_free(&found);

    for (state.step = 4; state.step <= 8; state.step += 2)
        if (state_save(place, model, &state, &result))
            tap_bail_out("%s", err_get());
    tap_ok(state_steps(place, steps, 8) == 2 && steps[0] == 8 &&
               steps[1] == 6,
           "state: the last two are kept");
    state_path(place, 8, path);
    file = scratch_load(path, &bytes);
    file[bytes / 2] ^= 1;
    scratch_store(path, file, bytes);
    warn_clear();
    tap_ok(state_load(place, resumed, STEPS, &got, &found) && got.step == 6 && warn_get(0) &&
               strstr(warn_get(0), path) && !got.has_place,
           "state: a damaged one is named, and the one before it used");
    run_result_free(&found);
    tap_ok(!state_load(place, resumed, 6, &got, &found) && found.curve_count == 0,
           "state: none of a longer training");
    found.seed = 4;
    tap_ok(!state_load(place, resumed, STEPS, &got, &found), "state: none of another seed");
    test_impossible_states(place, model);
    state_prune(place, -1, 0);
    tap_ok(state_steps(place, steps, 8) == 0, "state: gone when the run is done");
    free(file);
    model_destroy(model);
    model_destroy(resumed);
}

int main(void)
{
    tap_plan(9 + 10 + (int)LENGTH_OF(impossible));
    test_record();
    test_state();
    return tap_status();
}
