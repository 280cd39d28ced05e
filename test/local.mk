check_LIBRARIES += libtap.a
libtap_a_SOURCES = test/tap.c test/tap.h

check_PROGRAMS += test-tap
test_tap_SOURCES = test/test-tap.c
TESTS += test-tap
