/* gather.c - see gather.h. */
#include "src/glu.h"

#include "src/study/gather.h"

#include "src/results/document.h"
#include "src/results/results.h"
#include "src/setting/option.h"
#include "src/study/extend.h"
#include "src/util/io.h"
#include "src/util/json_help.h"
#include "src/util/outputs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int out_of_memory(void)
{
    return err_set("not enough memory for the results of a study");
}

/* ---- Records --------------------------------------------------------------------------------- */

/* The cell of a row of study.json, as far as the store asks.  0, or -1 and a message. */
static int find_cell(struct cell *cell, struct variant_storage *storage, const json_t *row)
{
    const char *key = text_at(row, "key"), *variant = text_at(row, "variant");

    if (!key || strlen(key) != CELL_KEY_BYTES - 1 || strchr(key, '/') || !variant ||
        integer_at(row, "seed", -1) < 0)
        return err_set("a cell of the study does not say what it is");
    *cell = (struct cell){.variant = variant_find(variant, storage),
                          .seed = (uint64_t)integer_at(row, "seed", 0)};
    snprintf(cell->key, sizeof cell->key, "%s", key);
    return cell->variant ? 0 : -1;
}

/* Its run, new reference, or NULL in *run. */
static int read_record(const struct store *store, const json_t *row, json_t **run)
{
    struct variant_storage storage;
    struct cell cell;

    *run = NULL;
    if (find_cell(&cell, &storage, row))
        return -1;
    if (store_get(store, &cell, run))
        warn_add("%s; the record is not used", err_get());
    return 0;
}

bool gather_is_claimed(const struct store *store, const json_t *missing)
{
    struct variant_storage storage;
    struct cell cell;

    return find_cell(&cell, &storage, missing) == 0 && store_is_claimed(store, &cell);
}

/* ---- A results file -------------------------------------------------------------------------- */

/* The path of a setting's results file.  0, or -1 and a message. */
static int name_file(const struct store *store, const char *name, char path[PATH_MAX])
{
    char file[SETTING_NAME_BYTES + 8];

    if (strchr(name, '/') || snprintf(file, sizeof file, "%s.json", name) >= (int)sizeof file)
        return err_set("the name of a setting, %.100s, is none of a file", name);
    return io_join(path, store_path(store), file);
}

/* The file of a setting is not the study's own: say why, and remember it. */
static int keep_file(struct gathered *gathered, const char *name, const char *path, const char *why)
{
    warn_add("%s %s", path, why);
    return json_put(gathered->kept, name, json_text(why)) ? out_of_memory() : 0;
}

/* The file of a setting that is there and agrees with the study; NULL in *document: there is none. */
static int read_file(struct gathered *gathered, const struct store *store, const char *name, json_t *config,
                     json_t **document)
{
    char path[PATH_MAX], differences[700] = "", why[800];
    json_t *wanted;
    int status = 0;

    *document = NULL;
    if (name_file(store, name, path))
        return -1;
    if (access(path, F_OK) != 0)
        return 0;
    *document = results_read(path);
    if (!*document)
        return -1;
    wanted = json_pack("{s:O}", "config", config);
    if (!wanted)
        return out_of_memory();
    if (document_differences(*document, wanted, setting_affects, AFFECTS_BITS, differences,
                             sizeof differences)) {
        snprintf(why, sizeof why, "is of another configuration than the study: %s; it is not used", differences);
        status = keep_file(gathered, name, path, why);
        json_decref(*document);
        *document = NULL;
    }
    json_decref(wanted);
    return status;
}

/* The configuration that the study has of a setting.  Where seeds were added by looking, before it was one
 * of a study, its tables stay those that hold at every look. */
static int update_config(json_t *document, const json_t *study_config)
{
    json_t *before = json_incref(json_object_get(document, "config")), *config = json_deep_copy(study_config);
    int64_t seeds = (int64_t)json_array_size(json_object_get(config, "seeds"));
    int64_t most = integer_at(before, "seeds_max", 0);
    int bad = json_object_set_new(document, "config", config);

    if (json_is_true(json_object_get(before, "until_decided")))
        bad |= json_put(config, "until_decided", json_true()) |
               json_put(config, "seeds_max", json_integer(most > seeds ? most : seeds));
    json_decref(before);
    return bad;
}

/* Put what the study says of a setting into its document: what is there may be of fewer variants and
 * seeds. */
