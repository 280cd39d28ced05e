/* import.c - see import.h. */
#include "src/glu.h"

#include "src/study/import.h"

#include "src/study/identity.h"
#include "src/study/records.h"
#include "src/util/json_help.h"
#include "src/util/own.h"

#include <sys/stat.h>

static bool is_settled_row(const json_t *row)
{
    const char *status = json_string_value(json_object_get(row, "status"));

    return cell_status_is_settled(run_status_of(status));
}

/* Is a run one that a part's results file may have, among those of half of the steps or the others?  Rows of
 * the former have not all that one has which is asked for by another part. */
static bool is_run_of(const struct run *run, const struct part *part, bool slope)
{
    return run->slope == slope && (slope ? study_is_slope_of(run, part) : run->part == part);
}

/* A run of a results file that nobody asks for now would be gone when the file is written anew. */
static int check_asked(const struct study *study, const struct part *part, const json_t *document)
{
    const json_t *rows = json_object_get(document, "runs"), *row, *first = NULL;
    int others = 0;
    size_t k;

    json_array_foreach (rows, k, row) {
        bool asked = !is_settled_row(row);

        for (int i = 0; i < study->run_count && !asked; i++)
            asked = is_run_of(&study->runs[i], part, false) && identity_is_row_of(row, study->runs[i].cell);
        if (!asked && others++ == 0)
            first = row;
    }
    if (others == 0)
        return 0;
    return err_set(FIELD("output") ": %s has %d run%s that %s not asked for now (%s at seed %lld) and "
                   "would be lost; ask for these " FIELD("variant") "s and " FIELD("seeds")
                   " too, or give another " FIELD("output"),
                   part->output, others, others == 1 ? "" : "s",
                   others == 1 ? "is" : "are", text_at(first, "variant"),
                   (long long)integer_at(first, "seed", -1));
}

/* A row of a part's results file that is this run's, whose record is not there. */
static int take_row(struct run *run, const struct part *part, const json_t *row)
{
    if (run->done || !is_settled_row(row) || !identity_is_row_of(row, run->cell))
        return 0;
    if (!identity_starts_alike(row, run->cell)) {
        warn_add("%s: %s at seed %llu is not known to have started from the weights that are "
                 "in " FIELD("init_checkpoint") " now; it is done anew",
                 part->output, run->cell->variant->name, (unsigned long long)run->cell->seed);
        return 0;
    }
    if (records_restore(run, row))
        return -1;
    run->done = true;
    return 0;
}

/* Take the runs of a part's results file that are done and not recorded. */
static int take_rows(struct study *study, const struct part *part, const json_t *document)
{
    static const char *const lists[] = {"runs", "slope_runs"};

    for (int i = 0; i < study->run_count; i++)
        for (int slope = 0; slope < 2; slope++) {
            const json_t *row;
            size_t k;

            if (is_run_of(&study->runs[i], part, slope))
                json_array_foreach (json_object_get(document, lists[slope]), k, row)
                    if (take_row(&study->runs[i], part, row))
                        return -1;
        }
    return 0;
}

/* Those of half of the steps are of the baseline alone: with another one they tell nothing more. */
static void warn_of_slopes(const struct study *study, const struct part *part, const json_t *document)
{
    const json_t *rows = json_object_get(document, "slope_runs"), *row;
    int others = 0;
    size_t k;

    json_array_foreach (rows, k, row) {
        bool ours = !is_settled_row(row);

        for (int i = 0; i < study->run_count && !ours; i++)
            ours = study_is_slope_of(&study->runs[i], part) && identity_is_row_of(row, study->runs[i].cell);
        others += !ours;
    }
    if (others > 0)
        warn_add("%s: %d of its runs of half of the steps %s not of this " FIELD("baseline")
                 " and these " FIELD("seeds") ", and left out",
                 part->output, others, others == 1 ? "is" : "are");
}

/* The file is written anew, and its runs still are what they were warned of. */
static void keep_warnings(const struct study *study, const json_t *document)
{
    json_t *program = json_object_get(document, "program"), *onednn = json_object_get(program, "onednn"), *warning;
    json_t *made = json_pack("{s:O*, s:O*, s:O*, s:O*}", "version", json_object_get(program, "version"),
                             "git_commit", json_object_get(program, "git_commit"), "onednn",
                             json_object_get(onednn, "version"), "isa", json_object_get(onednn, "isa"));
    size_t i;

    identity_warn_of_program(study, made);
    json_decref(made);
    json_array_foreach (json_object_get(document, "warnings"), i, warning)
        if (json_is_string(warning))
            warn_add("%s", json_string_value(warning));
}

int import_looks(const struct part *part, const json_t *config)
{
    if (!json_is_true(json_object_get(config, "until_decided")) ||
        json_is_true(json_object_get(part->results.config, "until_decided")))
        return 0;
    warn_add("%s was begun with " FIELD("until_decided") ": its tables stay those that hold at every "
             "look", part->output);
    return json_put(part->results.config, "until_decided", json_true()) ||
                   json_put(part->results.config, "seeds_max", json_integer(part->setting->recipe.seeds))
               ? err_set("out of memory")
               : 0;
}

/* What `glubench bench` measured is of no run. */
static int check_measured(const struct part *part, const json_t *document)
{
    static const char *const keys[] = {"profile", "scaling", "exchange", "rank_steps"};

    for (size_t i = 0; i < LENGTH_OF(keys); i++)
        if (json_array_size(json_object_get(document, keys[i])) > 0)
            return err_set(FIELD("output") ": %s has a %s of 'glubench bench', which would be lost; give another "
                           FIELD("output"), part->output, keys[i]);
    return 0;
}

/* Throughput that was measured by this program on this machine stays, where none is measured. */
static void keep_throughput(struct part *part, const json_t *document)
{
    static const char *const same[] = {"environment.host", "environment.cpu_model", "program.git_commit",
                                       "program.onednn"};
    json_t *rows = value_at(document, "tables.throughput");
    json_t *ours = results_document(&part->results);
    bool alike = true;

    for (size_t i = 0; i < LENGTH_OF(same); i++)
        alike = alike && json_same(value_at(document, same[i]), value_at(ours, same[i]));
    json_decref(ours);
    if (alike)
        part->results.throughput_before = json_incref(rows);
    else if (json_array_size(rows) > 0 && part->setting->recipe.samples == 0)
        warn_add("%s: its throughput was measured by another build or on another machine, and is left out",
                 part->output);
}

static int take_document(struct study *study, struct part *part, const json_t *document)
{
    if (check_asked(study, part, document) || check_measured(part, document) ||
        take_rows(study, part, document) || import_looks(part, json_object_get(document, "config")))
        return -1;
    warn_of_slopes(study, part, document);
    keep_throughput(part, document);
    keep_warnings(study, document);
    return 0;
}

/* Is nothing lost when the file is written anew?  It is empty, or the user knows that it is not ours. */
static bool is_free(const struct part *part)
{
    struct stat info;

    return stat(part->output, &info) != 0 || info.st_size == 0 ||
           (part->setting->force && !own_file(part->output));
}

int import_results(struct study *study, struct part *part, bool known)
{
    char differences[700];
    json_t *document;
    int status = 0;

    if (is_free(part))
        return 0;
    document = results_read(part->output);
    if (!document)
        return -1;
    if (identity_agrees(part, json_object_get(document, "config"), differences, sizeof differences))
        status = take_document(study, part, document);
    else if (!known)
        status = err_set(FIELD("output") ": %s has another configuration: %s; give the same one, or "
                         "another " FIELD("output"),
                         part->output, differences);
    json_decref(document);
    return status;
}
