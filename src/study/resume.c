/* resume.c - see resume.h. */
#include "src/glu.h"

#include "build-info.h"
#include "src/study/resume.h"

#include "src/results/document.h"
#include "src/study/older.h"
#include "src/util/progress.h"

#include <string.h>
#include <unistd.h>

/* The name of the only setting. */
#define MAIN "main"

/* ---- What a study is ------------------------------------------------------------------------- */

static json_t *program_json(const struct study *study)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "version", PACKAGE_VERSION, "git_commit",
                     BUILD_GIT_COMMIT, "onednn", study->onednn.version, "isa", study->onednn.isa);
}

static json_t *cells_json(const struct grid *grid)
{
    json_t *cells = json_array();

    for (int i = 0; cells && i < grid->count; i++) {
        const struct cell *cell = &grid->cells[i];

        if (json_array_append_new(cells, json_pack("{s:s, s:s, s:s, s:I}", "key", cell->key, "setting",
                                                   MAIN, "variant", cell->variant->name, "seed",
                                                   (json_int_t)cell->seed))) {
            json_decref(cells);
            return NULL;
        }
    }
    return cells;
}

/* For the directory: what is varied, what is not, and the program whose bits it has. */
static json_t *study_json(const struct study *study)
{
    json_t *config = study->results.config;
    json_t *made = json_pack("{s:o, s:{s:O, s:O}, s:{s:O}, s:o}", "program", program_json(study),
                             "axes", "variant", json_object_get(config, "variants"), "seed",
                             json_object_get(config, "seeds"), "settings", MAIN, config, "cells",
                             cells_json(&study->grid));

    if (!made)
        err_set("out of memory");
    return made;
}

/* Does another configuration agree with ours in all that decides a result?  Lists in `text` what does
 * not. */
static bool agrees(const struct study *study, json_t *config, char *text, size_t bytes)
{
    json_t *ours = json_pack("{s:O}", "config", study->results.config);
    json_t *theirs = json_pack("{s:O*}", "config", config);
    bool same;

    text[0] = '\0';
    same = ours && theirs && document_differences(theirs, ours, setting_affects, AFFECTS_BITS, text,
                                                   bytes) == 0;
    json_decref(ours);
    json_decref(theirs);
    return same;
}

/* ---- What is done of it ---------------------------------------------------------------------- */

bool resume_is_unfinished(const struct study *study)
{
    return study->store && store_count_cells(study->store) + store_count_states(study->store) > 0;
}

bool resume_record(const struct study *study, const struct run *run)
{
    json_t *row = results_run_json(&run->result);
    int status = row ? store_put(study->store, run->cell, row) : -1;

    json_decref(row);
    if (status)
        warn_add("%s; the run is kept in memory", err_get());
    return status == 0;
}

int resume_take(struct run *run, const json_t *row)
{
    return run_result_restore(&run->result, row, run->cell->variant);
}

/* Take the records of cells that are done. */
static int take_records(struct study *study)
{
    for (int i = 0; i < study->grid.count; i++) {
        struct run *run = &study->runs[i];
        json_t *row;
        int status = 0;

        if (store_get(study->store, run->cell, &row))
            warn_add("%s; the record is not used", err_get());
        if (row)
            status = resume_take(run, row);
        run->done = run->recorded = row && status == 0;
        json_decref(row);
        if (status)
            return -1;
    }
    return 0;
}

static bool is_settled_row(const json_t *row)
{
    const char *status = json_string_value(json_object_get(row, "status"));

    return cell_status_is_settled(run_status_of(status));
}

static bool is_row_of(const json_t *row, const struct cell *cell)
{
    const char *name = json_string_value(json_object_get(row, "variant"));

    return name && strcmp(name, cell->variant->name) == 0 &&
           (uint64_t)json_integer_value(json_object_get(row, "seed")) == cell->seed;
}

/* Take the runs of a results file that are done and not recorded. */
static int take_rows(struct study *study, const json_t *document)
{
    const json_t *rows = json_object_get(document, "runs");

    for (int i = 0; i < study->grid.count; i++) {
        struct run *run = &study->runs[i];
        const json_t *row;
        size_t k;

        json_array_foreach (rows, k, row) {
            if (run->done || !is_settled_row(row) || !is_row_of(row, run->cell))
                continue;
            if (resume_take(run, row))
                return -1;
            run->done = true;
        }
    }
    return 0;
}

/* ---- Entering -------------------------------------------------------------------------------- */

static bool is_done(const struct run *run)
{
    return run->done;
}

/* Is what the directory is for the same as what is to be done now?  *known: it is for something. */
static int check_study(struct study *study, bool *known)
{
    json_t *theirs, *ours;
    char differences[700];
    int status = 0;

    if (store_read_study(study->store, &theirs))
        return -1;
    *known = theirs != NULL;
    if (!theirs)
        return 0;
    if (!agrees(study, json_object_get(json_object_get(theirs, "settings"), MAIN), differences,
                sizeof differences))
        status = err_set(FIELD("resume") ": the sweep in %s has another configuration: %s; give the "
                         "same one, or " FIELD("restart"),
                         store_path(study->store), differences);
    ours = program_json(study);
    if (status == 0 && !json_equal(json_object_get(theirs, "program"), ours))
        warn_add("the sweep was begun by another build, oneDNN or kind of processor; the last bits "
                 "of what follows may differ from an uninterrupted one");
    json_decref(ours);
    json_decref(theirs);
    return status;
}

/* Import the results file.  `known`: it may be of something else. */
static int take_results(struct study *study, bool known)
{
    const char *output = study->setting->output;
    char differences[700];
    json_t *document;
    int status = 0;

    if (access(output, F_OK) != 0)
        return 0;
    document = results_read(output);
    if (!document)
        return -1;
    if (agrees(study, json_object_get(document, "config"), differences, sizeof differences))
        status = take_rows(study, document);
    else if (!known)
        status = err_set(FIELD("resume") ": %s has another configuration: %s; give the same one, or "
                         "another " FIELD("output"),
                         output, differences);
    json_decref(document);
    return status;
}

int resume_enter(struct study *study)
{
    const struct setting *setting = study->setting;
    bool known;

    if (!study->store)
        return setting->resume ? err_set(FIELD("resume") " needs an " FIELD("output")
                                         " that is a regular file")
                               : 0;
    if (!setting->resume && !setting->restart && resume_is_unfinished(study))
        return err_set(FIELD("output") ": there is an unfinished sweep in %s; go on with it by "
                       FIELD("resume") ", or throw it away by " FIELD("restart"),
                       store_path(study->store));
    if (!setting->resume)
        return 0;
    if (check_study(study, &known) || take_records(study) || take_results(study, known))
        return -1;
    for (int i = 0; i < study->grid.count; i++) {
        const struct cell *cell = study->runs[i].cell;
        struct state_place place = store_states(study->store, cell);

        older_take_states(store_path(study->store), cell, &place);
    }
    progress_print("going on: %d of %d runs are done", study_count(study, is_done),
                   study->grid.count);
    return 0;
}

int resume_note(const struct study *study)
{
    json_t *made;
    int status;

    if (!study->store)
        return 0;
    if (study->setting->restart)
        store_clear(study->store);
    made = study_json(study);
    status = made ? store_write_study(study->store, made) : -1;
    json_decref(made);
    if (status)
        return -1;
    older_remove_study(store_path(study->store));
    for (int i = 0; i < study->grid.count; i++) {
        struct run *run = &study->runs[i];

        if (run->done && !run->recorded)
            run->recorded = resume_record(study, run);
    }
    return 0;
}
