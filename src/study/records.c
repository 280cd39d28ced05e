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

/* Take the records of cells that are done. */
int records_take(struct study *study)
{
    for (int i = study->begin; i < study->end; i++) {
        struct run *run = &study->runs[i];
        json_t *row;
        int status = 0;

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

static bool is_done(const struct run *run)
{
    return run->done;
}

void records_say(const struct study *study)
{
    if (study->options->cells)
        return; /* partial_say() does */
    progress_print("going on: %d of %d runs are done", study_count(study, is_done), study->run_count);
}
