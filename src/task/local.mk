libglubench_a_SOURCES += \
    src/task/causal.c \
    src/task/mixture.c src/task/mixture.h \
    src/task/pairs.c src/task/pairs.h \
    src/task/segments.c src/task/segments.h \
    src/task/span.c src/task/span.h \
    src/task/task.c src/task/task.h \
    src/task/text2text.c src/task/text2text.h

check_PROGRAMS += test-segments test-span test-task test-text2text
test_segments_SOURCES = test/test-segments.c
test_span_SOURCES = test/test-span.c
test_text2text_SOURCES = test/test-text2text.c
test_task_SOURCES = test/test-task.c $(data_fixture)
TESTS += test-segments test-span test-task test-text2text
