/* team.c - see team.h. */
#include "src/glu.h"

#include "src/nn/team.h"

#include <assert.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* A piece of the gradients that a worker sums at a time: it stays in cache between the addends. */
enum { PIECE_ELEMENTS = 1 << 15 };

/* Parts of a stage for each thread: one that comes late leaves most of its own to the others. */
enum { THREAD_PARTS = 4 };

static int most_parts(const struct team *team)
{
    return team->part_count > team->slot_count ? team->part_count : team->slot_count;
}

int team_open(struct team *team, int workers, int crew, int slots, int products)
{
    int threads = workers * crew;

    *team = (struct team){.crew = crew, .slot_count = workers * slots,
                          .part_count = threads > 1 ? threads * THREAD_PARTS : 1,
                          .stages = {.lock = PTHREAD_MUTEX_INITIALIZER, .over = PTHREAD_COND_INITIALIZER}};
    team->workers = calloc((size_t)threads, sizeof *team->workers);
    team->crews = calloc((size_t)workers, sizeof *team->crews);
    team->slots = calloc((size_t)team->slot_count, sizeof *team->slots);
    team->stages.taken = calloc((size_t)most_parts(team), sizeof *team->stages.taken);
    if (!team->workers || !team->crews || !team->slots || !team->stages.taken)
        return err_set("out of memory");
    for (int i = 0; i < workers; i++)
        crew_open(&team->crews[i], crew);
    for (; team->size < threads; team->size++) {
        struct worker *worker = &team->workers[team->size];

        worker->nn.crew = &team->crews[team->size / crew];
        worker->nn.member = team->size % crew;
        worker->plans = calloc((size_t)products, sizeof *worker->plans);
        if (!worker->plans)
            return err_set("out of memory");
    }
    return 0;
}

void team_close(struct team *team)
{
    for (int w = 0; w < team->size; w++) {
        dnn_destroy(team->workers[w].nn.dnn);
        free(team->workers[w].plans);
    }
    if (team->workers) {
        pthread_cond_destroy(&team->stages.over);
        pthread_mutex_destroy(&team->stages.lock);
    }
    free(team->workers);
    free(team->crews);
    free(team->slots);
    free(team->stages.taken);
    *team = (struct team){0};
}

bool team_is_there(const struct team *team, int *status)
{
    if (team->crew == 1 || omp_get_num_threads() == team->size)
        return true;
#pragma omp master
    *status = err_set("OpenMP does not give all of %d threads, and those that do an example together cannot "
                   "take turns; see OMP_THREAD_LIMIT and OMP_DYNAMIC, or give " FIELD("team") " 1",
                   team->size);
    return false;
}

void team_each(const struct team *team, team_work *work, void *context)
{
    for (int w = omp_get_thread_num(); w < team->size; w += omp_get_num_threads())
        work(context, w);
}

/* ==== Stages ==== */

/* As long as the last of a quiet machine may take, and not longer: a thread that waits awake keeps a core
 * from one that waits for a core. */
static const double awake_s = 2e-4;

void team_deal(struct team *team)
{
    struct stages *stages = &team->stages;

    for (int i = 0; i < most_parts(team); i++)
        atomic_store_explicit(&stages->taken[i], 0, memory_order_relaxed);
    for (int i = 0; i < TEAM_STAGES; i++)
        atomic_store_explicit(&stages->done[i], 0, memory_order_relaxed);
    for (int i = 0; i < team->size; i++)
        team->workers[i].stage = 0;
    atomic_store_explicit(&team->next, 0, memory_order_relaxed);
}

/* Of `count` parts of the stage one that nobody has taken, the first from `own` on, or -1. */
static int take(struct stages *stages, int stage, int own, int count)
{
    for (int i = 0; i < count; i++) {
        int part = (own + i) % count, before = atomic_load_explicit(&stages->taken[part], memory_order_relaxed);

        /* It fails for who comes second, who may be stages behind. */
        if (before < stage && atomic_compare_exchange_strong_explicit(&stages->taken[part], &before, stage,
                                                                      memory_order_relaxed, memory_order_relaxed))
            return part;
    }
    return -1;
}

/* A part is done, the last of the `all` or another. */
static void finish(struct stages *stages, int stage, int all)
{
    if (atomic_fetch_add_explicit(&stages->done[stage - 1], 1, memory_order_acq_rel) + 1 < all)
        return;
    /* Nobody is between looking and falling asleep while the lock is held. */
    pthread_mutex_lock(&stages->lock);
    pthread_mutex_unlock(&stages->lock);
    pthread_cond_broadcast(&stages->over);
}

static bool is_over(struct stages *stages, int stage, int all)
{
    return atomic_load_explicit(&stages->done[stage - 1], memory_order_acquire) == all;
}

/* Until a time, unless it is over before. */
static bool wait_awake(struct stages *stages, int stage, int all, double until_s)
{
    enum { LOOKS = 256 }; /* between two at the clock */

    do
        for (int i = 0; i < LOOKS; i++)
            if (is_over(stages, stage, all))
                return true;
    while (clock_now_s() < until_s);
    return false;
}

