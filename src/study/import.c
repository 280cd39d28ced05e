/* import.c - see import.h. */
#include "src/glu.h"

#include "src/study/import.h"

#include "src/study/identity.h"
#include "src/study/records.h"
#include "src/util/json_help.h"

#include <unistd.h>

static bool is_settled_row(const json_t *row)
{
    const char *status = json_string_value(json_object_get(row, "status"));

    return cell_status_is_settled(run_status_of(status));
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
            asked = !study->runs[i].slope && identity_is_row_of(row, study->runs[i].cell);
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
    for (int i = 0; i < study->run_count; i++) {
        struct run *run = &study->runs[i];
        const json_t *rows = json_object_get(document, run->slope ? "slope_runs" : "runs"), *row;
        size_t k;

        json_array_foreach (rows, k, row) {
            if (run->done || !is_settled_row(row) || !identity_is_row_of(row, run->cell))
                continue;
            if (!identity_starts_alike(row, run->cell)) {
                warn_add("%s: %s at seed %llu is not known to have started from the weights that are "
                         "in " FIELD("init_checkpoint") " now; it is done anew",
                         run->part->output, run->cell->variant->name,
                         (unsigned long long)run->cell->seed);
                continue;
            }
            if (records_restore(run, row))
                return -1;
            run->done = true;
        }
    }
    return 0;
}

/* Those of half of the steps are of the baseline alone: with another one they tell nothing more. */
static void warn_of_slopes(const struct study *study, const json_t *document)
{
    const json_t *rows = json_object_get(document, "slope_runs"), *row;
    int others = 0;
    size_t k;

    json_array_foreach (rows, k, row) {
        bool ours = !is_settled_row(row);

        for (int i = 0; i < study->run_count && !ours; i++)
            ours = study->runs[i].slope && identity_is_row_of(row, study->runs[i].cell);
        others += !ours;
    }
    if (others > 0)
        warn_add("%s: %d of its runs of half of the steps %s not of this " FIELD("baseline")
                 " and these " FIELD("seeds") ", and left out",
                 study->setting->output, others, others == 1 ? "is" : "are");
}

int import_looks(struct study *study, const json_t *config)
{
    struct part *part = &study->parts[0];
    const struct setting *setting = part->setting;

    if (!json_is_true(json_object_get(config, "until_decided")) ||
        json_is_true(json_object_get(part->results.config, "until_decided")))
        return 0;
    warn_add("%s was begun with " FIELD("until_decided") ": its tables stay those that hold at every "
             "look", study_output(study));
    return json_put(part->results.config, "until_decided", json_true()) ||
                   json_put(part->results.config, "seeds_max", json_integer(setting->recipe.seeds))
               ? err_set("out of memory")
               : 0;
}

int import_results(struct study *study, bool known)
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
    if (identity_agrees(&study->parts[0], json_object_get(document, "config"), differences,
                        sizeof differences)) {
        status = check_asked(study, document) || take_rows(study, document) ||
                         import_looks(study, json_object_get(document, "config"))
                     ? -1
                     : 0;
        warn_of_slopes(study, document);
    } else if (!known)
        status = err_set(FIELD("resume") ": %s has another configuration: %s; give the same one, or "
                         "another " FIELD("output"),
                         output, differences);
    json_decref(document);
    return status;
}
