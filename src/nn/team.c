/* team.c - see team.h. */
#include "src/glu.h"

#include "src/nn/team.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* A piece of the gradients that a worker sums at a time: it stays in cache between the addends. */
enum { PIECE_ELEMENTS = 1 << 15 };

int team_open(struct team *team, int workers, int crew, int products)
{
    *team = (struct team){.crew = crew};
    team->workers = calloc((size_t)(workers * crew), sizeof *team->workers);
    team->crews = calloc((size_t)workers, sizeof *team->crews);
    if (!team->workers || !team->crews)
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
    free(team->workers);
    free(team->crews);
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

void team_wait(struct team *team)
{
    int index = omp_get_thread_num();
    double start = clock_now_s();

#pragma omp barrier
    nn_book(&team->workers[index].nn, PROFILE_WAIT, &start, 0, 0);
}

void team_sum_piece(const struct team *team, struct nn *nn, size_t offset, size_t count)
{
    for (int apart = team->crew; apart < team->size; apart *= 2)
        for (int i = 0; i + apart < team->size; i += 2 * apart)
            nn->kernels->add((int64_t)count, team->workers[i + apart].nn.diff + offset,
                             team->workers[i].nn.diff + offset);
}

void team_sum(struct team *team, size_t elements, int thread)
{
    struct nn *nn = &team->workers[thread].nn;
    int workers = team->size / team->crew;
    double start = clock_now_s(), summed = 0;
    size_t step = (size_t)team->size * PIECE_ELEMENTS;

    for (size_t at = (size_t)thread * PIECE_ELEMENTS; workers > 1 && at < elements; at += step) {
        size_t count = elements - at < PIECE_ELEMENTS ? elements - at : PIECE_ELEMENTS;

        team_sum_piece(team, nn, at, count);
        summed += (double)count;
    }
    nn_book(nn, PROFILE_OPTIMIZER, &start, 0, summed * (workers + workers / 2) * sizeof(float));
}

double team_loss(const struct team *team)
{
    struct worker *workers = team->workers;

    for (int apart = team->crew; apart < team->size; apart *= 2)
        for (int i = 0; i + apart < team->size; i += 2 * apart)
            workers[i].loss_nats += workers[i + apart].loss_nats;
    return workers[0].loss_nats;
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
