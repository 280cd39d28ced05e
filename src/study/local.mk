libglubench_a_SOURCES += \
    src/study/axes.c src/study/axes.h \
    src/study/axes_build.h src/study/axes_file.c \
    src/study/bench.c \
    src/study/cluster.c src/study/cluster.h \
    src/study/extend.c src/study/extend.h \
    src/study/files.c src/study/files.h \
    src/study/forecast.c src/study/forecast.h \
    src/study/gather.c src/study/gather.h \
    src/study/grid.c src/study/grid.h \
    src/study/group.c src/study/group.h \
    src/study/identity.c src/study/identity.h \
    src/study/import.c src/study/import.h \
    src/study/inputs.c src/study/inputs.h \
    src/study/jobs.c src/study/jobs.h \
    src/study/lock.c src/study/lock.h \
    src/study/looks.c src/study/looks.h \
    src/study/options.h \
    src/study/older.c src/study/older.h \
    src/study/part.c src/study/part.h \
    src/study/partial.c src/study/partial.h \
    src/study/records.c src/study/records.h \
    src/study/resume.c src/study/resume.h \
    src/study/run.c src/study/run.h \
    src/study/share.c src/study/share.h \
    src/study/status.h \
    src/study/slope.c src/study/slope.h \
    src/study/store.c src/study/store.h \
    src/study/study.c src/study/study.h

check_PROGRAMS += test-axes
test_axes_SOURCES = test/test-axes.c test/scratch.c test/scratch.h
TESTS += test-axes

check_PROGRAMS += test-store
test_store_SOURCES = test/test-store.c test/scratch.c test/scratch.h
TESTS += test-store

faults_fixture = test/faults-fixture.c test/faults-fixture.h test/scratch.c test/scratch.h $(faulty_io)
check_PROGRAMS += test-faults test-programs
test_faults_SOURCES = test/test-faults.c $(faults_fixture)
test_faults_LDFLAGS = $(AM_LDFLAGS) $(FAULTY_IO)
test_programs_SOURCES = test/test-programs.c $(faults_fixture)
test_programs_LDFLAGS = $(AM_LDFLAGS) $(FAULTY_IO)
TESTS += test-faults test-programs

dist_check_SCRIPTS += test/plan-memory.sh test/slope.sh
TESTS += test/plan-memory.sh test/slope.sh

check_PROGRAMS += test-cluster
test_cluster_SOURCES = test/test-cluster.c
TESTS += test-cluster

check_PROGRAMS += test-share
test_share_SOURCES = test/test-share.c
dist_check_SCRIPTS += test/cells.sh test/slurm.sh
TESTS += test-share test/cells.sh test/slurm.sh
