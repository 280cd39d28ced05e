libglubench_a_SOURCES += \
    src/util/arena.c src/util/arena.h \
    src/util/error.c src/util/error.h \
    src/util/nearest.c src/util/nearest.h \
    src/util/rng.c src/util/rng.h
