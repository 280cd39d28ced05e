libglubench_a_SOURCES += \
    src/results/compare.c \
    src/results/detection.c \
    src/results/distributions.c src/results/distributions.h \
    src/results/document.c src/results/document.h \
    src/results/embedded.h \
    src/results/environment.c \
    src/results/merge.c \
    src/results/power.c src/results/power.h \
    src/results/report.c \
    src/results/restore.c \
    src/results/results.h \
    src/results/schema.c src/results/schema.h \
    src/results/sheet.c src/results/sheet.h \
    src/results/statistics.c src/results/statistics.h \
    src/results/tables.c src/results/tables.h \
    src/results/validate.c

check_PROGRAMS += test-statistics
test_statistics_SOURCES = test/test-statistics.c
TESTS += test-statistics

results_tests = test-compare test-report test-results test-results-memory test-validate
results_fixture = test/results-fixture.c test/results-fixture.h
check_PROGRAMS += $(results_tests)
test_compare_SOURCES = test/test-compare.c $(results_fixture)
test_report_SOURCES = test/test-report.c $(results_fixture)
test_results_SOURCES = test/test-results.c $(results_fixture)
test_results_memory_SOURCES = test/test-results-memory.c $(results_fixture) $(memory)
test_results_memory_LDFLAGS = $(AM_LDFLAGS) $(MEMORY_WRAP)
test_validate_SOURCES = test/test-validate.c $(results_fixture)
TESTS += $(results_tests)

# results-example writes a made-up results file, for tests that need one.
check_PROGRAMS += results-example
results_example_SOURCES = test/results-example.c $(results_fixture)
dist_check_SCRIPTS += test/report.sh
TESTS += test/report.sh
