/* store.c - see store.h. */
#include "src/glu.h"

#include "src/study/store.h"

#include "src/results/schema.h"
#include "src/study/lock.h"
#include "src/study/older.h"
#include "src/util/atomic_file.h"
#include "src/util/ends_with.h"
#include "src/util/io.h"
#include "src/util/sealed.h"
#include "src/util/standard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STUDY_NAME "study.json"
#define LOCK_NAME "lock"
#define LOCK_SUFFIX "." LOCK_NAME
#define STUDY_LOCK_NAME "study" LOCK_SUFFIX
#define TEMPORARY_SUFFIX ".tmp" /* of atomic_file.h */

enum {
    NAMES_BYTES = 300, /* of a path below the directory */
    KEY_CHARACTERS = 16 /* in names that say more than the key */
};

struct store {
    char path[PATH_MAX - NAMES_BYTES];
    char cells[PATH_MAX - NAMES_BYTES + 8], run[PATH_MAX - NAMES_BYTES + 8];
    int lock; /* the lock file, open and locked; -1: the store is open to others */
    int study_lock; /* likewise; -1: not ours */
    bool read_only;
};

const char *store_path(const struct store *store)
{
    return store->path;
}

/* ---- Locks ----------------------------------------------------------------------------------- */

/* Remove the directories, which stay when somebody put something into them. */
static void leave(const struct store *store)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/" LOCK_NAME, store->run);
    if (store->lock >= 0)
        unlink(path);
    rmdir(store->run);
    rmdir(store->cells);
    rmdir(store->path);
}

/* Take the lock of the whole directory, which is made as needed: its last owner may remove either
 * between any two steps of ours. */
static int take_lock(struct store *store, const char *output, const char *remedy)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/" LOCK_NAME, store->run);
    for (int attempt = 0; attempt < 100; attempt++) {
        int status = -1;

        if (io_make_directory(store->path))
            return -1;
        if (io_make_directory(store->run) == 0)
            status = lock_open(path, false, &store->lock);
        if (status == 2 || (status < 0 && errno == ENOENT))
            continue;
        if (status == 1)
            return err_set("another glubench (process %ld) is writing %s; %s",
                           lock_owner(store->lock), output, remedy);
        if (status == 0 && lock_write_owner(store->lock, path) == 0)
            return 0;
        leave(store);
        return -1;
    }
    return err_set("cannot lock %s: it comes and goes", path);
}

static void study_lock_path(const struct store *store, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/" STUDY_LOCK_NAME, store->run);
}

/* The last one that had it may have removed it, and the directories when nothing was in them. */
int store_lock_study(struct store *store)
{
    char path[PATH_MAX];

    study_lock_path(store, path);
    for (int attempt = 0; attempt < 1000; attempt++) {
        int status = -1;

        if (io_make_directory(store->path))
            return -1;
        if (io_make_directory(store->run) == 0)
            status = lock_open(path, true, &store->study_lock);
        if (status == 0)
            return 0;
        if (status < 0 && errno != ENOENT)
            return -1;
    }
    return err_set("cannot lock %s: it comes and goes", path);
}

void store_unlock_study(struct store *store)
{
    char path[PATH_MAX];

    if (!store || store->study_lock < 0)
        return;
    study_lock_path(store, path);
    unlink(path);
    close(store->study_lock);
    store->study_lock = -1;
}

int store_claim(const struct store *store, const struct cell *cell, int *claim)
{
    struct state_place place = store_states(store, cell);
    char path[PATH_MAX];
    int status;

    snprintf(path, sizeof path, "%s/%s" LOCK_SUFFIX, place.directory, place.name);
    do
        status = lock_open(path, false, claim);
    while (status == 2);
    if (status == 1) {
        close(*claim);
        *claim = -1;
    }
    return status;
}

void store_release(const struct store *store, const struct cell *cell, int *claim)
{
    struct state_place place = store_states(store, cell);
    char path[PATH_MAX];

    if (*claim < 0)
        return;
    snprintf(path, sizeof path, "%s/%s" LOCK_SUFFIX, place.directory, place.name);
    unlink(path);
    close(*claim);
    *claim = -1;
}

/* ---- Opening --------------------------------------------------------------------------------- */

/* A store of `path` SUFFIX that is not open yet; NULL and a message. */
static struct store *make_store(const char *path, const char *suffix)
{
    struct store *made = calloc(1, sizeof *made);
    int length;

    if (!made) {
        err_set("out of memory");
        return NULL;
    }
    made->lock = made->study_lock = -1;
    length = snprintf(made->path, sizeof made->path, "%s%s", path, suffix);
    if (length >= (int)sizeof made->path) {
        err_set("%.100s...: the path is too long", path);
        free(made);
        return NULL;
    }
    snprintf(made->cells, sizeof made->cells, "%s/cells", made->path);
    snprintf(made->run, sizeof made->run, "%s/run", made->path);
    return made;
}

