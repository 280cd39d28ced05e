# A variant is a file of its own and a line in registry.c; an activation, a file of its own and a
# line in activations/list.h.
libglubench_a_SOURCES += \
    variants/variant.h variants/activation.c variants/registry.c \
    variants/relu.c variants/gelu.c variants/swish.c \
    variants/glu.c variants/bilinear.c variants/geglu.c variants/swiglu.c variants/reglu.c \
    variants/gelu_tanh.c variants/geglu_tanh.c variants/relu2.c \
    variants/elu.c variants/selu.c variants/sigmoid.c variants/softplus.c \
    variants/leaky_relu2.c variants/reglu2.c variants/swiglu_oai.c \
    variants/swish_beta.c variants/xielu.c variants/xatlu.c \
    variants/activations/list.h \
    variants/activations/linear.h variants/activations/relu.h variants/activations/relu2.h \
    variants/activations/gelu_erf.h variants/activations/gelu_tanh.h \
    variants/activations/swish.h variants/activations/logistic.h variants/activations/tanh.h \
    variants/activations/elu.h variants/activations/square.h variants/activations/abs.h \
    variants/activations/soft_relu.h variants/activations/mish.h \
    variants/activations/hardswish.h variants/activations/exp.h variants/activations/clip.h \
    variants/activations/selu.h variants/activations/leaky_relu2.h \
    variants/activations/swiglu_oai.h variants/activations/swish_beta.h \
    variants/activations/xielu.h variants/activations/xatlu.h

check_PROGRAMS += test-variants
test_variants_SOURCES = test/test-variants.c
TESTS += test-variants
