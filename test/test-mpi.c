/* test-mpi.c - what src/comm/mpi.c promises, on as many ranks as a launcher gives: every rank makes what
 * all of them have, and so knows what must come out.  Rank 0 alone speaks. */
#include "src/glu.h"

#include "src/comm/mpi.h"
#include "src/util/clock.h"
#include "test/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* A few numbers, those around a piece of the exchange, and more than one piece. */
static const size_t sizes[] = {0, 1, 3, 4, 5, 1023, (1 << 20) - 1, 1 << 20, (1 << 20) + 1,
                               3 << 20, 5000001};
enum { ELEMENTS = 5000001, NUMBERS = 1200, RANKS = 64, RESTS = 12 };

static float x[ELEMENTS + 1];

/* Of many sizes: any other order of summation shows in some of them. */
static float value(int rank, size_t i)
{
    uint64_t state = ((uint64_t)i * 64 + (uint64_t)rank + 1) * 0x9e3779b97f4a7c15u;

    state ^= state >> 31;
    state *= 0xbf58476d1ce4e5b9u;
    return ldexpf((float)(int32_t)(state >> 32), (int)(state % 16) - 40);
}

static float tree(int ranks, size_t i)
{
    float values[RANKS];

    for (int r = 0; r < ranks; r++)
        values[r] = value(r, i);
    for (int apart = 1; apart < ranks; apart *= 2)
        for (int r = 0; r + apart < ranks; r += 2 * apart)
            values[r] += values[r + apart];
    return values[0];
}

/* Did it go well on every rank?  Every rank asks. */
static bool everywhere(struct comm *comm, bool ok)
{
    double bad = !ok;

    return comm->agree(comm, &bad, 1) == 0 && bad == 0;
}

static void check(struct comm *comm, bool ok, const char *what, size_t n)
{
    bool all = everywhere(comm, ok);

    if (comm->rank == 0)
        tap_ok(all, "%d ranks: %s, %zu", comm->size, what, n);
    else if (!ok)
        tap_diag("rank %d: %s, %zu: %s", comm->rank, what, n, err_get());
}

static void test_sum(struct comm *comm, size_t n)
{
    bool same = true;

    for (size_t i = 0; i <= n; i++)
        x[i] = i < n ? value(comm->rank, i) : 7;
    same = comm->sum(comm, x, n) == 0 && x[n] == 7;
    for (size_t i = 0; i < n; i++) {
        float expected = tree(comm->size, i);

        same = same && memcmp(&x[i], &expected, sizeof expected) == 0;
    }
    check(comm, same, "the pairwise sum", n);
}

static void test_sum_at_once(struct comm *comm)
{
    size_t n = (size_t)comm->size * 1000;
    float *room = calloc(n, sizeof *room);
    bool same;

    for (size_t i = 0; i < n; i++)
        x[i] = value(comm->rank, i);
    same = room && comm->sum_at_once(comm, x, room, n) == 0;
    for (size_t i = 0; i < n; i++) {
        float expected = tree(comm->size, i);

        same = same && memcmp(&x[i], &expected, sizeof expected) == 0;
    }
    check(comm, same, "the same sum at once", n);
    free(room);
}

/* The times that this thread gave its processor back of itself: spinning gives none. */
static long sleeps(void)
{
    struct rusage used = {0};

    return getrusage(RUSAGE_THREAD, &used) ? -1 : used.ru_nvcsw;
}

/* Every rank comes late once or more.  Nobody leaves before it has come, by the clock that all
 * processes of a machine share, and whoever waits for it sleeps. */
static void test_rest(struct comm *comm)
{
    const struct timespec late = {.tv_nsec = 20000000};
    long slept = 0;
    bool ok = true, waited = true;

    for (int round = 0; round < RESTS; round++) {
        bool is_late = round % comm->size == comm->rank;
        double came_s[RANKS] = {0}, left_s;
        long before;

        if (is_late)
            nanosleep(&late, NULL);
        came_s[comm->rank] = clock_now_s();
        before = sleeps();
        ok = comm->rest(comm) == 0 && ok;
        slept += is_late ? 0 : sleeps() - before;
        left_s = clock_now_s();
        ok = comm->agree(comm, came_s, (size_t)comm->size) == 0 && ok;
        for (int r = 0; r < comm->size; r++)
            waited = waited && left_s >= came_s[r];
    }
    check(comm, ok && waited, "all rest until the last has come", 0);
    check(comm, slept > 0 || comm->size == 1, "and leave the processors to others", 0);
}

static void test_agree(struct comm *comm)
{
    static double numbers[NUMBERS];
    double expected = comm->size * (comm->size - 1) / 2.0;
    bool same = true;

    for (int i = 0; i < NUMBERS; i++)
        numbers[i] = comm->rank + (double)i * (comm->rank == 0);
    same = comm->agree(comm, numbers, NUMBERS) == 0;
    for (int i = 0; i < NUMBERS; i++)
        same = same && numbers[i] == expected + i;
    check(comm, same, "numbers are agreed upon", NUMBERS);
}

static void test_share(struct comm *comm)
{
    char text[8] = "others";

    if (comm->rank == 0)
        strcpy(text, "zero's");
    check(comm, comm->share(comm, text, sizeof text) == 0 && strcmp(text, "zero's") == 0,
          "rank 0 shares", sizeof text);
}

/* Halves, whose first ranks are one more. */
static void test_split(struct comm *comm)
{
    struct comm *half, *first;
    int size = comm->size > 1 ? comm->size / 2 : 1;
    double sum = comm->rank, expected = 0;
    bool ok = comm->split(comm, comm->rank / size, &half) == 0 && half &&
              half->rank == comm->rank % size;

    for (int r = 0; ok && r < half->size; r++)
        expected += comm->rank / size * size + r;
    ok = ok && half->agree(half, &sum, 1) == 0 && sum == expected;
    ok = ok && comm->split(comm, half->rank == 0 ? 0 : -1, &first) == 0 &&
         (first != NULL) == (half->rank == 0);
    check(comm, ok, "groups and their first ranks", (size_t)size);
    if (first)
        first->close(first);
    if (half)
        half->close(half);
}

int main(int argc, char **argv)
{
    struct comm *comm;

    if (comm_mpi_begin(&comm, &argc, &argv))
        tap_bail_out("%s", err_get());
    if (comm->rank == 0)
        tap_plan((int)LENGTH_OF(sizes) + 6);
    for (size_t i = 0; i < LENGTH_OF(sizes); i++)
        test_sum(comm, sizes[i]);
    test_sum_at_once(comm);
    test_rest(comm);
    test_agree(comm);
    test_share(comm);
    test_split(comm);
    argc = comm->rank == 0 ? tap_status() : 0;
    comm->close(comm);
    comm_mpi_end();
    return argc;
}
