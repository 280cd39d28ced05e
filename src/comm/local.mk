libglubench_a_SOURCES += \
    src/comm/comm.c src/comm/comm.h \
    src/comm/ranks.c src/comm/ranks.h \
    src/comm/self.c

# What is linked with MPI: a library of its own, for its flags.
if HAVE_MPI
noinst_LIBRARIES += libcomm_mpi.a
libcomm_mpi_a_SOURCES = src/comm/mpi.c src/comm/mpi.h
libcomm_mpi_a_CPPFLAGS = $(AM_CPPFLAGS) $(MPI_CPPFLAGS)

check_PROGRAMS += test-mpi
test_mpi_SOURCES = test/test-mpi.c
test_mpi_LDADD = libtap.a libcomm_mpi.a libglubench.a $(MPI_LIBS)
endif

EXTRA_DIST += test/mpirun.sh
dist_check_SCRIPTS += test/mpi.sh test/mpi-errors.sh test/mpi-bench.sh test/mpi-run.sh test/mpi-study.sh test/mpi-tasks.sh
TESTS += test/mpi.sh test/mpi-errors.sh test/mpi-bench.sh test/mpi-run.sh test/mpi-study.sh test/mpi-tasks.sh
