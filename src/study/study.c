/* study.c - see study.h. */
#include "src/glu.h"

#include "src/study/study.h"

#include "src/comm/ranks.h"
#include "src/study/files.h"
#include "src/util/own.h"
#include "src/util/progress.h"
#include "src/util/standard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than this, and the machine was not quiet. */
static const double others_share_limit = 0.05;

bool run_is_settled(const struct run *run)
{
    return run->done && cell_status_is_settled(run->result.status);
}

int study_count(const struct study *study, bool (*is)(const struct run *run))
{
    int count = 0;

    for (int i = 0; study->runs && i < study->run_count; i++)
        count += is(&study->runs[i]);
    return count;
}

bool study_is_directory(const struct study *study)
{
    return study->options->axes != NULL;
}

const char *study_output(const struct study *study)
{
    return study_is_directory(study) ? study->options->directory
                                     : standard_name(study->setting->output);
}

/* ---- Opening --------------------------------------------------------------------------------- */

/* Is a message about one of several settings?  Then it says of which. */
static int blame(const struct study *study, int point)
{
    char text[400];

    if (!study->options->axes || study->options->axes->count == 0)
        return -1;
    axes_describe(study->options->axes, point, text, sizeof text);
    return err_prepend("%s", text);
}

static int open_parts(struct study *study)
{
    const struct study_options *options = study->options;

    study->parts = calloc((size_t)options->count, sizeof *study->parts);
    if (!study->parts)
        return err_set("out of memory");
    for (int i = 0; i < options->count; i++) {
        study->count++;
        if (part_check(&study->parts[i], options, i))
            return blame(study, i);
    }
    progress_status("reading the corpus");
    for (int i = 0; i < study->count; i++)
        if (part_open(&study->parts[i], options, study->parts))
            return blame(study, i);
    /* Parts that share a text have all taken their examples of it. */
    for (int i = 0; i < study->count; i++)
        dataset_forget_heldout(study->parts[i].dataset);
    progress_clear();
    return 0;
}

/* Two settings of one cell are one: an axis decides nothing. */
static int check_distinct(const struct study *study)
{
    for (int i = 1; i < study->count; i++)
        for (int k = 0; k < i; k++)
            if (strcmp(study->parts[i].grid.cells[0].key, study->parts[k].grid.cells[0].key) == 0)
                return err_set("the settings %s and %s are the same trainings; an axis has values that "
                               "decide nothing",
                               study->parts[k].name, study->parts[i].name);
    return 0;
}

/* All runs: seed by seed, each through all settings and their variants, so that a drift of the
 * machine hits all alike. */
static int make_runs(struct study *study)
{
    int most = 0, count = 0;

    for (int i = 0; i < study->count; i++) {
        int seeds = study->parts[i].setting->recipe.seeds;

        most = seeds > most ? seeds : most;
        count += study->parts[i].grid.count;
    }
    study->runs = calloc((size_t)count, sizeof *study->runs);
    if (!study->runs)
        return err_set("out of memory");
    for (int seed = 0; seed < most; seed++)
        for (int i = 0; i < study->count; i++) {
            const struct part *part = &study->parts[i];
            int variants = part->setting->variant_count;

            for (int k = 0; k < variants && seed < part->setting->recipe.seeds; k++)
                study->runs[study->run_count++] =
                    (struct run){.part = part, .cell = &part->grid.cells[seed * variants + k]};
        }
    return 0;
}

const char *study_weights(const struct study *study, const struct part *part, const struct cell *cell,
                          const char *directory, char path[PATH_MAX])
{
    return files_of_weights(directory, study->count > 1 ? part->name : NULL, cell->variant, cell->seed,
                            study->run_count, path);
}

/* Where several runs look for their weights is not where one does. */
static void explain_weights(const struct study *study, const char *directory)
{
    char why[1200];

    if (study->run_count < 2 || access(directory, F_OK) == 0)
        return;
    snprintf(why, sizeof why, "%s", err_get());
    err_set("%s; each of several runs begins from a directory of its own, DIR/VARIANT-sSEED, as "
            FIELD("save_checkpoint") " writes them; a link will do",
            why);
}

/* What the runs start from is part of their keys.  When all runs are made. */
static int add_weights(const struct study *study)
{
    char path[PATH_MAX];

    for (int i = 0; i < study->count; i++) {
        const struct part *part = &study->parts[i];
        const char *init = part->setting->init_checkpoint;

        for (int k = 0; init && k < part->grid.count; k++) {
            struct cell *cell = &part->grid.cells[k];
            const char *from = study_weights(study, part, cell, init, path);

            if (cell_add_weights(cell, from)) {
                explain_weights(study, from);
                return blame(study, i);
            }
        }
    }
    return 0;
}

/* The directory is ours from the start, before it has a file that tells. */
static int note_store(const struct store *store)
{
    struct stat info;

    return store && stat(store_path(store), &info) == 0 ? own_note(&info) : 0;
}

/* One process has the results files, and others that belong to it do runs. */
static int open_store(struct study *study)
{
    const struct ranks *ranks = ranks_get();
    const char *directory = study->options->directory, *output = study->setting->output;

    if (ranks->number > 0)
        return study->options->axes ? store_open(&study->store, directory)
                                    : store_open_helping(&study->store, output);
    if (study->options->axes)
        return store_open_locked(&study->store, directory);
    if (store_open_beside(&study->store, output))
        return -1;
    return study->store || ranks->groups == 1
               ? 0
               : err_set(FIELD("output") " is no regular file, in which %d groups of ranks could bring "
                         "their runs together; give one, or " FIELD("ranks_per_run") " %d",
                         ranks->groups, ranks->all->size);
}

int study_open(struct study *study, const struct study_options *options)
{
    *study = (struct study){.options = options, .setting = &options->settings[0]};
    if (study_files_check(options))
        return -1;
    if (open_store(study))
        return -1;
    return note_store(study->store) || open_parts(study) || check_distinct(study) ||
                   make_runs(study) || add_weights(study)
               ? -1
               : 0;
}

void study_close(struct study *study)
{
    for (int i = 0; i < study->run_count; i++)
        if (study->runs[i].done)
            run_result_free(&study->runs[i].result);
    free(study->runs);
    store_close(study->store);
    /* Backwards: a text is closed by the part that opened it, after those that share it. */
    for (int i = study->count - 1; i >= 0; i--)
        part_close(&study->parts[i]);
    free(study->parts);
}

void study_warn_of_others(const struct study *study)
{
    double share = part_others_share(&study->parts[0]);

    if (share > others_share_limit)
        warn_add("other work took %.0f %% of the processors' time: do not rely on the timings; "
                 "repeat them on a quiet machine",
                 100 * share);
}
