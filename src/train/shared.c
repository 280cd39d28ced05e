/* shared.c - see shared.h. */
#include "src/glu.h"

#include "src/train/shared.h"

#include "src/comm/ranks.h"
#include "src/train/signals.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* ==== Batches ==== */

int shared_heldout(struct comm *comm, const struct batch *heldout, struct batch **copy)
{
    int shape[3] = {0, 0, 0};

    *copy = NULL;
    if (comm->size == 1)
        return 0;
    if (comm->rank == 0) {
        shape[0] = heldout->examples;
        shape[1] = heldout->input_length;
        shape[2] = heldout->target_length;
    }
    if (comm->share(comm, shape, sizeof shape) ||
        (comm->rank > 0 && batch_create(copy, shape[0], shape[1], shape[2])))
        return -1;
    /* Rank 0's is not written to. */
    return batch_share(comm->rank == 0 ? (struct batch *)heldout : *copy, comm);
}

/* ==== Where it begins ==== */

static int share_values(struct comm *comm, struct model *model)
{
    int count;
    struct tensor *tensors = model_tensors(model, &count);
    size_t floats;
    float *optimizer = model_optimizer_state(model, &floats);

    for (int i = 0; i < count; i++)
        if (comm->share(comm, tensors[i].value,
                        (size_t)tensors[i].rows * (size_t)tensors[i].cols * sizeof(float)))
            return -1;
    if (comm->share(comm, optimizer, floats * sizeof *optimizer))
        return -1;
    model_refresh(model);
    return 0;
}

int shared_start(struct comm *comm, bool restored, struct model *model, struct train_state *state,
                 struct run_result *result)
{
    struct {
        bool restored;
        struct train_state state;
        int points;
    } start = {.restored = restored, .state = *state, .points = result->curve_count};

    if (comm->size == 1)
        return 0;
    if (comm->share(comm, &start, sizeof start))
        return -1;
    if (comm->rank > 0) {
        *state = start.state;
        /* Only how many there are is ever asked of another rank's. */
        result->curve = calloc((size_t)start.points + 1, sizeof *result->curve);
        if (!result->curve)
            return err_set("out of memory");
        result->curve_count = start.points;
    }
    return start.restored ? share_values(comm, model) : 0;
}

/* ==== From step to step ==== */

int shared_signals(struct comm *comm, int *stop, bool *save)
{
    double own = signals_stop, flags[] = {own != 0, own, own * own, *save};

    *stop = (int)own;
    if (comm->size == 1)
        return 0;
    if (comm->agree(comm, flags, (int)LENGTH_OF(flags)))
        return -1;
    *save = flags[3] > 0;
    *stop = 0;
    if (flags[0] > 0) /* of different ones, the one that a launcher sends */
        *stop = flags[0] * flags[2] == flags[1] * flags[1] ? (int)(flags[1] / flags[0]) : SIGTERM;
    if (*stop)
        signals_note_stop(*stop);
    return 0;
}

int shared_check(struct comm *comm, const char *parameters_sha256)
{
    char text[128];

    snprintf(text, sizeof text, "parameters of sha256 %s", parameters_sha256);
    return ranks_same(comm, text);
}
