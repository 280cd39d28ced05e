bin_PROGRAMS += glubench
# All but main(), for test programs.
cli_sources = \
    src/cli/program.c src/cli/program.h src/cli/together.c src/cli/together.h \
    src/cli/version.c src/cli/version.h \
    src/cli/cli.h src/cli/commands.c src/cli/options.c src/cli/help.c src/cli/score.c \
    src/cli/settings.c src/cli/settings.h \
    src/cli/study.c src/cli/study.h src/cli/run.c src/cli/bench.c \
    src/cli/cells.c src/cli/finetune.c src/cli/gather.c \
    src/cli/plan.c src/cli/list.c src/cli/report.c src/cli/compare.c src/cli/validate.c
glubench_SOURCES = src/cli/main.c $(cli_sources)
glubench_LDADD = libglubench.a $(KERNEL_LIBS)

if HAVE_MPI
bin_PROGRAMS += glubench_mpi
endif
EXTRA_PROGRAMS += glubench_mpi
# Libraries of MPI leave memory behind, which sanitizers tell of; test/mpi-errors.sh asks for these options.
AM_INSTALLCHECK_STD_OPTIONS_EXEMPT = glubench_mpi
glubench_mpi_SOURCES = src/cli/main_mpi.c $(cli_sources)
glubench_mpi_LDADD = libcomm_mpi.a libglubench.a $(KERNEL_LIBS) $(MPI_LIBS)

check_PROGRAMS += test-input-memory
test_input_memory_SOURCES = test/test-input-memory.c test/scratch.c test/scratch.h $(memory) $(cli_sources)
test_input_memory_LDFLAGS = $(AM_LDFLAGS) $(MEMORY_WRAP)
TESTS += test-input-memory

dist_check_SCRIPTS += test/lm.sh test/cli-usage.sh test/cli-run.sh test/cli-resume.sh test/cli-bench.sh \
    test/cli-faults.sh test/cli-study.sh test/cli-system.sh test/cli-until-decided.sh test/log.sh \
    test/outputs.sh
TESTS += test/lm.sh test/cli-usage.sh test/cli-run.sh test/cli-resume.sh test/cli-bench.sh \
    test/cli-faults.sh test/cli-study.sh test/cli-system.sh test/cli-until-decided.sh test/log.sh \
    test/outputs.sh
