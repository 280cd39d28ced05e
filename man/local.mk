# glubench(1) is made from --help and man/glubench.x, and shipped; it is made again when one of
# the files that --help comes from is newer.
man_pages = man/glubench.1 man/glubench-results.5
man_MANS = $(man_pages)
EXTRA_DIST += $(man_pages) man/glubench.x
MAINTAINERCLEANFILES += man/glubench.1

man/glubench.1: man/glubench.x configure.ac $(glubench_SOURCES) | glubench$(EXEEXT)
	$(AM_V_at)$(MKDIR_P) man
	$(AM_V_GEN)$(HELP2MAN) --no-info --version-string='$(PACKAGE_STRING)' \
	    --include=$(top_srcdir)/man/glubench.x --output=$@ ./glubench$(EXEEXT)

dist_check_SCRIPTS += test/manual.py
TESTS += test/manual.py
