libglubench_a_SOURCES += src/data/batch.h src/data/data.h
