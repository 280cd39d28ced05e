# The schema and the paper's tables, as C strings.
embedded_files = $(srcdir)/results/schema.json $(srcdir)/results/paper.json
BUILT_SOURCES += results-embedded.c
CLEANFILES += results-embedded.c
nodist_libglubench_a_SOURCES = results-embedded.c
dist_noinst_DATA += results/schema.json results/paper.json results/README.md
results-embedded.c: $(embedded_files) Makefile
	$(AM_V_GEN){ echo '#include "src/glu.h"'; echo '#include "src/results/embedded.h"'; \
	  for file in $(embedded_files); do \
	    echo "const char embedded_`basename $$file .json`[] ="; \
	    $(SED) -e 's/[\\"]/\\&/g' -e 's/^/    "/' -e 's/$$/\\n"/' $$file; \
	    echo '    ;'; \
	  done; } > $@.tmp && mv -f $@.tmp $@
src/results/environment.$(OBJEXT) src/results/document.$(OBJEXT): build-info.h

# Measured files and their figures; README.md there says how each was made.
dist_noinst_DATA += \
    results/bench-d256-bf16.json results/bench-d256-f32.json \
    results/bench-d768-bf16.json results/bench-d768-f32.json \
    results/bench-ffn-bf16.json results/bench-ffn-f32.json \
    results/builtin-tiny.json results/c4-en-mini.json results/c4-en-tiny.json \
    results/profile-d256-bf16.json results/profile-d256-f32.json results/profile-tiny-bf16.json \
    results/sweep-bf16.json results/sweep-f32.json
EXTRA_DIST += \
    results/figures/bench-d256-bf16-throughput.png \
    results/figures/c4-en-mini-curves.png results/figures/c4-en-mini-forest.png \
    results/figures/c4-en-tiny-curves.png results/figures/c4-en-tiny-forest.png \
    results/figures/c4-en-tiny-pareto.png results/figures/c4-en-tiny-throughput.png \
    results/figures/sweep-bf16-scaling-d_model.png results/figures/sweep-f32-scaling-d_model.png
