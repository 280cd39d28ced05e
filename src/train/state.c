/* state.c - see state.h. */
#include "src/glu.h"

#include "src/train/state.h"

#include "src/util/json_help.h"
#include "src/util/record.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEPT = 2, STEPS_MAX = 64 };

/* ---- Files ----------------------------------------------------------------------------------- */

void state_path(const struct state_place *place, int64_t step, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%.*s/%s.%012" PRId64 STATE_SUFFIX, PATH_MAX - NAME_MAX,
             place->directory, place->name, step);
}

/* The step in the name of a state of this training, or -1. */
static int64_t step_of_name(const struct state_place *place, const char *name)
{
    size_t length = strlen(place->name);
    char *end;
    long long step;

    if (strncmp(name, place->name, length) != 0 || name[length] != '.')
        return -1;
    name += length + 1;
    errno = 0;
    step = strtoll(name, &end, 10);
    return end > name && strcmp(end, STATE_SUFFIX) == 0 && errno == 0 ? step : -1;
}

static int later_first(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x < y) - (x > y);
}

int state_steps(const struct state_place *place, int64_t *steps, int max)
{
    DIR *directory = opendir(place->directory);
    struct dirent *entry;
    int count = 0;

    if (!directory)
        return 0;
    while (count < max && (entry = readdir(directory)) != NULL) {
        steps[count] = step_of_name(place, entry->d_name);
        count += steps[count] >= 0;
    }
    closedir(directory);
    qsort(steps, (size_t)count, sizeof *steps, later_first);
    return count;
}

void state_prune(const struct state_place *place, int64_t step, int keep)
{
    int64_t steps[STEPS_MAX];
    int count = state_steps(place, steps, STEPS_MAX);

    for (int i = 0, kept = 0; i < count; i++) {
        char path[PATH_MAX];

        if (steps[i] <= step && kept < keep) {
            kept++;
            continue;
        }
        state_path(place, steps[i], path);
        unlink(path);
    }
}

static size_t tensor_bytes(const struct tensor *tensor)
{
    return (size_t)tensor->rows * (size_t)tensor->cols * sizeof(float);
}

/* ---- Saving ---------------------------------------------------------------------------------- */

static json_t *curve_json(const struct run_result *result)
{
    json_t *curve = json_array();

    for (int i = 0; curve && i < result->curve_count; i++) {
        const struct curve_point *point = &result->curve[i];
        json_t *entry = json_pack("[I, o, o, f]", (json_int_t)point->step,
                                  json_number(point->train_loss_nats),
                                  json_number(point->heldout_log_perplexity_nats),
                                  point->train_s);

        if (json_array_append_new(curve, entry)) {
            json_decref(curve);
            return NULL;
        }
    }
    return curve;
}

/* Names and shapes, so that a state is never loaded into another model. */
static json_t *tensors_json(const struct tensor *tensors, int count)
{
    json_t *list = json_array();

    for (int i = 0; list && i < count; i++)
        if (json_array_append_new(list, json_pack("[s, i, i]", tensors[i].name, tensors[i].rows,
                                                  tensors[i].cols))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

/* NULL: a stream that is to be skipped has none. */
static json_t *place_json(const struct train_state *state)
{
    const struct source_place *document = &state->place.document;
    const struct reader_place *in_file = &document->in_file;

    if (!state->has_place)
        return NULL;
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "pass", (json_int_t)document->pass, "file",
                     (json_int_t)document->file, "position", (json_int_t)in_file->position, "line",
                     (json_int_t)in_file->line, "lines", (json_int_t)in_file->all, "bad_lines",
                     (json_int_t)in_file->bad, "tokens", (json_int_t)state->place.tokens);
}

static json_t *make_header(struct model *model, const struct train_state *state,
                           const struct scoring *scoring, const struct run_result *result)
{
    int count;
    struct tensor *tensors = model_tensors(model, &count);
    size_t floats;

    model_optimizer_state(model, &floats);
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:f, s:f, s:I, s:o, s:o, s:I, s:o*, s:I, s:I, s:o*}", "kind",
                     "training", "variant", result->variant->name, "seed", (json_int_t)result->seed, "step",
                     (json_int_t)state->step, "shared_steps", (json_int_t)result->shared_steps, "train_s",
                     result->train_s, "interval_nats",
                     state->interval_nats, "interval_steps", (json_int_t)state->interval_steps,
                     "curve", curve_json(result), "tensors", tensors_json(tensors, count),
                     "optimizer_floats", (json_int_t)floats, "place", place_json(state), "examples",
                     (json_int_t)state->examples, "used_tokens", (json_int_t)state->used_tokens, "scoring",
                     scoring ? scoring_state(scoring) : NULL);
}

