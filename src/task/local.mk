libglubench_a_SOURCES += \
    src/task/causal.c \
    src/task/segments.c src/task/segments.h \
    src/task/span.c src/task/span.h \
    src/task/task.c src/task/task.h

check_PROGRAMS += test-segments test-span test-stream test-task
test_segments_SOURCES = test/test-segments.c
test_span_SOURCES = test/test-span.c
test_stream_SOURCES = test/test-stream.c $(data_fixture)
test_task_SOURCES = test/test-task.c $(data_fixture)
TESTS += test-segments test-span test-stream test-task
