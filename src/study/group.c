/* group.c - see group.h. */
#include "src/glu.h"

#include "src/study/group.h"

#include "src/comm/ranks.h"
#include "src/study/records.h"
#include "src/study/slope.h"
#include "src/train/signals.h"
#include "src/train/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a leader tells the others of its group. */
struct order {
    bool end;
    enum study_status status; /* at the end */
    int stop;                 /* and the signal that brought it about, or 0 */
    int setting, variant;     /* of a run: their numbers */
    uint64_t seed;
    bool slope; /* of half of the steps */
};

bool group_helps(void)
{
    return ranks_get()->number > 0;
}

/* Each in turn, in an order that changes from turn to turn: else a group could have the same variants at
 * all seeds, and its machines would show in their speeds. */
bool group_has(const struct study *study, const struct run *run)
{
    const struct ranks *ranks = ranks_get();
    uint32_t i = (uint32_t)(run - study->runs), groups = (uint32_t)ranks->groups;
    uint32_t shift = i / groups * 2654435761u >> 16;

    return (i + shift) % groups == (uint32_t)ranks->number;
}

/* ---- Orders ---------------------------------------------------------------------------------- */

int group_order(const struct study *study, const struct run *run)
{
    struct comm *group = ranks_get()->group;
    const struct setting *setting = run->cell->setting;
    struct order order = {.setting = (int)(run->part - study->parts), .seed = run->cell->seed,
                          .slope = run->slope};

    while (setting->variants[order.variant] != run->cell->variant)
        order.variant++;
    return group->share(group, &order, sizeof order);
}

static int do_run(const struct study_options *options, const struct order *order)
{
    const struct setting *setting = &options->settings[order->setting];
    struct train_job job = {.seed = order->seed, .comm = ranks_get()->group};
    struct run_result result;
    struct slope slope;
    int status;

    slope_halve(&slope, setting);
    job.setting = order->slope ? &slope.setting : setting;
    job.variant = job.setting->variants[order->variant];
    job.threads = setting_threads_per_run(job.setting);
    train_run(&job, &result);
    status = result.status == RUN_FAILED ? err_set("%s", result.error ? result.error : "out of memory")
                                         : 0;
    run_result_free(&result);
    return status;
}

enum study_status group_follow(const struct study_options *options)
{
    struct comm *group = ranks_get()->group;
    struct order order = {.status = STUDY_FAILED};

    signals_catch();
    do {
        if (group->share(group, &order, sizeof order) ||
            (!order.end && do_run(options, &order))) {
            ranks_break();
            return STUDY_FAILED;
        }
    } while (!order.end);
    signals_release();
    if (order.stop)
        signals_note_stop(order.stop);
    err_set("%s", "");
    return order.status;
}

enum study_status group_end(enum study_status status)
{
    const struct ranks *ranks = ranks_get();
    struct order order = {.end = true, .status = status, .stop = signals_stop};

    if (ranks->broken)
        return STUDY_FAILED;
    if (ranks->leaders->share(ranks->leaders, &order, sizeof order) ||
        ranks->group->share(ranks->group, &order, sizeof order)) {
        ranks_break();
        return STUDY_FAILED;
    }
    if (group_helps() && order.stop)
        signals_note_stop(order.stop);
    return order.status;
}

/* ---- Several groups -------------------------------------------------------------------------- */

int group_join(struct study *study, const struct study_options *options)
{
    if (study_open(study, options))
        return -1;
    signals_catch();
    if (records_take(study))
        return -1;
    study_drop_slopes(study);
    return 0;
}

/* A run of another group that has no record has not ended well; its group has said why. */
static int note_failure(struct run *run, enum run_status status)
{
    const struct cell *cell = run->cell;

    run->result = (struct run_result){.variant = cell->variant,
                                      .seed = cell->seed,
                                      .status = status,
                                      .heldout_log_perplexity_nats = NAN};
    run->result.repro = setting_repro(cell->setting, cell->variant, (int64_t)cell->seed, NULL);
    if (status == RUN_FAILED)
        run->result.error = strdup("another group of ranks did this run, and said why it failed");
    run->done = true;
    return run->result.repro ? 0 : -1;
}

static int take(struct study *study, struct run *run, double became)
{
    json_t *row = NULL;
    int status = 0;

    if (store_get(study->store, run->cell, &row))
        warn_add("%s; the record is not used", err_get());
    if (row) {
        status = records_restore(run, row);
        run->done = run->recorded = status == 0;
    } else if (became < 0) {
        run->elsewhere = true;
    } else if (became > 0) {
        status = note_failure(run, (enum run_status)(became - 1));
    }
    json_decref(row);
    return status;
}

int group_gather(struct study *study)
{
    const struct ranks *ranks = ranks_get();
    /* Those that nobody asks for are there when they are done, which only the first needs to know. */
    int count = study->due_count, status = -1;
    double *became, stop[] = {signals_stop != 0, signals_stop};

    if (ranks->groups == 1)
        return 0;
    became = calloc((size_t)count, sizeof *became); /* 1 more than its status; 0: not begun; -1: another program's */
    if (!became)
        return err_set("out of memory");
    for (int i = 0; i < count; i++)
        if (group_has(study, &study->runs[i]))
            became[i] = study->runs[i].done        ? 1 + (double)study->runs[i].result.status
                        : study->runs[i].elsewhere ? -1
                                                   : 0;
    if (ranks->leaders->agree(ranks->leaders, became, count) ||
        ranks->leaders->agree(ranks->leaders, stop, (int)LENGTH_OF(stop)))
        goto out;
    if (stop[0] > 0)
        signals_note_stop((int)(stop[1] / stop[0]));
    status = 0;
    for (int i = study->begin; i < study->end && i < count && status == 0 && ranks->number == 0; i++)
        if (!study->runs[i].done)
            status = take(study, &study->runs[i], became[i]);
out:
    free(became);
    return status;
}
