/* mpi.c - the processes of a launcher of MPI.  See mpi.h and comm.h.
 *
 * What MPI_Allreduce gives depends on the algorithm that the library chooses, by size and number of
 * ranks, and so do the last bits.  Here the library only carries: a piece is cut into as many chunks as
 * there are ranks, each rank gets its chunk from all (Alltoall), sums it in the order of comm.h, and
 * gives the sum to all (Allgather), in buffers that are made once. */
#include "src/glu.h"

#include "src/comm/mpi.h"

#include <limits.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PIECE_FLOATS = 1 << 21, /* 8 MiB at a time */
    AGREE_NUMBERS = 512,    /* at a time */
    SHARE_BYTES = 1 << 26   /* at a time: counts are of type int */
};

struct mpi {
    struct comm comm; /* first */
    MPI_Comm handle;
    bool own; /* the handle is */
    float *all, *tail; /* (size * chunk_floats): what came from all ranks, and a piece that was padded */
    double *numbers;   /* (size, AGREE_NUMBERS) */
};

static struct mpi *mpi_of(struct comm *comm)
{
    return (struct mpi *)comm;
}

/* 0, or -1 and a message. */
static int check(int code, const char *what)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;

    if (code == MPI_SUCCESS)
        return 0;
    MPI_Error_string(code, text, &length);
    return err_set("%s between the ranks failed: %.*s", what, length, text);
}

/* ==== Sums ==== */

static void add(float *restrict dst, const float *restrict src, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] += src[i];
}

/* The chunks of all ranks, (ranks, n), into the first. */
static void sum_chunks(float *chunks, int ranks, size_t n)
{
    for (int apart = 1; apart < ranks; apart *= 2)
        for (int i = 0; i + apart < ranks; i += 2 * apart)
            add(chunks + (size_t)i * n, chunks + (size_t)(i + apart) * n, n);
}

/* Of (size, chunk) numbers, in `all`, which is as large. */
static int sum_piece(struct mpi *mpi, float *x, float *all, size_t chunk)
{
    int n = (int)chunk;

    if (check(MPI_Alltoall(x, n, MPI_FLOAT, all, n, MPI_FLOAT, mpi->handle), "the sum"))
        return -1;
    sum_chunks(all, mpi->comm.size, chunk);
    return check(MPI_Allgather(all, n, MPI_FLOAT, x, n, MPI_FLOAT, mpi->handle), "the sum");
}

static size_t chunk_floats(int size)
{
    return ((size_t)PIECE_FLOATS + (size_t)size - 1) / (size_t)size;
}

static int mpi_sum(struct comm *comm, float *x, size_t n)
{
    struct mpi *mpi = mpi_of(comm);
    size_t ranks = (size_t)comm->size, chunk = chunk_floats(comm->size), left = n, even;

    if (comm->size == 1)
        return 0;
    for (; left >= ranks * chunk; left -= ranks * chunk, x += ranks * chunk)
        if (sum_piece(mpi, x, mpi->all, chunk))
            return -1;
    even = left / ranks;
    if (even > 0 && sum_piece(mpi, x, mpi->all, even))
        return -1;
    x += ranks * even;
    left -= ranks * even;
    if (left == 0)
        return 0;
    memset(mpi->tail, 0, ranks * sizeof *x);
    memcpy(mpi->tail, x, left * sizeof *x);
    if (sum_piece(mpi, mpi->tail, mpi->all, 1))
        return -1;
    memcpy(x, mpi->tail, left * sizeof *x);
    return 0;
}

static int mpi_sum_at_once(struct comm *comm, float *x, float *room, size_t n)
{
    size_t chunk = n / (size_t)comm->size;

    if (chunk > INT_MAX)
        return err_set("a sum of %zu numbers at once is more than a call of MPI takes", n);
    return sum_piece(mpi_of(comm), x, room, chunk);
}

static int agree_piece(struct mpi *mpi, double *x, int n)
{
    int size = mpi->comm.size;

    if (check(MPI_Allgather(x, n, MPI_DOUBLE, mpi->numbers, n, MPI_DOUBLE, mpi->handle),
              "an agreement"))
        return -1;
    for (int apart = 1; apart < size; apart *= 2)
        for (int i = 0; i + apart < size; i += 2 * apart)
            for (int k = 0; k < n; k++)
                mpi->numbers[i * n + k] += mpi->numbers[(i + apart) * n + k];
    memcpy(x, mpi->numbers, (size_t)n * sizeof *x);
    return 0;
}

static int mpi_agree(struct comm *comm, double *x, int n)
{
    for (int at = 0; at < n; at += AGREE_NUMBERS)
        if (agree_piece(mpi_of(comm), x + at, n - at < AGREE_NUMBERS ? n - at : AGREE_NUMBERS))
            return -1;
    return 0;
}

