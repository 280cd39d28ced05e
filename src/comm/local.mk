libglubench_a_SOURCES += \
    src/comm/comm.c src/comm/comm.h \
    src/comm/self.c
