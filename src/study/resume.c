/* resume.c - see resume.h. */
#include "src/glu.h"

#include "src/study/resume.h"

#include "src/study/extend.h"
#include "src/study/identity.h"
#include "src/study/import.h"
#include "src/study/older.h"
#include "src/study/records.h"

bool resume_is_unfinished(const struct study *study)
{
    return study->store && store_count_cells(study->store) + store_count_states(study->store) > 0;
}

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
    if (!identity_agrees(part, json_object_get(json_object_get(theirs, "settings"), part->name), differences,
                sizeof differences))
        status = err_set(FIELD("resume") ": the sweep in %s has another configuration: %s; give the "
                         "same one, or " FIELD("restart"),
                         store_path(study->store), differences);
    if (status == 0)
        status = identity_check_weights(study, theirs);
    if (status == 0)
        identity_warn_of_program(study, json_object_get(theirs, "program"));
    if (status == 0)
        status = import_looks(part, json_object_get(json_object_get(theirs, "settings"), part->name));
    json_decref(theirs);
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
    if (check_study(study, &known) || records_take(study) || import_results(study, &study->parts[0], known))
        return -1;
    for (int i = 0; i < study->run_count; i++) {
        const struct cell *cell = study->runs[i].cell;
        struct state_place place = store_states(study->store, cell);

        if (!study->runs[i].slope) /* there were none */
            older_take_states(store_path(study->store), cell, &place);
    }
    records_say(study);
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
    made = identity_json(study);
    if (made && study->options->cells && extend_is_known(study, made)) {
        json_decref(made);
        return 0;
    }
    for (int i = 0; i < study->run_count; i++) {
        struct run *run = &study->runs[i];

        if (run->done && !run->recorded)
            run->recorded = records_put(study, run);
    }
    status = made && study_is_directory(study) ? extend_keep(study, made) : 0;
    status = made && status == 0 ? store_write_study(study->store, made) : -1;
    json_decref(made);
    if (status == 0)
        older_remove_study(store_path(study->store));
    return status;
}
