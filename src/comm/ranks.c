/* ranks.c - see ranks.h. */
#include "src/glu.h"

#include "src/comm/ranks.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 200 };

static struct ranks ranks = {.here = 1, .groups = 1};

const struct ranks *ranks_get(void)
{
    if (!ranks.all)
        ranks_begin(comm_self(), 1, NULL);
    return &ranks;
}

void ranks_begin(struct comm *all, int here, const char *library)
{
    ranks = (struct ranks){.all = all,
                           .here = here,
                           .library = library,
                           .group = comm_self(),
                           .leaders = all,
                           .groups = all->size,
                           .number = all->rank};
}

int ranks_divide(int size)
{
    struct comm *group, *leaders;

    if (ranks.all->split(ranks.all, ranks.all->rank / size, &group))
        return -1;
    ranks.group = group;
    if (ranks.all->split(ranks.all, group->rank == 0 ? 0 : -1, &leaders))
        return -1;
    ranks.leaders = leaders;
    ranks.groups = ranks.all->size / size;
    ranks.number = ranks.all->rank / size;
    ranks.divided = true;
    return 0;
}

void ranks_end(void)
{
    if (ranks.leaders && ranks.leaders != ranks.all)
        ranks.leaders->close(ranks.leaders);
    ranks.group->close(ranks.group);
    ranks.all->close(ranks.all);
    ranks = (struct ranks){.here = 1, .groups = 1};
}

void ranks_break(void)
{
    ranks.broken = true;
}

/* ==== Do all agree? ==== */

/* The lowest rank at which `flag` is set, on every rank; -1: none; -2: a message. */
static int first_rank(struct comm *comm, bool flag)
{
    double *flags = calloc((size_t)comm->size, sizeof *flags);
    int rank = -1;

    if (!flags) {
        err_set("out of memory");
        return -2;
    }
    flags[comm->rank] = flag;
    if (comm->agree(comm, flags, comm->size))
        rank = -2;
    for (int i = comm->size - 1; i >= 0 && rank > -2; i--)
        if (flags[i] > 0)
            rank = i;
    free(flags);
    return rank;
}

/* The line that begins at *at, which moves to the next one, without what JSON has around it. */
static void take_line(const char **at, char line[LINE_BYTES])
{
    size_t length = strcspn(*at, "\n"), begin = strspn(*at, " "), kept = length - begin;

    if (kept > 0 && (*at)[length - 1] == ',')
        kept--;
    if (kept >= LINE_BYTES)
        kept = LINE_BYTES - 1;
    memcpy(line, *at + begin, kept);
    line[kept] = '\0';
    *at += length + ((*at)[length] == '\n');
}

/* The first lines in which two texts differ. */
static void first_difference(const char *a, const char *b, char lines[2][LINE_BYTES])
{
    do {
        const char *a_before = a, *b_before = b;

        take_line(&a, lines[0]);
        take_line(&b, lines[1]);
        if (a - a_before != b - b_before || memcmp(a_before, b_before, (size_t)(a - a_before)) != 0)
            return;
    } while (*a || *b);
}

/* One rank's bytes, to all. */
static int tell(struct comm *comm, int rank, char *text, int n)
{
    double *numbers = calloc((size_t)n, sizeof *numbers);
    int status = -1;

    if (!numbers)
        return err_set("out of memory");
    for (int i = 0; i < n && comm->rank == rank; i++)
        numbers[i] = (unsigned char)text[i];
    if (comm->agree(comm, numbers, n) == 0)
        status = 0;
    for (int i = 0; i < n && status == 0; i++)
        text[i] = (char)(unsigned char)numbers[i];
    free(numbers);
    return status;
}

int ranks_same(struct comm *comm, const char *text)
{
    uint64_t bytes = strlen(text) + 1;
    char lines[2][LINE_BYTES] = {"", ""}, *first;
    int rank, status = -1;

    if (comm->size == 1)
        return 0;
    if (comm->share(comm, &bytes, sizeof bytes))
        return -1;
    first = malloc(bytes);
    if (!first)
        return err_set("out of memory");
    if (comm->rank == 0)
        memcpy(first, text, bytes);
    if (comm->share(comm, first, bytes))
        goto out;
    rank = first_rank(comm, strcmp(first, text) != 0);
    if (rank == -1)
        status = 0;
    if (rank < 0)
        goto out;
    if (comm->rank == rank)
        first_difference(first, text, lines);
    if (tell(comm, rank, lines[0], sizeof lines) == 0)
        err_set("the ranks differ: rank 0 has %s, rank %d has %s", lines[0], rank, lines[1]);
    if (comm->rank > 0)
        err_set("%s", "");
out:
    free(first);
    return status;
}

int ranks_all(struct comm *comm, int status)
{
    int rank = first_rank(comm, status != 0);
    bool groups = comm == ranks.leaders && comm != ranks.all;

    if (rank == -1)
        return 0;
    if (rank >= 0 && rank != comm->rank)
        err_set("%s %d cannot begin", groups ? "group" : "rank", rank);
    if (rank != comm->rank && comm->rank > 0)
        err_set("%s", "");
    return -1;
}

/* ==== The launcher ==== */

int ranks_launched(int size, const char **variable)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"};
    int launched = 0;

    *variable = NULL;
    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        const char *text = getenv(names[i]);
        int said = text ? atoi(text) : 0;

        if (said <= 0 || launched == size)
            continue;
        launched = said;
        *variable = names[i];
    }
    return launched;
}
