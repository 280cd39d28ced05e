bin_PROGRAMS += glubench
glubench_SOURCES = src/cli/main.c
glubench_LDADD = libglubench.a $(KERNEL_LIBS)