static int update(json_t *document, const json_t *frame, const json_t *config)
{
    static const char *const members[] = {"baseline", "variants", "inputs"};
    int bad = update_config(document, config);

    for (size_t i = 0; i < LENGTH_OF(members); i++) {
        json_t *member = json_object_get(frame, members[i]);

        if (member)
            bad |= json_object_set_new(document, members[i], json_deep_copy(member));
    }
    return bad ? out_of_memory() : 0;
}

/* The results of a setting without its runs: new reference; NULL in *document when there is nothing of it. */
static int begin_document(struct gathered *gathered, const struct store *store, const char *name,
                          json_t **document)
{
    json_t *config = json_object_get(json_object_get(gathered->study, "settings"), name);
    const json_t *frame = json_object_get(json_object_get(gathered->study, "documents"), name);

    *document = NULL;
    if (!json_is_object(config))
        return err_set("the study does not say what its setting %.100s is", name);
    if (read_file(gathered, store, name, config, document))
        return -1;
    if (!*document && frame) {
        *document = json_deep_copy(frame);
        if (!*document)
            return out_of_memory();
    }
    return *document ? update(*document, frame, config) : 0;
}

/* Are a row of a results file and a cell of one variant and seed? */
static bool is_same_run(const json_t *row, const json_t *cell)
{
    return variant_same(text_at(row, "variant"), text_at(cell, "variant")) &&
           integer_at(row, "seed", -1) == integer_at(cell, "seed", -2);
}

static json_t *find_row(const json_t *rows, const json_t *cell)
{
    json_t *row;
    size_t i;

    json_array_foreach (rows, i, row)
        if (is_same_run(row, cell))
            return row;
    return NULL;
}

/* Put a run into a list: its record, or its row of the list that the file has.  `counts`: it is a run of
 * the study that was not counted yet. */
static int add_run(struct gathered *gathered, const struct store *store, json_t *cell, const json_t *before,
                   json_t *runs, bool counts)
{
    json_t *row;
    int bad = 0;

    if (read_record(store, cell, &row))
        return -1;
    if (!row)
        row = json_incref(find_row(before, cell));
    if (counts) {
        gathered->cells++;
        if (!row || !cell_status_is_settled(run_status_of(text_at(row, "status"))))
            bad |= json_array_append(gathered->missing, cell);
    }
    if (row)
        bad |= json_array_append_new(runs, row);
    return bad ? out_of_memory() : 0;
}

static bool is_half(const json_t *cell)
{
    return json_is_true(json_object_get(cell, "slope"));
}

static int add_asked(struct gathered *gathered, const struct store *store, const char *name,
                     const json_t *before, json_t *runs)
{
    json_t *cell;
    size_t i;

    json_array_foreach (json_object_get(gathered->study, "cells"), i, cell)
        if (texts_equal(text_at(cell, "setting"), name) && !is_half(cell) &&
            add_run(gathered, store, cell, before, runs, true))
            return -1;
    return 0;
}

/* Is a row of a results file a run that the study has in that setting? */
static bool is_of_study(const json_t *study, const char *name, const json_t *row)
{
    json_t *cell;
    size_t i;

    json_array_foreach (json_object_get(study, "cells"), i, cell)
        if (texts_equal(text_at(cell, "setting"), name) && !is_half(cell) && is_same_run(row, cell))
            return true;
    return false;
}

/* Runs that were done in a setting's file alone are in no table of the study. */
static int keep_others(struct gathered *gathered, const struct store *store, const char *name,
                       const json_t *before)
{
    char path[PATH_MAX], why[200];
    const json_t *row, *first = NULL;
    int others = 0;
    size_t i;

    json_array_foreach (before, i, row)
        if (cell_status_is_settled(run_status_of(text_at(row, "status"))) &&
            !is_of_study(gathered->study, name, row)) {
            first = first ? first : row;
            others++;
        }
    if (others == 0)
        return 0;
    snprintf(why, sizeof why, "has %d run%s that the study has not (%.96s at seed %" PRId64 "); they are left out",
             others, others == 1 ? "" : "s", text_at(first, "variant"), integer_at(first, "seed", -1));
    return name_file(store, name, path) ? -1 : keep_file(gathered, name, path, why);
}

static json_t *find_key(const json_t *cells, const json_t *key)
{
    json_t *cell;
    size_t i;

    json_array_foreach (cells, i, cell)
        if (json_equal(json_object_get(cell, "key"), key))
            return cell;
    return NULL;
}

/* Those of half of the steps, of which some are runs of another setting, or its halves too.  What was done
 * of a baseline that is another now tells nothing. */
