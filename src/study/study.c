/* study.c - see study.h. */
#include "src/glu.h"

#include "src/study/study.h"

#include "src/comm/ranks.h"
#include "src/study/files.h"
#include "src/study/share.h"
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

bool run_is_done(const struct run *run)
{
    return run->done;
}

bool run_is_settled(const struct run *run)
{
    return run->done && cell_status_is_settled(run->result.status);
}

int study_count(const struct study *study, bool slope, bool (*is)(const struct run *run))
{
    int count = 0;

    for (int i = study->begin; study->runs && i < study->end; i++)
        count += study->runs[i].slope == slope && is(&study->runs[i]);
    return count;
}

bool study_has_done(const struct study *study)
{
    return study_count(study, false, run_is_done) + study_count(study, true, run_is_done) > 0;
}

int study_size(const struct study *study, bool slope)
{
    return slope ? study->slope_count : study->asked_count;
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
        if (part_open(&study->parts[i], options, study->parts)) {
            study->misfits = study->parts[i].setting->task && !study->parts[i].sets;
            return blame(study, i);
        }
    /* Parts that share a text have all taken their examples of it. */
    for (int i = 0; i < study->count; i++)
        if (study->parts[i].dataset)
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

/* Which of them this program does: all, or a part of those that somebody asks for, whose number does not
 * depend on what is done. */
static void choose_runs(struct study *study)
{
    const struct study_options *options = study->options;
    int64_t begin = 0, end = study->run_count;

    if (options->cells)
        share_of(study->due_count, options->cell, options->cells, &begin, &end);
    study->begin = (int)begin;
    study->end = (int)end;
}

static int count_asked(const struct study *study)
{
    int count = 0;

    for (int i = 0; i < study->count; i++)
        count += study->parts[i].grid.count;
    return count;
}

/* Is a cell asked for as a run of its own setting?  A study of several numbers of steps has settings whose
 * runs are others' halves. */
static bool is_asked(const struct study *study, const struct cell *cell)
{
    for (int i = 0; i < study->count; i++)
        for (int k = 0; k < study->parts[i].grid.count; k++)
            if (strcmp(study->parts[i].grid.cells[k].key, cell->key) == 0)
                return true;
    return false;
}

/* Is it there as a run of half of the steps, of another setting? */
static bool has_slope(const struct study *study, const struct cell *cell)
{
    for (int i = 0; i < study->run_count; i++)
        if (study->runs[i].slope && strcmp(study->runs[i].cell->key, cell->key) == 0)
            return true;
    return false;
}

static void add_run(struct study *study, const struct part *part, const struct cell *cell, bool slope)
{
    int slopes = study->slope_count, number = slope ? slopes : study->run_count - slopes;

    study->slope_count += slope;
    study->runs[study->run_count++] =
        (struct run){.part = part, .cell = cell, .slope = slope, .number = number + 1};
}

/* Those of half of the steps at a seed, of the settings that ask for them or of those that do not. */
static void add_slopes(struct study *study, int seed, bool asked)
{
    for (int i = 0; i < study->count; i++) {
        const struct part *part = &study->parts[i];
        const struct cell *cell;

        if (seed >= part->slope.grid.count || slope_is_asked(part->setting) != asked)
            continue;
        cell = &part->slope.grid.cells[seed];
        if (!is_asked(study, cell) && !has_slope(study, cell))
            add_run(study, part, cell, true);
    }
}

static void add_asked(struct study *study, int seed)
{
    for (int i = 0; i < study->count; i++) {
        const struct part *part = &study->parts[i];
        int variants = part->setting->variant_count;

        for (int k = 0; k < variants && seed < part->setting->recipe.seeds; k++)
            add_run(study, part, &part->grid.cells[seed * variants + k], false);
    }
}

/* All runs: seed by seed, each through all settings and their variants, so that a drift of the
 * machine hits all alike, and then those of half of the steps.  Last are those that nobody asks for: they
 * are there if they are done, until study_drop_slopes(). */
static int make_runs(struct study *study)
{
    int most = 0, count = study->asked_count;

    for (int i = 0; i < study->count; i++) {
        int seeds = study->parts[i].setting->recipe.seeds;

        most = seeds > most ? seeds : most;
        count += study->parts[i].slope.grid.count;
    }
    study->runs = calloc((size_t)count, sizeof *study->runs);
    if (!study->runs)
        return err_set("out of memory");
    for (int seed = 0; seed < most; seed++) {
        add_asked(study, seed);
        add_slopes(study, seed, true);
    }
    study->due_count = study->run_count;
    for (int seed = 0; seed < most; seed++)
        add_slopes(study, seed, false);
    choose_runs(study);
    return 0;
}

bool study_is_slope_of(const struct run *run, const struct part *part)
{
    return slope_has(&part->slope, run->cell) &&
           (slope_is_asked(part->setting) || (run->slope && run->part == part));
}

void study_drop_slopes(struct study *study)
{
    int kept = 0;

    for (int i = 0; i < study->run_count; i++) {
        const struct run *run = &study->runs[i];

        if (!run->slope || run->done || slope_is_asked(run->part->setting))
            study->runs[kept++] = *run;
        else
            study->slope_count--;
    }
    study->run_count = kept;
    if (!study->options->cells)
        study->end = kept;
}

const char *study_weights(const struct study *study, const struct part *part, const struct cell *cell,
                          const char *directory, char path[PATH_MAX])
{
    return files_of_weights(directory, study->count > 1 ? part->name : NULL, cell->variant, cell->seed,
                            study->asked_count, path);
}

const char *study_init(const struct study *study, const struct part *part, const struct cell *cell,
                       char path[PATH_MAX])
{
    return files_of_init(part->setting->init_checkpoint, study->count > 1 ? part->name : NULL, cell->variant,
                         cell->seed, study->asked_count, path);
}

/* Where several runs look for their weights is not where one does. */
static void explain_weights(const struct study *study, const char *directory)
{
    char why[1200];

    if (study->asked_count < 2 || access(directory, F_OK) == 0)
        return;
    snprintf(why, sizeof why, "%s", err_get());
    err_set("%s; each of several runs begins from a directory of its own, DIR/VARIANT-sSEED, as "
            FIELD("save_checkpoint") " writes them; a link will do",
            why);
}

static int add_weights_to(const struct study *study, const struct part *part, const struct grid *grid)
{
    const char *init = part->setting->init_checkpoint;
    char path[PATH_MAX];

    for (int k = 0; init && k < grid->count; k++) {
        const char *from = study_init(study, part, &grid->cells[k], path);

        if (cell_add_weights(&grid->cells[k], from)) {
            err_prepend("%s", setting_init_field(part->setting));
            explain_weights(study, from);
            return -1;
        }
    }
    return 0;
}

/* What the runs start from is part of their keys, so this comes before they are made. */
static int add_weights(const struct study *study)
{
    for (int i = 0; i < study->count; i++) {
        const struct part *part = &study->parts[i];

        if (add_weights_to(study, part, &part->grid) || add_weights_to(study, part, &part->slope.grid))
            return blame(study, i);
    }
    return 0;
}

/* The directory is ours from the start, before it has a file that tells. */
static int note_store(const struct store *store)
{
    struct stat info;

    return store && stat(store_path(store), &info) == 0 ? own_note(&info) : 0;
}

/* Several programs may do the runs, but one alone writes the results files; others that belong to it do runs
 * for it. */
static int open_store(struct study *study)
{
    const struct ranks *ranks = ranks_get();
    const struct study_options *options = study->options;
    const char *output = study->setting->output;

    if (options->cells || (options->axes && ranks->number > 0))
        return store_open(&study->store, options->directory) ? err_prepend(FIELD("output")) : 0;
    if (options->axes)
        return store_open_locked(&study->store, options->directory);
    if (ranks->number > 0)
        return store_open_helping(&study->store, output);
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
    if (note_store(study->store) || open_parts(study) || check_distinct(study))
        return -1;
    study->asked_count = count_asked(study);
    if (add_weights(study)) {
        study->misfits = study->setting->from != NULL;
        return -1;
    }
    return make_runs(study);
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
