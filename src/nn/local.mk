libglubench_a_SOURCES += \
	src/nn/adafactor.c src/nn/adamw.c \
	src/nn/attention.c src/nn/attention.h src/nn/attention_head.h \
	src/nn/attention_heads.c src/nn/attention_heads.h \
	src/nn/attention_next.c src/nn/attention_next.h \
	src/nn/calls.c src/nn/calls.h \
	src/nn/crew.c src/nn/crew.h \
	src/nn/dnn.c src/nn/dnn.h src/nn/dnn_private.h \
	src/nn/dnn_eltwise.c src/nn/dnn_matmul.c src/nn/dnn_peak.c \
	src/nn/dropout.c src/nn/dropout.h \
	src/nn/embedding.c src/nn/embedding.h \
	src/nn/ffn.c src/nn/ffn.h \
	src/nn/kernels_select.c src/nn/kernels.h \
	src/nn/linear.c src/nn/linear.h \
	src/nn/loss.c src/nn/loss.h \
	src/nn/nn.c src/nn/nn.h \
	src/nn/norm.c src/nn/norm.h \
	src/nn/optimizer.c src/nn/optimizer.h \
	src/nn/position_bias.c src/nn/position_bias.h \
	src/nn/products.c src/nn/products.h \
	src/nn/rotary.c src/nn/rotary.h \
	src/nn/schedule.c src/nn/schedule.h \
	src/nn/stream.c src/nn/stream.h \
	src/nn/team.c src/nn/team.h \
	src/nn/tensors.c src/nn/tensors.h

# kernels.c once per instruction set; kernels_select.c picks at run time.  The flags let the
# compiler vectorise: no errno, no floating-point traps, products and sums fused.
KERNEL_FLAGS = $(AM_CFLAGS) -fno-math-errno -fno-trapping-math -ffp-contract=fast $(KERNEL_TUNE)
KERNEL_FILES = src/nn/kernels.c src/nn/kernels_attention.h src/nn/kernels_gradient.h src/nn/kernels_lanes.h \
	src/nn/kernels_math.h src/nn/kernels_random.h src/nn/kernels_typed.h src/nn/kernels_words.h

noinst_LIBRARIES += libkernels_generic.a
libkernels_generic_a_SOURCES = $(KERNEL_FILES)
libkernels_generic_a_CFLAGS = $(KERNEL_FLAGS) -DKERNEL_ISA=generic
KERNEL_LIBS += libkernels_generic.a

if HAVE_X86_64_V3
noinst_LIBRARIES += libkernels_avx2.a
libkernels_avx2_a_SOURCES = $(KERNEL_FILES)
libkernels_avx2_a_CFLAGS = $(KERNEL_FLAGS) -march=x86-64-v3 -DKERNEL_ISA=avx2
KERNEL_LIBS += libkernels_avx2.a
endif

if HAVE_X86_64_V4
noinst_LIBRARIES += libkernels_avx512.a
libkernels_avx512_a_SOURCES = $(KERNEL_FILES)
libkernels_avx512_a_CFLAGS = $(KERNEL_FLAGS) -march=x86-64-v4 -mprefer-vector-width=512 \
	-DKERNEL_ISA=avx512
KERNEL_LIBS += libkernels_avx512.a
endif

if HAVE_X86_64_V4_BF16
noinst_LIBRARIES += libkernels_avx512_bf16.a
libkernels_avx512_bf16_a_SOURCES = $(KERNEL_FILES)
libkernels_avx512_bf16_a_CFLAGS = $(KERNEL_FLAGS) -march=x86-64-v4 -mavx512bf16 -mprefer-vector-width=512 \
	-DKERNEL_ISA=avx512_bf16
KERNEL_LIBS += libkernels_avx512_bf16.a
endif

check_PROGRAMS += test-ref test-ref-lm test-ref-t5
test_ref_SOURCES = test/test-ref.c $(ref)
test_ref_lm_SOURCES = test/test-ref-lm.c $(ref)
test_ref_t5_SOURCES = test/test-ref-t5.c $(ref)
TESTS += test-ref test-ref-lm test-ref-t5

kernels_fixture = test/kernels-fixture.c test/kernels-fixture.h
check_PROGRAMS += test-attention test-gates test-kernels test-parameters
test_attention_SOURCES = test/test-attention.c $(kernels_fixture) $(ref)
test_gates_SOURCES = test/test-gates.c $(kernels_fixture)
test_kernels_SOURCES = test/test-kernels.c $(kernels_fixture) $(ref)
test_parameters_SOURCES = test/test-parameters.c $(kernels_fixture) $(ref)
TESTS += test-attention test-gates test-kernels test-parameters

check_PROGRAMS += test-optimizer
test_optimizer_SOURCES = test/test-optimizer.c $(ref)
TESTS += test-optimizer

check_PROGRAMS += test-team
test_team_SOURCES = test/test-team.c
TESTS += test-team

check_PROGRAMS += test-layers
test_layers_SOURCES = test/test-layers.c $(ref)
TESTS += test-layers

check_PROGRAMS += test-loss
test_loss_SOURCES = test/test-loss.c
TESTS += test-loss

check_PROGRAMS += test-dnn
test_dnn_SOURCES = test/test-dnn.c
TESTS += test-dnn
