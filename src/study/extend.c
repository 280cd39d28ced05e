/* extend.c - see extend.h. */
#include "src/glu.h"

#include "src/study/extend.h"

#include "src/study/identity.h"
#include "src/study/import.h"
#include "src/study/records.h"
#include "src/util/json_help.h"

#include <string.h>

/* ---- Entering -------------------------------------------------------------------------------- */

/* The run that is asked for with this key, or NULL. */
static const struct run *find_asked(const struct study *study, const char *key)
{
    for (int i = 0; i < study->run_count; i++)
        if (!study->runs[i].slope && strcmp(study->runs[i].cell->key, key) == 0)
            return &study->runs[i];
    return NULL;
}

/* A cell of half of the steps is kept for what it tells, and nobody's to ask for. */
static bool is_slope(const json_t *cell)
{
    return json_is_true(json_object_get(cell, "slope"));
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
    bool same = json_is_array(vary) && json_array_size(vary) == (size_t)axes->count;

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
    const struct run *run = find_asked(study, key);

    if (!run)
        return 0;
    return err_set(FIELD("output") ": the study in %s calls the setting %s %s; name its values "
                   "as they are there, or give another " FIELD("output"),
                   store_path(study->store), run->part->name, name);
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

        if (config && !identity_agrees(part, config, differences, sizeof differences))
            return err_set(FIELD("output") ": the setting %s of the study in %s has another "
                           "configuration: %s; give the same one, another " FIELD("output") ", or "
                           FIELD("restart"),
                           part->name, store_path(study->store), differences);
    }
    if (identity_check_weights(study, theirs))
        return -1;
    json_array_foreach(cells, i, cell) {
        const char *key = text_at(cell, "key"), *name = text_at(cell, "setting");

        if (is_slope(cell))
            continue;
        if (key && name && !find_part(study, name) && check_name(study, key, name))
            return -1;
        if (key && find_part(study, name) && !find_asked(study, key))
            return err_set(FIELD("output") ": the study in %s has %s at seed %lld in the setting %s; a "
                           "study can be extended, not narrowed: ask for that too",
                           store_path(study->store), text_at(cell, "variant"),
                           (long long)integer_at(cell, "seed", 0), name);
    }
    return 0;
}

/* A sweep of that file alone would write it too. */
static int check_alone(const struct part *part)
{
    struct store *store;
    bool busy;

    if (store_open_helping(&store, part->output))
        return -1;
    busy = store_count_cells(store) + store_count_states(store) > 0 || store_is_claimed(store, NULL);
    if (busy)
        err_set(FIELD("output") ": there is an unfinished sweep of %s alone in %s; end it by " FIELD("resume")
                ", or give another " FIELD("output"), part->output, store_path(store));
    store_close(store);
    return busy ? -1 : 0;
}

/* The results files have runs that the records have not: of a file that was made alone, before the study
 * or between two of its programs, or whose records are gone.  They are parts of the study, or would be
 * lost.  A program that does a part of the runs writes no results file: it asks for those alone that the
 * study does not know yet. */
static int import_all(struct study *study, const json_t *settings)
{
    for (int i = 0; i < study->count; i++) {
        struct part *part = &study->parts[i];
        const json_t *config = json_object_get(settings, part->name);

        if ((config && import_looks(part, config)) || check_alone(part))
            return -1;
        if (!(study->options->cells && config) && import_results(study, part, false))
            return -1;
    }
    return 0;
}

/* Enter a directory: what is done of this study is done, and a study of something else is refused. */
int extend_enter(struct study *study)
{
    json_t *theirs;
    int status = 0;

    if (study->setting->restart)
        return store_is_claimed(study->store, NULL)
                   ? err_set(FIELD("restart") ": other programs are at work on runs of %s; end them, or give "
                             "another " FIELD("output"), store_path(study->store))
                   : 0;
    if (store_read_study(study->store, &theirs))
        return -1;
    if (theirs && (check_axes(study, theirs) || check_settings(study, theirs) || records_take(study)))
        status = -1;
    else if (theirs)
        identity_warn_of_program(study, json_object_get(theirs, "program"));
    if (status == 0)
        status = import_all(study, json_object_get(theirs, "settings"));
    if (status == 0 && (theirs || study_has_done(study)))
        records_say(study);
    json_decref(theirs);
    return status;
}

/* ---- Leaving word ---------------------------------------------------------------------------- */

static bool has_key(const json_t *keys, const json_t *key)
{
    json_t *other;
    size_t i;

    json_array_foreach (keys, i, other)
        if (json_equal(key, other))
            return true;
    return false;
}

/* Add the members of `from` that `to` lacks, of the objects at this key. */
static int keep_members(json_t *to, const json_t *from, const char *key)
{
    json_t *members = json_object_get(from, key);

    return members ? json_object_update_missing(json_object_get(to, key), members) : 0;
}

