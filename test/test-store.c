/* test-store.c - what makes a cell, and the directory that cells are kept in: keys, records, claims,
 * the lock of an output, and what older versions left. */
#include "src/glu.h"

#include "src/setting/setting.h"
#include "src/study/grid.h"
#include "src/study/older.h"
#include "src/study/store.h"
#include "src/util/record.h"
#include "src/util/sealed.h"
#include "test/scratch.h"
#include "test/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Settings -------------------------------------------------------------------------------- */

enum { WORDS = 8 };

/* The cells of a setting, and its configuration as the results file has it. */
struct made {
    struct setting setting;
    json_t *config;
    struct grid grid;
};

/* What every setting here begins with, and pairs of an option and its value up to NULL, on text with
 * this checksum. */
static void make(struct made *made, const char *const words[WORDS][2], const char *sha256)
{
    struct setting_argument arguments[WORDS + 3] = {
        {setting_option_find("preset"), "smoke"}, {setting_option_find("precision"), "f32"},
        {setting_option_find("threads"), "1"}};
    struct data_identity text = {.kind = "text", .files = 1};
    int count = 3;

    snprintf(text.sha256, sizeof text.sha256, "%s", sha256);
    for (int i = 0; words && i < WORDS && words[i][0]; i++)
        arguments[count++] = (struct setting_argument){setting_option_find(words[i][0]), words[i][1]};
    *made = (struct made){0};
    if (setting_resolve(&made->setting, arguments, count) ||
        !(made->config = setting_json(&made->setting, &text, &text)) ||
        grid_add(&made->grid, &made->setting, made->config))
        tap_bail_out("%s", err_get());
}

static void unmake(struct made *made)
{
    grid_free(&made->grid);
    json_decref(made->config);
    setting_free(&made->setting);
}

/* ---- Keys ------------------------------------------------------------------------------------ */

/* Is the key of the first cell that of the plain setting? */
static bool same_key(const char *const words[WORDS][2], const char *sha256)
{
    struct made plain, other;
    bool same;

    make(&plain, NULL, "abc");
    make(&other, words, sha256);
    same = strcmp(plain.grid.cells[0].key, other.grid.cells[0].key) == 0;
    unmake(&plain);
    unmake(&other);
    return same;
}

static const struct {
    const char *what;
    bool same;
    const char *words[WORDS][2];
} keys[] = {
    {"options in another order, and what they are anyway", true,
     {{"batch", "8"}, {"steps", "30"}, {"preset", "smoke"}}},
    {"other variants and seeds beside it", true,
     {{"variant", "relu"}, {"variant", "glu"}, {"seeds", "7"}, {"baseline", "glu"}}},
    {"more threads, for as many more jobs", true, {{"threads", "2"}, {"jobs", "2"}, {"seeds", "2"}}},
    {"throughput samples", true, {{"samples", "3"}}},
    {"another learning rate", false, {{"learning-rate", "0.03"}}},
    {"other steps", false, {{"steps", "31"}}},
    {"more threads of the run", false, {{"threads", "2"}, {"jobs", "1"}}},
    {"other micro-batches", false, {{"micro-batch", "2"}}},
    {"another width", false, {{"d-model", "64"}}},
    {"other held-out examples", false, {{"heldout-examples", "3"}}},
    {"evaluated more often", false, {{"evaluate-every", "3"}}},
    {"another variant", false, {{"variant", "glu"}}},
    {"another seed", false, {{"seed", "2"}}},
};

/* A copy with all members in the opposite order. */
static json_t *reversed(json_t *value)
{
    json_t *made, *member;
    const char *names[64], *name;
    int count = 0;

    if (!json_is_object(value))
        return json_incref(value);
    made = json_object();
    json_object_foreach (value, name, member)
        names[count++] = name;
    while (count-- > 0)
        json_object_set_new(made, names[count], reversed(json_object_get(value, names[count])));
    return made;
}

