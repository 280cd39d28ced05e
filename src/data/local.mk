libglubench_a_SOURCES += \
    src/data/batch.c src/data/batch.h \
    src/data/corpus.c src/data/corpus.h \
    src/data/data.c src/data/data.h \
    src/data/files.c src/data/files.h \
    src/data/input.c src/data/input.h \
    src/data/language.c src/data/language.h \
    src/data/reader.c src/data/reader.h \
    src/data/source.h \
    src/data/span.c src/data/span.h \
    src/data/tokenizer.c src/data/tokenizer.h \
    src/data/utf8.c src/data/utf8.h

check_PROGRAMS += test-data test-language test-reader test-span
test_data_SOURCES = test/test-data.c test/scratch.c test/scratch.h
test_language_SOURCES = test/test-language.c
test_reader_SOURCES = test/test-reader.c test/scratch.c test/scratch.h
test_span_SOURCES = test/test-span.c
TESTS += test-data test-language test-reader test-span
