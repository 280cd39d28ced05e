/* resume.c - see resume.h. */
#include "src/glu.h"

#include "build-info.h"
#include "src/study/resume.h"

#include "src/results/document.h"
#include "src/study/older.h"
#include "src/util/json_help.h"
#include "src/util/progress.h"

#include <string.h>
#include <unistd.h>

/* ---- What a study is ------------------------------------------------------------------------- */

static json_t *program_json(const struct study *study)
{
    const struct onednn_facts *onednn = &study->parts[0].onednn;

    return json_pack("{s:s, s:s, s:s, s:s}", "version", PACKAGE_VERSION, "git_commit",
                     BUILD_GIT_COMMIT, "onednn", onednn->version, "isa", onednn->isa);
}

static json_t *cells_json(const struct study *study)
{
    json_t *cells = json_array();

    for (int i = 0; cells && i < study->run_count; i++) {
        const struct cell *cell = study->runs[i].cell;

        const char *init = cell->init_sha256[0] ? cell->init_sha256 : NULL;

        if (json_array_append_new(cells, json_pack("{s:s, s:s, s:s, s:I, s:s*}", "key", cell->key,
                                                   "setting", study->runs[i].part->name, "variant",
                                                   cell->variant->name, "seed",
                                                   (json_int_t)cell->seed, "init_checkpoint_sha256",
                                                   init))) {
            json_decref(cells);
            return NULL;
        }
    }
    return cells;
}

/* The configurations of the settings by their names, and where each stands on the axes. */
static int put_settings(const struct study *study, json_t *made)
{
    json_t *settings = json_object(), *points = json_object();
    int bad = json_object_set_new(made, "settings", settings) |
              json_object_set_new(made, "points", points);

    for (int i = 0; i < study->count && !bad; i++) {
        const struct part *part = &study->parts[i];

        bad = json_object_set(settings, part->name, part->results.config);
        if (!bad && study_is_directory(study))
            bad = json_object_set_new(points, part->name,
                                      axes_point_json(study->options->axes, i));
    }
    return bad;
}

/* For the directory: what is varied, what is not, and the program whose bits it has. */
static json_t *study_json(const struct study *study)
{
    json_t *config = study->parts[0].results.config;
    json_t *made = json_pack("{s:o, s:{s:O, s:O}, s:o}", "program", program_json(study), "axes",
                             "variant", json_object_get(config, "variants"), "seed",
                             json_object_get(config, "seeds"), "cells", cells_json(study));

    if (made && put_settings(study, made) == 0 &&
        (!study_is_directory(study) ||
         json_object_set_new(made, "vary", axes_json(study->options->axes)) == 0))
        return made;
    json_decref(made);
    err_set("out of memory");
    return NULL;
}

/* Does another configuration agree with a part's in all that decides a result?  Lists in `text` what
 * does not. */
