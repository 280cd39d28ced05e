/* team.c - see team.h. */
#include "src/glu.h"

#include "src/nn/team.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* A piece of the gradients that a worker sums at a time: it stays in cache between the addends. */
enum { PIECE_ELEMENTS = 1 << 15 };

int team_open(struct team *team, int size, int products)
{
    team->size = 0;
    team->workers = calloc((size_t)size, sizeof *team->workers);
    if (!team->workers)
        return err_set("out of memory");
    for (; team->size < size; team->size++) {
        struct linear_plan *plans = calloc((size_t)products, sizeof *plans);

        if (!plans)
            return err_set("out of memory");
        team->workers[team->size].plans = plans;
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
    *team = (struct team){0};
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
    for (int apart = 1; apart < team->size; apart *= 2)
        for (int i = 0; i + apart < team->size; i += 2 * apart)
            nn->kernels->add((int64_t)count, team->workers[i + apart].nn.diff + offset,
                             team->workers[i].nn.diff + offset);
}

void team_sum(struct team *team, size_t elements, int worker)
{
    struct nn *nn = &team->workers[worker].nn;
    double start = clock_now_s(), summed = 0;
    size_t step = (size_t)team->size * PIECE_ELEMENTS;

    for (size_t at = (size_t)worker * PIECE_ELEMENTS; team->size > 1 && at < elements; at += step) {
        size_t count = elements - at < PIECE_ELEMENTS ? elements - at : PIECE_ELEMENTS;

        team_sum_piece(team, nn, at, count);
        summed += (double)count;
    }
    nn_book(nn, PROFILE_OPTIMIZER, &start, 0, summed * (team->size + team->size / 2) * sizeof(float));
}

double team_loss(const struct team *team)
{
    struct worker *workers = team->workers;

    for (int apart = 1; apart < team->size; apart *= 2)
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
        }
}

void team_profile_reset(struct team *team)
{
    for (int w = 0; w < team->size; w++)
        memset(team->workers[w].nn.profile, 0, sizeof team->workers[w].nn.profile);
}
