libglubench_a_SOURCES += \
    src/bench/decode.c \
    src/bench/exchange.c src/bench/exchange.h \
    src/bench/floor.c src/bench/floor.h \
    src/bench/peak.c src/bench/peak.h \
    src/bench/profile.c src/bench/profile.h \
    src/bench/rig.c src/bench/rig.h \
    src/bench/scaling.c src/bench/scaling.h \
    src/bench/throughput.c src/bench/throughput.h \
    src/bench/turns.c src/bench/turns.h

check_PROGRAMS += test-rig
test_rig_SOURCES = test/test-rig.c
TESTS += test-rig

check_PROGRAMS += test-floor
test_floor_SOURCES = test/test-floor.c
TESTS += test-floor
