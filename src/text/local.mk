libglubench_a_SOURCES += \
    src/text/dataset.c src/text/dataset.h \
    src/text/files.c src/text/files.h \
    src/text/format.c src/text/format.h \
    src/text/heldout.c src/text/heldout.h \
    src/text/hf_tokenizer.c src/text/hf_tokenizer.h \
    src/text/input.c src/text/input.h \
    src/text/json_line.c src/text/json_line.h \
    src/text/language.c src/text/language.h \
    src/text/reader.c src/text/reader.h \
    src/text/shuffle.c src/text/shuffle.h \
    src/text/shards.c src/text/shards.h \
    src/text/sides.c src/text/sides.h \
    src/text/source.h \
    src/text/spaces.c src/text/spaces.h \
    src/text/spm.h \
    src/text/text_lines.c src/text/text_lines.h \
    src/text/tokenizer.c src/text/tokenizer.h \
    src/text/tokenizer_bytes.c src/text/tokenizer_sentencepiece.c

if HAVE_SENTENCEPIECE
libglubench_a_SOURCES += src/text/spm.cc
endif

# Corpora that tests read, and a small task over them.
data_fixture = test/data-fixture.c test/data-fixture.h test/scratch.c test/scratch.h

check_PROGRAMS += test-dataset test-formats test-json-line test-language test-reader test-tokenizer
test_dataset_SOURCES = test/test-dataset.c $(data_fixture)
test_formats_SOURCES = test/test-formats.c test/scratch.c test/scratch.h
test_json_line_SOURCES = test/test-json-line.c
test_language_SOURCES = test/test-language.c
test_reader_SOURCES = test/test-reader.c test/scratch.c test/scratch.h
test_tokenizer_SOURCES = test/test-tokenizer.c
TESTS += test-dataset test-formats test-json-line test-language test-reader test-tokenizer

# What is read, from the command line.
check_PROGRAMS += spm-ids
spm_ids_SOURCES = test/spm-ids.c
dist_check_SCRIPTS += test/cli-inputs.sh test/sentencepiece.sh test/stream.sh
TESTS += test/cli-inputs.sh test/sentencepiece.sh test/stream.sh
