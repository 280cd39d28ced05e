libglubench_a_SOURCES += \
    src/bench/profile.c src/bench/profile.h \
    src/bench/scaling.c src/bench/scaling.h \
    src/bench/throughput.c src/bench/throughput.h