/* A setting's runs of half of the steps stay its own when nobody asks for them any more. */
static int keep_slopes(json_t *made, const json_t *theirs)
{
    json_t *slopes = json_object_get(made, "slopes"), *keys, *key;
    const char *name;
    int bad = keep_members(made, theirs, "slopes");
    size_t i;

    json_object_foreach (json_object_get(theirs, "slopes"), name, keys) {
        json_t *ours = json_object_get(slopes, name);

        json_array_foreach (keys, i, key)
            if (ours != keys && !has_key(ours, key))
                bad |= json_array_append(ours, key);
    }
    return bad;
}

/* Where a command is in a list of them, or its size. */
static size_t find_command(const json_t *commands, const json_t *command)
{
    size_t i = 0;

    while (i < json_array_size(commands) && !json_equal(json_array_get(commands, i), command))
        i++;
    return i;
}

/* Our cells are of our command, which is one of several from now on. */
static int keep_commands(json_t *made, const json_t *theirs)
{
    json_t *ours = json_object_get(made, "commands"), *cell;
    json_t *commands = json_deep_copy(json_object_get(theirs, "commands"));
    size_t at = find_command(commands, json_array_get(ours, 0)), i;
    int bad = 0;

    if (!ours || !commands) {
        json_decref(commands);
        return 0;
    }
    if (at == json_array_size(commands))
        bad = json_array_append(commands, json_array_get(ours, 0));
    json_array_foreach (json_object_get(made, "cells"), i, cell)
        bad |= json_object_set_new(cell, "command", json_integer((json_int_t)at));
    return json_object_set_new(made, "commands", commands) || bad ? -1 : 0;
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

/* Is a cell of ours among theirs, as what we do it for? */
static bool has_cell(const json_t *theirs, const json_t *ours)
{
    json_t *cell;
    size_t i;

    json_array_foreach (json_object_get(theirs, "cells"), i, cell)
        if (texts_equal(text_at(cell, "key"), text_at(ours, "key")))
            return is_slope(ours) || !is_slope(cell);
    return false;
}

/* Are all keys of ours, which are those of a setting's runs of half of the steps, among theirs? */
static bool has_keys(const json_t *theirs, const json_t *ours)
{
    json_t *key;
    size_t i;

    json_array_foreach (ours, i, key)
        if (!has_key(theirs, key))
            return false;
    return true;
}

bool extend_is_known(const struct study *study, const json_t *made)
{
    json_t *theirs, *slopes, *cell, *keys;
    const char *name;
    bool known = true;
    size_t i;

    if (store_read_study(study->store, &theirs) || !theirs)
        return false;
    slopes = json_object_get(theirs, "slopes");
    json_array_foreach (json_object_get(made, "cells"), i, cell)
        known = known && has_cell(theirs, cell);
    json_object_foreach (json_object_get(made, "slopes"), name, keys)
        known = known && has_keys(json_object_get(slopes, name), keys);
    json_decref(theirs);
    return known;
}

/* Keep a cell of the directory's.  One that is ours too stands there once, as what was asked for rather
 * than as another's half. */
static int keep_cell(json_t *cells, json_t *theirs)
{
    const char *key = text_at(theirs, "key");
    json_t *ours;
    size_t i;

    json_array_foreach(cells, i, ours)
        if (texts_equal(text_at(ours, "key"), key))
            return is_slope(ours) && !is_slope(theirs) ? json_array_set(cells, i, theirs) : 0;
    return key ? json_array_append(cells, theirs) : 0;
}

/* What the directory has besides what is to be done now stays in it. */
int extend_keep(const struct study *study, json_t *made)
{
    json_t *theirs, *cell;
    int bad = 0;
    size_t i;

    if (store_read_study(study->store, &theirs))
        return -1;
    if (!theirs)
        return 0;
    bad = keep_values(made, theirs) || keep_commands(made, theirs) ||
          keep_members(made, theirs, "settings") || keep_slopes(made, theirs) ||
          keep_members(made, theirs, "points") || keep_members(made, theirs, "documents");
    json_array_foreach(json_object_get(theirs, "cells"), i, cell)
        bad = bad || keep_cell(json_object_get(made, "cells"), cell);
    json_decref(theirs);
    return bad ? err_set("out of memory") : 0;
}

void extend_note_tables(struct store *store)
{
    json_t *tables = study_tables_json(store_path(store)), *made = NULL;
    int bad = !tables || store_lock_study(store) || store_read_study(store, &made) || !made;

    if (!bad)
        bad = json_object_set(made, "tables", tables) || store_write_study(store, made);
    store_unlock_study(store);
    if (bad)
        warn_add("the tables of the study are not in its directory: %s", err_get());
    json_decref(tables);
    json_decref(made);
}