int state_save(const struct state_place *place, struct model *model,
               const struct train_state *state, struct scoring *scoring, const struct run_result *result)
{
    int count, status = -1;
    struct tensor *tensors = model_tensors(model, &count);
    struct record_part *parts = calloc((size_t)count + 2, sizeof *parts);
    json_t *header = make_header(model, state, scoring, result);
    char path[PATH_MAX];
    size_t floats;
    float *optimizer = model_optimizer_state(model, &floats), *best = NULL;
    size_t best_floats = 0;

    if (scoring)
        best = scoring_weights(scoring, &best_floats);
    if (!parts || !header) {
        err_set("out of memory for a checkpoint");
        goto out;
    }
    for (int i = 0; i < count; i++)
        parts[i] = (struct record_part){tensors[i].value, tensor_bytes(&tensors[i])};
    parts[count] = (struct record_part){optimizer, floats * sizeof *optimizer};
    if (best)
        parts[count + 1] = (struct record_part){best, best_floats * sizeof *best};
    state_path(place, state->step, path);
    status = record_write(path, header, parts, count + (best ? 2 : 1));
    if (status == 0)
        state_prune(place, state->step, KEPT);
out:
    json_decref(header);
    free(parts);
    return status;
}

/* ---- Loading --------------------------------------------------------------------------------- */

static int read_curve(const json_t *curve, struct run_result *result)
{
    size_t count = json_array_size(curve);

    result->curve = calloc(count + 1, sizeof *result->curve);
    if (!result->curve)
        return err_set("out of memory");
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(curve, i);

        result->curve[i] = (struct curve_point){
            .step = json_integer_value(json_array_get(entry, 0)),
            .train_loss_nats = number_of(json_array_get(entry, 1)),
            .heldout_log_perplexity_nats = number_of(json_array_get(entry, 2)),
            .train_s = json_number_value(json_array_get(entry, 3)),
        };
    }
    result->curve_count = (int)count;
    return 0;
}

static int read_place(const json_t *header, const char *path, struct train_state *state)
{
    json_t *place = json_object_get(header, "place");
    json_int_t pass, file, position, line, lines, bad, tokens;

    state->has_place = false;
    if (!place)
        return 0;
    if (json_unpack(place, "{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "pass", &pass, "file", &file, "position",
                    &position, "line", &line, "lines", &lines, "bad_lines", &bad, "tokens", &tokens) ||
        pass < 0 || pass > UINT32_MAX || file < 0 || file > INT32_MAX || position < 0 || line < 0 ||
        lines < 0 || bad < 0 || tokens < 0)
        return err_set("%s: no training can have come to such a place", path);
    state->has_place = true;
    state->place = (struct segments_place){
        .document = {.pass = (uint32_t)pass,
                     .file = (uint32_t)file,
                     .in_file = {(uint64_t)position, (uint64_t)line, (uint64_t)lines, (uint64_t)bad}},
        .tokens = (uint64_t)tokens,
    };
    return 0;
}

