/* test-team.c - the slots' gradients and losses are summed pairwise, so that teams of a power of two
 * slots, summed alike, give the bits of one team of all; and who takes which slot. */
#include "src/glu.h"

#include "src/nn/team.h"
#include "src/util/clock.h"
#include "test/tap.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 16, ELEMENTS = (1 << 15) * 3 + 17 };

static float values[WORKERS][ELEMENTS], work[WORKERS][ELEMENTS];

/* Numbers of many sizes: any other order of summation shows in some of them. */
static void make_values(void)
{
    uint32_t state = 1;

    for (int w = 0; w < WORKERS; w++)
        for (int i = 0; i < ELEMENTS; i++) {
            state = state * 1664525 + 1013904223;
            values[w][i] = ldexpf((float)(int32_t)state, (int)(state >> 28) - 40);
        }
}

/* The sum of workers `first` to before `last`; the upper part is as large as a power of two can be. */
static float tree(int first, int last, int element)
{
    int lower = 1;

    if (last - first == 1)
        return values[first][element];
    while (2 * lower < last - first)
        lower *= 2;
    return tree(first, first + lower, element) + tree(first + lower, last, element);
}

/* A team of workers from `first` on, whose gradients are there and whose losses are element 5. */
static void make_team(struct team *team, int first, int size)
{
    int slots = size % 2 == 0 ? 2 : 1; /* of a worker */

    if (team_open(team, size / slots, 1, slots, 1))
        tap_bail_out("%s", err_get());
    for (int w = 0; w < size; w++) {
        memcpy(work[first + w], values[first + w], sizeof work[0]);
        team->workers[w / slots].nn.kernels = kernels_get();
        team->slots[w].diff = work[first + w];
        team->slots[w].loss_nats = values[first + w][5];
    }
}

static void sum(struct team *team)
{
    for (int part = 0; part < team->part_count; part++)
        team_sum(team, ELEMENTS, part % team->size, part);
}

static void test_one(int size)
{
    struct team team;
    int wrong = 0;

    make_team(&team, 0, size);
    sum(&team);
    for (int i = 0; i < ELEMENTS; i++) {
        float expected = tree(0, size, i);

        wrong += memcmp(&work[0][i], &expected, sizeof expected) != 0;
    }
    tap_ok(wrong == 0, "%d workers: the sum is the pairwise one; %d elements are not", size, wrong);
    team_close(&team);
}

static void test_teams(int teams, int size)
{
    struct team all, part[WORKERS], upper;
    static float one[ELEMENTS];
    double one_loss, loss;

    make_team(&all, 0, teams * size);
    sum(&all);
    memcpy(one, work[0], sizeof one);
    one_loss = team_loss(&all);
    team_close(&all);
    make_team(&upper, 0, teams);
    for (int t = 0; t < teams; t++) {
        make_team(&part[t], t * size, size);
        sum(&part[t]);
        upper.slots[t].diff = work[t * size];
        upper.slots[t].loss_nats = team_loss(&part[t]);
        team_close(&part[t]);
    }
    sum(&upper);
    loss = team_loss(&upper);
    team_close(&upper);
    tap_ok(memcmp(one, work[0], sizeof one) == 0 && memcmp(&one_loss, &loss, sizeof loss) == 0,
           "%d teams of %d: the bits of one", teams, size);
}

/* All threads are in the first stage. */
static void deal(struct team *team)
{
    team_deal(team);
    for (int i = 0; i < team->size; i++)
        team->workers[i].stage = 1;
}

/* A worker's own slots come first, and all come once. */
static void test_take(void)
{
    static const int expected[] = {2, 3, 4, 5, 0, 1, -1};
    struct team team;
    int wrong = 0, others;

    if (team_open(&team, 3, 1, 2, 1))
        tap_bail_out("%s", err_get());
    deal(&team);
    for (size_t i = 0; i < LENGTH_OF(expected); i++)
        wrong += team_take(&team, 1) != expected[i];
    tap_ok(wrong == 0, "a worker alone takes its own slots and then all others'");
    deal(&team);
    wrong = team_take(&team, 2) != 4 || team_take(&team, 0) != 0 || team_take(&team, 0) != 1;
    others = team_take(&team, 0);
    tap_ok(!wrong && others == 2 && team_take(&team, 2) == 5 && team_take(&team, 2) == 3 &&
               team_take(&team, 0) < 0 && team_take(&team, 1) < 0,
           "what a worker has not begun is the others'");
    team_close(&team);
}

/* A stage ends with its parts, though a thread has not come to it. */
enum { STAGES = 5 };

struct late {
    struct team *team;
    atomic_int done[STAGES]; /* parts of each stage, by anyone */
    atomic_int stage, came;  /* stages that the first thread has behind it; before which the second came */
};

static void count_part(void *context, int thread, int part)
{
    struct late *late = context;

    (void)part;
    atomic_fetch_add(&late->done[late->team->workers[thread].stage - 1], 1);
}

static void walk_stages(struct late *late)
{
    bool first = omp_get_thread_num() == 0;
    double until_s = clock_now_s() + 10; /* long enough to be late, and the end where the first waits */

    while (!first && atomic_load(&late->stage) < STAGES - 1 && clock_now_s() < until_s)
        ;
    if (!first)
        atomic_store(&late->came, atomic_load(&late->stage));
    team_do_slots(late->team, count_part, late);
    for (int i = 1; i < STAGES; i++) {
        if (first)
            atomic_store(&late->stage, i);
        if (i == STAGES - 1)
            team_do_once(late->team, true, count_part, late);
        else
            team_do(late->team, count_part, late);
    }
}

static void test_late(void)
{
    struct team team;
    struct late late = {.team = &team};
    int right = 0, threads = 0;

    if (team_open(&team, 2, 1, 2, 1))
        tap_bail_out("%s", err_get());
    team_deal(&team);
#pragma omp parallel num_threads(2)
    {
#pragma omp master
        threads = omp_get_num_threads();
        if (omp_get_num_threads() == 2)
            walk_stages(&late);
    }
    for (int i = 0; i < STAGES; i++)
        right += late.done[i] == (i == 0 ? team.slot_count : i < STAGES - 1 ? team.part_count : 1);
    team_close(&team);
    if (threads < 2)
        tap_skip(1, "OpenMP gives one thread");
    else
        tap_ok(late.came == STAGES - 1 && right == STAGES,
               "a thread that comes before the last stage keeps nobody waiting; %d stages of %d are whole",
               right, STAGES);
}

int main(void)
{
    static const int teams[][2] = {{2, 1}, {2, 2}, {4, 1}, {3, 2}, {3, 4}, {5, 2}, {8, 2}, {1, 3}};

    tap_plan(12 + (int)LENGTH_OF(teams));
    make_values();
    for (int size = 1; size <= 9; size++)
        test_one(size);
    for (size_t i = 0; i < LENGTH_OF(teams); i++)
        test_teams(teams[i][0], teams[i][1]);
    test_take();
    test_late();
    return tap_status();
}
