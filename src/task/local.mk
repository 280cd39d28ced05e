libglubench_a_SOURCES += \
    src/task/causal.c \
    src/task/compose.c src/task/compose.h \
    src/task/dpr.c src/task/dpr.h \
    src/task/encoded.c src/task/encoded.h \
    src/task/examples.c src/task/examples.h \
    src/task/glue.c \
    src/task/jsonl.c src/task/jsonl.h \
    src/task/mixture.c src/task/mixture.h \
    src/task/multirc.c \
    src/task/own_tables.c \
    src/task/record.c \
    src/task/rows.c src/task/rows.h \
    src/task/segment_stream.c src/task/stream.h \
    src/task/segments.c src/task/segments.h \
    src/task/span.c src/task/span.h \
    src/task/squad.c \
    src/task/superglue.c \
    src/task/task.c src/task/task.h \
    src/task/buckets.c src/task/buckets.h \
    src/task/text2text.c src/task/text2text.h \
    src/task/text_sets.c src/task/text_sets.h \
    src/task/text_task.c src/task/text_task.h \
    src/task/translation.c src/task/translation.h \
    src/task/tsv.c src/task/tsv.h \
    src/task/wsc.c

check_PROGRAMS += test-segments test-span test-stream test-task
check_PROGRAMS += test-text-tasks test-text-tasks-memory
check_PROGRAMS += test-buckets
test_segments_SOURCES = test/test-segments.c
test_span_SOURCES = test/test-span.c
test_stream_SOURCES = test/test-stream.c $(data_fixture)
test_task_SOURCES = test/test-task.c $(data_fixture)
test_text_tasks_SOURCES = test/test-text-tasks.c test/text-tasks-sums.h test/scratch.c test/scratch.h
test_text_tasks_memory_SOURCES = test/test-text-tasks-memory.c test/scratch.c test/scratch.h $(memory)
test_text_tasks_memory_LDFLAGS = $(AM_LDFLAGS) $(MEMORY_WRAP)
test_buckets_SOURCES = test/test-buckets.c
TESTS += test-segments test-span test-stream test-task
TESTS += test-text-tasks test-text-tasks-memory
TESTS += test-buckets

# The same texts by other code.
dist_check_SCRIPTS += test/text_tasks.py
TESTS += test/text_tasks.py