static int mpi_share(struct comm *comm, void *data, size_t bytes)
{
    char *at = data;

    while (bytes > 0) {
        int n = bytes < SHARE_BYTES ? (int)bytes : SHARE_BYTES;

        if (check(MPI_Bcast(at, n, MPI_BYTE, 0, mpi_of(comm)->handle), "what rank 0 shares"))
            return -1;
        at += n;
        bytes -= (size_t)n;
    }
    return 0;
}

/* A call that waits keeps a processor busy. */
static int mpi_rest(struct comm *comm)
{
    const struct timespec while_s = {.tv_nsec = 500000};
    MPI_Request all_are_here;
    int done = 0, code = MPI_Ibarrier(mpi_of(comm)->handle, &all_are_here);

    while (code == MPI_SUCCESS && !done) {
        code = MPI_Test(&all_are_here, &done, MPI_STATUS_IGNORE);
        if (code == MPI_SUCCESS && !done)
            nanosleep(&while_s, NULL);
    }
    return check(code, "waiting");
}

/* ==== Communicators ==== */

static void mpi_close(struct comm *comm)
{
    struct mpi *mpi = mpi_of(comm);

    if (mpi->own)
        MPI_Comm_free(&mpi->handle);
    free(mpi->all);
    free(mpi->tail);
    free(mpi->numbers);
    free(mpi);
}

static int make(struct comm **comm, MPI_Comm handle, bool own);

static int mpi_split(struct comm *comm, int part, struct comm **made)
{
    MPI_Comm handle;

    *made = NULL;
    if (check(MPI_Comm_split(mpi_of(comm)->handle, part < 0 ? MPI_UNDEFINED : part, comm->rank,
                             &handle),
              "the division into groups"))
        return -1;
    return handle == MPI_COMM_NULL ? 0 : make(made, handle, true);
}

/* Memory that is not written to is not taken: a communicator that sums nothing costs nothing. */
static int make(struct comm **comm, MPI_Comm handle, bool own)
{
    struct mpi *mpi = calloc(1, sizeof *mpi);
    size_t size;

    *comm = NULL;
    if (!mpi)
        return err_set("out of memory");
    mpi->comm = (struct comm){.sum = mpi_sum,
                              .sum_at_once = mpi_sum_at_once,
                              .rest = mpi_rest,
                              .agree = mpi_agree,
                              .share = mpi_share,
                              .split = mpi_split,
                              .close = mpi_close};
    mpi->handle = handle;
    mpi->own = own;
    MPI_Comm_set_errhandler(handle, MPI_ERRORS_RETURN);
    MPI_Comm_rank(handle, &mpi->comm.rank);
    MPI_Comm_size(handle, &mpi->comm.size);
    size = (size_t)mpi->comm.size;
    mpi->all = malloc(size * chunk_floats(mpi->comm.size) * sizeof *mpi->all);
    mpi->tail = malloc(size * sizeof *mpi->tail);
    mpi->numbers = malloc(size * AGREE_NUMBERS * sizeof *mpi->numbers);
    if (!mpi->all || !mpi->tail || !mpi->numbers) {
        mpi_close(&mpi->comm);
        return err_set("out of memory for the exchange between ranks");
    }
    *comm = &mpi->comm;
    return 0;
}

/* ==== The program ==== */

int comm_mpi_begin(struct comm **comm, int *argc, char ***argv)
{
    int provided = MPI_THREAD_SINGLE;

    *comm = NULL;
    /* A thread of a team calls at a time, whichever it is. */
    if (check(MPI_Init_thread(argc, argv, MPI_THREAD_SERIALIZED, &provided), "the start"))
        return -1;
    if (provided < MPI_THREAD_SERIALIZED)
        return err_set("this MPI is built without support for threads; glubench_mpi needs one with "
                       "MPI_THREAD_SERIALIZED");
    return make(comm, MPI_COMM_WORLD, false);
}

int comm_mpi_here(void)
{
    MPI_Comm machine;
    int size = 1;

    if (MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine) ==
        MPI_SUCCESS) {
        MPI_Comm_size(machine, &size);
        MPI_Comm_free(&machine);
    }
    return size;
}

const char *comm_mpi_library(void)
{
    static char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length;

    MPI_Get_library_version(text, &length);
    text[strcspn(text, ",\n")] = '\0';
    for (char *tab = text; (tab = strchr(tab, '\t')) != NULL;)
        *tab = ' ';
    return text;
}

void comm_mpi_end(void)
{
    MPI_Finalize();
}

void comm_mpi_abort(int status)
{
    MPI_Abort(MPI_COMM_WORLD, status);
}
