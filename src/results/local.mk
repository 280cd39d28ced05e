libglubench_a_SOURCES += src/results/results.h
