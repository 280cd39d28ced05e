/* partial.c - see partial.h. */
#include "src/glu.h"

#include "src/study/partial.h"

#include "src/train/signals.h"
#include "src/util/progress.h"

#include <inttypes.h>

static bool is_bad(const struct run *run)
{
    return run->done && run->result.status != RUN_OK;
}

static bool is_lost(const struct run *run)
{
    return run_is_settled(run) && !run->recorded;
}

static bool is_elsewhere(const struct run *run)
{
    return run->elsewhere;
}

/* Of half of the steps or not. */
static int count(const struct study *study, bool (*is)(const struct run *run))
{
    return study_count(study, false, is) + study_count(study, true, is);
}

void partial_say(const struct study *study)
{
    const struct study_options *options = study->options;

    if (study->begin == study->end)
        progress_print("part %" PRId64 " of %" PRId64 " is empty: there are %d runs", options->cell,
                       options->cells, study->due_count);
    else
        progress_print("part %" PRId64 " of %" PRId64 ": %d of %d runs; %d of them done", options->cell,
                       options->cells, study->end - study->begin, study->due_count, count(study, run_is_done));
}

enum study_status partial_conclude(const struct study *study)
{
    const char *output = study_output(study);
    int runs = study->end - study->begin, lost = count(study, is_lost);
    int bad = count(study, is_bad), elsewhere = count(study, is_elsewhere);

    if (lost > 0) {
        err_set("%d of %d runs could not be recorded in %s; make room there, and the same command does them "
                "again", lost, runs, output);
        return STUDY_FAILED;
    }
    if (signals_stop) {
        err_set("interrupted; what is done is in %s, and the same command goes on", output);
        return STUDY_INTERRUPTED;
    }
    if (bad > 0) {
        err_set("%d of %d runs did not end well; the same command tries those that failed again", bad, runs);
        return STUDY_RUNS_FAILED;
    }
    /* Who does them tells whether they end well. */
    if (elsewhere > 0)
        progress_print("%d of %d runs are left to other programs, which are at work on them", elsewhere, runs);
    else
        progress_print("the part is done; when all are, 'glubench gather' writes the results files of %s",
                       output);
    return STUDY_OK;
}
