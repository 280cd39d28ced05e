/* step.c - gradients, training steps and evaluation of any architecture: every worker's share of a
 * batch, and the sums.  See model.h and architecture.h. */
#include "src/glu.h"

#include "src/model/architecture.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* ==== Shares of a batch ==== */

/* What a step or an evaluation is about. */
struct work {
    struct model *model;
    const struct batch *batch;
    int bucket;     /* of the batch */
    double targets; /* that count, of all processes */
    struct update update;
    bool gradients;       /* are summed before the optimizer comes to them */
    double loss;          /* of all processes, by target token */
    int status;
    double *example_nats; /* of an evaluation */
};

void slice_losses(struct worker *worker, const struct slice *slice, const double *row_nats, int length)
{
    for (int i = 0; worker->nn.member == 0 && i < slice->count; i++) {
        double sum = 0;

        for (int j = i * length; j < (i + 1) * length; j++) {
            sum += row_nats[j];
            worker->loss_nats += row_nats[j];
        }
        if (slice->example_nats)
            slice->example_nats[i] = sum;
    }
}

/* This thread's part of the worker's gradient. */
static void zero_gradient(struct nn *nn, size_t elements)
{
    size_t threads = (size_t)nn->crew->size, part = (elements + threads - 1) / threads;
    size_t first = part * (size_t)nn->member, last = first + part < elements ? first + part : elements;

    if (first < last)
        memset(nn->diff + first, 0, (last - first) * sizeof *nn->diff);
}

/* The examples of a slot.  Of two that a worker has the second is about a third of its slices, so that all
 * are done at the same time when one worker is half as fast as the others; or none. */
static struct share slot_share(const struct work *work, int slot)
{
    const struct team *team = &work->model->team;
    int workers = team->size / team->crew, slots = team->slot_count / workers;
    int most = work->model->options.micro_batch << work->bucket, second;
    struct share share = crew_share(work->batch->examples, slot / slots, workers);

    if (slots == 1)
        return share;
    second = model_second_slot(share.count, most);
    if (slot % slots == 1)
        share.first += share.count - second;
    share.count = slot % slots == 1 ? second : share.count - second;
    return share;
}

/* What a thread of the worker that has a slot does of it. */
static void walk(struct work *work, struct worker *worker, struct slot *slot, struct share share)
{
    struct model *model = work->model;
    const struct architecture *architecture = model->options.architecture;
    struct nn *nn = &worker->nn;
    int examples = work->batch->examples, most = model->options.micro_batch << work->bucket;
    int last = share.first + share.count;

    nn->diff = slot->diff;
    zero_gradient(nn, model->tensors.elements);
    worker->loss_nats = 0;
    architecture->begin(model, worker);
    for (int first = share.first; first < last; first += most) {
        struct slice slice = {.batch = work->batch,
                              .bucket = work->bucket,
                              .first = first,
                              .count = last - first < most ? last - first : most,
                              .scale = (float)(1.0 / work->targets)};

        nn->dropout.example = model->options.comm->rank * examples + first;
        architecture->forward(model, worker, &slice);
        architecture->backward(model, worker, &slice);
    }
    architecture->end(model, worker);
    if (nn->member == 0)
        slot->loss_nats = worker->loss_nats;
}

/* A slot of a batch: what one thread of the worker that has it does. */
static void gradient_slot(void *context, int thread, int slot)
{
    struct work *work = context;
    struct model *model = work->model;
    struct worker *worker = &model->team.workers[thread];
    struct nn *nn = &worker->nn;

    nn->dropout.active = nn->dropout.rate > 0 && work->update.t > 0;
    nn->dropout.seed = model->seed;
    nn->dropout.step = work->update.t;
    walk(work, worker, &model->team.slots[slot], slot_share(work, slot));
    nn->dropout.active = false;
}

/* The first example of the next slice of an evaluation that is this process's: of as many slices as there are
 * workers of all processes, every process has as many as it has workers.  The batch's end: there is none. */
static int next_first(struct work *work, int thread, int most)
{
    struct team *team = &work->model->team;
    const struct comm *comm = work->model->options.comm;
    int workers = team->size / team->crew, turn = team_next(team, thread);
    int64_t slice = ((int64_t)(turn / workers) * comm->size + comm->rank) * workers + turn % workers;
    int64_t first = slice * most;

    return first < work->batch->examples ? (int)first : work->batch->examples;
}

/* Losses of the slices that this thread's worker comes to. */
static void evaluate_share(void *context, int thread)
{
    struct work *work = context;
    struct model *model = work->model;
    struct worker *worker = &model->team.workers[thread];
    int examples = work->batch->examples, most = model->options.micro_batch << work->bucket;
    int first;

    model->options.architecture->begin(model, worker);
    while ((first = next_first(work, thread, most)) < examples) {
        struct slice slice = {.batch = work->batch,
                              .bucket = work->bucket,
                              .first = first,
                              .count = examples - first < most ? examples - first : most,
                              .example_nats = work->example_nats + first};

        model->options.architecture->forward(model, worker, &slice);
    }
}

