# A variant is a file of its own and a line in registry.c.
libglubench_a_SOURCES += \
    variants/variant.h variants/activation.c variants/registry.c \
    variants/relu.c variants/gelu.c variants/swish.c \
    variants/glu.c variants/bilinear.c variants/geglu.c variants/swiglu.c variants/reglu.c \
    variants/gelu_tanh.c variants/geglu_tanh.c variants/relu2.c

check_PROGRAMS += test-variants
test_variants_SOURCES = test/test-variants.c
TESTS += test-variants
