libglubench_a_SOURCES += \
    src/text/corpus.c src/text/corpus.h \
    src/text/files.c src/text/files.h \
    src/text/input.c src/text/input.h \
    src/text/language.c src/text/language.h \
    src/text/reader.c src/text/reader.h \
    src/text/source.h \
    src/text/tokenizer.c src/text/tokenizer.h \
    src/text/utf8.c src/text/utf8.h

check_PROGRAMS += test-language test-reader
test_language_SOURCES = test/test-language.c
test_reader_SOURCES = test/test-reader.c test/scratch.c test/scratch.h
TESTS += test-language test-reader
