libglubench_a_SOURCES += \
    src/setting/presets.c \
    src/setting/setting.c src/setting/setting.h

check_PROGRAMS += test-setting
test_setting_SOURCES = test/test-setting.c
TESTS += test-setting
