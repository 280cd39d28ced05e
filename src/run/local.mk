libglubench_a_SOURCES += \
    src/run/bench.c src/run/bench.h \
    src/run/config.c src/run/config.h src/run/preset.c \
    src/run/dump.c src/run/dump.h \
    src/run/machine.c src/run/machine.h \
    src/run/plan.c src/run/plan.h \
    src/run/profile.c src/run/profile.h \
    src/run/scaling.c src/run/scaling.h \
    src/run/record.c src/run/record.h \
    src/run/rundir.c src/run/rundir.h \
    src/run/signals.c src/run/signals.h \
    src/run/state.c src/run/state.h \
    src/run/sweep.c src/run/sweep.h \
    src/run/train.c src/run/train.h

check_PROGRAMS += test-config test-machine
test_config_SOURCES = test/test-config.c
test_machine_SOURCES = test/test-machine.c
TESTS += test-config test-machine

model_fixture = test/model-fixture.c test/model-fixture.h test/scratch.c test/scratch.h
check_PROGRAMS += test-record test-checkpoint
test_record_SOURCES = test/test-record.c $(model_fixture)
test_checkpoint_SOURCES = test/test-checkpoint.c $(model_fixture)
TESTS += test-record test-checkpoint

check_PROGRAMS += test-faults
test_faults_SOURCES = test/test-faults.c test/scratch.c test/scratch.h $(faulty_io)
test_faults_LDFLAGS = $(AM_LDFLAGS) $(FAULTY_IO)
TESTS += test-faults

dist_check_SCRIPTS += test/plan-memory.sh
TESTS += test/plan-memory.sh
