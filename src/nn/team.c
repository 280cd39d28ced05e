/* team.c - see team.h. */
#include "src/glu.h"

#include "src/nn/team.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* A piece of the gradients that a worker sums at a time: it stays in cache between the addends. */
enum { PIECE_ELEMENTS = 1 << 15 };

int team_open(struct team *team, int workers, int crew, int slots, int products)
{
    *team = (struct team){.crew = crew, .slot_count = workers * slots,
                          .meeting = {.lock = PTHREAD_MUTEX_INITIALIZER, .over = PTHREAD_COND_INITIALIZER}};
    team->workers = calloc((size_t)(workers * crew), sizeof *team->workers);
    team->crews = calloc((size_t)workers, sizeof *team->crews);
    team->slots = calloc((size_t)team->slot_count, sizeof *team->slots);
    if (!team->workers || !team->crews || !team->slots)
        return err_set("out of memory");
    for (int i = 0; i < workers; i++)
        crew_open(&team->crews[i], crew);
    for (; team->size < workers * crew; team->size++) {
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
        pthread_cond_destroy(&team->meeting.over);
        pthread_mutex_destroy(&team->meeting.lock);
    }
    free(team->workers);
    free(team->crews);
    free(team->slots);
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

/* ==== Waiting ==== */

/* As long as the last of a quiet machine may take, and not longer: a thread that waits awake keeps a core
 * from one that waits for a core. */
static const double awake_s = 1e-3;

static bool is_over(struct meeting *meeting, unsigned round)
{
    return atomic_load_explicit(&meeting->rounds, memory_order_acquire) != round;
}

/* Until a time, unless it is over before. */
static bool wait_awake(struct meeting *meeting, unsigned round, double until_s)
{
    enum { LOOKS = 256 }; /* between two at the clock */

    do
        for (int i = 0; i < LOOKS; i++)
            if (is_over(meeting, round))
                return true;
    while (clock_now_s() < until_s);
    return false;
}

static void meet(struct meeting *meeting, int threads, double now_s)
{
    unsigned round = atomic_load_explicit(&meeting->rounds, memory_order_acquire);

    if (threads == 1)
        return;
    if (atomic_fetch_add_explicit(&meeting->there, 1, memory_order_acq_rel) + 1 == threads) {
        atomic_store_explicit(&meeting->there, 0, memory_order_relaxed);
        pthread_mutex_lock(&meeting->lock);
        atomic_store_explicit(&meeting->rounds, round + 1, memory_order_release);
        pthread_mutex_unlock(&meeting->lock);
        pthread_cond_broadcast(&meeting->over);
        return;
    }
    if (wait_awake(meeting, round, now_s + awake_s))
        return;
    pthread_mutex_lock(&meeting->lock);
    while (!is_over(meeting, round))
        pthread_cond_wait(&meeting->over, &meeting->lock);
    pthread_mutex_unlock(&meeting->lock);
}

void team_wait(struct team *team)
{
    int index = omp_get_thread_num();
    double start = clock_now_s();

    meet(&team->meeting, omp_get_num_threads(), start);
    nn_book(&team->workers[index].nn, PROFILE_WAIT, &start, 0, 0);
}

/* ==== Taking ==== */

void team_deal(struct team *team)
{
    for (int i = 0; i < team->slot_count; i++)
        atomic_store_explicit(&team->slots[i].taken, false, memory_order_relaxed);
    atomic_store_explicit(&team->next, 0, memory_order_relaxed);
}

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

static int take_slot(struct team *team, int worker)
{
    int count = team->slot_count, own = count / (team->size / team->crew) * worker;

    for (int i = 0; i < count; i++) {
        int slot = (own + i) % count;

        if (!atomic_exchange_explicit(&team->slots[slot].taken, true, memory_order_relaxed))
            return slot;
    }
    return -1;
}

int team_take(struct team *team, int thread)
{
    const struct nn *nn = &team->workers[thread].nn;

    return tell_crew(nn, nn->member == 0 ? take_slot(team, thread / team->crew) : -1);
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

void team_sum(struct team *team, size_t elements, int thread)
{
    struct nn *nn = &team->workers[thread].nn;
    int slots = team->slot_count;
    double start = clock_now_s(), summed = 0;
    size_t at;

    while (slots > 1 && (at = PIECE_ELEMENTS * (size_t)atomic_fetch_add_explicit(
                                                   &team->next, 1, memory_order_relaxed)) < elements) {
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
