/* looks.c - see looks.h. */
#include "src/glu.h"

#include "src/study/looks.h"

#include "src/util/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int find_baseline(const struct setting *setting)
{
    int i = 0;

    while (setting->variants[i] != setting->baseline)
        i++;
    return i;
}

int looks_open(struct looks *looks, const struct study *study)
{
    const struct setting *setting = study->setting;
    int variants = setting->variant_count;

    *looks = (struct looks){.study = NULL};
    if (!setting->until_decided)
        return 0;
    looks->values = calloc((size_t)variants, sizeof *looks->values);
    looks->told = calloc((size_t)variants, sizeof *looks->told);
    if (!looks->values || !looks->told) {
        looks_close(looks);
        return err_set("out of memory");
    }
    if (decisions_open(&looks->decisions, &matrix_metrics[METRIC_LOG_PERPLEXITY], variants,
                       find_baseline(setting), setting->equivalence_nats)) {
        looks_close(looks);
        return -1;
    }
    looks->study = study;
    looks->least = decisions_least();
    progress_print("seeds until decided: at most %d, with a look after each", setting->recipe.seeds);
    looks_update(looks);
    return 0;
}

void looks_close(struct looks *looks)
{
    decisions_close(&looks->decisions);
    free(looks->values);
    free(looks->told);
    *looks = (struct looks){.study = NULL};
}

/* ---- Looking --------------------------------------------------------------------------------- */

/* Which block a run is of, that of half of the steps included: it is for those of its seed. */
static int block_of(const struct looks *looks, int run)
{
    const struct cell *cell = looks->study->runs[run].cell;

    return (int)(cell->seed - (uint64_t)looks->study->setting->first_seed);
}

/* A block's values, when all of its runs have ended. */
static bool take_block(struct looks *looks, int block)
{
    int variants = 0;

    for (int i = 0; i < looks->study->run_count; i++) {
        const struct run *run = &looks->study->runs[i];

        if (run->slope || block_of(looks, i) != block)
            continue;
        if (!run->done || run->result.status == RUN_INTERRUPTED)
            return false;
        looks->values[variants++] = run->result.status == RUN_OK
                                        ? run->result.heldout_log_perplexity_nats
                                        : NAN;
    }
    return true;
}

static void tell_decision(const struct looks *looks, int i)
{
    const struct decision *decision = &looks->decisions.decision[i];

    progress_print("decided at %d seeds: %s is %s (%+.4f nats, e-value %.3g, interval [%+.4f, %+.4f])",
                   decision->n, looks->study->setting->variants[i]->name, decision->kind,
                   decision->mean, decision->e_value, decision->interval.low,
                   decision->interval.high);
}

void looks_update(struct looks *looks)
{
    struct decisions *decisions = &looks->decisions;

    if (!looks->study)
        return;
    while (!looks_are_over(looks) && decisions->looks < looks->study->setting->recipe.seeds &&
           take_block(looks, decisions->looks))
        decisions_add(decisions, looks->values);
    for (int i = 0; i < decisions->variants; i++)
        if (decision_is_made(&decisions->decision[i]) && !looks->told[i]) {
            looks->told[i] = true;
            tell_decision(looks, i);
        }
}

bool looks_are_over(const struct looks *looks)
{
    return looks->study && looks->decisions.undecided == 0;
}

/* Blocks that may begin. */
static int due_blocks(const struct looks *looks)
{
    int looked = looks->decisions.looks, most = looks->study->setting->recipe.seeds, due;

    if (looks_are_over(looks))
        return looked;
    due = looked + 1 > looks->least ? looked + 1 : looks->least;
    return due < most ? due : most;
}

bool looks_are_due(const struct looks *looks, int run)
{
    return !looks->study || block_of(looks, run) < due_blocks(looks);
}

/* ---- Telling --------------------------------------------------------------------------------- */

int looks_seeds(const struct looks *looks)
{
    int seeds;

    if (!looks->study)
        return 0;
    seeds = due_blocks(looks);
    for (int i = 0; i < looks->study->run_count; i++) /* there may be more from before */
        if (looks->study->runs[i].done && !looks->study->runs[i].slope && block_of(looks, i) >= seeds)
            seeds = block_of(looks, i) + 1;
    return seeds;
}

void looks_tell(const struct looks *looks)
{
    const struct decisions *decisions = &looks->decisions;
    char names[400] = "";

    if (!looks->study)
        return;
    for (int i = 0; i < decisions->variants; i++) {
        size_t length = strlen(names);

        if (i != decisions->baseline && !decision_is_made(&decisions->decision[i]))
            snprintf(names + length, sizeof names - length, "%s%s", length ? ", " : "",
                     looks->study->setting->variants[i]->name);
    }
    if (decisions->undecided == 0)
        progress_print("all decided after %d of at most %d seeds", decisions->looks,
                       looks->study->setting->recipe.seeds);
    else
        progress_print("undecided after %d seeds: %s", decisions->looks, names);
}