static bool has_key(json_t *config, const struct cell *cell)
{
    json_t *decisive = cell_config(config);
    char key[CELL_KEY_BYTES];
    bool same = decisive &&
                cell_key(key, decisive, cell->variant->name, cell->seed) == 0 &&
                strcmp(key, cell->key) == 0;

    json_decref(decisive);
    return same;
}

static void test_keys(void)
{
    static const char *const words[WORDS][2] = {{"learning-rate", "0.12345678901234567"},
                                                {"variant", "relu"}, {"variant", "glu"},
                                                {"seeds", "2"}};
    struct made made;
    json_t *other;

    for (size_t i = 0; i < LENGTH_OF(keys); i++)
        tap_ok(same_key(keys[i].words, "abc") == keys[i].same, "key: %s: %s", keys[i].what,
               keys[i].same ? "the same" : "another one");
    tap_ok(!same_key(NULL, "abd"), "key: another text: another one");

    make(&made, words, "abc");
    tap_ok(made.grid.count == 4 && made.grid.cells[1].seed == 1 && made.grid.cells[2].seed == 2 &&
               strcmp(made.grid.cells[1].variant->name, "glu") == 0 &&
               strcmp(made.grid.cells[2].variant->name, "relu") == 0,
           "grid: seed by seed, each through all variants");
    other = reversed(made.config);
    tap_ok(has_key(other, &made.grid.cells[3]), "key: members in another order: the same");
    json_decref(other);
    if (sealed_write(scratch_path("config.json"), made.config))
        tap_bail_out("%s", err_get());
    other = sealed_read(scratch_path("config.json"));
    tap_ok(has_key(other, &made.grid.cells[3]), "key: written and read in between: the same");
    json_decref(other);
    unmake(&made);
}

/* ---- The lock of an output ------------------------------------------------------------------- */

/* What another process gets. */
static int in_other_process(int (*work)(const void *context), const void *context)
{
    pid_t child = fork();
    int status;

    if (child == 0)
        _exit(work(context));
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
        WEXITSTATUS(status) > 1)
        tap_bail_out("the other process failed");
    return WEXITSTATUS(status);
}

/* 0: we have it, and end with it; 1: another has it. */
static int open_beside(const void *output)
{
    struct store *store;

    return store_open_beside(&store, output) == 0 ? 0 : strstr(err_get(), "another glubench") ? 1 : 2;
}

static void test_lock(void)
{
    const char *output = scratch_path("x.json"), *run = scratch_path("x.json.run");
    struct store *store;

    tap_ok(store_open_beside(&store, output) == 0 && store && access(run, F_OK) == 0, "lock: taken");
    tap_ok(in_other_process(open_beside, output) == 1, "lock: another process does not get it");
    store_close(store);
    tap_ok(access(run, F_OK) != 0, "lock: an empty directory goes");
    tap_ok(in_other_process(open_beside, output) == 0, "lock: now another process gets it");
    tap_ok(store_open_beside(&store, output) == 0, "lock: it died with its owner");
    store_remove(store);
    tap_ok(access(run, F_OK) != 0, "lock: removed with all there is");
    tap_ok(store_open_beside(&store, "/dev/null") == 0 && !store, "lock: none for /dev/null");
    tap_ok(store_open_beside(&store, "/nonexistent/x") == -1 && !store &&
               strstr(err_get(), "/nonexistent/x.run"),
           "lock: a directory that cannot be made");
}

/* ---- Records --------------------------------------------------------------------------------- */

