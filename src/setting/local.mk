libglubench_a_SOURCES += \
    src/setting/file.c src/setting/file.h \
    src/setting/finetune.c src/setting/finetune.h \
    src/setting/option.h src/setting/parse.c src/setting/table.c \
    src/setting/presets.c src/setting/presets.h \
    src/setting/repro.c src/setting/resolve.c \
    src/setting/request.c src/setting/request.h \
    src/setting/setting.c src/setting/setting.h \
    src/setting/team.c src/setting/team.h \
    src/setting/text2text.c src/setting/text2text.h \
    src/setting/training.c src/setting/training.h

check_PROGRAMS += test-options test-setting
test_options_SOURCES = test/test-options.c
test_setting_SOURCES = test/test-setting.c
TESTS += test-options test-setting
