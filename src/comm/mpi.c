/* mpi.c - the processes of a launcher of MPI.  See mpi.h and comm.h.
 *
 * What MPI_Allreduce gives depends on the algorithm that the library chooses, by size and number of
 * ranks, and so do the last bits.  Here the library only carries: a piece is cut into as many chunks as
 * there are ranks, each rank gets its chunk from all, sums it in the order of comm.h, and gives the sum
 * to all, in buffers that are made once.  While it sums a chunk, the next piece is on its way. */
#include "src/glu.h"

#include "src/comm/mpi.h"

#include <limits.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PIECE_FLOATS = 1 << 20, /* 4 MiB at a time: much of it is in the caches when it is summed */
    CHUNK_FLOATS = 1 << 15, /* at least: of many ranks, messages that are worth sending */
    PIECES = 2,             /* on their way at once */
    AGREE_NUMBERS = 512,    /* at a time */
    SHARE_BYTES = 1 << 26   /* at a time: counts are of type int */
};

/* (size, chunk) numbers whose chunks go to the ranks, or whose sums come back. */
struct piece {
    float *x;
    size_t chunk;
    float *got; /* (size, chunk_floats()): this rank's chunk, from all others */
    MPI_Request *requests; /* (2 * size) */
    int pending;
};

struct mpi {
    struct comm comm; /* first */
    MPI_Comm handle;
    bool own; /* the handle is */
    struct piece pieces[PIECES];
    float **parts;   /* (size): of a chunk */
    float *tail;     /* (size): what no chunk of all ranks is left of */
    double *numbers; /* (size, AGREE_NUMBERS) */
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

/* The parts of all ranks, of n numbers each, into this rank's own.  (A sum of two is the same either way
 * round.) */
static void sum_parts(float **parts, const struct comm *comm, size_t n)
{
    for (int apart = 1; apart < comm->size; apart *= 2)
        for (int i = 0; i + apart < comm->size; i += 2 * apart) {
            bool own = comm->rank >= i + apart && comm->rank < i + 2 * apart;
            float *kept = parts[own ? i + apart : i];

            add(kept, parts[own ? i : i + apart], n);
            parts[i] = kept;
        }
}

static int wait_for(struct piece *piece)
{
    int pending = piece->pending;

    piece->pending = 0;
    for (int i = 0; i < pending; i++)
        if (check(MPI_Wait(&piece->requests[i], MPI_STATUS_IGNORE), "the sum"))
            return -1;
    return 0;
}

/* Between this rank and one other: into `to`, out of `from`. */
static int post(struct mpi *mpi, struct piece *piece, int sender, float *to, int receiver, float *from)
{
    int n = (int)piece->chunk;

    if (check(MPI_Irecv(to, n, MPI_FLOAT, sender, 0, mpi->handle, &piece->requests[piece->pending]),
              "the sum"))
        return -1;
    piece->pending++;
    if (check(MPI_Isend(from, n, MPI_FLOAT, receiver, 0, mpi->handle, &piece->requests[piece->pending]),
              "the sum"))
        return -1;
    piece->pending++;
    return 0;
}

/* Begin with a piece, when the one before that had its place is done: each chunk goes to its rank. */
static int send_chunks(struct mpi *mpi, struct piece *piece, float *x, size_t chunk)
{
    int rank = mpi->comm.rank, size = mpi->comm.size;

    if (wait_for(piece))
        return -1;
    piece->x = x;
    piece->chunk = chunk;
    for (int d = 1; d < size; d++) {
        int sender = (rank + size - d) % size, receiver = (rank + d) % size;

        if (post(mpi, piece, sender, piece->got + (size_t)sender * chunk, receiver,
                 x + (size_t)receiver * chunk))
            return -1;
    }
    return 0;
}

/* When they are there: sum, and begin to send the sums around. */
static int send_sums(struct mpi *mpi, struct piece *piece)
{
    int rank = mpi->comm.rank, size = mpi->comm.size;
    float *own = piece->x + (size_t)rank * piece->chunk;

    if (wait_for(piece))
        return -1;
    for (int i = 0; i < size; i++)
        mpi->parts[i] = i == rank ? own : piece->got + (size_t)i * piece->chunk;
    sum_parts(mpi->parts, &mpi->comm, piece->chunk);
    for (int d = 1; d < size; d++) {
        int sender = (rank + size - d) % size;

        if (post(mpi, piece, sender, piece->x + (size_t)sender * piece->chunk, (rank + d) % size, own))
            return -1;
    }
    return 0;
}

static size_t chunk_floats(int size)
{
    size_t even = ((size_t)PIECE_FLOATS + (size_t)size - 1) / (size_t)size;

    return even > CHUNK_FLOATS ? even : CHUNK_FLOATS;
}

/* Of n numbers, which the ranks divide. */
static int sum_even(struct mpi *mpi, float *x, size_t n)
{
    size_t most = chunk_floats(mpi->comm.size), size = (size_t)mpi->comm.size;

    for (size_t at = 0, k = 0; at < n; at += size * most, k++) {
        size_t chunk = (n - at) / size;

        if (send_chunks(mpi, &mpi->pieces[k % PIECES], x + at, chunk < most ? chunk : most) ||
            (k > 0 && send_sums(mpi, &mpi->pieces[(k - 1) % PIECES])))
            return -1;
        if (at + size * most >= n && send_sums(mpi, &mpi->pieces[k % PIECES]))
            return -1;
    }
    for (int i = 0; i < PIECES; i++)
        if (wait_for(&mpi->pieces[i]))
            return -1;
    return 0;
}

static int mpi_sum(struct comm *comm, float *x, size_t n)
{
    struct mpi *mpi = mpi_of(comm);
    size_t ranks = (size_t)comm->size, left = n % ranks;

    if (comm->size == 1)
        return 0;
    if (sum_even(mpi, x, n - left))
        return -1;
    if (left == 0)
        return 0;
    x += n - left;
    memset(mpi->tail, 0, ranks * sizeof *x);
    memcpy(mpi->tail, x, left * sizeof *x);
    if (sum_even(mpi, mpi->tail, ranks))
        return -1;
    memcpy(x, mpi->tail, left * sizeof *x);
    return 0;
}

/* The chunks of all ranks, (ranks, n), into the first. */
static void sum_chunks(float *chunks, int ranks, size_t n)
{
    for (int apart = 1; apart < ranks; apart *= 2)
        for (int i = 0; i + apart < ranks; i += 2 * apart)
            add(chunks + (size_t)i * n, chunks + (size_t)(i + apart) * n, n);
}

static int mpi_sum_at_once(struct comm *comm, float *x, float *room, size_t n)
{
    MPI_Comm handle = mpi_of(comm)->handle;
    size_t chunk = n / (size_t)comm->size;
    int count;

    if (chunk > INT_MAX)
        return err_set("a sum of %zu numbers at once is more than a call of MPI takes", n);
    count = (int)chunk;
    if (check(MPI_Alltoall(x, count, MPI_FLOAT, room, count, MPI_FLOAT, handle), "the sum"))
        return -1;
    sum_chunks(room, comm->size, chunk);
    return check(MPI_Allgather(room, count, MPI_FLOAT, x, count, MPI_FLOAT, handle), "the sum");
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
    for (int i = 0; i < PIECES; i++) {
        free(mpi->pieces[i].got);
        free(mpi->pieces[i].requests);
    }
    free(mpi->parts);
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
static int make_room(struct mpi *mpi)
{
    size_t size = (size_t)mpi->comm.size, bytes = size * chunk_floats(mpi->comm.size) * sizeof(float);
    bool all = true;

    for (int i = 0; i < PIECES; i++) {
        struct piece *piece = &mpi->pieces[i];

        piece->got = malloc(bytes);
        piece->requests = malloc(2 * size * sizeof(MPI_Request));
        all = all && piece->got && piece->requests;
    }
    mpi->parts = malloc(size * sizeof *mpi->parts);
    mpi->tail = malloc(size * sizeof *mpi->tail);
    mpi->numbers = malloc(size * AGREE_NUMBERS * sizeof *mpi->numbers);
    return all && mpi->parts && mpi->tail && mpi->numbers ? 0 : -1;
}

static int make(struct comm **comm, MPI_Comm handle, bool own)
{
    struct mpi *mpi = calloc(1, sizeof *mpi);

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
    if (make_room(mpi)) {
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
