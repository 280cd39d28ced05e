libglubench_a_SOURCES += \
    src/util/affects.h \
    src/util/arena.c src/util/arena.h \
    src/util/atomic_file.c src/util/atomic_file.h \
    src/util/cgroup.c src/util/cgroup.h \
    src/util/clock.c src/util/clock.h \
    src/util/cpus.c src/util/cpus.h \
    src/util/ends_with.h \
    src/util/error.c src/util/error.h \
    src/util/file_identity.c src/util/file_identity.h \
    src/util/interval.h \
    src/util/io.c src/util/io.h \
    src/util/json_bound.c src/util/json_bound.h \
    src/util/json_help.c src/util/json_help.h \
    src/util/list.c src/util/list.h \
    src/util/machine.c src/util/machine.h \
    src/util/metric.h \
    src/util/nearest.c src/util/nearest.h \
    src/util/openmp.c src/util/openmp.h \
    src/util/outputs.c src/util/outputs.h \
    src/util/own.c src/util/own.h \
    src/util/printable.c src/util/printable.h \
    src/util/progress.c src/util/progress.h \
    src/util/record.c src/util/record.h \
    src/util/rng.c src/util/rng.h \
    src/util/sealed.c src/util/sealed.h \
    src/util/sha256.c src/util/sha256.h src/util/sha256_blocks.h src/util/sha256_native.c \
    src/util/shell.c src/util/shell.h \
    src/util/spread.h \
    src/util/standard.c src/util/standard.h \
    src/util/tokens.h \
    src/util/unicode.c src/util/unicode.h \
    src/util/utf8.c src/util/utf8.h \
    src/util/wrap.c src/util/wrap.h

check_PROGRAMS += test-rng test-sha256
test_rng_SOURCES = test/test-rng.c
test_sha256_SOURCES = test/test-sha256.c
TESTS += test-rng test-sha256

check_PROGRAMS += test-atomic-file
test_atomic_file_SOURCES = test/test-atomic-file.c
TESTS += test-atomic-file

check_PROGRAMS += test-io test-outputs test-unicode test-util
test_outputs_SOURCES = test/test-outputs.c test/scratch.c test/scratch.h
test_io_SOURCES = test/test-io.c test/scratch.c test/scratch.h
test_unicode_SOURCES = test/test-unicode.c
test_util_SOURCES = test/test-util.c
TESTS += test-io test-outputs test-unicode test-util

check_PROGRAMS += test-cpus
test_cpus_SOURCES = test/test-cpus.c test/scratch.c test/scratch.h
dist_check_SCRIPTS += test/cpus.sh
TESTS += test-cpus test/cpus.sh

check_PROGRAMS += test-error test-machine test-record
test_error_SOURCES = test/test-error.c
test_machine_SOURCES = test/test-machine.c
test_record_SOURCES = test/test-record.c $(model_fixture)
TESTS += test-error test-machine test-record