static void destroy(struct store *store)
{
    store_unlock_study(store);
    if (store->lock >= 0)
        close(store->lock);
    free(store);
}

int store_open(struct store **store, const char *path)
{
    struct store *made = make_store(path, "");

    *store = NULL;
    if (!made)
        return -1;
    if (io_make_directory(made->path) || io_make_directory(made->run)) {
        leave(made);
        destroy(made);
        return -1;
    }
    *store = made;
    return 0;
}

/* A store that takes the lock, to write there. */
static int open_locked(struct store **store, struct store *made, const char *output)
{
    *store = NULL;
    if (!made)
        return err_prepend(FIELD("output"));
    if (take_lock(made, output, "give another " FIELD("output") ", or wait for it")) {
        destroy(made);
        return err_prepend(FIELD("output"));
    }
    *store = made;
    return 0;
}

int store_open_locked(struct store **store, const char *path)
{
    return open_locked(store, make_store(path, ""), path);
}

int store_open_reading(struct store **store, const char *path)
{
    *store = make_store(path, "");
    if (!*store)
        return -1;
    (*store)->read_only = true;
    return 0;
}

int store_open_gathering(struct store **store, const char *path)
{
    struct store *made = make_store(path, "");
    char study[PATH_MAX];

    *store = NULL;
    if (!made)
        return -1;
    snprintf(study, sizeof study, "%s/" STUDY_NAME, made->path);
    if (access(study, F_OK) != 0) {
        destroy(made);
        return err_set("%s: not the directory of a study: it has no " STUDY_NAME, path);
    }
    if (take_lock(made, path, "wait for it")) {
        destroy(made);
        return -1;
    }
    *store = made;
    return 0;
}

int store_open_beside(struct store **store, const char *output)
{
    struct stat info;
    struct store *made;
    char *resolved;

    *store = NULL;
    if (standard_is_output(output) || (stat(output, &info) == 0 && !S_ISREG(info.st_mode)))
        return 0;
    resolved = io_follow(output);
    if (!resolved)
        return err_prepend(FIELD("output"));
    made = make_store(resolved, ".run");
    free(resolved);
    return open_locked(store, made, output);
}

int store_open_helping(struct store **store, const char *output)
{
    char *resolved = io_follow(output);

    *store = NULL;
    if (!resolved)
        return err_prepend(FIELD("output"));
    *store = make_store(resolved, ".run");
    free(resolved);
    return *store ? 0 : err_prepend(FIELD("output"));
}

/* ---- Names ----------------------------------------------------------------------------------- */

/* Which names in a directory are ours?  Nothing else is ever removed. */
typedef bool is_ours(const char *name);

static bool is_study(const char *name)
{
    return strcmp(name, STUDY_NAME) == 0 || strcmp(name, OLDER_STUDY_NAME) == 0;
}

static bool is_record(const char *name)
{
    return strspn(name, "0123456789abcdef") == CELL_KEY_BYTES - 1 &&
           strcmp(name + CELL_KEY_BYTES - 1, ".json") == 0;
}

static bool is_state(const char *name)
{
    return ends_with(name, STATE_SUFFIX);
}

static bool is_claim(const char *name)
{
    return ends_with(name, LOCK_SUFFIX) && strcmp(name, STUDY_LOCK_NAME) != 0;
}

bool store_is_claimed(const struct store *store, const struct cell *cell)
{
    DIR *directory = opendir(store->run);
    struct dirent *entry;
    struct state_place place;
    char name[sizeof place.name + 8] = "";
    bool claimed = false;

    if (cell) {
        place = store_states(store, cell);
        snprintf(name, sizeof name, "%s" LOCK_SUFFIX, place.name);
    }
    while (directory && !claimed && (entry = readdir(directory)) != NULL)
        claimed = is_claim(entry->d_name) && (!cell || strcmp(entry->d_name, name) == 0) &&
                  lock_is_held(dirfd(directory), entry->d_name);
    if (directory)
        closedir(directory);
    return claimed;
}

/* How many names of a kind a directory has; removes them too if asked to, with those that were being
 * written. */
static int count_names(const char *path, is_ours *is, bool remove)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    int count = 0;

    while (directory && (entry = readdir(directory)) != NULL) {
        char name[sizeof entry->d_name];
        bool whole;

        snprintf(name, sizeof name, "%s", entry->d_name);
        whole = !ends_with(name, TEMPORARY_SUFFIX);
        if (!whole)
            name[strlen(name) - strlen(TEMPORARY_SUFFIX)] = '\0';
        if (!is(name))
            continue;
        count += whole;
        if (remove)
            unlinkat(dirfd(directory), entry->d_name, 0);
    }
    if (directory)
        closedir(directory);
    return count;
}

int store_count_cells(const struct store *store)
{
    return count_names(store->cells, is_record, false);
}

