/* records.c - see records.h. */
#include "src/glu.h"

#include "src/study/records.h"

#include "src/util/progress.h"

bool records_put(const struct study *study, const struct run *run)
{
    json_t *row = results_run_json(&run->result);
    int status = row ? store_put(study->store, run->cell, row) : -1;

    json_decref(row);
    if (status)
        warn_add("%s; the run is kept in memory", err_get());
    return status == 0;
}

int records_restore(struct run *run, const json_t *row)
{
    return run_result_restore(&run->result, row, run->cell->variant);
}

/* Take the records of cells that are done: of those that this program is to do, and of those that are there
 * or not, since nobody asks for them. */
int records_take(struct study *study)
{
    for (int i = 0; i < study->run_count; i++) {
        struct run *run = &study->runs[i];
        json_t *row;
        int status = 0;

        if ((i < study->begin || i >= study->end) && i < study->due_count)
            continue;
        if (store_get(study->store, run->cell, &row))
            warn_add("%s; the record is not used", err_get());
        if (row)
            status = records_restore(run, row);
        run->done = run->recorded = row && status == 0;
        json_decref(row);
        if (status)
            return -1;
    }
    return 0;
}

static bool is_asked(const struct run *run)
{
    return slope_is_asked(run->part->setting);
}

void records_say(const struct study *study)
{
    int slopes = study_count(study, true, is_asked);

    if (study->options->cells)
        return; /* partial_say() does */
    if (slopes == 0)
        progress_print("going on: %d of %d runs are done", study_count(study, false, run_is_done),
                       study->asked_count);
    else
        progress_print("going on: %d of %d runs are done, and %d of %d of half of the steps",
                       study_count(study, false, run_is_done), study->asked_count,
                       study_count(study, true, run_is_done), slopes);
}
