libglubench_a_SOURCES += \
    src/train/answers.c src/train/answers.h src/train/answers_scores.c \
    src/train/card.c src/train/card.h \
    src/train/dump.c src/train/dump.h \
    src/train/evaluate.c src/train/evaluate.h \
    src/train/journal.c src/train/journal.h \
    src/train/lines.c src/train/lines.h \
    src/train/predictions.c src/train/predictions.h \
    src/train/scoring.c src/train/scoring.h src/train/scoring_private.h \
    src/train/scoring_result.c src/train/scoring_state.c \
    src/train/shared.c src/train/shared.h \
    src/train/signals.c src/train/signals.h \
    src/train/state.c src/train/state.h \
    src/train/train.c src/train/train.h