/* A run's row of a results file. */
static json_t *row_of(const struct cell *cell, const char *status, double nats)
{
    return json_pack("{s:s, s:I, s:s, s:n, s:i, s:i, s:o, s:n, s:i, s:i, s:f, s:n, s:i, s:n, s:[], "
                     "s:n, s:n}",
                     "variant", cell->variant->name, "seed", (json_int_t)cell->seed, "status", status,
                     "error", "steps", 30, "tokens_seen", 18720, "heldout_log_perplexity_nats",
                     nats > 0 ? json_real(nats) : json_null(), "heldout_perplexity",
                     "heldout_examples", 16, "heldout_target_tokens", 224, "train_s", 0.125,
                     "train_tokens_per_s", "peak_memory_bytes", 4096, "parameters_sha256", "curve",
                     "heldout_example_nats", "repro");
}

static const char *record_of(const struct cell *cell)
{
    char name[128];

    snprintf(name, sizeof name, "study/cells/%s.json", cell->key);
    return scratch_path(name);
}

/* Does the cell's record give this row?  NULL: it has none. */
static bool gives(const struct store *store, const struct cell *cell, const json_t *row)
{
    json_t *found;
    bool same = store_get(store, cell, &found) == 0 && (row ? json_equal(found, row) : !found);

    json_decref(found);
    return same;
}

/* Is a record refused, with a message that names it and says this? */
static bool refuses(const struct store *store, const struct cell *cell, const char *what)
{
    json_t *found;
    bool right = store_get(store, cell, &found) == -1 && !found &&
                 strstr(err_get(), record_of(cell)) && strstr(err_get(), what);

    if (!right)
        tap_diag("%s", err_get());
    json_decref(found);
    return right;
}

static void test_damage(const struct store *store, const struct cell *cell, const json_t *row)
{
    const char *path = record_of(cell);
    size_t bytes;
    char *good = scratch_load(path, &bytes);
    int wrong = 0;

    for (size_t i = 0; i < bytes; i++) {
        good[i] ^= 0x10;
        scratch_store(path, good, bytes);
        wrong += !refuses(store, cell, "damaged");
        good[i] ^= 0x10;
    }
    tap_ok(wrong == 0, "record: a damaged byte is found, wherever it is (%zu bytes)", bytes);
    for (size_t length = 0; length < bytes; length++) {
        scratch_store(path, good, length);
        wrong += !refuses(store, cell, "damaged");
    }
    tap_ok(wrong == 0, "record: a cut is found, wherever it is");
    scratch_store(path, good, bytes);
    tap_ok(gives(store, cell, row), "record: undamaged it is read again");
    free(good);
}

/* Records that are whole, and wrong. */
static void test_wrong_records(const struct store *store, const struct cell *cells)
{
    static const struct {
        const char *status;
        double nats;
        const char *what;
    } rows[] = {{"failed", 2, "not of a run that is done"},
                {"interrupted", 2, "not of a run that is done"},
                {"ok", 0, "not of a run that is done"},
                {"splendid", 2, "status"}};
    json_t *row;
    size_t bytes;
    char *text;

    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        row = row_of(&cells[0], rows[i].status, rows[i].nats);
        tap_ok(store_put(store, &cells[0], row) == 0 && refuses(store, &cells[0], rows[i].what),
               "record: refused: %s, %g nats", rows[i].status, rows[i].nats);
        json_decref(row);
    }
    row = row_of(&cells[1], "ok", 2);
    tap_ok(store_put(store, &cells[0], row) == 0 && refuses(store, &cells[0], "another cell"),
           "record: refused: the run of another cell");
    if (store_put(store, &cells[1], row))
        tap_bail_out("%s", err_get());
    text = scratch_load(record_of(&cells[1]), &bytes);
    scratch_store(record_of(&cells[0]), text, bytes);
    tap_ok(refuses(store, &cells[0], "another cell"), "record: refused: the record of another cell");
    free(text);
    json_decref(row);
}

struct get {
    const char *path;
    const struct cell *cell;
    const json_t *row;
};

static int get_elsewhere(const void *context)
{
    const struct get *get = context;
    struct store *store;

    return store_open(&store, get->path) ? 2 : !gives(store, get->cell, get->row);
}

