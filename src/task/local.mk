libglubench_a_SOURCES += \
    src/task/data.c src/task/data.h \
    src/task/span.c src/task/span.h

check_PROGRAMS += test-data test-span
test_data_SOURCES = test/test-data.c test/scratch.c test/scratch.h
test_span_SOURCES = test/test-span.c
TESTS += test-data test-span
