libglubench_a_SOURCES += \
    src/model/checkpoint.c src/model/checkpoint.h \
    src/model/ffn_layer.c src/model/ffn_layer.h \
    src/model/t5.c src/model/t5.h

check_PROGRAMS += test-t5
test_t5_SOURCES = test/test-t5.c
TESTS += test-t5

# The outside check; skipped without PyTorch.
EXTRA_DIST += test/replay_torch.py
dist_check_SCRIPTS += test/replay.sh
TESTS += test/replay.sh

check_PROGRAMS += test-steps
test_steps_SOURCES = test/test-steps.c
TESTS += test-steps
