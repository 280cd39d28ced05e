/* main_mpi.c - glubench_mpi: the program as one of several processes of MPI. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/cli/program.h"
#include "src/comm/mpi.h"
#include "src/comm/ranks.h"

/* A launcher that was told to end, and passed it on, may call it a success that its ranks ended by
 * themselves (MPICH's, at times); it does not when they are aborted.  All is written by now. */
static void end_stopped(struct comm *all, int status)
{
    double stopped = status > 128; /* by a signal */

    if (all->size == 1 || all->agree(all, &stopped, 1) || stopped < all->size)
        return;
    if (all->rank == 0)
        comm_mpi_abort(status);
    if (all->rest(all)) /* from which none returns */
        comm_mpi_abort(status);
}

int main(int argc, char **argv)
{
    struct comm *all;
    int status;

    if (comm_mpi_begin(&all, &argc, &argv)) {
        fprintf(stderr, "glubench: %s\n", err_get());
        comm_mpi_abort(EXIT_FAILED);
        return EXIT_FAILED;
    }
    ranks_begin(all, comm_mpi_here(), comm_mpi_library());
    status = program_run(argc, argv);
    if (ranks_get()->broken)
        comm_mpi_abort(status == EXIT_OK ? EXIT_FAILED : status);
    end_stopped(ranks_get()->all, status);
    ranks_end();
    comm_mpi_end();
    return status;
}
