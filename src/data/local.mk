libglubench_a_SOURCES += \
    src/data/batch.c src/data/batch.h \
    src/data/data.h \
    src/data/span.c src/data/span.h \
    src/data/tokenizer.c src/data/tokenizer.h

check_PROGRAMS += test-span
test_span_SOURCES = test/test-span.c
TESTS += test-span