int store_count_states(const struct store *store)
{
    return count_names(store->run, is_state, false) + count_names(store->path, is_state, false);
}

void store_clear(const struct store *store)
{
    count_names(store->path, is_study, true);
    count_names(store->path, is_state, true);
    count_names(store->cells, is_record, true);
    count_names(store->run, is_state, true);
    count_names(store->run, is_claim, true);
}

void store_remove(struct store *store)
{
    if (!store)
        return;
    store_clear(store);
    leave(store);
    destroy(store);
}

/* Nothing is removed from under others; directories go when nothing is in them. */
void store_close(struct store *store)
{
    if (!store)
        return;
    store_unlock_study(store);
    if (!store->read_only && count_names(store->path, is_study, false) == 0 &&
        store_count_cells(store) == 0 && store_count_states(store) == 0) {
        if (store->lock >= 0)
            store_clear(store);
        leave(store);
    }
    destroy(store);
}

struct state_place store_states(const struct store *store, const struct cell *cell)
{
    struct state_place place = {.directory = store->run};

    snprintf(place.name, sizeof place.name, "%.96s-s%" PRIu64 ".%.*s", cell->variant->name,
             cell->seed, KEY_CHARACTERS, cell->key);
    return place;
}

/* ---- What is in the files -------------------------------------------------------------------- */

int store_read_study(const struct store *store, json_t **study)
{
    char path[PATH_MAX];

    *study = NULL;
    snprintf(path, sizeof path, "%s/" STUDY_NAME, store->path);
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return older_read_study(store->path, study);
    *study = sealed_read(path);
    return *study ? 0 : -1;
}

int store_write_study(const struct store *store, json_t *study)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/" STUDY_NAME, store->path);
    /* The directory of the records before, so that its name is as lasting as the file. */
    return io_make_directory(store->cells) || sealed_write(path, study) ? -1 : 0;
}

static void record_path(const struct store *store, const struct cell *cell, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%s.json", store->cells, cell->key);
}

/* Is a run worth a wait for the disk, which may be as long as one of a moment? */
static bool is_worth_waiting(const json_t *run)
{
    const double moment_s = 1;

    return !(json_number_value(json_object_get(run, "train_s")) +
                 json_number_value(json_object_get(run, "evaluate_s")) < moment_s);
}

int store_put(const struct store *store, const struct cell *cell, json_t *run)
{
    json_t *record = json_pack("{s:s, s:O, s:s, s:I, s:O}", "key", cell->key, "config", cell->config,
                               "variant", cell->variant->name, "seed", (json_int_t)cell->seed, "run",
                               run);
    char path[PATH_MAX];
    int status = -1;

    if (!record)
        return err_set("out of memory");
    record_path(store, cell, path);
    if (io_make_directory(store->cells) == 0)
        status = (is_worth_waiting(run) ? sealed_write : sealed_write_hurried)(path, record);
    json_decref(record);
    return status;
}

/* Keep the first fault as the error message. */
static void first_fault(void *context, const char *at, const char *what)
{
    bool *faulty = context;

    if (!*faulty)
        err_set("run.%s: %s", at, what);
    *faulty = true;
}

bool cell_status_is_settled(enum run_status status)
{
    return status == RUN_OK || status == RUN_DIVERGED;
}

/* Is the record of this cell, and its run one that is done?  A record is whole, but anyone can make
 * one. */
static int check_record(const json_t *record, const struct cell *cell)
{
    json_t *config = json_object_get(record, "config"), *run = json_object_get(record, "run");
    const char *variant = json_string_value(json_object_get(run, "variant"));
    enum run_status status = run_status_of(json_string_value(json_object_get(run, "status")));
    char key[CELL_KEY_BYTES];
    bool faulty = false;

    if (!json_is_object(config))
        return err_set("does not say what it is");
    if (cell_key(key, config, cell->variant->name, cell->seed))
        return -1;
    if (schema_check_run(run, first_fault, &faulty) || faulty)
        return -1;
    if (strcmp(key, cell->key) != 0 || strcmp(variant, cell->variant->name) != 0 ||
        (uint64_t)json_integer_value(json_object_get(run, "seed")) != cell->seed)
        return err_set("belongs to another cell");
    if (!cell_status_is_settled(status) ||
        (status == RUN_OK && !json_is_number(json_object_get(run, "heldout_log_perplexity_nats"))))
        return err_set("is not of a run that is done");
    return 0;
}

int store_get(const struct store *store, const struct cell *cell, json_t **run)
{
    char path[PATH_MAX];
    json_t *record;
    int status;

    *run = NULL;
    record_path(store, cell, path);
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return 0;
    record = sealed_read(path);
    if (!record)
        return -1;
    status = check_record(record, cell);
    if (status)
        err_prepend("%s", path);
    else
        *run = json_incref(json_object_get(record, "run"));
    json_decref(record);
    return status;
}
