# The schema, and what others published, as C strings.
published_papers = \
    fivedollar49 huang2024xgate huang2024xielu liu2024mobilellm mirzadeh2023 modded_nanogpt \
    nanogpt_modern narang2021 parametergolf_5090 parametergolf_leaky parametergolf_ternary \
    shazeer2020 slowrun16 so2021 tajima2025 zhang2024 zhao2026 zhuo2024
embedded_papers = $(published_papers:%=$(srcdir)/results/published/%.json)
BUILT_SOURCES += results-embedded.c
CLEANFILES += results-embedded.c
nodist_libglubench_a_SOURCES = results-embedded.c
dist_noinst_DATA += results/schema.json results/README.md results/published/README.md \
    $(published_papers:%=results/published/%.json)
c_string = $(SED) -e 's/[\\"]/\\&/g' -e 's/^/    "/' -e 's/$$/\\n"/'
results-embedded.c: $(srcdir)/results/schema.json $(embedded_papers) Makefile
	$(AM_V_GEN){ echo '#include "src/glu.h"'; echo '#include "src/results/embedded.h"'; \
	  echo 'const char embedded_schema[] ='; $(c_string) $(srcdir)/results/schema.json; echo '    ;'; \
	  for key in $(published_papers); do \
	    echo "static const char paper_$$key[] ="; \
	    $(c_string) $(srcdir)/results/published/$$key.json; echo '    ;'; \
	  done; \
	  echo 'const struct embedded_paper embedded_papers[] = {'; \
	  for key in $(published_papers); do echo "    {\"$$key\", paper_$$key},"; done; \
	  echo '    {NULL, NULL},'; echo '};'; } > $@.tmp && mv -f $@.tmp $@
src/results/environment.$(OBJEXT) src/results/document.$(OBJEXT): build-info.h

# Measured files and their figures; README.md there says how each was made.
dist_noinst_DATA += \
    results/bench-d256-bf16.json results/bench-d256-f32.json \
    results/bench-d768-bf16.json results/bench-d768-f32.json \
    results/bench-ffn-bf16.json results/bench-ffn-f32.json \
    results/builtin-tiny.json results/c4-de-tiny.json results/c4-en-tiny.json \
    results/c4-en-pieces-tiny.json results/glue-tiny.json results/multi30k-en-de.json results/superglue-tiny.json \
    results/profile-d256-bf16.json results/profile-d256-f32.json results/profile-tiny-bf16.json \
    results/peer.jsonl results/scale.md results/sweep-bf16.json results/sweep-f32.json
EXTRA_DIST += results/mini results/transfer results/tuned
EXTRA_DIST += results/pages/builtin-tiny.html results/pages/c4-de-tiny.html results/pages/c4-en-tiny.html \
    results/pages/mini.html
EXTRA_DIST += \
    results/figures/bench-d256-bf16-throughput.png \
    results/figures/mini.png results/figures/t5_c4-en-curves.png results/figures/t5_c4-en-forest.png \
    results/figures/c4-en-tiny-curves.png results/figures/c4-en-tiny-forest.png \
    results/figures/c4-en-tiny-pareto.png results/figures/c4-en-tiny-throughput.png \
    results/figures/multi30k-en-de-scores-translation.png \
    results/figures/sweep-bf16-scaling-d_model.png results/figures/sweep-f32-scaling-d_model.png \
    results/figures/transfer.png