static void sum_part(void *context, int thread, int part)
{
    struct work *work = context;

    team_sum(&work->model->team, work->model->tensors.elements, thread, part);
}

/* The loss of all processes, and the sum of their gradients. */
static void agree_once(void *context, int thread, int part)
{
    struct work *work = context;
    struct model *model = work->model;
    struct comm *comm = model->options.comm;

    (void)thread;
    (void)part;
    work->loss = team_loss(&model->team);
    work->status = comm->agree(comm, &work->loss, 1);
    work->loss /= work->targets;
    if (work->gradients && work->status == 0 && isfinite(work->loss))
        work->status = comm->sum(comm, model->team.slots[0].diff, model->tensors.elements);
}

struct phase {
    struct model *model;
    const struct update *update;
    int number;
};

static void update_part(void *context, int thread, int part)
{
    const struct phase *phase = context;

    optimizer_phase(&phase->model->optimizer, &phase->model->team.workers[thread].nn, phase->update,
                    phase->number, part);
}

/* ==== Steps ==== */

static int batch_check(const struct model *model, const struct batch *batch, int *bucket)
{
    const struct model_config *config = &model->options.model;
    const struct {
        const char *name;
        const int32_t *ids;
        const int *used;
        int length;
    } sides[] = {{"input", batch->inputs, batch->inputs_used, batch->input_length},
                 {"target", batch->targets, batch->targets_used, batch->target_length}};

    *bucket = model_bucket(&model->options, batch->input_length, batch->target_length);
    if (*bucket < 0)
        return -1;
    for (size_t s = 0; s < LENGTH_OF(sides); s++) {
        for (int64_t i = 0; i < (int64_t)batch->examples * sides[s].length; i++)
            if (sides[s].ids[i] < 0 || sides[s].ids[i] >= config->vocabulary)
                return err_set("%s token %lld of the batch is %d; the vocabulary has %d",
                               sides[s].name, (long long)i, (int)sides[s].ids[i],
                               config->vocabulary);
        for (int i = 0; i < batch->examples; i++)
            if (sides[s].used[i] < 1 || sides[s].used[i] > sides[s].length)
                return err_set("example %d of the batch uses %d of %d %s tokens", i,
                               sides[s].used[i], sides[s].length, sides[s].name);
    }
    return 0;
}

/* The gradient, and with `update` an update: sum over the workers, sum over the processes, optimize.
 * Called by all threads. */
static void step_inside(struct model *model, struct work *work, bool update)
{
    struct team *team = &model->team;

    if (!team_is_there(team, &work->status))
        return;
    team_do_slots(team, gradient_slot, work);
    if (work->gradients)
        team_do(team, sum_part, work);
    /* A message of several processes is for the thread that began the region. */
    team_do_once(team, model->options.comm->size > 1, agree_once, work);
    if (!update || work->status || !isfinite(work->loss))
        return;
    for (int i = 0; i < optimizer_phases(&model->optimizer); i++)
        team_do(team, update_part, &(struct phase){model, &work->update, i});
    team_do(team, model_pack_part, model);
}

static int model_step(struct model *model, const struct batch *batch, const struct update *update,
                      bool apply, double *loss_nats)
{
    struct work work = {.model = model, .batch = batch, .update = *update};
    struct comm *comm = model->options.comm;

    assert(!model->options.forward_only);
    if (batch_check(model, batch, &work.bucket))
        return -1;
    if (batch->examples != model->options.batch << work.bucket)
        return err_set("a batch of %d examples of %d/%d tokens does not fit a model made for %d",
                       batch->examples, batch->input_length, batch->target_length,
                       model->options.batch << work.bucket);
    work.targets = (double)batch_all_targets(batch);
    if (comm->agree(comm, &work.targets, 1))
        return -1;
    if (work.targets == 0)
        return err_set("the batch has no target token but pad");
    work.gradients = !apply || !model->optimizer.sum;
    team_deal(&model->team);
#pragma omp parallel num_threads(model->team.size)
    step_inside(model, &work, apply);
    *loss_nats = work.loss;
    return work.status;
}

int model_gradient(struct model *model, const struct batch *batch, int64_t step, double *loss_nats)
{
    return model_step(model, batch, &(struct update){.t = step}, false, loss_nats);
}

int model_train_step(struct model *model, const struct batch *batch, int64_t step,
                     double learning_rate, double *loss_nats)
{
    return model_step(model, batch, &(struct update){step, learning_rate}, true, loss_nats);
}

int model_evaluate(struct model *model, const struct batch *batch, double *example_nats)
{
    struct work work = {.model = model, .batch = batch, .example_nats = example_nats};
    struct comm *comm = model->options.comm;
    int status = 0;

    if (batch_check(model, batch, &work.bucket))
        return -1;
    memset(example_nats, 0, (size_t)batch->examples * sizeof *example_nats);
    team_deal(&model->team);
#pragma omp parallel num_threads(model->team.size)
    if (team_is_there(&model->team, &status))
        team_each(&model->team, evaluate_share, &work);
    if (status)
        return -1;
    return comm->size > 1 ? comm->agree(comm, example_nats, batch->examples) : 0;
}
