libglubench_a_SOURCES += src/model/t5.h
