libglubench_a_SOURCES += variants/variant.h
