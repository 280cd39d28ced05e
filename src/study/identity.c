/* identity.c - see identity.h. */
#include "src/glu.h"

#include "build-info.h"
#include "src/study/identity.h"

#include "src/results/document.h"
#include "src/results/results.h"
#include "src/util/json_help.h"

#include <stdio.h>
#include <string.h>

/* ---- What a study is ------------------------------------------------------------------------- */

static json_t *program_json(const struct study *study)
{
    const struct onednn_facts *onednn = &study->parts[0].onednn;

    return json_pack("{s:s, s:s, s:s, s:s}", "version", PACKAGE_VERSION, "git_commit",
                     BUILD_GIT_COMMIT, "onednn", onednn->version, "isa", onednn->isa);
}

/* A run, and where it is in the first command, which does not do what nobody asks for. */
static json_t *cell_json(const struct study *study, int i)
{
    const struct cell *cell = study->runs[i].cell;
    const char *init = cell->init_sha256[0] ? cell->init_sha256 : NULL;
    json_t *slope = study->runs[i].slope ? json_true() : NULL;
    json_t *made = json_pack("{s:s, s:s, s:s, s:I, s:s*, s:o*}", "key", cell->key, "setting",
                             study->runs[i].part->name, "variant", cell->variant->name, "seed",
                             (json_int_t)cell->seed, "init_checkpoint_sha256", init, "slope", slope);
    char number[48];

    snprintf(number, sizeof number, "%d/%d", i + 1, study->due_count);
    if (made && study->options->command && i < study->due_count &&
        (json_object_set_new(made, "command", json_integer(0)) ||
         json_object_set_new(made, "cell", json_string(number)))) {
        json_decref(made);
        return NULL;
    }
    return made;
}

static json_t *cells_json(const struct study *study)
{
    json_t *cells = json_array();

    for (int i = 0; cells && i < study->run_count; i++)
        if (json_array_append_new(cells, cell_json(study, i))) {
            json_decref(cells);
            return NULL;
        }
    return cells;
}

/* What a directory has of results files before there are any: all but the runs and the configuration. */
static int put_documents(const struct study *study, json_t *made)
{
    json_t *documents = json_object();
    int bad = json_object_set_new(made, "documents", documents);

    for (int i = 0; i < study->count && !bad; i++) {
        json_t *document = results_document(&study->parts[i].results);

        json_object_del(document, "config");
        bad = json_object_set_new(documents, study->parts[i].name, document);
    }
    return bad;
}

/* The directory of a study: what it takes to do its runs elsewhere and to gather them. */
static int put_directory(const struct study *study, json_t *made)
{
    const char *command = study->options->command;

    if (!study_is_directory(study))
        return 0;
    return json_object_set_new(made, "vary", axes_json(study->options->axes)) ||
           (command && json_object_set_new(made, "commands", json_pack("[s]", command))) ||
           put_documents(study, made);
}

/* The keys of a setting's runs of half of the steps, which another setting may do. */
static json_t *slopes_json(const struct study *study, const struct part *part)
{
    json_t *keys = json_array();

    for (int i = 0; i < study->run_count; i++)
        if (study_is_slope_of(&study->runs[i], part) &&
            json_array_append_new(keys, json_string(study->runs[i].cell->key))) {
            json_decref(keys);
            return NULL;
        }
    return keys;
}

/* The configurations of the settings by their names, their runs of half of the steps, and where each
 * stands on the axes. */
static int put_settings(const struct study *study, json_t *made)
{
    json_t *settings = json_object(), *points = json_object(), *slopes = json_object();
    int bad = json_object_set_new(made, "settings", settings) |
              json_object_set_new(made, "slopes", slopes) |
              json_object_set_new(made, "points", points);

    for (int i = 0; i < study->count && !bad; i++) {
        const struct part *part = &study->parts[i];

        bad = json_object_set(settings, part->name, part->results.config) |
              json_object_set_new(slopes, part->name, slopes_json(study, part));
        if (!bad && study_is_directory(study))
            bad = json_object_set_new(points, part->name,
                                      axes_point_json(study->options->axes, i));
    }
    return bad;
}

/* For the directory: what is varied, what is not, and the program whose bits it has. */
json_t *identity_json(const struct study *study)
{
    json_t *config = study->parts[0].results.config;
    json_t *made = json_pack("{s:o, s:{s:O, s:O}, s:o}", "program", program_json(study), "axes",
                             "variant", json_object_get(config, "variants"), "seed",
                             json_object_get(config, "seeds"), "cells", cells_json(study));

    if (made && put_settings(study, made) == 0 && put_directory(study, made) == 0)
        return made;
    json_decref(made);
    err_set("out of memory");
    return NULL;
}

/* Does another configuration agree with a part's in all that decides a result?  Lists in `text` what
 * does not. */
bool identity_agrees(const struct part *part, json_t *config, char *text, size_t bytes)
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

/* ---- Is it the same? ------------------------------------------------------------------------- */

bool identity_is_row_of(const json_t *row, const struct cell *cell)
{
    const char *name = json_string_value(json_object_get(row, "variant"));

    return variant_same(name, cell->variant->name) &&
           (uint64_t)integer_at(row, "seed", -1) == cell->seed;
}

/* Did a row, of a results file or of the list of cells, start from the weights that the cell does? */
bool identity_starts_alike(const json_t *row, const struct cell *cell)
{
    const char *init = text_at(row, "init_checkpoint_sha256");

    return strcmp(init ? init : "", cell->init_sha256) == 0;
}

/* Weights that have changed would give runs that cannot be compared with those that are done. */
int identity_check_weights(const struct study *study, const json_t *theirs)
{
    const json_t *row;
    size_t k;

    for (int i = 0; i < study->run_count; i++) {
        const struct cell *cell = study->runs[i].cell;

        json_array_foreach (json_object_get(theirs, "cells"), k, row) {
            const char *setting = text_at(row, "setting");

            if (setting && strcmp(setting, study->runs[i].part->name) == 0 && identity_is_row_of(row, cell) &&
                !identity_starts_alike(row, cell))
                return err_set("the sweep in %s began with other weights of %s at seed %llu than "
                               FIELD("init_checkpoint") " has now; put them back, or "
                               FIELD("restart"),
                               store_path(study->store), cell->variant->name,
                               (unsigned long long)cell->seed);
        }
    }
    return 0;
}

void identity_warn_of_program(const struct study *study, json_t *theirs)
{
    json_t *ours = program_json(study);

    if (!json_equal(theirs, ours))
        warn_add("the sweep was begun by another build, oneDNN or kind of processor; the last bits "
                 "of what follows may differ from an uninterrupted one");
    json_decref(ours);
}
