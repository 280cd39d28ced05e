/* main_mpi.c - glubench_mpi: the program as one of several processes of MPI. */
#include "src/glu.h"

#include "src/cli/cli.h"
#include "src/cli/program.h"
#include "src/comm/mpi.h"
#include "src/comm/ranks.h"

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
    ranks_end();
    comm_mpi_end();
    return status;
}