static void test_records(const struct grid *grid)
{
    const char *path = scratch_path("study");
    const struct cell *cell = &grid->cells[0];
    json_t *row = row_of(cell, "ok", 2.5), *other = row_of(cell, "diverged", 0);
    struct get get = {path, cell, row};
    struct store *a, *b;
    size_t bytes;
    char *text;

    if (store_open(&a, path) || store_open(&b, path))
        tap_bail_out("%s", err_get());
    tap_ok(gives(a, cell, NULL) && store_count_cells(a) == 0, "record: none at first");
    tap_ok(store_put(a, cell, row) == 0 && gives(a, cell, row) && gives(b, cell, row) &&
               store_count_cells(b) == 1,
           "record: put by one, got by both");
    tap_ok(in_other_process(get_elsewhere, &get) == 0, "record: got by another process");
    tap_ok(gives(a, &grid->cells[1], NULL), "record: none of another cell");
    test_damage(a, cell, row);
    tap_ok(store_put(b, cell, other) == 0 && gives(a, cell, other), "record: put again");
    test_wrong_records(a, grid->cells);

    scratch_text("outside", "ours");
    unlink(record_of(cell));
    if (symlink("../../outside", record_of(cell)))
        tap_bail_out("no symbolic links");
    text = store_put(a, cell, row) == 0 ? scratch_load(scratch_path("outside"), &bytes) : NULL;
    tap_ok(text && bytes == 4 && gives(a, cell, row), "record: a link is replaced, not followed");
    free(text);

    scratch_text("study/cells/notes.json", "mine");
    scratch_text("study/run/relu-s1.0.000000000001.state", "");
    tap_ok(store_count_states(a) == 1, "store: a state");
    store_clear(a);
    tap_ok(store_count_cells(b) + store_count_states(b) == 0 &&
               access(scratch_path("study/cells/notes.json"), F_OK) == 0,
           "store: cleared of all but what is not ours");
    store_close(a);
    tap_ok(access(path, F_OK) == 0, "store: the directory stays for others");
    unlink(scratch_path("study/cells/notes.json"));
    store_remove(b);
    tap_ok(access(path, F_OK) != 0, "store: removed");
    json_decref(row);
    json_decref(other);
}

static void test_study(void)
{
    const char *path = scratch_path("study"), *file = scratch_path("study/study.json");
    json_t *study = json_pack("{s:s}", "name", "x"), *found;
    struct store *store;

    if (store_open(&store, path))
        tap_bail_out("%s", err_get());
    tap_ok(store_read_study(store, &found) == 0 && !found, "study: none at first");
    tap_ok(store_write_study(store, study) == 0 && store_read_study(store, &found) == 0 &&
               strcmp(json_string_value(json_object_get(found, "name")), "x") == 0,
           "study: written and read");
    json_decref(found);
    scratch_store(file, "{}", 2);
    tap_ok(store_read_study(store, &found) == -1 && !found && strstr(err_get(), file),
           "study: a damaged one is named");
    store_remove(store);
    json_decref(study);
}

/* ---- Claims ---------------------------------------------------------------------------------- */

/* 0: we have it, and end with it; 1: another has it. */
static int claim_elsewhere(const void *context)
{
    struct store *store;
    int claim;

    return store_open(&store, scratch_path("study")) ? 2 : store_claim(store, context, &claim);
}

