/* mpi.h - the processes that a launcher of MPI has started together; for the program that is linked with
 * a library of it. */
#ifndef GLU_COMM_MPI_H
#define GLU_COMM_MPI_H

#include "src/comm/comm.h"

/* Begin: *comm is all processes, to be closed before the end.  0; -1 and a message: the library cannot
 * do what is needed. */
int comm_mpi_begin(struct comm **comm, int *argc, char ***argv) GLU_MUST_USE;
/* How many of them are on this machine. */
int comm_mpi_here(void);
/* The library, as it calls itself: "Open MPI v4.1.4". */
const char *comm_mpi_library(void);
/* End, which every process must come to. */
void comm_mpi_end(void);
/* End all processes at once: one of them cannot go on, and the others wait for it. */
void comm_mpi_abort(int status);

#endif