/* Does the header describe this very training and model? */
static int check_header(const struct record *record, struct model *model, int64_t step,
                        const struct run_result *result)
{
    const json_t *header = record->header;
    const char *variant = json_string_value(json_object_get(header, "variant"));
    int count;
    struct tensor *tensors = model_tensors(model, &count);
    json_t *expected = tensors_json(tensors, count);
    bool same = json_equal(json_object_get(header, "tensors"), expected);
    size_t floats;

    model_optimizer_state(model, &floats);
    json_decref(expected);
    if (!same || !variant || strcmp(variant, result->variant->name) != 0 ||
        (uint64_t)json_integer_value(json_object_get(header, "seed")) != result->seed ||
        json_integer_value(json_object_get(header, "step")) != step ||
        (size_t)json_integer_value(json_object_get(header, "optimizer_floats")) != floats)
        return err_set("%s: belongs to another training or model", record->path);
    return 0;
}

/* Is it what a training can have come to?  A record is whole, but anyone can make one. */
static int check_possible(const struct record *record, const struct train_state *state,
                          const struct run_result *result)
{
    int64_t before = -1;
    bool possible = state->interval_steps >= 0 && state->interval_steps <= state->step &&
                    result->train_s >= 0 && result->shared_steps >= 0 && result->shared_steps <= state->step;

    for (int i = 0; i < result->curve_count; i++) {
        possible = possible && result->curve[i].step > before && result->curve[i].step <= state->step;
        before = result->curve[i].step;
    }
    return possible ? 0 : err_set("%s: no training can have come to this", record->path);
}

/* The scores of the checkpoints before, and the best one's weights. */
static int read_scoring(struct record *record, struct scoring *scoring)
{
    const json_t *header = json_object_get(record->header, "scoring");
    size_t floats;
    float *best;

    if (!scoring)
        return 0;
    best = scoring_weights(scoring, &floats);
    if (best && record_read(record, best, floats * sizeof *best))
        return -1;
    return scoring_restore(scoring, header) ? err_prepend("%s", record->path) : 0;
}

static int load_file(const char *path, struct model *model, struct train_state *state, int64_t step,
                     struct scoring *scoring, struct run_result *result)
{
    struct record record;
    int count, status = -1;
    struct tensor *tensors = model_tensors(model, &count);
    size_t floats;
    float *optimizer = model_optimizer_state(model, &floats);

    if (record_open(&record, path) || check_header(&record, model, step, result))
        goto out;
    for (int i = 0; i < count; i++)
        if (record_read(&record, tensors[i].value, tensor_bytes(&tensors[i])))
            goto out;
    if (record_read(&record, optimizer, floats * sizeof *optimizer) || read_scoring(&record, scoring) ||
        read_curve(json_object_get(record.header, "curve"), result))
        goto out;
    state->step = step;
    state->examples = integer_at(record.header, "examples", 0);
    state->used_tokens = integer_at(record.header, "used_tokens", 0);
    state->interval_nats = json_number_value(json_object_get(record.header, "interval_nats"));
    state->interval_steps = json_integer_value(json_object_get(record.header, "interval_steps"));
    result->train_s = json_number_value(json_object_get(record.header, "train_s"));
    result->shared_steps = integer_at(record.header, "shared_steps", 0);
    if (check_possible(&record, state, result) || read_place(record.header, path, state))
        goto out;
    model_refresh(model);
    status = 0;
out:
    if (status != 0) {
        free(result->curve);
        result->curve = NULL;
        result->curve_count = 0;
        result->train_s = 0;
        result->shared_steps = 0;
        *state = (struct train_state){0};
    }
    record_close(&record);
    return status;
}

bool state_load(const struct state_place *place, struct model *model, int64_t steps,
                struct train_state *state, struct scoring *scoring, struct run_result *result)
{
    int64_t saved[STEPS_MAX];
    int count = state_steps(place, saved, STEPS_MAX);

    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];

        state_path(place, saved[i], path);
        if (saved[i] >= steps)
            err_set("%s: belongs to a longer training", path);
        else if (load_file(path, model, state, saved[i], scoring, result) == 0)
            return true;
        warn_add("%s; going on from %s", err_get(),
                 i + 1 < count ? "the checkpoint before it" : "the start");
    }
    return false;
}
