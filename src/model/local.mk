libglubench_a_SOURCES += \
    src/model/batch.c src/model/batch.h \
    src/model/architecture.h \
    src/model/block.c src/model/block.h \
    src/model/block_next.c src/model/block_next.h \
    src/model/decode.c src/model/decode.h src/model/decoding.h \
    src/model/ffn.c src/model/ffn.h \
    src/model/layout.c src/model/layout.h \
    src/model/lm.c \
    src/model/model.c src/model/model.h \
    src/model/safetensors.c src/model/safetensors.h \
    src/model/step.c \
    src/model/t5.c src/model/t5.h src/model/t5_decode.c \
    src/model/weights.c src/model/weights.h \
    src/model/weights_files.c src/model/weights_files.h \
    src/model/weights_hf.c src/model/weights_hf.h

t5_pair = test/t5-pair.c test/t5-pair.h $(ref)
check_PROGRAMS += test-decode test-lm test-sizes test-t5 test-training
test_decode_SOURCES = test/test-decode.c $(t5_pair)
test_lm_SOURCES = test/test-lm.c $(t5_pair)
test_sizes_SOURCES = test/test-sizes.c $(t5_pair)
test_t5_SOURCES = test/test-t5.c $(t5_pair)
test_training_SOURCES = test/test-training.c $(t5_pair)
TESTS += test-decode test-lm test-sizes test-t5 test-training

# The outside check; skipped without PyTorch.
EXTRA_DIST += test/replay_torch.py
dist_check_SCRIPTS += test/replay.sh
TESTS += test/replay.sh

check_PROGRAMS += test-steps
test_steps_SOURCES = test/test-steps.c
TESTS += test-steps

model_fixture = test/model-fixture.c test/model-fixture.h test/scratch.c test/scratch.h
check_PROGRAMS += test-hf-model test-published test-weights
test_hf_model_SOURCES = test/test-hf-model.c $(model_fixture)
test_published_SOURCES = test/test-published.c $(model_fixture)
test_weights_SOURCES = test/test-weights.c $(model_fixture)
TESTS += test-hf-model test-published test-weights