static bool agrees(const struct part *part, json_t *config, char *text, size_t bytes)
{
    json_t *ours = json_pack("{s:O}", "config", part->results.config);
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
    for (int i = 0; i < study->run_count; i++) {
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

    return variant_same(name, cell->variant->name) &&
           (uint64_t)integer_at(row, "seed", -1) == cell->seed;
}

/* Did a row, of a results file or of the list of cells, start from the weights that the cell does? */
static bool starts_alike(const json_t *row, const struct cell *cell)
{
    const char *init = text_at(row, "init_checkpoint_sha256");

    return strcmp(init ? init : "", cell->init_sha256) == 0;
}

/* Weights that have changed would give runs that cannot be compared with those that are done. */
static int check_weights(const struct study *study, const json_t *theirs)
{
    const json_t *row;
    size_t k;

    for (int i = 0; i < study->run_count; i++) {
        const struct cell *cell = study->runs[i].cell;

        json_array_foreach (json_object_get(theirs, "cells"), k, row) {
            const char *setting = text_at(row, "setting");

            if (setting && strcmp(setting, study->runs[i].part->name) == 0 && is_row_of(row, cell) &&
                !starts_alike(row, cell))
                return err_set("the sweep in %s began with other weights of %s at seed %llu than "
                               FIELD("init_checkpoint") " has now; put them back, or "
                               FIELD("restart"),
                               store_path(study->store), cell->variant->name,
                               (unsigned long long)cell->seed);
        }
    }
    return 0;
}

/* A run of a results file that nobody asks for now would be gone when the file is written anew. */
static int check_asked(const struct study *study, const json_t *document)
{
    const json_t *rows = json_object_get(document, "runs"), *row, *first = NULL;
    int others = 0;
    size_t k;

    json_array_foreach (rows, k, row) {
        bool asked = !is_settled_row(row);

        for (int i = 0; i < study->run_count && !asked; i++)
            asked = is_row_of(row, study->runs[i].cell);
        if (!asked && others++ == 0)
            first = row;
    }
    if (others == 0)
        return 0;
    return err_set(FIELD("resume") ": %s has %d run%s that %s not asked for now (%s at seed %lld) and "
                   "would be lost; ask for these " FIELD("variant") "s and " FIELD("seeds")
                   " too, or give another " FIELD("output"),
                   study->setting->output, others, others == 1 ? "" : "s",
                   others == 1 ? "is" : "are", text_at(first, "variant"),
                   (long long)integer_at(first, "seed", -1));
}

/* Take the runs of a results file that are done and not recorded. */
static int take_rows(struct study *study, const json_t *document)
{
    const json_t *rows = json_object_get(document, "runs");

    for (int i = 0; i < study->run_count; i++) {
        struct run *run = &study->runs[i];
        const json_t *row;
        size_t k;

        json_array_foreach (rows, k, row) {
            if (run->done || !is_settled_row(row) || !is_row_of(row, run->cell))
                continue;
            if (!starts_alike(row, run->cell)) {
                warn_add("%s: %s at seed %llu is not known to have started from the weights that are "
                         "in " FIELD("init_checkpoint") " now; it is done anew",
                         run->part->output, run->cell->variant->name,
                         (unsigned long long)run->cell->seed);
                continue;
            }
            if (resume_take(run, row))
                return -1;
            run->done = true;
        }
    }
    return 0;
}

/* ---- Telling --------------------------------------------------------------------------------- */

static bool is_done(const struct run *run)
{
    return run->done;
}

static void say_what_is_done(const struct study *study)
{
    progress_print("going on: %d of %d runs are done", study_count(study, is_done), study->run_count);
}

static void warn_of_other_program(const struct study *study, const json_t *theirs)
{
    json_t *ours = program_json(study);

    if (!json_equal(json_object_get(theirs, "program"), ours))
        warn_add("the sweep was begun by another build, oneDNN or kind of processor; the last bits "
                 "of what follows may differ from an uninterrupted one");
    json_decref(ours);
}

/* ---- The directory of a study ---------------------------------------------------------------- */

static bool has_cell(const struct study *study, const char *key)
{
    for (int i = 0; i < study->run_count; i++)
        if (strcmp(study->runs[i].cell->key, key) == 0)
            return true;
    return false;
}

static const struct part *find_part(const struct study *study, const char *name)
{
    for (int i = 0; name && i < study->count; i++)
        if (strcmp(study->parts[i].name, name) == 0)
            return &study->parts[i];
    return NULL;
}

/* The axes are the same, though their values may be other ones. */
static int check_axes(const struct study *study, const json_t *theirs)
{
    const struct axes *axes = study->options->axes;
    const json_t *vary = json_object_get(theirs, "vary");
    bool same = json_array_size(vary) == (size_t)axes->count;

    for (int i = 0; i < axes->count && same; i++) {
        const char *name = text_at(json_array_get(vary, (size_t)i), "name");

        same = name && strcmp(name, axes->axis[i].name) == 0;
    }
    return same ? 0
                : err_set(FIELD("output") ": %s is the directory of another study: its axes are "
                          "others; give another one, or " FIELD("restart"),
                          store_path(study->store));
}

/* A setting has one name: that of a value in other words, 2.0 for 2, would be another row of the tables
 * with the same trainings. */
static int check_name(const struct study *study, const char *key, const char *name)
{
    for (int i = 0; i < study->run_count; i++)
        if (strcmp(study->runs[i].cell->key, key) == 0)
            return err_set(FIELD("output") ": the study in %s calls the setting %s %s; name its values "
                           "as they are there, or give another " FIELD("output"),
                           store_path(study->store), study->runs[i].part->name, name);
    return 0;
}

/* A setting that both have is the same, and we do all of its cells: what it had is in its results
 * file again. */
static int check_settings(const struct study *study, const json_t *theirs)
{
    json_t *settings = json_object_get(theirs, "settings"), *cells = json_object_get(theirs, "cells");
    json_t *cell;
    char differences[700];
    size_t i;

    for (int k = 0; k < study->count; k++) {
        const struct part *part = &study->parts[k];
        json_t *config = json_object_get(settings, part->name);

        if (config && !agrees(part, config, differences, sizeof differences))
            return err_set(FIELD("output") ": the setting %s of the study in %s has another "
                           "configuration: %s; give the same one, another " FIELD("output") ", or "
                           FIELD("restart"),
                           part->name, store_path(study->store), differences);
    }
    if (check_weights(study, theirs))
        return -1;
    json_array_foreach(cells, i, cell) {
        const char *key = text_at(cell, "key"), *name = text_at(cell, "setting");

        if (key && name && !find_part(study, name) && check_name(study, key, name))
            return -1;
        if (key && find_part(study, name) && !has_cell(study, key))
            return err_set(FIELD("output") ": the study in %s has %s at seed %lld in the setting %s; a "
                           "study can be extended, not narrowed: ask for that too",
                           store_path(study->store), text_at(cell, "variant"),
                           (long long)integer_at(cell, "seed", 0), name);
    }
    return 0;
}

/* Enter a directory: what is done of this study is done, and a study of something else is refused. */
static int extend_enter(struct study *study)
{
    json_t *theirs;
    int status;

    if (study->setting->restart)
        return 0;
    if (store_read_study(study->store, &theirs))
        return -1;
    if (!theirs)
        return 0;
    status = check_axes(study, theirs) || check_settings(study, theirs) || take_records(study) ? -1 : 0;
    if (status == 0) {
        warn_of_other_program(study, theirs);
        say_what_is_done(study);
    }
    json_decref(theirs);
    return status;
}

/* Add the members of `from` that `to` lacks, of the objects at this key. */
static int keep_members(json_t *to, const json_t *from, const char *key)
{
    return json_object_update_missing(json_object_get(to, key), json_object_get(from, key));
}

/* Put the values that an axis had before those that it has now. */
static int keep_values(json_t *made, const json_t *theirs)
{
    const json_t *axis;
    size_t i, k;

    json_array_foreach(json_object_get(theirs, "vary"), i, axis) {
        json_t *ours = json_array_get(json_object_get(made, "vary"), i);
        json_t *values = json_deep_copy(json_object_get(axis, "values")), *value;

        json_array_foreach(json_object_get(ours, "values"), k, value) {
            bool known = false;

            for (size_t n = 0; n < json_array_size(values); n++)
                known = known || json_same(json_array_get(values, n), value);
            if (!known && json_array_append(values, value)) {
                json_decref(values);
                return -1;
            }
        }
        if (!values || json_object_set_new(ours, "values", values))
            return -1;
    }
    return 0;
}

/* What the directory has besides what is to be done now stays in it. */
static int extend_keep(const struct study *study, json_t *made)
{
    json_t *theirs, *cell;
    int bad = 0;
    size_t i;

    if (store_read_study(study->store, &theirs))
        return -1;
    if (!theirs)
        return 0;
    bad = keep_values(made, theirs) || keep_members(made, theirs, "settings") ||
          keep_members(made, theirs, "points");
    json_array_foreach(json_object_get(theirs, "cells"), i, cell)
        if (!bad && text_at(cell, "key") && !has_cell(study, text_at(cell, "key")))
            bad = json_array_append(json_object_get(made, "cells"), cell);
    json_decref(theirs);
    return bad ? err_set("out of memory") : 0;
}

/* ---- Entering -------------------------------------------------------------------------------- */

/* Is what the directory is for the same as what is to be done now?  *known: it is for something. */
static int check_study(struct study *study, bool *known)
{
    const struct part *part = &study->parts[0];
    json_t *theirs;
    char differences[700];
    int status = 0;

    if (store_read_study(study->store, &theirs))
        return -1;
    *known = theirs != NULL;
    if (!theirs)
        return 0;
    if (!agrees(part, json_object_get(json_object_get(theirs, "settings"), part->name), differences,
                sizeof differences))
        status = err_set(FIELD("resume") ": the sweep in %s has another configuration: %s; give the "
                         "same one, or " FIELD("restart"),
                         store_path(study->store), differences);
    if (status == 0)
        status = check_weights(study, theirs);
    if (status == 0)
        warn_of_other_program(study, theirs);
    json_decref(theirs);
    return status;
}

/* Import the results file.  `known`: it may be of something else. */
static int take_results(struct study *study, bool known)
{
    const char *output = study_output(study);
    char differences[700];
    json_t *document;
    int status = 0;

    if (access(output, F_OK) != 0)
        return 0;
    document = results_read(output);
    if (!document)
        return -1;
    if (agrees(&study->parts[0], json_object_get(document, "config"), differences, sizeof differences))
        status = check_asked(study, document) ? -1 : take_rows(study, document);
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

    if (study_is_directory(study))
        return extend_enter(study);
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
    for (int i = 0; i < study->run_count; i++) {
        const struct cell *cell = study->runs[i].cell;
        struct state_place place = store_states(study->store, cell);

        older_take_states(store_path(study->store), cell, &place);
    }
    say_what_is_done(study);
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
    status = made && study_is_directory(study) ? extend_keep(study, made) : 0;
    status = made && status == 0 ? store_write_study(study->store, made) : -1;
    json_decref(made);
    if (status)
        return -1;
    older_remove_study(store_path(study->store));
    for (int i = 0; i < study->run_count; i++) {
        struct run *run = &study->runs[i];

        if (run->done && !run->recorded)
            run->recorded = resume_record(study, run);
    }
    return 0;
}

void resume_note_tables(const struct study *study)
{
    json_t *tables = study_tables_json(store_path(study->store)), *made = NULL;
    int bad = !tables || store_read_study(study->store, &made) || !made;

    if (!bad)
        bad = json_object_set(made, "tables", tables) || store_write_study(study->store, made);
    if (bad)
        warn_add("the tables of the study are not in its directory: %s", err_get());
    json_decref(tables);
    json_decref(made);
}
