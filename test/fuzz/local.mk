# Hostile input: see test/fuzz/fuzz.h.
fuzz_targets = \
    test/fuzz/fuzz.c test/fuzz/fuzz.h \
    test/fuzz/answer.c test/fuzz/config.c test/fuzz/options.c test/fuzz/reader.c \
    test/fuzz/record.c test/fuzz/results.c test/fuzz/tasks.c test/fuzz/weights.c \
    $(model_fixture) $(results_fixture) $(cli_sources)

# The targets with their seeds and with the inputs that once broke them.
check_PROGRAMS += test-fuzz
test_fuzz_SOURCES = test/fuzz/test-fuzz.c $(fuzz_targets)
TESTS += test-fuzz
EXTRA_DIST += test/fuzz/seeds test/fuzz/crashes

# The targets for libFuzzer; test/fuzz/fuzz.sh builds it, in a folder of its own.
EXTRA_PROGRAMS += fuzz-driver
fuzz_driver_SOURCES = test/fuzz/driver.c $(fuzz_targets)
fuzz_driver_LDADD = $(LDADD)
fuzz_driver_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer

EXTRA_DIST += test/fuzz/fuzz.sh
FUZZ_SECONDS = 60
FUZZ_TARGETS =
fuzz: dist
	$(SHELL) $(top_srcdir)/test/fuzz/fuzz.sh $(distdir).tar.gz fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)
.PHONY: fuzz
