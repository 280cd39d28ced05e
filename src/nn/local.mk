libglubench_a_SOURCES += src/nn/ref.c src/nn/ref.h

check_PROGRAMS += test-ref
test_ref_SOURCES = test/test-ref.c
TESTS += test-ref
