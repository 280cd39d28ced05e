libglubench_a_SOURCES += \
    src/comm/comm.h \
    src/comm/self.c
