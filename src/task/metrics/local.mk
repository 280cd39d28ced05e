# The scores of tasks that are told in words, a file for each kind.
libglubench_a_SOURCES += \
    src/task/metrics/bleu.c \
    src/task/metrics/chrf.c \
    src/task/metrics/corpus.c src/task/metrics/corpus.h \
    src/task/metrics/labels.c \
    src/task/metrics/metrics.h \
    src/task/metrics/normalise.c src/task/metrics/normalise.h \
    src/task/metrics/numbers.c \
    src/task/metrics/squad.c \
    src/task/metrics/tokenise.c src/task/metrics/tokenise.h \
    src/task/metrics/words.c src/task/metrics/words.h \
    src/task/metrics/wsc.c src/task/metrics/wsc.h

check_PROGRAMS += test-bleu test-majority test-metrics test-metrics-memory
test_bleu_SOURCES = test/test-bleu.c
test_majority_SOURCES = test/test-majority.c
test_metrics_SOURCES = test/test-metrics.c
test_metrics_memory_SOURCES = test/test-metrics-memory.c $(memory)
test_metrics_memory_LDFLAGS = $(AM_LDFLAGS) $(MEMORY_WRAP)
TESTS += test-bleu test-majority test-metrics test-metrics-memory

# The same scores by other code.
dist_check_SCRIPTS += test/score_predictions.py
TESTS += test/score_predictions.py