static void test_claims(const struct grid *grid)
{
    const struct cell *cell = &grid->cells[0], *other = &grid->cells[1];
    struct store *a, *b;
    int ours, theirs, third;

    if (store_open(&a, scratch_path("study")) || store_open(&b, scratch_path("study")))
        tap_bail_out("%s", err_get());
    tap_ok(store_claim(a, cell, &ours) == 0, "claim: ours");
    tap_ok(store_claim(b, cell, &theirs) == 1 && theirs == -1, "claim: not another handle's");
    tap_ok(in_other_process(claim_elsewhere, cell) == 1, "claim: not another process's");
    tap_ok(in_other_process(claim_elsewhere, other) == 0, "claim: another cell is");
    tap_ok(store_claim(b, other, &theirs) == 0, "claim: it died with the process");
    store_release(a, cell, &ours);
    tap_ok(store_claim(b, cell, &third) == 0, "claim: released, it is another's");
    store_release(b, cell, &third);
    store_release(b, other, &theirs);
    scratch_remove(scratch_path("study/run"));
    tap_ok(store_claim(a, cell, &ours) == -1 && strstr(err_get(), "study/run/relu-s1."),
           "claim: a directory that is gone is named");
    store_close(a);
    store_remove(b);
}

/* Trainings of one variant and seed in two settings of a study do not meet. */
static void test_places(const struct grid *grid)
{
    static const char *const words[WORDS][2] = {{"learning-rate", "0.5"}};
    struct state_place one, two;
    struct store *store;
    struct made made;

    make(&made, words, "abc");
    if (store_open(&store, scratch_path("study")))
        tap_bail_out("%s", err_get());
    one = store_states(store, &grid->cells[0]);
    two = store_states(store, &made.grid.cells[0]);
    tap_ok(strncmp(one.name, "relu-s1.", 8) == 0 && strncmp(two.name, "relu-s1.", 8) == 0 &&
               strcmp(one.name, two.name) != 0,
           "store: places of their own for the states of two settings");
    store_remove(store);
    unmake(&made);
}

/* ---- What older versions left ---------------------------------------------------------------- */

static void test_older(const struct grid *grid)
{
    json_t *header = json_pack("{s:s, s:{s:i}, s:s, s:s, s:s, s:s}", "kind", "sweep", "config",
                               "steps", 3, "version", "0.1", "commit", "c", "onednn", "2", "isa", "i");
    json_t *expected = json_pack("{s:{s:s, s:s, s:s, s:s}, s:{s:{s:i}}}", "program", "version", "0.1",
                                 "git_commit", "c", "onednn", "2", "isa", "i", "settings", "main",
                                 "steps", 3);
    json_t *found;
    struct state_place place;
    struct store *store;
    int64_t step;

    if (store_open_beside(&store, scratch_path("old.json")) ||
        record_write(scratch_path("old.json.run/sweep.record"), header, NULL, 0))
        tap_bail_out("%s", err_get());
    scratch_text("old.json.run/relu-s1.000000000007.state", "");
    scratch_text("old.json.run/relu-s11.000000000008.state", "");
    tap_ok(store_read_study(store, &found) == 0 && json_equal(found, expected),
           "older: the study is read");
    tap_ok(store_count_states(store) == 2, "older: there are states");
    place = store_states(store, &grid->cells[0]);
    older_take_states(store_path(store), &grid->cells[0], &place);
    tap_ok(state_steps(&place, &step, 1) == 1 && step == 7 &&
               access(scratch_path("old.json.run/relu-s1.000000000007.state"), F_OK) != 0 &&
               access(scratch_path("old.json.run/relu-s11.000000000008.state"), F_OK) == 0,
           "older: the cell's state is taken, and no other");
    older_remove_study(store_path(store));
    json_decref(found);
    tap_ok(store_read_study(store, &found) == 0 && !found, "older: the study is gone");
    store_remove(store);
    tap_ok(access(scratch_path("old.json.run"), F_OK) != 0, "older: all of it goes");
    json_decref(header);
    json_decref(expected);
}

int main(void)
{
    struct made made;

    tap_plan((int)LENGTH_OF(keys) + 4 + 8 + 13 + 6 + 3 + 7 + 1 + 5);
    test_keys();
    make(&made, NULL, "abc");
    test_lock();
    test_records(&made.grid);
    test_study();
    test_claims(&made.grid);
    test_places(&made.grid);
    test_older(&made.grid);
    unmake(&made);
    return tap_status();
}
