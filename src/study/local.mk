libglubench_a_SOURCES += \
    src/study/forecast.c src/study/forecast.h \
    src/study/run.c src/study/run.h \
    src/study/rundir.c src/study/rundir.h

check_PROGRAMS += test-faults
test_faults_SOURCES = test/test-faults.c test/scratch.c test/scratch.h $(faulty_io)
test_faults_LDFLAGS = $(AM_LDFLAGS) $(FAULTY_IO)
TESTS += test-faults

dist_check_SCRIPTS += test/plan-memory.sh
TESTS += test/plan-memory.sh
