libglubench_a_SOURCES += src/model/t5.c src/model/t5.h
