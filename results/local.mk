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
