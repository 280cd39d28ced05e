libglubench_a_SOURCES += \
    src/results/results.h \
    src/results/stats.c src/results/stats.h

check_PROGRAMS += test-stats
test_stats_SOURCES = test/test-stats.c
TESTS += test-stats
