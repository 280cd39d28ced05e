libglubench_a_SOURCES += \
    src/train/card.c src/train/card.h \
    src/train/dump.c src/train/dump.h \
    src/train/evaluate.c src/train/evaluate.h \
    src/train/journal.c src/train/journal.h \
    src/train/lines.c src/train/lines.h \
    src/train/shared.c src/train/shared.h \
    src/train/signals.c src/train/signals.h \
    src/train/state.c src/train/state.h \
    src/train/train.c src/train/train.h
