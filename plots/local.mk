# The figures: plots/NAME.py FILE.json -o OUT.{png,pdf,svg}.
dist_noinst_SCRIPTS += \
    plots/all.py \
    plots/curves.py \
    plots/log.py \
    plots/forest.py \
    plots/page.py \
    plots/pareto.py \
    plots/scaling.py \
    plots/scores.py \
    plots/study.py \
    plots/throughput.py
dist_noinst_DATA += plots/common.py plots/documents.py plots/marks.py plots/page.css \
    plots/page_parts.py plots/page_sentence.py plots/page_words.py

dist_check_SCRIPTS += test/page.py test/plots.py
TESTS += test/page.py test/plots.py

# All figures of all results: make plots [RESULTS='FILE...'] [FIGURES=FOLDER] [FIGURE_FORMAT=svg]
FIGURES = $(top_srcdir)/results/figures
FIGURE_FORMAT = png
plots:
	@files='$(RESULTS)'; \
	test -n "$$files" || files=`ls $(srcdir)/results/*.json | grep -v '/schema\.json$$'`; \
	test -n "$$files" || { echo "no results in $(srcdir)/results; make some:" \
	    "./glubench -o results/NAME.json" >&2; exit 1; }; \
	test -n '$(PLOT_PYTHON)' || { echo "no python3 with matplotlib: apt-get install" \
	    "python3-matplotlib, then ./configure again" >&2; exit 1; }; \
	$(PLOT_PYTHON) -B $(srcdir)/plots/all.py -d $(FIGURES) --format $(FIGURE_FORMAT) $$files
.PHONY: plots