static int add_halves(struct gathered *gathered, const struct store *store, const json_t *keys,
                      const json_t *document, json_t *runs)
{
    const json_t *before = json_object_get(document, "slope_runs");
    const char *baseline = text_at(document, "baseline");
    json_t *key;
    size_t i;

    json_array_foreach (keys, i, key) {
        json_t *cell = find_key(json_object_get(gathered->study, "cells"), key);
        bool counts = is_half(cell) && !json_object_get(gathered->halves, text_at(cell, "key"));

        if (cell && baseline && !variant_same(text_at(cell, "variant"), baseline))
            continue;
        if (cell && add_run(gathered, store, cell, before, runs, counts))
            return -1;
        if (counts && json_object_set_new(gathered->halves, text_at(cell, "key"), json_true()))
            return out_of_memory();
    }
    return 0;
}

/* Put the runs of a setting into its document: records, and what the file has beside them. */
static int add_runs(struct gathered *gathered, const struct store *store, const char *name,
                    json_t *document)
{
    const json_t *keys = json_object_get(json_object_get(gathered->study, "slopes"), name);
    json_t *runs = json_array(), *halves = json_array();
    int status = -1;

    if (!runs || !halves)
        out_of_memory();
    else if (keep_others(gathered, store, name, json_object_get(document, "runs")) == 0 &&
             add_asked(gathered, store, name, json_object_get(document, "runs"), runs) == 0)
        status = add_halves(gathered, store, keys, document, halves);
    if (status == 0 && document) {
        if (json_array_size(keys) == 0)
            json_object_del(document, "slope_runs");
        else if (results_put_slope_runs(document, halves))
            status = -1;
        if (json_object_set(document, "runs", runs))
            status = out_of_memory();
    }
    json_decref(runs);
    json_decref(halves);
    return status;
}

static int gather_setting(struct gathered *gathered, const struct store *store, const char *name)
{
    json_t *document = NULL;
    int status = -1;

    if (begin_document(gathered, store, name, &document) ||
        add_runs(gathered, store, name, document))
        goto out;
    status = 0;
    if (!document || json_array_size(json_object_get(document, "runs")) == 0)
        goto out;
    status = document_check_size(document) || tables_compute(document);
    if (status == 0 && json_object_set(gathered->documents, name, document))
        status = out_of_memory();
out:
    json_decref(document);
    return status ? -1 : 0;
}

/* ---- The whole ------------------------------------------------------------------------------- */

int gather_open(struct gathered *gathered, const struct store *store)
{
    const json_t *points;
    const char *name;
    json_t *point;

    *gathered = (struct gathered){.documents = json_object(), .missing = json_array(), .halves = json_object(),
                                   .kept = json_object()};
    if (!gathered->documents || !gathered->missing || !gathered->halves || !gathered->kept)
        return out_of_memory();
    if (store_read_study(store, &gathered->study))
        return err_prepend("%s: not the directory of a study", store_path(store));
    points = json_object_get(gathered->study, "points");
    if (!json_is_object(points))
        return err_set("%s: not the directory of a study: it has no study.json of one", store_path(store));
    if (json_object_size(points) == 0)
        return err_set("%s: it is of one results file, not of a study: " FIELD("resume") " goes on with that "
                       "sweep", store_path(store));
    json_object_foreach ((json_t *)points, name, point)
        if (gather_setting(gathered, store, name))
            return err_prepend("%s", store_path(store));
    return 0;
}

void gather_close(struct gathered *gathered)
{
    json_decref(gathered->study);
    json_decref(gathered->documents);
    json_decref(gathered->missing);
    json_decref(gathered->halves);
    json_decref(gathered->kept);
}

/* No file is replaced that is not ours, or has more than we do. */
static int check_files(const struct gathered *gathered, const struct store *store)
{
    struct outputs outputs = {NULL};
    const char *name;
    json_t *document;
    int status = 0;

    json_object_foreach (gathered->documents, name, document) {
        const char *why = text_at(gathered->kept, name);
        char path[PATH_MAX];

        status = status || name_file(store, name, path) ||
                 (why && err_set("%s %s; gather would lose it: move it away", path, why)) ||
                 outputs_add(&outputs, "the results", path, OUTPUT_FILE);
    }
    status = status || outputs_add_standard(&outputs) || outputs_check(&outputs, false);
    outputs_free(&outputs);
    return status ? -1 : 0;
}

int gather_write(const struct gathered *gathered, struct store *store)
{
    const char *name;
    json_t *document;

    if (check_files(gathered, store))
        return -1;
    json_object_foreach (gathered->documents, name, document) {
        char path[PATH_MAX];

        if (name_file(store, name, path) || results_write(path, document))
            return -1;
    }
    if (json_object_size(gathered->documents) > 0)
        extend_note_tables(store);
    return 0;
}
