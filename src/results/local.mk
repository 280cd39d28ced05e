libglubench_a_SOURCES += \
    src/results/document.c \
    src/results/embedded.h \
    src/results/environment.c \
    src/results/json_help.c src/results/json_help.h \
    src/results/report.c \
    src/results/results.h \
    src/results/schema.c src/results/schema.h \
    src/results/sheet.c src/results/sheet.h \
    src/results/stats.c src/results/stats.h \
    src/results/tables.c src/results/tables.h

check_PROGRAMS += test-stats
test_stats_SOURCES = test/test-stats.c
TESTS += test-stats