/* For all parts of the stage that the worker is in. */
static void wait_for(struct stages *stages, struct worker *worker, int all)
{
    double start = clock_now_s();

    if (!wait_awake(stages, worker->stage, all, start + awake_s)) {
        pthread_mutex_lock(&stages->lock);
        while (!is_over(stages, worker->stage, all))
            pthread_cond_wait(&stages->over, &stages->lock);
        pthread_mutex_unlock(&stages->lock);
    }
    nn_book(&worker->nn, PROFILE_WAIT, &start, 0, 0);
}

static struct worker *begin_stage(struct team *team, int thread)
{
    struct worker *worker = &team->workers[thread];

    worker->stage++;
    assert(worker->stage <= TEAM_STAGES);
    return worker;
}

void team_do(struct team *team, team_part *work, void *context)
{
    int thread = omp_get_thread_num(), own = team->part_count / team->size * thread, part;
    struct worker *worker = begin_stage(team, thread);

    while ((part = take(&team->stages, worker->stage, own, team->part_count)) >= 0) {
        work(context, thread, part);
        finish(&team->stages, worker->stage, team->part_count);
    }
    wait_for(&team->stages, worker, team->part_count);
}

void team_do_slots(struct team *team, team_part *work, void *context)
{
    int thread = omp_get_thread_num(), all = team->slot_count * team->crew, slot;
    struct worker *worker = begin_stage(team, thread);

    while ((slot = team_take(team, thread)) >= 0) {
        work(context, thread, slot);
        finish(&team->stages, worker->stage, all);
    }
    wait_for(&team->stages, worker, all);
}

void team_do_once(struct team *team, bool first, team_part *work, void *context)
{
    int thread = omp_get_thread_num();
    struct worker *worker = begin_stage(team, thread);

    if ((!first || thread == 0) && take(&team->stages, worker->stage, 0, 1) == 0) {
        work(context, thread, 0);
        finish(&team->stages, worker->stage, 1);
    }
    wait_for(&team->stages, worker, 1);
}

/* ==== Taking ==== */

/* What the first thread of a worker took, to the others of it. */
static int tell_crew(const struct nn *nn, int taken)
{
    if (nn->member == 0)
        nn->crew->taken = taken;
    crew_wait(nn->crew);
    taken = nn->crew->taken;
    crew_wait(nn->crew); /* before the first takes another */
    return taken;
}

int team_take(struct team *team, int thread)
{
    const struct worker *worker = &team->workers[thread];
    int workers = team->size / team->crew, own = team->slot_count / workers * (thread / team->crew);

    return tell_crew(&worker->nn, worker->nn.member == 0
                                      ? take(&team->stages, worker->stage, own, team->slot_count)
                                      : -1);
}

int team_next(struct team *team, int thread)
{
    const struct nn *nn = &team->workers[thread].nn;

    return tell_crew(nn, nn->member == 0
                             ? atomic_fetch_add_explicit(&team->next, 1, memory_order_relaxed)
                             : 0);
}

/* ==== Sums ==== */

void team_sum_piece(const struct team *team, struct nn *nn, size_t offset, size_t count)
{
    for (int apart = 1; apart < team->slot_count; apart *= 2)
        for (int i = 0; i + apart < team->slot_count; i += 2 * apart)
            nn->kernels->add((int64_t)count, team->slots[i + apart].diff + offset,
                             team->slots[i].diff + offset);
}

void team_sum(struct team *team, size_t elements, int thread, int part)
{
    struct nn *nn = &team->workers[thread].nn;
    int slots = team->slot_count;
    double start = clock_now_s(), summed = 0;

    for (size_t at = PIECE_ELEMENTS * (size_t)part; slots > 1 && at < elements;
         at += PIECE_ELEMENTS * (size_t)team->part_count) {
        size_t count = elements - at < PIECE_ELEMENTS ? elements - at : PIECE_ELEMENTS;

        team_sum_piece(team, nn, at, count);
        summed += (double)count;
    }
    nn_book(nn, PROFILE_OPTIMIZER, &start, 0, summed * (slots + slots / 2) * sizeof(float));
}

double team_loss(const struct team *team)
{
    struct slot *slots = team->slots;

    for (int apart = 1; apart < team->slot_count; apart *= 2)
        for (int i = 0; i + apart < team->slot_count; i += 2 * apart)
            slots[i].loss_nats += slots[i + apart].loss_nats;
    return slots[0].loss_nats;
}

void team_profile(const struct team *team, struct profile_row *rows)
{
    memset(rows, 0, PROFILE_KINDS * sizeof *rows);
    for (int w = 0; w < team->size; w++)
        for (int i = 0; i < PROFILE_KINDS; i++) {
            rows[i].s += team->workers[w].nn.profile[i].s;
            rows[i].flops += team->workers[w].nn.profile[i].flops;
            rows[i].bytes += team->workers[w].nn.profile[i].bytes;
            rows[i].exponentials += team->workers[w].nn.profile[i].exponentials;
            rows[i].calls += team->workers[w].nn.profile[i].calls;
        }
}

void team_profile_reset(struct team *team)
{
    for (int w = 0; w < team->size; w++)
        memset(team->workers[w].nn.profile, 0, sizeof team->workers[w].nn.profile);
}
